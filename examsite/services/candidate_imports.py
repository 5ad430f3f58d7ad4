"""Taking over a list of candidates: looked at first, then all of it or nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from examsite.domain.candidate_import import ImportPlan, read_import
from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CANDIDACY, CandidacyEvent
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.working_days import ZONE
from examsite.services.candidacies import add_candidacies
from examsite.services.context import ServiceContext
from examsite.services.records import record, record_all
from examsite.storage.candidate_lists import MOST_BYTES, keep, kept_list, read_list
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.candidacies import list_identity_numbers

#: Stands where a hash would; no password fits it until a slip is printed.
NO_PASSWORD = "!"  # noqa: S105 - the sign that there is none

_STATES = frozenset({CompetitionState.RECEIVING, CompetitionState.VETTING})


def keep_list(ctx: ServiceContext, stream: BinaryIO, *, competition_id: int) -> str:
    """Keep a list that came in until it is confirmed, a day at most, and give back the name it is kept under.

    Raises:
        InvalidError: `file_empty`, `file_too_large`.
    """
    data = stream.read(MOST_BYTES + 1)
    if not data.strip():
        raise InvalidError("file_empty")
    if len(data) > MOST_BYTES:
        raise InvalidError("file_too_large", most=MOST_BYTES // (1024 * 1024))
    token = hashlib.sha256(data).hexdigest()
    keep(kept_list(ctx.uploads_path, competition_id, token), data, now=ctx.now)
    return token


def preview_import(
    session: Session, uploads_path: Path, competition: Competition, token: str, *, ctx: ServiceContext
) -> ImportPlan:
    """Who would be taken over and what stands against it; changes nothing.

    Raises:
        InvalidError: what the list as a whole is refused for.
        NotFoundError: `import_not_found`.
    """
    path = kept_list(uploads_path, competition.id, token)
    if not path.exists():
        raise NotFoundError("import_not_found")
    return read_import(
        read_list(path),
        posts=[post.code for post in competition.posts],
        taken=list_identity_numbers(session, competition.id),
        today=ctx.now.astimezone(ZONE).date(),
    )


def import_candidates(ctx: ServiceContext, competition: Competition, token: str) -> int:
    """Take over a whole list, read and checked once more; gives back how many people it has.

    Their dossiers count as handed over on paper. Nobody can log in before slips are printed.

    Raises:
        ConflictError: `import_not_open`, `import_has_problems`.
        InvalidError: what the list as a whole is refused for.
        NotAllowedError: `role_needed`.
        NotFoundError: `import_not_found`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if competition.state not in _STATES:
        raise ConflictError("import_not_open")
    plan = preview_import(ctx.session, ctx.uploads_path, competition, token, ctx=ctx)
    if not plan.is_good:
        raise ConflictError("import_has_problems", count=len(plan.problems))
    posts = {post.code: post for post in competition.posts}
    people = [(posts[row.post], row.applicant) for row in plan.rows]
    facts: list[tuple[str, dict[str, Any]]] = []
    for candidacy, (post, _applicant) in zip(
        add_candidacies(ctx, competition, people, password_hash=NO_PASSWORD), people, strict=True
    ):
        candidacy.state = CANDIDACY.after(candidacy.state, CandidacyEvent.SUBMITTED)
        candidacy.submitted_at = ctx.now
        facts.append((f"application/{candidacy.id}", {"post": post.code, "items": {}}))
    ctx.session.flush()
    record_all(ctx, competition, Event.APPLICATION_SUBMITTED, facts)
    payload = {"count": len(plan.rows), "list_sha256": token}
    record(ctx, competition, Event.CANDIDATES_IMPORTED, f"competition/{competition.code}", payload)
    # Names are kept no longer than needed; should the commit still fail, the file is uploaded again.
    kept_list(ctx.uploads_path, competition.id, token).unlink(missing_ok=True)
    return len(plan.rows)
