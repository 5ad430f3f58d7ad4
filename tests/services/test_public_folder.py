"""The public folder is put in place whole or not at all, and never in the place of anything else."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import Any

import pytest

from examsite.cli.public_folder import HASHES, FolderTakenError, put_in_place

FIRST = {
    "KHOA.txt": b"# keys\nthi.local/VH-2026-01+1a2b+AAAA\n",
    "index.html": b"one",
    "verify/index.html": b"page",
    "old.html": b"gone later",
}
SECOND = {"KHOA.txt": FIRST["KHOA.txt"], "index.html": b"two", "verify/index.html": b"page"}


def _read(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != HASHES
    }


def test_a_second_one_takes_the_place_of_the_first_and_lists_its_files(tmp_path: Path) -> None:
    out = tmp_path / "public"
    put_in_place(FIRST, out)
    put_in_place(SECOND, out)
    assert _read(out) == SECOND
    lines = (out / HASHES).read_text("utf-8").splitlines()
    assert lines == [f"{hashlib.sha256(SECOND[name]).hexdigest()}  {name}" for name in sorted(SECOND)]
    assert [path.name for path in tmp_path.iterdir()] == ["public"]
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*") if path.is_file()} == {0o644}


def test_an_empty_folder_and_a_link_are_taken(tmp_path: Path) -> None:
    real, link = tmp_path / "2026-11", tmp_path / "current"
    real.mkdir()
    link.symlink_to(real)
    put_in_place(FIRST, link)
    put_in_place(SECOND, link)
    assert link.is_symlink()
    assert _read(real) == SECOND
    dangling = tmp_path / "later"
    dangling.symlink_to(tmp_path / "2026-12")
    put_in_place(FIRST, dangling)
    assert _read(tmp_path / "2026-12") == FIRST


@pytest.mark.parametrize("name", [".htaccess", "other/paper.doc", "verify/mine.html"])
def test_a_file_of_somebody_else_is_not_removed(tmp_path: Path, name: str) -> None:
    put_in_place(FIRST, tmp_path / "public")
    own = tmp_path / "public" / name
    own.parent.mkdir(exist_ok=True)
    own.write_bytes(b"mine")
    with pytest.raises(FolderTakenError, match=name):
        put_in_place(SECOND, tmp_path / "public")
    assert own.read_bytes() == b"mine"
    assert (tmp_path / "public/index.html").read_bytes() == b"one"


def test_another_competition_is_not_replaced(tmp_path: Path) -> None:
    put_in_place(FIRST, tmp_path / "public")
    other = SECOND | {"KHOA.txt": b"thi.local/VH-2026-02+1a2b+AAAA\n"}
    with pytest.raises(FolderTakenError, match="another competition"):
        put_in_place(other, tmp_path / "public")
    assert _read(tmp_path / "public") == FIRST


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_disk_that_is_full_leaves_the_old_one_and_the_next_time_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    out = tmp_path / "public"
    put_in_place(FIRST, out)
    left, opened = writes, Path.open

    def full(path: Path, *rest: Any, **named: Any) -> Any:
        nonlocal left
        if "wb" in rest:
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return opened(path, *rest, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", full)
        with pytest.raises(OSError, match="No space"):
            put_in_place(SECOND, out)
    assert _read(out) == FIRST
    put_in_place(SECOND, out)
    assert _read(out) == SECOND
    assert [path.name for path in tmp_path.iterdir()] == ["public"]


def test_one_that_was_broken_off_between_the_two_is_made_again(tmp_path: Path) -> None:
    out = tmp_path / "public"
    put_in_place(FIRST, out)
    out.rename(tmp_path / ".public.old")
    (tmp_path / ".public.new").mkdir()
    put_in_place(SECOND, out)
    assert _read(out) == SECOND
    assert [path.name for path in tmp_path.iterdir()] == ["public"]
