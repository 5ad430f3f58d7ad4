"""How sure a figure is: quantiles of F and t, Wilson's interval of a share, and the bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, stdev
from typing import TYPE_CHECKING, Final, TypeAlias

from examsite.statistics.figures import CONFIDENCE, Figure, IntervalKind, NoFigure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.float64]
    Statistic: TypeAlias = Callable[[Numbers], Numbers]

BOOTSTRAP_DRAWS: Final = 1_000
"""Samples drawn. Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), §13: at least 1,000."""
BOOTSTRAP_SEED: Final = 20_260_101
"""Fixed, so that a page shows the same interval twice. Source: our choice, because any number serves."""
LEAST_UNITS: Final = 10
"""Scripts below which no bootstrap interval is given. Source: our choice, because it would come out far too narrow."""
LEAST_DEFINED: Final = 0.95
"""Share of the samples that must have a value. Source: our choice, because leaving out more would bend the interval."""


def f_quantile(share: float, above: float, below: float) -> float:
    """The quantile of the F distribution with `above` and `below` degrees of freedom."""
    from scipy.special import fdtri  # noqa: PLC0415 - only the pages of statistics pay for scipy

    return float(fdtri(above, below, share))


def t_quantile(share: float, freedom: float) -> float:
    """The quantile of Student's t distribution."""
    from scipy.special import stdtrit  # noqa: PLC0415 - only the pages of statistics pay for scipy

    return float(stdtrit(freedom, share))


def wilson_ends(hits: int, cases: int) -> tuple[float, float]:
    """The interval of a share that stays honest near none and all.

    Source: Wilson, JASA 22 (1927) 209-212.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share = hits / cases
    centre = share + z * z / (2 * cases)
    half = z * math.sqrt(share * (1 - share) / cases + z * z / (4 * cases * cases))
    whole = 1 + z * z / cases
    return max(0.0, (centre - half) / whole), min(1.0, (centre + half) / whole)


def fisher_ends(correlation: float, cases: int) -> tuple[float, float] | None:
    """The interval of a correlation; none for fewer than four cases.

    Source: Fisher, Metron 1 (1921) 3-32.
    """
    if cases < 4:
        return None
    if abs(correlation) >= 1:
        return correlation, correlation
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) / math.sqrt(cases - 3)
    return math.tanh(math.atanh(correlation) - reach), math.tanh(math.atanh(correlation) + reach)


def mean_figure(values: Sequence[float]) -> Figure:
    """The mean of values with the interval of Student's t; one value has none."""
    cases = len(values)
    if cases == 0:
        return Figure.none(NoFigure.NO_SCRIPTS)
    mean = fmean(values)
    if cases == 1:
        return Figure.of(mean, cases)
    error = stdev(values, mean) / math.sqrt(cases)
    reach = t_quantile((1 + CONFIDENCE) / 2, cases - 1) * error
    return Figure.of(mean, cases, ends=(mean - reach, mean + reach), interval=IntervalKind.T, standard_error=error)


def bootstrap_ends(units: int, statistic: Statistic) -> tuple[float, float] | None:
    """The percentile interval over samples of whole units (scripts, pairs), drawn with a fixed seed.

    Args:
        units: how many there are.
        statistic: from a matrix that tells how often each unit (column) is in each sample (row), the value in each
            sample, NaN where there is none.

    Returns:
        None when there are too few units, or too many samples without a value.
    """
    import numpy as np  # noqa: PLC0415 - this module is also read by those who only need a quantile

    if units < LEAST_UNITS:
        return None
    drawn = np.random.default_rng(BOOTSTRAP_SEED).multinomial(units, np.full(units, 1 / units), size=BOOTSTRAP_DRAWS)
    values = statistic(drawn.astype(np.float64))
    values = values[np.isfinite(values)]
    if values.size < LEAST_DEFINED * BOOTSTRAP_DRAWS:
        return None
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
