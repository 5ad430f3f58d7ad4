"""`python -m examsite`: the commands of an installation."""

from __future__ import annotations

from examsite.cli import main

main()
