"""What is missing before an act of the council or a gate, each with the council's page where it is done or read."""

from __future__ import annotations

from typing import Any, Final

from flask import g

from examsite.domain.competitions import Missing
from examsite.domain.permissions import Role
from examsite.web.gates import MissingRow, missing_rows

_KEYS = "council.list_keys"
_CODES = "council.show_codes"
_PAPERS = "council.list_papers"
_RESULT = "council.sign_result"
_STANDARDS = "council.list_standards"

#: What others owe stands here only where the council has a page that shows it.
PAGES: Final = {
    **dict.fromkeys(("codes_key_missing", "draw_key_not_split", "key_sheets_untaken"), _KEYS),
    **dict.fromkeys(("codes_not_drawn", "codes_still_sealed", "allocation_not_drawn"), _CODES),
    **dict.fromkeys(("paper_not_opened", "papers_unsealed", "sitting_not_closed"), _PAPERS),
    **dict.fromkeys(("approvals_short", "result_missing", "result_refused", "result_not_approved"), _RESULT),
    **dict.fromkeys(("seeds_too_few", "markers_not_qualified"), _STANDARDS),
    **dict.fromkeys(("gate_unsigned", "gate_refused"), "council.sign_gate_document"),
    "incidents_undecided": "council.list_incidents",
    "withdrawals_waiting": "council.show_desk",
    "late_answers_undecided": "council.list_room_requests",
    "conflicts_not_declared": "council.list_conflict_hints",
    "order_not_drawn": "council.show_presentation_order",
}

#: Only the chair is the second person about questions.
_OF_THE_CHAIR: Final = dict.fromkeys(("items_undecided", "item_decisions_waiting"), "council.list_items")


def council_missing(competition: Any, missing: list[Missing]) -> list[MissingRow]:
    """What is missing, in words, with the page of this reader where there is one."""
    pages = {**PAGES, **_OF_THE_CHAIR} if g.actor.role is Role.CHAIR else PAGES
    return missing_rows(competition, missing, dict(pages))
