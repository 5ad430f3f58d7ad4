"""`python -m examsite`: the commands of an installation."""

from __future__ import annotations

import gc

# What is imported stays: to look through it for garbage again and again would be a fifth of every start.
gc.disable()

from examsite.cli import main  # noqa: E402 - after the line above

gc.enable()
main()
