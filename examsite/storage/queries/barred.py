"""Which markers may not meet which scripts: through the tags of the scripts while the code map is closed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.marking import ScriptKind
from examsite.domain.permissions import Role
from examsite.storage.kept_away import away_tag
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.code_maps import CodeMap, ScriptCut
from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.queries.code_maps import find_closed_map
from examsite.storage.queries.conflicts import list_recusals


def list_barred(session: Session, competition_id: int) -> frozenset[tuple[str, str]]:
    """Pairs (script, pseudonym of a marker) that may not meet; for the draw alone, never for a page.

    While the map is closed the tags of the scripts tell, for those who were known to be near at the cut; whoever was
    found near to a candidate later is barred from every script, because nobody can say which one it is.
    """
    pairs = list_recusals(session, competition_id)
    people = session.execute(
        select(RoleAssignment.account_id, RoleAssignment.pseudonym).where(
            RoleAssignment.competition_id == competition_id, RoleAssignment.role == Role.MARKER
        )
    ).all()
    closed = find_closed_map(session, competition_id)
    if closed is not None:
        return _barred_by_tags(session, closed, pairs, [(account, str(name)) for account, name in people])
    owners = session.execute(
        select(Script.code, CodeEntry.candidacy_id)
        .join(CodeEntry, CodeEntry.script_id == Script.id)
        .where(Script.competition_id == competition_id)
    )
    codes = {candidacy: code for code, candidacy in owners}
    return frozenset(
        (codes[candidacy], str(pseudonym))
        for holder, pseudonym in people
        for account, candidacy in pairs
        if account == holder and candidacy in codes
    )


def count_found_near_late(session: Session, competition_id: int) -> int:
    """How many markers get no script because a relation became known after the cut; 0 while the map is not closed."""
    closed = find_closed_map(session, competition_id)
    if closed is None:
        return 0
    late = _found_near_late(closed, list_recusals(session, competition_id))
    markers = session.scalars(
        select(RoleAssignment.account_id).where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.role == Role.MARKER,
            RoleAssignment.revoked_at.is_(None),
        )
    )
    return len(late & set(markers))


def _barred_by_tags(
    session: Session, closed: CodeMap, pairs: set[tuple[int, int]], people: list[tuple[int, str]]
) -> frozenset[tuple[str, str]]:
    late = _found_near_late(closed, pairs)
    near = {account for account, _candidacy in pairs}
    rows = session.execute(
        select(Script.code, ScriptCut.kept_away)
        .outerjoin(ScriptCut, ScriptCut.script_id == Script.id)
        .where(Script.competition_id == closed.competition_id, Script.kind == ScriptKind.LIVE)
    ).all()
    return frozenset(
        (code, name)
        for account, name in people
        if account in near
        for code, tags in rows
        # A script whose tags somebody took away could be that of anyone near.
        if account in late or tags is None or away_tag(session, closed.competition_id, code, account) in tags
    )


def _found_near_late(closed: CodeMap, pairs: set[tuple[int, int]]) -> set[int]:
    known = {(account, candidacy) for account, candidacy in closed.recusals}
    return {account for account, _candidacy in pairs - known}
