"""Data sets that were printed with their coefficients, or whose coefficients a second implementation gives.

"pingouin 0.7.0", "scikit-learn 1.9.1", "statsmodels 0.15.0", "krippendorff 0.9.0" and "scipy 1.17.1" name the second
implementation that gave a value to all its decimals; printed values are rounded and tested as printed.
"""

from __future__ import annotations

from collections.abc import Sequence

from examsite.statistics.figures import ScriptMark

Table = Sequence[Sequence[float | None]]

# Shrout & Fleiss, Psychol. Bull. 86 (1979) 420-428, table 2: six targets, four judges.
# Printed in table 4: ICC(1,1) .17, ICC(2,1) .29, ICC(2,4) .62.
SHROUT_FLEISS: Table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

# Eight wines, four judges: real-statistics.com, "Intraclass Correlation", printed .728; the data set "icc" of pingouin.
WINES: Table = [
    [1, 2, 0, 1],
    [1, 3, 3, 2],
    [3, 8, 1, 4],
    [6, 4, 3, 3],
    [6, 5, 5, 6],
    [7, 5, 6, 2],
    [8, 7, 7, 9],
    [9, 9, 9, 8],
]

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C: twelve units, four observers, gaps.
# Printed for interval data: .849.
KRIPPENDORFF: Table = [
    [1, 1, None, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [None, 5, 5, 5],
    [None, None, 1, 1],
    [None, None, 3, None],
]

# Diagnoses of multiple sclerosis by a neurologist in New Orleans (rows) and one in Winnipeg (columns), 149 patients:
# Westlund & Kurland, Am. J. Hyg. 57 (1953) 380-396; in Landis & Koch, Biometrics 33 (1977) 159-174.
SCLEROSIS = [[38, 5, 0, 1], [33, 11, 3, 0], [10, 14, 5, 6], [3, 7, 3, 10]]

# Reviews of 160 films by Siskel (rows) and Ebert (columns), con, mixed, pro: Agresti & Winner, Chance 10 (1997) 10-14.
FILMS = [[24, 8, 13], [8, 13, 11], [10, 9, 64]]

# Law School Admission Test, section 6: 1,000 people, five items, number of people per pattern 00000 to 11111.
# Bock & Lieberman, Psychometrika 35 (1970) 179-197. Printed in R's ltm: alpha .295.
LSAT_PATTERNS = [
    *(3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15),
    *(10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298),
]

# Ten students, ten questions: K. L. Wuensch, East Carolina University, "The Kuder-Richardson 20" (KR20.txt).
# Printed: the sum of pq is 2.18 and the variance of the totals 5.84.
QUIZ = [
    *("1111110110", "1011011101", "1111011001", "0010001000", "0000010010"),
    *("1110111111", "1101110111", "1111111101", "0101111101", "1101101110"),
]


def marks_of(table: Table) -> list[ScriptMark]:
    """Rows as scripts, columns as markers."""
    return [
        ScriptMark(f"s{row:03d}", f"m{column}", points)
        for row, given in enumerate(table)
        for column, points in enumerate(given)
        if points is not None
    ]


def pairs_of_counts(counts: Sequence[Sequence[int]]) -> list[tuple[float, float]]:
    """The pairs behind a table that counts them."""
    return [
        (float(row), float(column))
        for row, cells in enumerate(counts)
        for column, cell in enumerate(cells)
        for _ in range(cell)
    ]
