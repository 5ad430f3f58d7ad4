"""A draw of the council through its pages: given, committed, shown, held, and what everyone may see and repeat."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from examsite.cli.draws import draws
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.storage.queries.split_keys import get_split_key
from examsite.web.draws import DrawView, NumberLine
from tests.factories.defence import Hall, make_hall
from tests.factories.draws import Machine, make_number
from tests.factories.split_keys import make_split_key
from tests.factories.standardisation import with_rules
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
NAME = "presentation-order"
HERE = f"/council/{CODE}/draws/{NAME}"
OPEN = f"/competitions/{CODE}/draws/{NAME}"


@pytest.fixture
def stage(scene: Callable[..., Any], password_hash: str, app: Flask, clock: Clock) -> tuple[str, list[str]]:
    """Proposals are locked and a key of the draws is split; its recipient, and the words of two sheets."""

    def make(doing: Any) -> tuple[Any, str, list[str]]:
        hall: Hall = make_hall(
            doing.session, doing.now, settings=app.extensions["settings"], code=CODE, password_hash=password_hash
        )
        with_rules(hall.board, draw_contributors='"council"', draw_notice_minutes="10")
        hall.locked()
        people = hall.board.room.people
        sheets = make_split_key(
            hall.ctx(Role.CHAIR),
            hall.competition,
            KeyPurpose.DRAWS,
            holders=[people[Role.CHAIR], people[Role.COUNCIL_MEMBER]],
            needed=2,
        )
        key = get_split_key(doing.session, hall.competition.id, KeyPurpose.DRAWS)
        return hall.closes_at, key.recipient, [sheet.words for sheet in sheets]

    clock.present, recipient, sheets = scene(make)
    return recipient, sheets


def given(machine: Machine) -> dict[str, str]:
    """What a browser sends; a form carries the line ends of the web."""
    return {"commitment": machine.commitment, "deposit": machine.deposit.replace("\n", "\r\n")}


def committed(chair: StrictClient, member: StrictClient, recipient: str) -> list[Machine]:
    """Set up, given by both, closed."""
    assert chair.submit(f"{HERE}/prepare", form_at=HERE).status_code == 302
    machines = [make_number(recipient, fill) for fill in (1, 2)]
    for client, machine in zip((chair, member), machines, strict=True):
        assert client.submit(f"{HERE}/numbers", given(machine), form_at=HERE).status_code == 302
    assert chair.submit(f"{HERE}/commit", form_at=HERE).status_code == 302
    return machines


def test_a_draw_of_two_members_and_what_everyone_repeats(
    stage: tuple[str, list[str]], log_in: Any, client: StrictClient, clock: Clock, tmp_path: Any
) -> None:
    recipient, _sheets = stage
    chair, member = log_in(f"chair-{CODE.lower()}"), log_in(f"c09-{CODE.lower()}")
    assert "Vào lượt bốc thăm" in words(find_all(chair.page(f"/council/{CODE}/presentation-order"), "to-ceremony")[0])
    assert find_all(member.page(HERE), "prepare") == []
    machines = committed(chair, member, recipient)
    assert find_all(client.page(OPEN), "waiting")
    assert member.submit(f"{HERE}/reveal", {"number": machines[1].nonce.hex()}, form_at=HERE).status_code == 409
    clock.present += timedelta(minutes=10)
    wrong = chair.submit(f"{HERE}/reveal", {"number": machines[1].nonce.hex()}, form_at=HERE)
    assert wrong.status_code == 422
    assert "không khớp với cam kết" in words(find_all(parse(wrong.text), "error-summary")[0])
    before = member.get(f"{HERE}/state").json
    for person, machine in zip((chair, member), machines, strict=True):
        assert person.submit(f"{HERE}/reveal", {"number": machine.nonce.hex()}, form_at=HERE).status_code == 302
    assert member.get(f"{HERE}/state").json != before
    assert "nêu sau cùng" in words(find_all(chair.page(HERE), "number-system")[0])
    assert find_all(member.page(HERE), "hold") == []
    # Only who signs a document sends a signature in place of a factor: here it is a word like any other.
    passer = log_in(f"chair-{CODE.lower()}", shows_factor=False)
    asked = passer.submit(f"{HERE}/hold", {"assertion": "{}"}, form_at=HERE)
    assert (asked.status_code, "yếu tố thứ hai" in asked.text) == (200, True)
    assert find_all(chair.page(HERE), "outcome") == []
    assert chair.submit(f"{HERE}/hold", form_at=HERE).status_code == 302

    order = [item.get("data-item") for item in find_all(chair.page(HERE), "outcome")[0].iter() if item.get("data-item")]
    assert len(order) == 3
    (onward,) = find_all(chair.page(HERE), "next")
    chair.page(onward.get("href"))
    public = client.page(OPEN)
    assert [item.get("data-item") for item in find_all(public, "outcome")[0].iter() if item.get("data-item")] == order
    file = tmp_path / "draw.json"
    file.write_bytes(client.get(f"{OPEN}.json").data)
    good = CliRunner().invoke(draws, ["check", str(file)])
    assert good.exit_code == 0, good.output
    assert order == [line.split()[1] for line in good.output.splitlines()[1:4]]
    said = json.loads(file.read_text(encoding="utf-8"))
    assert f"/competitions/{CODE}/draws" in client.get(f"/competitions/{CODE}").text
    for change in (
        said["outcome"].reverse,
        lambda: said["document"]["contributions"][0].update(nonce="00" * 32),
    ):
        change()
        file.write_text(json.dumps(said), encoding="utf-8")
        assert CliRunner().invoke(draws, ["check", str(file)]).exit_code == 1
    chair.page(f"{HERE}/minutes")
    chair.page(f"{HERE}/screen")
    chair.page(f"/council/{CODE}/draws")


def test_a_number_kept_back_is_opened_on_the_page_of_the_holders(
    stage: tuple[str, list[str]], log_in: Any, clock: Clock
) -> None:
    recipient, sheets = stage
    chair, member = log_in(f"chair-{CODE.lower()}"), log_in(f"c09-{CODE.lower()}")
    machines = committed(chair, member, recipient)
    assert chair.get(f"{HERE}/open").status_code == 409
    clock.present += timedelta(minutes=10)
    chair.submit(f"{HERE}/reveal", {"number": machines[0].nonce.hex()}, form_at=HERE)
    assert "C09" in words(find_all(chair.page(HERE), "missing")[0])
    refused = chair.submit(f"{HERE}/hold", form_at=HERE)
    assert refused.status_code == 409
    assert "C09" in refused.text
    wrong = chair.submit(f"{HERE}/open", {"share1": sheets[0], "share2": sheets[0]})
    assert wrong.status_code == 422
    assert chair.submit(f"{HERE}/open", {"share1": sheets[0], "share2": sheets[1]}).status_code == 302
    assert "Người giữ khóa mở" in words(find_all(chair.page(HERE), "number-council-C09")[0])
    assert chair.submit(f"{HERE}/hold", form_at=HERE).status_code == 302


def test_a_draw_is_taken_back_only_after_a_look_at_whose_numbers_go_with_it(
    stage: tuple[str, list[str]], log_in: Any
) -> None:
    recipient, _sheets = stage
    chair, member = log_in(f"chair-{CODE.lower()}"), log_in(f"c09-{CODE.lower()}")
    assert chair.get(f"{HERE}/drop").status_code == 409
    chair.submit(f"{HERE}/prepare", form_at=HERE)
    assert "chưa ai" in words(chair.page(f"{HERE}/drop"))
    member.submit(f"{HERE}/numbers", given(make_number(recipient, 1)), form_at=HERE)
    (link,) = find_all(chair.page(HERE), "to-drop")
    assert "C09" in words(chair.page(link.get("href")))
    assert find_all(member.page(HERE), "to-drop") == []
    assert find_all(chair.page(HERE), "items")  # looking takes nothing back
    assert chair.submit(f"{HERE}/drop").headers["Location"] == HERE
    page = chair.page(HERE)
    assert "tạo số mới" in words(page)
    assert find_all(page, "prepare")
    committed(chair, member, recipient)
    assert chair.get(f"{HERE}/drop").status_code == 409


def test_the_servers_number_is_not_called_shown_before_a_secret_draw_is_held(app: Flask) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    lines = tuple(
        NumberLine(by, by, "0" * 64, "", now, shown_at=now, way=None, holders=(), nonce="")
        for by in ("council/C01", "system")
    )
    for held_at, last in ((None, "nêu sau cùng, khi tính kết quả"), (now, "đã nêu, giữ kín đến khi mở bảng phách")):
        view = DrawView("script-codes", "", is_hidden=True, lines=lines, held_at=held_at)
        with app.test_request_context():
            template = app.jinja_env.from_string(
                "{% from 'draws/_draw.html' import numbers with context %}{{ numbers(view) }}"
            )
            page = parse(f"<!doctype html><title>x</title>{template.render(view=view)}")
        assert "đã nêu" in words(find_all(page, "number-council-C01")[0])
        assert last in words(find_all(page, "number-system")[0])
