"""Papers as sealed files: what comes in is checked, nobody reads it before its holders open it, nothing is swapped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from typing import Any

import pyrage
import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from examsite.domain.blueprints import suggest_blueprint
from examsite.domain.canonical import sha256_hex
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, DomainError, InvalidError
from examsite.domain.papers import PaperState, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.questions import Question
from examsite.domain.scores import score
from examsite.domain.sealed_papers import Manifest, SealedVersion, manifest_bytes, read_plan
from examsite.domain.split_keys import KeyPurpose
from examsite.services import papers
from examsite.services.announcements import announce
from examsite.services.context import ServiceContext
from examsite.services.key_sheets import rehearse_share
from examsite.services.sealed_papers import (
    SealedPaper,
    make_sealed_papers,
    open_sealed_paper,
    plan_of_post,
    seal_files,
)
from examsite.services.table_checks import check_tables
from examsite.storage.models.competitions import Post
from examsite.storage.models.papers import Paper, PaperFile
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.competitions import get_post
from examsite.storage.queries.papers import find_drawn_paper, list_bank, list_papers_of_post
from examsite.storage.queries.split_keys import get_split_key
from question_bank.loader import load_bank
from tests.factories.competitions import Plan, make_complete_plan
from tests.scenes import Keep

#: Plain letters, because JSON may be stored with its others escaped.
CANARY = "zqkimtuoczq"


def confidential() -> list[Question]:
    """The bank with a canary in every question, as a folder that never came near the server."""
    return [
        replace(item, stem=replace(item.stem, vi=f"{item.stem.vi} {CANARY} {number}"))
        for number, item in enumerate(load_bank())
    ]


@dataclass
class Sealed:
    """What the workspace gave out for post P1, and the competition that it belongs to."""

    plan: Plan
    manifest: Manifest
    made: list[SealedPaper]

    @property
    def post(self) -> Post:
        return get_post(self.plan.session, self.plan.competition.id, "P1")

    @property
    def files(self) -> list[tuple[str, bytes]]:
        return [(f"{item.entry.version}.age", item.age) for item in self.made]

    def bring_in(self, manifest: Manifest | None = None, files: list[tuple[str, bytes]] | None = None) -> list[Paper]:
        """The setter uploads."""
        return seal_files(
            self.plan.ctx(Role.SETTER),
            self.plan.competition,
            self.post,
            manifest=manifest_bytes(manifest or self.manifest),
            files=self.files if files is None else files,
        )

    def draw(self) -> Paper:
        """The written test has come and the chair draws."""
        self.plan.competition.state = CompetitionState.WRITTEN
        return papers.open_paper(self.plan.ctx(Role.CHAIR), self.plan.competition, self.post)

    def open(self, words: list[str]) -> Paper:
        return open_sealed_paper(self.plan.ctx(Role.CHAIR), self.plan.competition, self.post, words=words)

    def sheets_of(self, code: str) -> list[str]:
        (item,) = [item for item in self.made if item.entry.version == code]
        return [sheet.words for sheet in item.sheets]


def make_sealed(session: Session, now: datetime) -> Sealed:
    """A competition whose papers were sealed on a machine of the setters'."""
    plan = make_complete_plan(session, now)
    papers.load_bank(ServiceContext(session=session, now=now), load_bank())
    blueprint = suggest_blueprint(list_bank(session), maximum=score(100), versions=3, bank_multiple=3)
    post = get_post(session, plan.competition.id, "P1")
    papers.plan_blueprint(plan.ctx(Role.SETTER), plan.competition, post, blueprint)
    announce(plan.ctx(), plan.competition)
    order = read_plan(plan_of_post(plan.ctx(Role.SETTER), plan.competition, post))
    manifest, made = make_sealed_papers(order, confidential(), holders=["C01", "C02", "S01"], needed=2)
    return Sealed(plan, manifest, made)


@pytest.fixture
def sealed(session: Session, now: datetime, keep: Keep) -> Sealed:
    return keep("sealed", lambda: make_sealed(session, now), session)


def everything_stored(session: Session) -> str:
    """Every value of every table, as one text."""
    tables = session.scalars(
        text("SELECT name FROM sqlite_master WHERE type = 'table'")
        if session.connection().dialect.name == "sqlite"
        else text("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
    ).all()
    rows = [str(tuple(row)) for table in tables for row in session.execute(text(f'SELECT * FROM "{table}"')).all()]
    return "\n".join(rows)


def refusal(act: Callable[[], object]) -> tuple[str, Any]:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code, refused.value.params.get("version") or refused.value.params.get("name")


def test_sealed_files_open_with_any_two_holders_and_are_what_was_sealed(sealed: Sealed) -> None:
    rows = sealed.bring_in()
    assert [(row.code, row.state, row.data) for row in rows] == [
        (f"P1-{letter}", PaperState.SEALED, None) for letter in "ABC"
    ]
    session = sealed.plan.session
    session.expire_all()
    assert CANARY not in everything_stored(session)
    drawn = sealed.draw()
    assert drawn.state is PaperState.SEALED
    assert CANARY not in everything_stored(session)
    sheets = sealed.sheets_of(drawn.code)
    for few in ([], sheets[:1], [sheets[0], sheets[0]]):
        assert refusal(lambda few=few: sealed.open(few))[0] in {"shares_too_few", "share_twice"}
    other = next(item for item in "ABC" if f"P1-{item}" != drawn.code)
    assert refusal(lambda: sealed.open([sheets[0], sealed.sheets_of(f"P1-{other}")[1]]))[0] == "share_of_other_key"

    opened = sealed.open(["", sheets[2], sheets[1]])
    session.flush()
    assert (opened.code, opened.state, opened.opened_at) == (drawn.code, PaperState.OPENED, sealed.plan.now)
    assert all(CANARY in item.question.stem.vi for item in paper_from_data(opened.data).items)
    assert CANARY in everything_stored(session)
    recorded = session.query(RecordRow).filter_by(event="paper:opened").one()
    assert json.loads(recorded.payload or "") == {"holders": ["C02", "S01"]}
    reserves = [row for row in list_papers_of_post(session, sealed.post.id) if row.code != drawn.code]
    assert {(row.state, row.data) for row in reserves} == {(PaperState.SEALED, None)}
    assert refusal(lambda: sealed.open(sheets))[0] == "paper_already_opened"
    # Set aside, its sheets open nothing more; those of the next one of the draw open the reserve.
    opened.set_aside_at = sealed.plan.now
    session.flush()
    assert refusal(lambda: sealed.open(sheets[1:]))[0] == "share_of_other_key"
    reserve = find_drawn_paper(session, sealed.post)
    assert reserve is not None
    assert reserve.code != drawn.code
    assert sealed.open(sealed.sheets_of(reserve.code)[1:]).state is PaperState.OPENED


def test_sealing_records_file_paper_rubric_and_who_holds_the_key(sealed: Sealed) -> None:
    sealed.bring_in()
    session = sealed.plan.session
    recorded = session.query(RecordRow).filter_by(event="paper:sealed").order_by(RecordRow.seq).all()
    for row, item in zip(recorded, sealed.made, strict=True):
        assert (row.subject, row.actor) == (f"paper/{item.entry.version}", "setter/D01")
        assert json.loads(row.payload or "") == {
            "age_sha256": sha256_hex(item.age),
            "paper_sha256": item.entry.paper_sha256,
            "rubric": item.entry.rubric,
        }
    key = get_split_key(session, sealed.plan.competition.id, KeyPurpose.PAPER, subject="P1-B")
    assert [share.assignment.pseudonym for share in key.shares] == ["C01", "C02", "S01"]
    words = sealed.sheets_of("P1-B")
    chair = sealed.plan.ctx(Role.CHAIR)
    assert rehearse_share(chair, sealed.plan.competition, key, words[0]).checked_at == sealed.plan.now
    assert refusal(lambda: rehearse_share(chair, sealed.plan.competition, key, words[1]))[0] == "share_of_other_person"
    assert refusal(sealed.bring_in)[0] == "papers_already_sealed"


def change(manifest: Manifest, number: int = 0, **parts: Any) -> Manifest:
    """The manifest with one version said otherwise."""
    rows: list[SealedVersion] = list(manifest.versions)
    rows[number] = replace(rows[number], **parts)
    return replace(manifest, versions=tuple(rows))


def test_what_was_changed_on_the_way_is_named(sealed: Sealed) -> None:
    known = sealed.manifest
    rubric = json.loads(json.dumps(known.versions[0].rubric))
    rubric["criteria"][0]["maximum"] = rubric["criteria"][0]["step"] = "3.00"
    for manifest, code, about in (
        (replace(known, competition="VH-2026-09"), "sealed_other_competition", None),
        (replace(known, post="P2"), "sealed_other_post", None),
        (replace(known, versions=known.versions[:2]), "sealed_versions_too_few", None),
        (replace(known, versions=known.versions[::-1]), "sealed_version_not_valid", "P1-C"),
        (change(known, 1, recipient=known.versions[0].recipient), "sealed_version_not_valid", "P1-A"),
        (change(known, rubric=rubric), "sealed_rubric_wrong", "P1-A"),
        (change(known, rubric=known.versions[1].rubric), "sealed_rubric_wrong", "P1-A"),
        (change(known, holders=("C01", "C02")), "sealed_holders_too_few", "P1-A"),
        (change(known, holders=("C01", "C02", "M01")), "sealed_holder_not_valid", "P1-A"),
        (change(known, age_sha256="0" * 64), "age_file_not_in_manifest", "P1-A.age"),
    ):
        assert refusal(lambda manifest=manifest: sealed.bring_in(manifest)) == (code, about)
    files = sealed.files
    swapped = [
        ("P1-A.age", pyrage.encrypt(b"another", [pyrage.x25519.Recipient.from_str(known.versions[0].recipient)]))
    ]
    for given, code, about in (
        (files[1:], "age_file_missing", "P1-A"),
        ([*swapped, *files[1:]], "age_file_not_in_manifest", "P1-A.age"),
        ([("bank.toml", b"format = 1"), *files], "age_file_not_age", "bank.toml"),
        ([("big.age", files[0][1] + bytes(2 * 1024 * 1024)), *files], "age_file_too_large", "big.age"),
    ):
        assert refusal(lambda given=given: sealed.bring_in(files=given)) == (code, about)
    for data in (b"", b"{}", b"[]", b"{" * 5000, manifest_bytes(known).replace(b'"v":1', b'"v":2'), b"\xff" * 300_000):
        act = lambda data=data: seal_files(  # noqa: E731 -- once
            sealed.plan.ctx(Role.SETTER), sealed.plan.competition, sealed.post, manifest=data, files=files
        )
        assert refusal(act)[0] == "manifest_not_valid"
    assert list_papers_of_post(sealed.plan.session, sealed.post.id) == []


def test_whoever_swaps_the_file_or_the_hashes_in_the_database_is_found_at_the_opening(sealed: Sealed) -> None:
    sealed.bring_in()
    drawn = sealed.draw()
    session, sheets = sealed.plan.session, sealed.sheets_of(drawn.code)
    key = get_split_key(session, sealed.plan.competition.id, KeyPurpose.PAPER, subject=drawn.code)
    forged = pyrage.encrypt(b"{}", [pyrage.x25519.Recipient.from_str(key.recipient)])
    session.execute(update(PaperFile).where(PaperFile.paper_id == drawn.id).values(content=forged))
    with pytest.raises(ConflictError, match="paper_not_as_sealed"):
        sealed.open(sheets)
    assert {(item.table, item.column) for item in check_tables(session, sealed.plan.competition)} >= {
        ("paper_files", "content")
    }
    drawn.age_sha256, drawn.paper_sha256 = sha256_hex(forged), sha256_hex(b"{}")
    with pytest.raises(ConflictError, match="paper_not_as_sealed"):
        sealed.open(sheets)
    recorded = session.query(RecordRow).filter_by(event="paper:sealed", subject=f"paper/{drawn.code}").one()
    said = json.loads(recorded.payload or "")
    recorded.payload = json.dumps({**said, "age_sha256": drawn.age_sha256, "paper_sha256": drawn.paper_sha256})
    with pytest.raises(ConflictError, match="paper_not_as_sealed"):
        sealed.open(sheets)


def test_a_file_that_does_not_hold_its_paper_is_not_opened(sealed: Sealed) -> None:
    first = sealed.made[0]
    inside = pyrage.encrypt(b'{"code":"P1-A"}', [pyrage.x25519.Recipient.from_str(first.entry.recipient)])
    lying = change(sealed.manifest, age_sha256=sha256_hex(inside))
    broken = change(lying, 1, age_sha256=sha256_hex(sealed.made[1].age[:-1]))
    files = [("a", inside), ("b", sealed.made[1].age[:-1]), ("c", sealed.made[2].age)]
    sealed.bring_in(broken, files)
    for letter, code in (("A", "opened_paper_differs"), ("B", "age_file_damaged")):
        held = session_draw(sealed, f"P1-{letter}")
        sheets = sealed.sheets_of(held)
        assert refusal(lambda sheets=sheets: sealed.open(sheets)) == (code, held)


def session_draw(sealed: Sealed, code: str) -> str:
    """As if the draw had chosen this version."""
    if sealed.plan.competition.state is not CompetitionState.WRITTEN:
        sealed.draw()
    row = sealed.plan.session.query(RecordRow).filter_by(event="draw:held").one()
    said = json.loads(row.payload or "")
    row.payload = json.dumps({**said, "outcome": sorted(said["outcome"], key=lambda item: item != code)})
    sealed.plan.session.flush()
    return code


def test_a_draw_comes_first_and_words_are_nobodys_without_the_chair(sealed: Sealed) -> None:
    sealed.bring_in()
    sealed.plan.competition.state = CompetitionState.WRITTEN
    assert refusal(lambda: sealed.open([]))[0] == "paper_not_drawn"
    sealed.draw()
    assert refusal(sealed.draw)[0] == "paper_already_drawn"
    member = sealed.plan.ctx(Role.COUNCIL_MEMBER)
    act = lambda: open_sealed_paper(member, sealed.plan.competition, sealed.post, words=[])  # noqa: E731 -- once
    assert refusal(act)[0] == "role_needed"
    alone = replace(sealed.plan.ctx(Role.CHAIR), factor_at=None)
    assert refusal(lambda: open_sealed_paper(alone, sealed.plan.competition, sealed.post, words=[]))[0] == (
        "fresh_factor_needed"
    )


def test_every_three_of_five_open_and_no_two(sealed: Sealed) -> None:
    order = read_plan(plan_of_post(sealed.plan.ctx(Role.SETTER), sealed.plan.competition, sealed.post))
    people = tuple(replace(order.people[0], pseudonym=f"C0{number}") for number in range(1, 6))
    names = [person.pseudonym for person in people]
    manifest, made = make_sealed_papers(replace(order, people=people), confidential(), holders=names, needed=3)
    from examsite.services.split_keys import join_split_key
    from examsite.storage.models.split_keys import SplitKey

    entry, sheets = manifest.versions[0], [sheet.words for sheet in made[0].sheets]
    key = SplitKey(recipient=entry.recipient, identifier=entry.identifier, needed=3, shares=[])
    chosen = list(combinations(sheets, 3))
    assert len(chosen) == 10
    for words in chosen:
        identity, _names = join_split_key(sealed.plan.ctx(Role.CHAIR), key, words)
        assert sha256_hex(pyrage.decrypt(made[0].age, [identity])) == entry.paper_sha256
    for words in combinations(sheets, 2):
        with pytest.raises(InvalidError, match="shares_too_few"):
            join_split_key(sealed.plan.ctx(Role.CHAIR), key, words)


def test_a_holder_who_is_not_in_the_plan_gets_no_sheet(sealed: Sealed) -> None:
    order = read_plan(plan_of_post(sealed.plan.ctx(Role.SETTER), sealed.plan.competition, sealed.post))
    for names in (["C01", "C02", "M01"], ["C01", "C01", "C02"]):
        code = refusal(lambda names=names: make_sealed_papers(order, load_bank(), holders=names, needed=2))
        assert code == ("holder_not_in_plan", names[2] if names[2] == "M01" else "C01")
