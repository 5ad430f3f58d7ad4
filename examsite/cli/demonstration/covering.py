"""The code board of the demonstration: every place that may tell an author is covered before codes are drawn."""

from __future__ import annotations

from typing import Any

from examsite.services.context import ServiceContext
from examsite.services.redactions import Choice, confirm_script, decide_hints, look_through
from examsite.storage.queries.redactions import list_checks


def look_and_cover(ctx: ServiceContext, competition: Any, *, leave: bool = False) -> None:
    """Look through all scripts; cover the words that were found, script by script, unless they are left."""
    look_through(ctx, competition)
    if leave:
        return
    for check in list_checks(ctx.session, competition.id):
        if check.hints:
            choices = [Choice(hint.id, is_covered=True, words=hint.quote) for hint in check.hints]
            decide_hints(ctx, competition, check.code, choices)
            confirm_script(ctx, competition, check.code)
