"""The code board of the demonstration: every place that may tell an author is covered, then the map is sealed."""

from __future__ import annotations

from typing import Any

from examsite.services.codes import seal_codes
from examsite.services.context import ServiceContext
from examsite.services.redactions import Choice, confirm_script, decide_hints
from examsite.storage.queries.redactions import list_checks


def seal_covered(ctx: ServiceContext, competition: Any) -> None:
    """Cover the words that were found, script by script, and seal the map."""
    for check in list_checks(ctx.session, competition.id):
        if check.hints:
            choices = [Choice(hint.id, is_covered=True, words=hint.quote) for hint in check.hints]
            decide_hints(ctx, competition, check.code, choices)
            confirm_script(ctx, competition, check.code)
    seal_codes(ctx, competition)
