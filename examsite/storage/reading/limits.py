"""How much of a file is read. Source: our choice, because ten times a usual proposal fits in."""

MOST_PAGES = 400
MOST_PAGE_LETTERS = 20_000
MOST_BLOCKS = 20_000
MOST_PICTURES = 300
MOST_UNSEEN_PAGES = 120
