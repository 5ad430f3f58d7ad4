"""The bundle of a published result as people get it: everyone, the council, the supervision board, the command."""

from __future__ import annotations

import io
import json
import posixpath
import zipfile
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from flask import Flask

from examsite.bundle.verify import verify
from examsite.cli.public_folder import lacking_witnesses
from examsite.domain.bundles import Audience
from examsite.domain.canonical import sha256_hex
from examsite.domain.checkpoints import VerifierKey
from examsite.domain.cosignatures import COSIGNATURE
from examsite.domain.permissions import Role
from examsite.services.bundles import build_bundle
from examsite.services.checkpoints import load_signer
from examsite.services.publication import publish_result
from examsite.services.ranking import compute_result
from examsite.services.witnesses import end_witness, name_witness
from examsite.storage.database import open_engine, reading
from examsite.storage.queries.competitions import get_competition
from tests.factories.ranking import NAMES, Stage, hold, make_stage
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, check_page, find_all, parse, words
from tests.web.world import World

CODE = "VH-2026-01"
PUBLIC, COUNCIL, BOARD = (f"/{place}/{CODE}/bundle.zip" for place in ("competitions", "council", "supervisor"))
WITNESSES = {
    name: VerifierKey(name, bytes([n]) * 32, COSIGNATURE) for n, name in enumerate(("kept.example", "lost.example"))
}
CHAIR, SUPERVISOR = f"chair-{CODE}".lower(), f"s01-{CODE}".lower()

Scene = Callable[..., Any]
LogIn = Callable[..., StrictClient]


@pytest.fixture
def staged(scene: Scene, password_hash: str) -> Callable[..., Any]:
    """`staged(then)` builds a published competition and gives back what `then(stage)` says."""

    def build(then: Callable[[Stage], Any] = lambda _stage: None, *, is_published: bool = True) -> Any:
        def steps(doing: Doing) -> Stage:
            extensions = doing.app.extensions
            stage = make_stage(
                doing.session,
                doing.now,
                settings=extensions["settings"],
                signer=extensions["signer"],
                password_hash=password_hash,
            )
            stage.board.room.people[Role.SUPERVISOR] = hold(stage, Role.SUPERVISOR, 1, "Phan Giám Sát", password_hash)
            version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
            for who in (*stage.council[:3], stage.authority):
                stage.signs(who, version)
            if is_published:
                publish_result(stage.ctx(Role.ORGANISER), stage.competition)
            return stage

        return scene(steps, once=f"bundle {is_published}", then=then)

    return build


def files(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_everyone_gets_the_bundle_of_the_result_on_the_page(staged: Any, client: StrictClient) -> None:
    staged()

    (button,) = find_all(client.page(f"/competitions/{CODE}/ranking"), "bundle")
    answer = client.get(str(button.get("href")))

    assert str(button.get("href")) == PUBLIC
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={CODE}-1.zip"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    found = files(answer.data)
    assert found["result.json"] == client.get(f"/competitions/{CODE}/result.json").data
    assert list(found)[-3:] == ["bao-cao.pdf", "verify.py", "HUONG-DAN.txt"]
    again = client.get(PUBLIC, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_nobody_but_the_person_selected_is_named_in_the_public_bundle(staged: Any, client: StrictClient) -> None:
    """Planted canaries: names, candidate numbers, application codes, identity numbers, people of the boards."""

    def canaries(stage: Stage) -> list[str]:
        found = ["Giám khảo 1", "Cán bộ M", "Trưởng ban đề án", "Phan Giám Sát"]
        for place, candidacy in enumerate(stage.board.room.candidacies):
            found += [str(candidacy.candidate_number), candidacy.application_code, candidacy.identity_number]
            found += [] if place == 1 else [candidacy.full_name]
        return found

    leaks = staged(canaries)
    found = files(client.get(PUBLIC).data)
    pages = pypdfium2.PdfDocument(found["bao-cao.pdf"])
    text = " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in pages)

    for name, data in {**found, "words of the PDF": text.encode()}.items():
        assert [leak for leak in leaks if leak.encode() in data] == [], name
    assert NAMES[1] in text
    assert sha256_hex(found["result.json"]) in "".join(text.split())


def test_council_and_board_get_theirs_and_nothing_on_the_way_keeps_it(staged: Any, log_in: LogIn) -> None:
    staged()
    for login, path, page in ((CHAIR, COUNCIL, f"/council/{CODE}/result"), (SUPERVISOR, BOARD, f"/supervisor/{CODE}/")):
        client = log_in(login)
        (link,) = find_all(client.page(page), "bundle")
        answer = client.get(path)
        assert link.get("href") == path
        assert answer.headers["Cache-Control"] == "no-store"
        kinds = {json.loads(line)["event"] for line in files(answer.data)["log.jsonl"].splitlines()}
        assert "result:published" in kinds
    assert log_in(CHAIR).get(BOARD).status_code in {403, 404}


def test_no_bundle_before_the_publication(staged: Any, client: StrictClient, log_in: LogIn) -> None:
    staged(is_published=False)

    assert client.get(PUBLIC).status_code == 404
    chair = log_in(CHAIR)
    assert chair.get(COUNCIL).status_code == 404
    assert find_all(chair.page(f"/council/{CODE}/result"), "bundle") == []


def test_closed_rule_set_keeps_the_bundle_inside(staged: Any, client: StrictClient, log_in: LogIn) -> None:
    def close(stage: Stage) -> None:
        text = stage.competition.ruleset_toml
        stage.competition.ruleset_toml = text.replace('"code-and-scores"', '"nothing"', 1)

    staged(close)

    assert client.get(PUBLIC).status_code == 404
    assert find_all(client.page(f"/competitions/{CODE}/ranking"), "bundle") == []
    assert log_in(CHAIR).get(COUNCIL).status_code == 200


def test_bundles_lie_outside_of_what_is_served(staged: Any, client: StrictClient, app: Flask) -> None:
    staged()
    client.get(PUBLIC)

    (kept,) = list(app.extensions["settings"].bundles_path.iterdir())
    assert kept.stat().st_mode & 0o077 == 0


def test_folder_for_everyone_names_nobody_else_and_is_the_same_again(staged: Any, app: Flask) -> None:
    """The same canaries in every file; numbers stand in the list of the announcement only, as on the site."""

    def canaries(stage: Stage) -> tuple[list[str], list[str]]:
        ctx = stage.ctx(Role.SUPERVISOR)
        for name, key in WITNESSES.items():
            name_witness(ctx, stage.competition, key=key.as_text(), holder=name)
        end_witness(ctx, stage.competition, "lost.example")
        people = list(enumerate(stage.board.room.candidacies))
        leaks = ["Giám khảo 1", "Trưởng ban đề án", "Phan Giám Sát"]
        leaks += [text for _place, one in people for text in (one.application_code, one.identity_number)]
        return leaks + [one.full_name for place, one in people if place != 1], [
            str(one.candidate_number) for _place, one in people
        ]

    leaks, numbers = staged(canaries)
    found = app.extensions["public_folder"](CODE)

    for name, data in found.items():
        assert [leak for leak in leaks if leak.encode() in data] == [], name
        coded = name.startswith(("ket-qua", "en/ket-qua", "thi-sinh", CODE, "result", "boc-tham"))
        assert [number for number in numbers if coded and number.encode() in data] == [], name
    assert app.extensions["public_folder"](CODE) == found
    assert {"HUONG-DAN.txt", "KHOA.txt", "verify.py", "verify/index.html", "result.json", "bao-cao.pdf"} <= found.keys()
    assert found["HUONG-DAN.txt"].count(b"\n") == found["HOW-TO-VERIFY.txt"].count(b"\n") == 3
    keys = found["KHOA.txt"].decode().splitlines()
    key, witness = (line for line in keys if not line.startswith("#"))
    assert witness == WITNESSES["kept.example"].as_text()  # a key that was given up signs nothing any more
    announced = words(parse(found["index.html"].decode()))
    printed = [line.partition(": ")[2] for line in keys if "printed" in line]
    assert len(printed) == 2  # what is compared is spelled in the folder as on paper
    assert all(line in announced for line in printed)
    said = {x["check"]: x["state"] for x in verify(found[f"{CODE}-1.zip"], log_key=key)}
    assert said["signature"] == said["root"] == "ok"
    assert lacking_witnesses(found) == ["kept.example"]


def test_every_link_of_the_folder_leads_to_a_file_of_it(staged: Any, app: Flask) -> None:
    staged()
    found = app.extensions["public_folder"](CODE)
    pages = {name: parse(data.decode()) for name, data in found.items() if name.endswith(".html")}

    expected = {
        "index.html",
        "quy-tac.html",
        "ket-qua.html",
        "phuc-khao.html",
        "du-lieu.html",
        "tep.html",
        "en/ket-qua.html",
    }
    assert expected <= pages.keys()
    for name, page in pages.items():
        for element in page.iter():
            for address in filter(None, (element.get("href"), element.get("src"))):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(name), address.partition("#")[0]))
                assert address.startswith("#") or path in found, f"{name}: {address}"
        assert not [element for element in page.iter("a") if not element.get("href")], name
        assert not list(page.iter("form")) or name == "verify/index.html", name


def test_folder_before_the_publication_holds_what_was_announced(staged: Any, app: Flask) -> None:
    staged(is_published=False)
    found = app.extensions["public_folder"](CODE)

    assert {"index.html", "quy-tac.html", "KHOA.txt", "verify.py"} <= found.keys()
    assert not [name for name in found if name.endswith(".zip") or name.startswith(("ket-qua", "thi-sinh"))]
    assert lacking_witnesses(found) == [], "nothing is to be verified yet"


def test_verifying_page_works_under_the_policy_of_the_site(client: StrictClient) -> None:
    answer = client.get("/verify")
    page = check_page(answer)
    scripts = list(page.iter("script"))

    assert len(scripts) == 4
    assert f"script-src 'nonce-{scripts[0].get('nonce')}'" in answer.headers["Content-Security-Policy"]
    assert len({script.get("nonce") for script in scripts}) == 1
    for element in (*scripts, *page.iter("link")):
        assert client.get(str(element.get("src") or element.get("href"))).status_code == 200


@pytest.mark.parametrize("audience", list(Audience))
def test_verifier_written_from_the_format_alone_accepts_a_whole_competition(world: World, audience: Audience) -> None:
    """Played through the services from the plan to the publication; the verifier shares no line with the producer."""
    with reading(open_engine(world.settings)) as session:
        competition = get_competition(session, world.places["published"].code)
        data = build_bundle(session, competition, audience)
    signer = load_signer(world.settings)
    key = signer.public_key.hex()

    said = verify(data, log_key=key)

    assert [one["en"] for one in said if one["state"] == "broken"] == []
    proven = {one["check"] for one in said if one["state"] == "ok"}
    assert proven >= {"signature", "root", "openings", "marks", "settlements", "ranks", "draws", "approvals", "report"}
    # Two were appealed: one new mark was adopted, one decided by the chair.
    assert [one["en"][:1] for one in said if (one["check"], one["state"]) == ("appeals", "ok")] == ["2"]
    changed = data.replace(b'"outcome":"selected"', b'"outcome":"rejected"', 1)
    assert [one for one in verify(changed, log_key=key) if one["state"] == "broken"]
