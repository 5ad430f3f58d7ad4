"""From locked marks to a published result: computed, recomputed, signed over its hash, and only then published."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision, ResultState
from examsite.domain.recomputation import recompute
from examsite.services.findings import note_findings_seen
from examsite.services.publication import publish_result, sign_result
from examsite.services.ranking import compute_result, decide_tie
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import GatePassage
from examsite.storage.models.dossiers import ConflictDeclaration, ConflictRuling
from examsite.storage.models.marking import Mark
from examsite.storage.models.ranking import ResultVersion, Signature
from examsite.storage.models.records import CheckpointRow, RecordRow
from examsite.storage.queries.results import (
    get_published_version,
    list_missing_to_approve,
    list_result_versions,
    result_document,
)
from tests.factories.ranking import NAMES, Stage, known_signer, make_stage
from tests.scenes import Keep

MakeStage = Callable[..., Stage]


@pytest.fixture
def make(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> MakeStage:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)

    def build(**named: Any) -> Stage:
        def build_once() -> Stage:
            return make_stage(session, now, settings=settings, signer=signer, **named)

        return keep(f"stage {named}", build_once, session, tmp_path, settings=settings, signer=signer)

    return build


def computed(stage: Stage) -> ResultVersion:
    return compute_result(stage.ctx(Role.ORGANISER), stage.competition)


def sign(
    stage: Stage, who: RoleAssignment, version: ResultVersion, decision: Decision = Decision.AGREED, **named: Any
) -> Signature:
    return stage.signs(who, version, decision, **named)


def refuse(stage: Stage, who: RoleAssignment, version: ResultVersion) -> Signature:
    return sign(stage, who, version, Decision.REFUSED, reason="Thiếu biên bản phòng thi 02.")


def by_code(stage: Stage, version: ResultVersion) -> dict[int, dict[str, Any]]:
    found = {candidate["code"]: candidate for candidate in result_document(version)["candidates"]}
    return {place: found[stage.code(place)] for place in range(len(NAMES))}


def records(stage: Stage, event: str) -> list[RecordRow]:
    return list(stage.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq)))


# --- computing -------------------------------------------------------------------------------------------------------


def test_result_says_of_everyone_what_the_marks_say(make: MakeStage) -> None:
    stage = make()

    version = computed(stage)

    lines = {
        place: (one["outcome"], one["rank"], one["total"], [part["score"] for part in one["parts"]])
        for place, one in by_code(stage, version).items()
    }
    assert lines == {
        0: ("absent", None, None, [None]),
        1: ("selected", 1, "80.20", ["72.50", "85.33"]),
        2: ("passed", 2, "79.20", ["75.00", "82.00"]),
        3: ("passed", 4, "74.00", ["65.00", "80.00"]),
        4: ("passed", 4, "74.00", ["65.00", "80.00"]),
        5: ("passed", 3, "76.20", ["52.50", "92.00"]),
        6: ("failed", None, None, ["40.00"]),
        7: ("void", None, None, [None]),
        8: ("absent", None, None, ["60.00", None]),
        9: ("failed", None, None, ["61.25", "42.00"]),
    }
    steps = {
        place: [part["settlement"] and part["settlement"]["step"] for part in one["parts"]]
        for place, one in by_code(stage, version).items()
    }
    assert (steps[2], steps[1], steps[8]) == (["third-equal", "head"], ["mean", "mean"], ["mean", None])
    assert by_code(stage, version)[5]["parts"][0]["deduction"]["percent"] == "25.00"


def test_document_is_canonical_recomputes_and_rests_on_records(make: MakeStage) -> None:
    stage = make()

    version = computed(stage)

    document = json.loads(version.document)
    assert canonical_bytes(document) == version.document.encode()
    assert sha256_hex(version.document.encode()) == version.sha256
    assert recompute(document) == []
    rows = {row.seq: row for row in stage.session.scalars(select(RecordRow))}
    marks = [mark for one in document["candidates"] for part in one["parts"] for mark in part["marks"]]
    for mark in marks:
        row = rows[mark["seq"]]
        payload = json.loads(row.payload or "")
        assert row.event == "mark:locked"
        assert (payload["points"], payload["total"], payload["round"]) == (mark["points"], mark["total"], mark["round"])
        assert row.actor.rsplit("/", 1)[-1] == mark["marker"]
    (done,) = records(stage, "result:computed")
    assert json.loads(done.payload or "") == {"version": 1, "result_sha256": version.sha256}
    assert stage.competition.state is CompetitionState.RANKED
    passage = select(GatePassage.record_seq).where(GatePassage.event == GateEvent.RESULT_COMPUTED)
    assert stage.session.scalars(passage).one() == done.seq


def test_only_the_name_of_the_person_selected_is_in_the_document(make: MakeStage) -> None:
    stage = make()

    text = computed(stage).document

    assert [name for name in NAMES if name in text] == [NAMES[1]]
    assert "Giám khảo" not in text
    assert "Cán bộ" not in text
    numbers = [str(one.candidate_number) for one in stage.board.room.candidacies]
    assert [number for number in numbers if number in text] == []


def test_a_figure_that_does_not_follow_is_refused(make: MakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second computation stands between a wrong first one and the council."""
    stage = make()
    from examsite.services import ranking

    real = ranking.result_data

    def wrong(**named: Any) -> dict[str, Any]:
        document = deepcopy(real(**named))
        document["candidates"][1]["total"] = "99.00"  # type: ignore[index]
        return document

    monkeypatch.setattr(ranking, "result_data", wrong)

    with pytest.raises(ConflictError, match="result_does_not_recompute"):
        computed(stage)
    assert records(stage, "result:computed") == []


def test_only_the_organiser_computes_and_only_after_the_defences(make: MakeStage) -> None:
    stage = make()
    with pytest.raises(NotAllowedError, match="role_needed"):
        compute_result(stage.ctx(stage.council[0]), stage.competition)
    stage.competition.state = CompetitionState.PROPOSALS

    with pytest.raises(ConflictError, match="event_not_open"):
        computed(stage)


def test_the_same_result_again_would_only_void_signatures(make: MakeStage) -> None:
    stage = make()
    version = computed(stage)
    sign(stage, stage.council[1], version)

    with pytest.raises(ConflictError, match="result_unchanged"):
        computed(stage)
    assert version.state is ResultState.PROPOSED


# --- ties ------------------------------------------------------------------------------------------------------------


def test_tie_across_the_last_place_waits_for_the_authority_and_its_reason(make: MakeStage) -> None:
    stage = make(vacancies=4)
    version = computed(stage)
    codes = [stage.code(3), stage.code(4)]
    assert [missing.code for missing in list_missing_to_approve(stage.session, stage.competition, stage.at)] == [
        "tie_not_decided",
        "approvals_short",
    ]
    with pytest.raises(ConflictError, match="tie_not_decided"):
        sign(stage, stage.council[0], version)
    authority = stage.ctx(stage.authority)
    for wrong in ([], codes, [stage.code(1)]):
        with pytest.raises(InvalidError, match="tie_selection_wrong"):
            decide_tie(authority, stage.competition, stage.post, selected=wrong, reason="Vì")
    for words, refusal in ((" ", "reason_missing"), ("Thâm niên.", "reason_too_short")):
        with pytest.raises(InvalidError, match=refusal):
            decide_tie(authority, stage.competition, stage.post, selected=codes[:1], reason=words)
    with pytest.raises(NotAllowedError, match="role_needed"):
        decide_tie(stage.ctx(stage.council[0]), stage.competition, stage.post, selected=codes[:1], reason="Vì")
    no_factor = replace(authority, factor_at=None)
    with pytest.raises(NotAllowedError, match="fresh_factor_needed"):
        decide_tie(no_factor, stage.competition, stage.post, selected=codes[:1], reason="Đang giữ chức vụ phó.")

    decided = decide_tie(authority, stage.competition, stage.post, selected=codes[:1], reason="Đang giữ chức vụ phó.")

    assert (version.state, decided.number, decided.state) == (ResultState.SUPERSEDED, 2, ResultState.PROPOSED)
    outcomes = {place: one["outcome"] for place, one in by_code(stage, decided).items()}
    assert (outcomes[3], outcomes[4]) == ("selected", "passed")
    (row,) = records(stage, "tie:decided")
    assert (row.actor, row.subject) == ("authority/A01", "post/P1")
    assert json.loads(row.payload or "") == {"selected": codes[:1], "reason": "Đang giữ chức vụ phó."}
    assert [row.actor for row in records(stage, "result:computed")] == ["organiser/T01", "system"]
    with pytest.raises(ConflictError, match="tie_already_decided"):
        decide_tie(authority, stage.competition, stage.post, selected=codes[1:], reason="Vì")
    sign(stage, stage.council[0], decided)


def test_tie_that_decides_nothing_is_not_for_the_authority(make: MakeStage) -> None:
    stage = make()
    computed(stage)

    with pytest.raises(ConflictError, match="tie_not_open"):
        decide_tie(stage.ctx(stage.authority), stage.competition, stage.post, selected=[stage.code(3)], reason="Vì")


# --- signing ---------------------------------------------------------------------------------------------------------


def test_enough_of_the_council_then_the_authority_then_the_public(make: MakeStage) -> None:
    stage = make()
    version = computed(stage)
    for who in stage.council[:2]:
        sign(stage, who, version)
    with pytest.raises(ConflictError, match="council_signs_first"):
        sign(stage, stage.authority, version)
    with pytest.raises(ConflictError, match="event_not_open"):
        publish_result(stage.ctx(Role.ORGANISER), stage.competition)
    assert version.state is ResultState.PROPOSED

    sign(stage, stage.council[2], version)
    assert version.state is ResultState.COUNCIL_SIGNED
    sign(stage, stage.council[3], version)  # a further member may still say so
    sign(stage, stage.authority, version)
    assert (version.state, stage.competition.state) == (ResultState.APPROVED, CompetitionState.APPROVED)
    with pytest.raises(NotFoundError):
        get_published_version(stage.session, stage.competition.id)
    with pytest.raises(ConflictError, match="result_not_signable"):
        sign(stage, stage.council[4], version)
    with pytest.raises(ConflictError, match="result_not_computable"):
        computed(stage)
    with pytest.raises(NotAllowedError, match="role_needed"):
        publish_result(stage.ctx(stage.council[0]), stage.competition)

    publish_result(stage.ctx(Role.ORGANISER), stage.competition)

    assert (version.state, stage.competition.state) == (ResultState.PUBLISHED, CompetitionState.PUBLISHED)
    assert get_published_version(stage.session, stage.competition.id).id == version.id
    approved = records(stage, "result:approved")
    assert [row.actor for row in approved] == [
        *("council/C01", "council/C02", "council/C03", "council/C04"),
        "authority/A01",
    ]
    assert {row.payload for row in approved} == {f'{{"assertion":null,"result_sha256":"{version.sha256}"}}'}
    (published,) = records(stage, "result:published")
    assert json.loads(published.payload or "") == {"result_sha256": version.sha256}
    last = stage.session.scalars(select(CheckpointRow).order_by(CheckpointRow.size.desc())).first()
    assert last is not None
    assert last.size == published.seq + 1
    with pytest.raises(ConflictError, match="event_not_open"):
        publish_result(stage.ctx(Role.ORGANISER), stage.competition)


def test_nobody_signs_twice_or_for_another(make: MakeStage) -> None:
    stage = make()
    version = computed(stage)
    sign(stage, stage.council[0], version)

    for decision, reason in ((Decision.AGREED, ""), (Decision.REFUSED, "Vì")):
        with pytest.raises(ConflictError, match="already_signed"):
            sign(stage, stage.council[0], version, decision, reason=reason)
    for stranger in (stage.panel[0], stage.board.markers[0]):
        with pytest.raises(NotAllowedError, match="role_needed"):
            sign(stage, stranger, version)
    no_factor = replace(stage.ctx(stage.council[1]), factor_at=None)
    note_findings_seen(no_factor, stage.competition, findings_sha256="0" * 64, shown_sha256="0" * 64)
    for ctx, code in ((stage.ctx(Role.ORGANISER), "role_needed"), (no_factor, "fresh_factor_needed")):
        with pytest.raises(NotAllowedError, match=code):
            sign_result(ctx, stage.competition, version.number, decision=Decision.AGREED, sha_tail=version.sha256[-4:])
    assert len(records(stage, "result:approved")) == 1


@pytest.mark.parametrize("tail", ["", "0", "xxxx", "whole"])
def test_signature_needs_the_digits_of_the_copy_in_hand(make: MakeStage, tail: str) -> None:
    stage = make()
    version = computed(stage)
    typed = version.sha256 if tail == "whole" else tail

    with pytest.raises(InvalidError, match="hash_tail_wrong") as caught:
        sign(stage, stage.council[0], version, sha_tail=typed)
    assert caught.value.params["field"] == "sha_tail"
    assert version.signatures == []
    sign(stage, stage.council[0], version, sha_tail=f" {version.sha256[-4:].upper()} ")


def test_a_conflict_reads_but_does_not_sign(make: MakeStage) -> None:
    stage = make()
    member = stage.council[2]
    declaration = ConflictDeclaration(
        assignment_id=member.id,
        candidacy_id=stage.board.room.candidacies[3].id,
        relation="sibling",
        declared_at=stage.at,
    )
    nothing = ConflictDeclaration(assignment_id=stage.council[1].id, candidacy_id=None, declared_at=stage.at)
    stage.session.add_all([declaration, nothing])
    version = computed(stage)

    with pytest.raises(NotAllowedError, match="conflict_declared"):
        sign(stage, member, version)
    sign(stage, stage.council[1], version)


def test_a_relation_that_the_council_judged_bars_from_signing_as_a_declared_one(make: MakeStage) -> None:
    stage = make()
    member, free, chair = stage.council[2], stage.council[1], stage.council[0]
    for person, is_barred in ((member, True), (free, True), (free, False)):  # of two judgements the later one counts
        ruling = ConflictRuling(
            competition_id=stage.board.competition.id,
            account_id=person.account_id,
            candidacy_id=stage.board.room.candidacies[3].id,
            is_barred=is_barred,
            reason="Cùng đơn vị.",
            decided_by_id=chair.account_id,
            decided_at=stage.at,
            record_seq=1,
        )
        stage.session.add(ruling)
        stage.session.flush()
    version = computed(stage)

    with pytest.raises(NotAllowedError, match="conflict_declared"):
        sign(stage, member, version)
    sign(stage, free, version)


def test_refusals_close_a_version_as_soon_as_it_cannot_have_enough(make: MakeStage) -> None:
    stage = make()
    version = computed(stage)
    for words, refusal in (("  ", "reason_missing"), ("Sai", "reason_too_short")):
        with pytest.raises(InvalidError, match=refusal):
            sign(stage, stage.council[0], version, Decision.REFUSED, reason=words)
    refuse(stage, stage.council[0], version)
    refuse(stage, stage.council[1], version)
    sign(stage, stage.council[2], version)
    assert version.state is ResultState.PROPOSED

    refuse(stage, stage.council[3], version)

    assert version.state is ResultState.REFUSED
    assert json.loads(records(stage, "result:refused")[0].payload or "") == {
        "result_sha256": version.sha256,
        "reason": "Thiếu biên bản phòng thi 02.",
    }
    with pytest.raises(ConflictError, match="result_not_signable"):
        sign(stage, stage.council[4], version)
    again = computed(stage)
    assert (again.number, again.state, version.state) == (2, ResultState.PROPOSED, ResultState.REFUSED)
    assert again.signatures == []
    sign(stage, stage.council[0], again)


def test_conflicts_count_against_what_can_still_be_reached(make: MakeStage) -> None:
    stage = make()
    for member in stage.council[3:]:
        stage.session.add(
            ConflictDeclaration(
                assignment_id=member.id,
                candidacy_id=stage.board.room.candidacies[1].id,
                relation="spouse",
                declared_at=stage.at,
            )
        )
    version = computed(stage)

    refuse(stage, stage.council[0], version)

    assert version.state is ResultState.REFUSED


def test_refusal_by_the_authority_closes_the_version(make: MakeStage) -> None:
    stage = make()
    version = computed(stage)
    for who in stage.council[:3]:
        sign(stage, who, version)

    refuse(stage, stage.authority, version)

    assert (version.state, stage.competition.state) == (ResultState.REFUSED, CompetitionState.RANKED)
    assert records(stage, "result:refused")[-1].actor == "authority/A01"


def test_changed_marks_make_a_new_version_that_nobody_has_signed(make: MakeStage) -> None:
    stage = make()
    version = computed(stage)
    for who in stage.council[:3]:
        sign(stage, who, version)
    mark = stage.session.scalars(select(Mark).where(Mark.defence_id.is_not(None)).order_by(Mark.id)).first()
    assert mark is not None
    mark.points = {**mark.points, "D1": "39.00"}
    stage.session.flush()

    newer = computed(stage)

    assert (version.state, newer.state) == (ResultState.SUPERSEDED, ResultState.PROPOSED)
    assert newer.sha256 != version.sha256
    with pytest.raises(ConflictError, match="result_superseded"):
        sign(stage, stage.council[3], version)
    with pytest.raises(ConflictError, match="council_signs_first"):
        sign(stage, stage.authority, newer)
    assert [item.number for item in list_result_versions(stage.session, stage.competition.id)] == [2, 1]


def test_text_changed_behind_the_hash_is_neither_signed_nor_published(make: MakeStage) -> None:
    stage = make()
    version = computed(stage)
    for who in stage.council[:3]:
        sign(stage, who, version)
    whole = version.document
    changed = whole.replace('"80.20"', '"81.20"')
    assert changed != whole

    def store(text: str) -> None:
        stage.session.connection().execute(
            update(ResultVersion).values(document=text).where(ResultVersion.id == version.id)
        )

    store(changed)
    with pytest.raises(ConflictError, match="result_damaged"):
        sign(stage, stage.authority, version)
    store(whole)
    sign(stage, stage.authority, version)
    store(changed)
    with pytest.raises(ConflictError, match="result_damaged"):
        publish_result(stage.ctx(Role.ORGANISER), stage.competition)
