"""A paper from the setters' own machine to the opening by its holders, through the pages and the command.

Before the opening no word of it is in any file of the installation.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from click.testing import CliRunner

from examsite.cli import commands
from examsite.config import Settings
from examsite.domain.competitions import CompetitionState
from examsite.domain.papers import PaperState
from examsite.services.announcements import announce
from examsite.storage.queries.competitions import get_competition, get_post
from examsite.storage.queries.papers import list_papers_of_post
from question_bank.loader import CONTENT
from tests.factories.papers import make_plan_with_bank
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
SETTER, CHAIR, MEMBER = "setter-5-vh-2026-01", "chair-1-vh-2026-01", "council_member-2-vh-2026-01"
PAPERS = f"/setter/{CODE}/posts/P1/papers"
OPEN = f"/council/{CODE}/posts/P1/open-sealed-paper"
CANARY = "zqkimtuoczq"

Scene = Callable[..., Any]
LogIn = Callable[..., StrictClient]


@pytest.fixture
def announced(scene: Scene, password_hash: str) -> None:
    def make(doing: Any) -> None:
        plan = make_plan_with_bank(doing, password_hash=password_hash)
        announce(plan.ctx(), plan.competition)

    scene(make, once="announced")


def make_bank(folder: Path) -> Path:
    """A folder of confidential questions: those of the open bank with a canary in every stem."""
    shutil.copytree(CONTENT, folder)
    for path in folder.rglob("*.toml"):
        text = path.read_text(encoding="utf-8")
        changed = re.sub(r'(\[stem\][^\[]*?vi = (?:"""|"))', rf"\1{CANARY} ", text, count=1)
        assert CANARY in changed, path
        path.write_text(changed, encoding="utf-8")
    return folder


def words_of(pdf: Path) -> list[str]:
    """The words of each sheet of a holder, as they stand on paper, in the order of their numbers."""
    document = pypdfium2.PdfDocument(pdf)
    sheets = []
    for page in document:
        text = page.get_textpage().get_text_range()
        found = {int(number): word for number, word in re.findall(r"\b(\d{1,2})\s+([a-z]{4,8})\b", text)}
        sheets.append(" ".join(found[number] for number in range(1, 34)))
    document.close()
    return sheets


def traces(folder: Path) -> list[str]:
    """Files of an installation in which a word of a paper stands."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes()
    )


def state_of(scene: Scene) -> dict[str, tuple[PaperState, bool]]:
    def read(doing: Any) -> dict[str, tuple[PaperState, bool]]:
        post = get_post(doing.session, get_competition(doing.session, CODE).id, "P1")
        return {row.code: (row.state, row.data is None) for row in list_papers_of_post(doing.session, post.id)}

    return dict(scene(read))


def upload(client: StrictClient, folder: Path, *names: str) -> Any:
    files = [(io.BytesIO((folder / name).read_bytes()), name) for name in names]
    manifest = (io.BytesIO((folder / "manifest.json").read_bytes()), "manifest.json")
    return client.submit(PAPERS + "/files", {"manifest": manifest, "files": files}, content_type="multipart/form-data")


def test_a_paper_goes_from_the_setters_machine_to_its_opening_unread(
    announced: None, log_in: LogIn, scene: Scene, site_settings: Settings, tmp_path: Path
) -> None:
    workspace, server = tmp_path, site_settings.instance_path
    setter = log_in(SETTER)
    assert find_all(setter.page(PAPERS), "no-papers")
    plan = setter.get(PAPERS + "/plan")
    assert json.loads(plan.data)["post"] == "P1"
    (workspace / "plan.json").write_bytes(plan.data)
    out = workspace / "out"
    arguments = [
        *("papers", "make", "--plan", str(workspace / "plan.json")),
        *("--bank", str(make_bank(workspace / "bank")), "--out", str(out)),
    ]
    made = CliRunner().invoke(commands, [*arguments, "--holder", "C01"])
    assert made.exit_code == 1
    assert "cần ít nhất 3 người giữ" in made.output
    for others, said in ((("C99", "C02"), "C99 không có trong kế hoạch đề"), (("C01", "C02"), "C01 được nêu hai lần")):
        wrong = [part for name in ("C01", *others) for part in ("--holder", name)]
        slip = CliRunner().invoke(commands, [*arguments, *wrong, "--read"])
        assert (slip.exit_code, said in slip.output, "===" in slip.output) == (1, True, False)
    holders = [part for name in ("C01", "C02", "S01") for part in ("--holder", name)]
    more = CliRunner().invoke(commands, [*arguments, *holders, "--needed", "4"])
    assert (more.exit_code, "cần 4 người cùng mở mà chỉ có 3" in more.output) == (1, True)
    other_plan = [str(out.parent / "manifest.json") if part.endswith("plan.json") else part for part in arguments]
    (out.parent / "manifest.json").write_text("{}", encoding="utf-8")
    assert "hãy tải lại từ trang ban đề thi" in CliRunner().invoke(commands, other_plan).output
    made = CliRunner().invoke(commands, [*arguments, *holders, "--read"], input="n\ny\n")
    assert made.exit_code == 0, made.output
    assert made.output.count("=== P1-C ===") == 2  # read, drawn again, read again
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()) == [
        *("P1-A.age", "P1-B.age", "P1-C.age", "manifest.json"),
        *("to-khoa/C01.pdf", "to-khoa/C02.pdf", "to-khoa/S01.pdf"),
    ]
    assert traces(out) == []
    assert "phải trống" in CliRunner().invoke(commands, [*arguments, *holders]).output

    few = upload(setter, out, "P1-A.age", "P1-B.age")
    assert few.status_code == 422
    assert "Thiếu tệp niêm phong của phiên bản P1-C" in few.text
    assert upload(setter, out, "P1-A.age", "P1-B.age", "P1-C.age").headers["Location"] == PAPERS
    assert set(state_of(scene).values()) == {(PaperState.SEALED, True)}
    page = setter.page(PAPERS)
    assert "máy chủ không đọc được" in words(find_all(page, "versions")[0])
    assert setter.get(f"/setter/{CODE}/papers/P1-A").status_code == 403

    def begin(doing: Any) -> None:
        get_competition(doing.session, CODE).state = CompetitionState.WRITTEN

    scene(begin)
    chair = log_in(CHAIR)
    assert chair.get(OPEN).status_code == 409  # nothing is drawn yet
    drawn = chair.submit(f"/council/{CODE}/posts/P1/open-paper")
    assert drawn.headers["Location"] == OPEN
    assert chair.get(f"/council/{CODE}/posts/P1/open-paper").status_code == 409
    assert traces(server) == []

    shown = words(find_all(chair.page(f"/council/{CODE}/papers"), "post-P1")[0])
    found = re.search(r"Mở đề (P1-[ABC])", shown)
    assert found is not None
    place = "ABC".index(found[1][-1])
    sheets = {name: words_of(out / "to-khoa" / f"{name}.pdf")[place] for name in ("C01", "C02", "S01")}
    typed = sheets["C02"].split()
    typed[4] = "nghiem"
    wrong = chair.submit(OPEN, {"share1": sheets["S01"].split(), "share2": typed})
    assert wrong.status_code == 422
    assert "Lượt nhập 2: Từ thứ 5 “nghiem”" in wrong.text
    assert (PaperState.SEALED, True) in state_of(scene).values()
    assert traces(server) == []
    assert log_in(MEMBER).get(OPEN).status_code == 403

    right = chair.submit(OPEN, {"share1": sheets["S01"].split(), "share2": sheets["C02"].split()})
    assert right.headers["Location"] == f"/council/{CODE}/papers"
    assert f"Đã mở đề {found[1]}" in words(chair.page(f"/council/{CODE}/papers"))
    assert sorted(state_of(scene).values()) == [
        (PaperState.OPENED, False),
        (PaperState.SEALED, True),
        (PaperState.SEALED, True),
    ]
    assert any(name.startswith("examsite.db") for name in traces(server))  # the scan finds what is there
    assert chair.get(OPEN).status_code == 409


def test_what_is_no_sealed_file_is_refused_beside_its_field(announced: None, log_in: LogIn, scene: Scene) -> None:
    setter = log_in(SETTER)
    assert "Hãy chọn tệp" in setter.submit(PAPERS + "/files", {}).text
    hostile = {
        "manifest": (io.BytesIO(b"[" * 100_000), "../../manifest.json"),
        "files": [(io.BytesIO(b"PK\x03\x04"), "<b>.zip")],
    }
    refused = setter.submit(PAPERS + "/files", hostile, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert "Bản kê không đọc được" in refused.text
    assert state_of(scene) == {}
