"""The result on its way to the public: what each person sees, may sign, and what nobody reads who should not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from examsite.cli import commands
from examsite.domain.canonical import sha256_hex
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.scores import score
from examsite.services.context import Actor, ServiceContext
from examsite.services.findings import note_findings_seen
from examsite.services.marking import lock_mark, save_draft
from examsite.services.publication import publish_result
from examsite.services.ranking import compute_result
from examsite.services.remarking import name_remarkers
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.queries.appeals import get_appealed_script
from examsite.storage.queries.results import list_signers
from tests.factories.marking import make_board
from tests.factories.people import add_account, add_role, declares_nobody
from tests.factories.ranking import COUNCIL_NAMES, NAMES, Stage, make_stage
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
RANKING = f"/competitions/{CODE}/ranking"
RESULT = f"/competitions/{CODE}/result.json"
CHECKPOINT = f"/competitions/{CODE}/log/checkpoint"
SIGN = f"/council/{CODE}/result"
APPROVE = f"/authority/{CODE}/result"
FINDINGS = f"/council/{CODE}/findings"
WHY_CHOSEN = "Thâm niên giữ chức vụ cao hơn."
ORGANISE = f"/organiser/{CODE}/result"
ORGANISER = f"organiser-{CODE.lower()}"
CHAIR = f"chair-{CODE.lower()}"
MEMBER = f"c02-{CODE.lower()}"
AUTHORITY = f"a01-{CODE.lower()}"

Scene = Callable[..., Any]
LogIn = Callable[..., StrictClient]


@pytest.fixture
def staged(scene: Scene, password_hash: str) -> Callable[..., Any]:
    """`staged(until='published')` builds a competition up to a step and gives back what `then(stage)` says."""

    def build(until: str = "ranked", then: Callable[[Stage], Any] | None = None, **named: Any) -> Any:
        def steps(doing: Doing) -> Stage:
            stage = make_stage(
                doing.session,
                doing.now,
                settings=doing.app.extensions["settings"],
                signer=doing.app.extensions["signer"],
                password_hash=password_hash,
                **named,
            )
            if until != "defence":
                compute_result(stage.ctx(Role.ORGANISER), stage.competition)
            if until in {"council_signed", "approved", "published"}:
                sign_all(stage, stage.council[:3])
            if until in {"approved", "published"}:
                sign_all(stage, [stage.authority])
            if until == "published":
                publish_result(stage.ctx(Role.ORGANISER), stage.competition)
            return stage

        return scene(steps, once=f"{until} {named}", then=then or (lambda _stage: None))

    return build


def sign_all(stage: Stage, people: list[Any]) -> None:
    version = stage.session.scalars(select(ResultVersion).order_by(ResultVersion.number.desc())).first()
    assert version is not None
    for who in people:
        stage.signs(who, version)


def newest(scene: Scene) -> dict[str, Any]:
    def read(doing: Doing) -> dict[str, Any]:
        version = doing.session.scalars(select(ResultVersion).order_by(ResultVersion.number.desc())).first()
        assert version is not None
        return {
            "sha256": version.sha256,
            "state": version.state.value,
            "number": version.number,
            "document": version.document,
        }

    found: dict[str, Any] = scene(read)
    return found


def state_of(scene: Scene) -> str:
    return str(scene(lambda doing: doing.session.scalars(select(Competition.state)).one().value))


def read_by_all(doing: Doing) -> None:
    """Whoever may sign has read the report."""
    competition = doing.session.scalars(select(Competition)).one()
    for held in list_signers(doing.session, competition.id):
        actor = Actor(held.account_id, held.role, held.id, held.pseudonym, competition.id)
        report = "0" * 64
        note_findings_seen(doing.ctx(actor), competition, findings_sha256=report, shown_sha256=report)


def opinion(scene: Scene, decision: str = "agreed", *, reads: bool = True, **named: str) -> dict[str, str]:
    version = newest(scene)
    if reads:
        scene(read_by_all)
    return {
        "version": str(version["number"]),
        "decision": decision,
        "sha_tail": version["sha256"][-4:],
        **named,
    }


# --- the whole way ---------------------------------------------------------------------------------------------------


def test_from_computing_to_the_public_page(staged: Any, scene: Scene, log_in: LogIn, client: StrictClient) -> None:
    staged("defence")
    organiser = log_in(ORGANISER)
    page = organiser.get(ORGANISE)
    assert "Tính xếp hạng" in page.text
    assert organiser.submit(f"{ORGANISE}/versions", {}, form_at=ORGANISE).status_code == 302
    for path in (RANKING, RESULT):
        assert client.get(path).status_code == 404
    assert "Chữ ký đồng ý của hội đồng: có 0, cần 3" in organiser.get(ORGANISE).text
    for login in (CHAIR, MEMBER, f"c03-{CODE.lower()}"):
        signed = log_in(login).submit(SIGN, opinion(scene))
        assert (signed.status_code, signed.headers["Location"]) == (302, SIGN)
    assert newest(scene)["state"] == "council_signed"
    assert "chờ phê duyệt" in log_in(AUTHORITY).get(f"/authority/{CODE}/").text
    assert log_in(AUTHORITY).submit(APPROVE, opinion(scene)).status_code == 302
    early = client.get(RANKING)
    assert early.status_code == 404
    assert find_all(parse(early.text), "to-competition")[0].get("href") == f"/competitions/{CODE}"
    assert "Việc tiếp theo: thư ký hội đồng công bố" in log_in(AUTHORITY).get(APPROVE).text
    assert "Công bố rồi không thu lại được" in organiser.get(f"{ORGANISE}/publication").text
    published = organiser.submit(f"{ORGANISE}/publication", {})
    assert published.status_code == 302

    assert state_of(scene) == "published"
    for path in (RANKING, RESULT, CHECKPOINT):
        assert client.get(path).status_code == 200


# --- the public ------------------------------------------------------------------------------------------------------


def test_file_is_exactly_what_was_signed_and_recomputes_by_command(
    staged: Any, scene: Scene, client: StrictClient, tmp_path: Path
) -> None:
    staged("published")

    answer = client.get(RESULT)

    sha256 = newest(scene)["sha256"]
    assert sha256_hex(answer.data) == sha256
    assert answer.headers["Content-Disposition"] == 'attachment; filename="result.json"'
    page = client.get(RANKING)
    (chip,) = find_all(parse(page.text), "result-hash")
    assert sha256 in re.sub(r"\s", "", words(chip))
    file = tmp_path / "result.json"
    file.write_bytes(answer.data)
    checked = CliRunner().invoke(commands, ["results", "recompute", str(file)])
    assert checked.exit_code == 0, checked.output
    assert sha256 in checked.output
    file.write_bytes(answer.data.replace(b'"79.20"', b'"80.90"'))
    changed = CliRunner().invoke(commands, ["results", "recompute", str(file)])
    assert changed.exit_code == 1
    assert "79.20" in changed.output
    file.write_bytes(answer.data + b"\n")
    assert CliRunner().invoke(commands, ["results", "recompute", str(file)]).exit_code == 1


def test_every_figure_of_the_file_stands_on_the_page(staged: Any, client: StrictClient) -> None:
    staged("published")
    document = json.loads(client.get(RESULT).data)
    page = parse(client.get(RANKING).text)

    for candidate in document["candidates"]:
        (line,) = find_all(page, f"row-{candidate['code']}")
        own = parse(client.get(f"{RANKING}/{candidate['code']}").text)
        if candidate["total"]:
            assert candidate["total"].replace(".", ",") in words(line)
            (total,) = find_all(own, "total-line")
            assert candidate["total"].replace(".", ",") in words(total)
        for part in candidate["parts"]:
            (box,) = find_all(own, f"part-{part['part']}")
            texts = [text or "" for item in box.iter() for text in (item.text, item.tail)]
            said = [figure for text in texts for figure in re.findall(r"\d+,\d\d", text)]
            system = sum((Decimal(mark["total"]) for mark in part["marks"] if mark["round"] == 0), Decimal(0))
            if part["score"]:
                assert part["score"].replace(".", ",") in words(line)
            if part["void"]:
                assert said == []
                continue
            wanted = [points for mark in part["marks"] for points in mark["points"].values()]
            wanted += [str(Decimal(mark["total"]) + system) for mark in part["marks"] if mark["round"] != 0]
            wanted += [part["settlement"]["score"]] if part["settlement"] else []
            assert {figure.replace(".", ",") for figure in wanted} <= set(said)


def test_ranks_ties_deductions_and_reasons_are_told(staged: Any, client: StrictClient) -> None:
    codes = staged("published", lambda stage: [stage.code(place) for place in range(len(NAMES))])
    page = parse(client.get(RANKING).text)
    lines = {place: words(find_all(page, f"row-{code}")[0]) for place, code in enumerate(codes)}

    assert [lines[place].split()[0] for place in (1, 2, 5)] == ["1", "2", "3"]
    tied = [group for group in page.iter("tbody") if "rank-group--tied" in str(group.get("class"))]
    assert len(tied) == 1
    said = words(tied[0])
    assert "cùng hạng 4" in said
    assert codes[3] in said
    assert codes[4] in said
    assert int(next(iter(tied[0].iter("td"))).get("rowspan", "0")) == len(list(tied[0].findall("tr")))
    whole = words(next(page.iter("main")))
    assert "được 70,00. Trừ 25 %" in whole
    assert "đã trừ 25 %" in lines[5]
    assert "chưa đạt mức 50" in lines[6]
    assert "bị hủy" in lines[7]
    assert "Vắng mặt: bài thi viết" in lines[0]
    assert "Hai trong ba điểm bằng nhau" in whole
    assert "trên 10: trưởng ban quyết định" in whole


def test_nobody_but_the_person_selected_is_named(staged: Any, client: StrictClient) -> None:
    """Planted canaries: names, candidate numbers, application codes, identity numbers, people of the boards."""

    def canaries(stage: Stage) -> list[str]:
        found = ["Giám khảo", "Cán bộ M", "Trưởng ban đề án"]
        for place, candidacy in enumerate(stage.board.room.candidacies):
            found += [str(candidacy.candidate_number), candidacy.application_code, candidacy.identity_number]
            found += [] if place == 1 else [candidacy.full_name]
        return found

    leaks = staged("published", canaries)
    document = json.loads(client.get(RESULT).data)
    pages = [RANKING, RESULT, CHECKPOINT, *(f"{RANKING}/{one['code']}" for one in document["candidates"])]

    for path in pages:
        text = client.get(path).text
        assert [leak for leak in leaks if leak in text] == [], path
    assert NAMES[1] in client.get(RANKING).text
    assert all(name in client.get(RANKING).text for name in COUNCIL_NAMES[:3])


def test_server_never_calls_the_result_verified(staged: Any, client: StrictClient) -> None:
    staged("published")
    page = parse(client.get(RANKING).text)

    (box,) = find_all(page, "how-to-check")
    assert "Chưa kiểm tra trên máy này" in words(box)
    assert "python -m examsite results recompute" in words(box)
    assert len([figure for figure in page.iter("figure") if figure.get("class") == "seal"]) == 1


@pytest.mark.parametrize("others", ["code-and-outcome", "nothing"])
def test_closed_rule_set_closes_scores_file_and_details(staged: Any, client: StrictClient, others: str) -> None:
    def close(stage: Stage) -> list[str]:
        text = stage.competition.ruleset_toml
        stage.competition.ruleset_toml = text.replace('"code-and-scores"', f'"{others}"', 1)
        assert stage.competition.ruleset_toml != text
        return [stage.code(place) for place in range(len(NAMES))]

    codes = staged("published", close)
    page = client.get(RANKING)

    assert client.get(RESULT).status_code == 404
    assert client.get(f"{RANKING}/{codes[2]}").status_code == 404
    assert client.get(f"{RANKING}/{codes[1]}").status_code == 200
    assert "79,20" not in page.text
    assert "80,20" in page.text
    assert (codes[2] in page.text) is (others == "code-and-outcome")


def test_unknown_codes_and_drafts_are_not_there(staged: Any, client: StrictClient) -> None:
    staged("published")

    for path in (f"{RANKING}/nobody", "/competitions/NONE/ranking", "/competitions/NONE/result.json"):
        assert client.get(path).status_code == 404


# --- signing ---------------------------------------------------------------------------------------------------------


def test_signer_sees_the_document_its_hash_and_who_has_signed(staged: Any, scene: Scene, log_in: LogIn) -> None:
    staged("ranked", lambda stage: sign_all(stage, stage.council[:1]))
    scene(read_by_all)

    page = parse(log_in(MEMBER).get(SIGN).text)

    (shown,) = find_all(page, "result-hash")
    assert newest(scene)["sha256"] in re.sub(r"\s", "", words(shown))
    (signatures,) = find_all(page, "signatures")
    said = [words(item) for item in signatures.findall("li")]
    assert "Đã ký" in said[0]
    assert "Đang chờ ký" in said[1]
    assert "Chưa ký" in said[2]
    whole = words(next(page.iter("main")))
    assert "1 đồng ý, cần ít nhất 3 trên 5" in whole
    assert "Tính lại độc lập từ điểm tiêu chí: trùng mọi số" in whole
    assert [item.get("checked") for item in page.iter("input") if item.get("type") == "radio"] == [None, None]


@pytest.mark.parametrize(
    ("change", "words_said"),
    [
        ({"sha_tail": "zzzz"}, "không phải bốn ký tự cuối"),
        ({"assertion": "{}"}, "Khóa truy cập chưa trả lời đúng"),
        ({"decision": ""}, "Hãy chọn Đồng ý hoặc Không đồng ý"),
        ({"decision": "maybe"}, ""),
        ({"decision": "refused"}, "Hãy ghi lý do"),
        ({"decision": "refused", "reason": "Sai"}, "cần ít nhất 20 ký tự"),
        ({"confirmed": "refused"}, "không khớp với ý kiến"),
        ({"sha_tail": "x" * 5000}, "Dài quá"),
        ({"version": "x"}, ""),
        ({"decision": "refused", "reason": "x" * (LONGEST_TEXT + 1)}, "Dài quá"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_signed(
    staged: Any, scene: Scene, log_in: LogIn, change: dict[str, str], words_said: str
) -> None:
    staged("ranked")
    member = log_in(MEMBER)

    answer = member.submit(SIGN, opinion(scene) | change)

    assert answer.status_code == 422
    assert words_said in answer.text
    page = member.get(SIGN).text
    assert "0 đồng ý" in page
    assert 'data-testid="sign-form"' in page


def test_signing_waits_for_the_report_to_be_read(staged: Any, scene: Scene, log_in: LogIn) -> None:
    staged("ranked")
    member, said = log_in(MEMBER), opinion(scene, reads=False)

    assert 'data-testid="to-findings"' in member.get(SIGN).text
    assert member.submit(SIGN, said).status_code == 409
    report = member.get(FINDINGS).text
    seen = re.search(r'name="findings_sha256"[^>]*value="(\w+)"', report)
    assert seen is not None
    member.submit(FINDINGS, {"findings_sha256": seen[1]})
    assert member.submit(SIGN, said).status_code == 302


def test_refusal_keeps_its_reason_for_the_council(staged: Any, scene: Scene, log_in: LogIn) -> None:
    staged("ranked")
    member = log_in(MEMBER)
    read_first = member.get(SIGN).text

    refused = member.submit(SIGN, opinion(scene, "refused", reason="Thiếu biên bản phòng 02."))

    assert "Ghi rồi không rút lại được" not in read_first  # nobody signs what was not read
    assert refused.status_code == 302
    assert "Việc tiếp theo: các ủy viên còn lại ký cho đủ" in member.get(SIGN).text
    page = log_in(CHAIR).get(SIGN).text
    assert "Không đồng ý" in page
    assert "Thiếu biên bản phòng 02." in page


def test_a_copy_of_an_older_version_cannot_be_signed(staged: Any, scene: Scene, log_in: LogIn) -> None:
    staged("ranked", vacancies=4)
    old = opinion(scene)
    codes = re.findall(r'name="selected" value="(\w+)"', log_in(AUTHORITY).get(f"/authority/{CODE}/ties/P1").text)
    assert len(codes) == 2
    wrong = log_in(AUTHORITY).submit(f"/authority/{CODE}/ties/P1", {"selected": codes, "reason": "Vì"})
    assert (wrong.status_code, "Hãy chọn đúng 1 người" in wrong.text) == (422, True)
    chosen = log_in(AUTHORITY).submit(f"/authority/{CODE}/ties/P1", {"selected": codes[:1], "reason": WHY_CHOSEN})
    assert chosen.status_code == 302
    member = log_in(MEMBER)

    answer = member.submit(SIGN, old)

    assert answer.status_code == 409
    assert "Đã có bản mới hơn" in answer.text
    assert "Bản 1 đã có bản thay thế" in member.get(f"{SIGN}/1").text
    assert WHY_CHOSEN in member.get(SIGN).text
    assert member.get(f"{SIGN}/9").status_code == 404


def test_a_conflict_reads_without_a_form(staged: Any, scene: Scene, log_in: LogIn) -> None:
    def declare(stage: Stage) -> None:
        stage.session.add(
            ConflictDeclaration(
                assignment_id=stage.council[1].id,
                candidacy_id=stage.board.room.candidacies[2].id,
                relation="sibling",
                declared_at=stage.at,
            )
        )

    staged("ranked", declare)
    member = log_in(MEMBER)
    page = member.get(SIGN)

    assert page.status_code == 200
    assert 'data-testid="sign-form"' not in page.text
    assert "xung đột lợi ích" in page.text
    assert member.submit(SIGN, opinion(scene)).status_code == 403


def test_doors_stay_shut_to_others(staged: Any, log_in: LogIn, client: StrictClient) -> None:
    staged("ranked")

    for login, path in (
        (ORGANISER, SIGN),
        (ORGANISER, APPROVE),
        (CHAIR, APPROVE),
        (CHAIR, ORGANISE),
        (AUTHORITY, SIGN),
        ("m01-vh-2026-01", SIGN),
        ("g01-vh-2026-01", ORGANISE),
    ):
        assert log_in(login).get(path).status_code == 403, (login, path)
    assert client.get(SIGN).status_code == 302


def test_authority_waits_for_the_council(staged: Any, log_in: LogIn) -> None:
    staged("ranked")
    authority = log_in(AUTHORITY)

    assert "Hội đồng chưa ký đủ" in authority.get(APPROVE).text
    assert CODE in authority.get("/authority/").text


def test_publishing_before_approval_changes_nothing(staged: Any, scene: Scene, log_in: LogIn) -> None:
    staged("council_signed")
    organiser = log_in(ORGANISER)

    answer = organiser.submit(f"{ORGANISE}/publication", {}, form_at=ORGANISE)

    assert answer.status_code == 409
    assert state_of(scene) == "ranked"
    assert organiser.get(f"{ORGANISE}/publication").status_code == 302


def test_candidate_finds_the_own_line_at_home(staged: Any, app: Flask, log_in: LogIn) -> None:
    code = staged("published", lambda stage: stage.code(2))

    candidate = log_in(f"hs-{CODE.lower()}-003", door="/candidate/login")
    page = candidate.get("/candidate/")

    assert 'href="/candidate/result"' in candidate.get("/candidate/check").text, "back to the final result"
    (told,) = find_all(parse(page.text), "own-defence-score")
    assert "82,00" in words(told)
    (card,) = find_all(parse(page.text), "home-result")
    assert code in words(card)
    assert "79,20" in words(card)
    assert "Đạt, không trúng tuyển" in words(card)


def test_who_signs_reads_how_firm_the_ranking_is_and_says_so(staged: Any, log_in: LogIn) -> None:
    staged(until="ranked")
    client = log_in(CHAIR)
    assert find_all(client.page(SIGN), "report-unread")
    page = client.page(FINDINGS)
    assert "vẫn đứng đầu với khả năng" in words(find_all(page, "stability")[0])
    sha = re.findall(r'name="findings_sha256"[^>]*value="([0-9a-f]{64})"', client.get(FINDINGS).text)
    assert client.submit(FINDINGS, {"findings_sha256": "0" * 64}).status_code == 409
    assert client.submit(FINDINGS, {"findings_sha256": sha[0]}).status_code == 302
    assert find_all(client.page(FINDINGS), "has-read")
    assert not find_all(client.page(SIGN), "report-unread")
    assert find_all(log_in(MEMBER).page(SIGN), "report-unread")
    assert find_all(log_in(AUTHORITY).page(f"/authority/{CODE}/findings"), "confirm-form")


def test_the_public_reads_how_firm_the_first_place_is_without_a_code(staged: Any, client: StrictClient) -> None:
    staged(until="published")
    said = words(find_all(client.page(RANKING), "stability")[0])
    assert "người đứng đầu vẫn đứng đầu" in said
    assert not re.search(r"\d{5}", said)


def test_nothing_is_reported_before_the_codes_are_opened(scene: Scene, log_in: LogIn, password_hash: str) -> None:
    def steps(doing: Doing) -> None:
        make_board(
            doing.session,
            doing.now,
            settings=doing.app.extensions["settings"],
            candidates=2,
            password_hash=password_hash,
        ).sealed()

    scene(steps)
    assert find_all(log_in(f"chair-{CODE.lower()}").page(FINDINGS), "no-report")


def test_a_published_result_is_corrected_by_two_and_everybody_reads_what_changed(
    staged: Any, scene: Scene, log_in: LogIn, client: StrictClient
) -> None:
    code = staged("published", lambda stage: stage.code(4))
    organiser, member = log_in(ORGANISER), log_in(MEMBER)
    assert not find_all(client.page(RANKING), "replaces")
    why = "Thanh tra kết luận bài này bị bỏ sót một trang khi chấm."
    asked = organiser.submit(f"{ORGANISE}/correction", {"candidates": "99999", "reason": why})
    assert (asked.status_code, "99999" in asked.text) == (422, True)
    assert organiser.submit(f"{ORGANISE}/correction", {"candidates": code, "reason": why}).status_code == 302
    assert why in member.get(f"{SIGN}/correction").text
    (asked_seq,) = [
        str(box.get("value"))
        for box in member.page(f"{SIGN}/correction").iter("input")
        if box.get("name") == "asked_seq"
    ]
    assert member.submit(f"{SIGN}/correction", {"answer": "refuse", "asked_seq": asked_seq}).status_code == 422
    assert member.submit(f"{SIGN}/correction", {"answer": "agree", "asked_seq": "1"}).status_code == 409
    assert member.submit(f"{SIGN}/correction", {"answer": "agree", "asked_seq": asked_seq}).status_code == 302
    assert find_all(client.page(RANKING), "correction-open")
    assert find_all(organiser.page(ORGANISE), "correction-missing")
    assert find_all(organiser.page(f"/organiser/{CODE}/"), "to-corrections")
    assert member.get(f"/council/{CODE}/appeals/1").status_code == 200
    assert find_all(member.page(f"/council/{CODE}/appeals"), "remarked-for-correction")

    scene(lambda doing: _mark_anew(doing, "47.50"))
    assert organiser.submit(f"{ORGANISE}/versions", {}, form_at=ORGANISE).status_code == 302
    (told,) = find_all(member.page(SIGN), "changes-before-signing")
    assert {why in words(told), code in words(told), "67,50" in words(told)} == {True}
    for login, path in ((CHAIR, SIGN), (MEMBER, SIGN), (f"c03-{CODE.lower()}", SIGN), (AUTHORITY, APPROVE)):
        assert log_in(login).submit(path, opinion(scene)).status_code == 302
    assert organiser.submit(f"{ORGANISE}/publication", {}).status_code == 302

    assert find_all(client.page(RANKING), "replaces")
    page = client.page(f"{RANKING}/versions")
    (changed,) = find_all(page, "changes")
    assert "67,50" in words(changed)
    assert len(find_all(page, "version")) == 2
    assert client.get(f"/competitions/{CODE}/bundle-1.zip").data[:2] == b"PK"
    assert client.get(f"/competitions/{CODE}/bundle-3.zip").status_code == 404


def _mark_anew(doing: Doing, total: str) -> None:
    """Two fresh markers give the same to the script of the only appeal."""
    competition = doing.session.scalars(select(Competition)).one()
    (appeal,) = doing.session.scalars(select(Appeal))
    at = competition.appeals_close_at + timedelta(hours=1)

    def ctx(held: RoleAssignment) -> ServiceContext:
        actor = Actor(held.account_id, held.role, held.id, held.pseudonym, competition.id)
        return replace(doing.ctx(actor), now=at, factor_at=at)

    fresh = []
    for name in ("M11", "M12"):
        account = add_account(doing.session, doing.now, f"{name}-{CODE}".lower(), name)
        fresh.append(add_role(doing.session, doing.now, competition, account, role=Role.MARKER, pseudonym=name))
        declares_nobody(doing.session, doing.now, competition, fresh[-1])
    name_remarkers(ctx(list_signers(doing.session, competition.id, Role.CHAIR)[0]), competition, appeal.number)
    script = get_appealed_script(doing.session, competition.id, appeal.script)
    for held in fresh:
        left, points = score(total), {}
        for criterion in paper_from_data(script.paper.data).rubric.human:
            points[criterion.criterion] = min(left, criterion.maximum)
            left -= points[criterion.criterion]
        draft = save_draft(ctx(held), competition, appeal.script, revision=0, points=points, comments={})
        lock_mark(ctx(held), competition, appeal.script, revision=draft.revision)
