"""Witnesses sign on machines of their own, the board brings it in, the bundle carries it; hostile files get a word."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from examsite.bundle import verify as verifier
from examsite.cli.receipts import check_receipt_file
from examsite.cli.witness import witness
from examsite.domain.bundles import Audience
from examsite.domain.checkpoints import (
    MAX_SIGNATURES,
    Checkpoint,
    Note,
    NoteSignature,
    VerifierKey,
    checkpoint_text,
    note_text,
)
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.witnessing import request_text
from examsite.services.bundles import build_bundle
from examsite.services.checkpoints import log_key, sign_checkpoint
from examsite.services.context import Actor
from examsite.services.log_proofs import prove_consistency
from examsite.services.receipts import read_receipt
from examsite.services.witnesses import add_cosignatures, cosigned_note, end_witness, name_witness
from examsite.storage.queries.records import get_log, list_checkpoints
from tests import databases
from tests.factories.ranking import Stage
from tests.services.test_bundles import build_stage

NAMES = ("giam-sat.vanhai.example", "thi-sinh.vanhai.example", "co-quan.vanhai.example")


def run(*arguments: str | Path, good: bool = True) -> str:
    done = CliRunner().invoke(witness, [str(each) for each in arguments])
    assert (done.exit_code == 0) is good, done.output
    return done.output


@pytest.fixture
def session(sqlite_engine: Engine) -> Iterator[Session]:
    """One database is enough: nothing here is a matter of which."""
    with databases.rolled_back_session(sqlite_engine) as session:
        yield session


def test_from_three_machines_into_the_bundle(session: Session, now: datetime, tmp_path: Path) -> None:
    stage = build_stage(session, now, tmp_path)
    competition, signer = stage.competition, stage.ctx(Role.ORGANISER).signer
    assert signer is not None
    board = replace(
        stage.ctx(Role.ORGANISER), actor=Actor(role=Role.SUPERVISOR, pseudonym="S01", competition_id=competition.id)
    )
    log = get_log(session, competition.code)
    key = log_key(signer, log.code).as_text()
    homes = [tmp_path / name for name in NAMES]
    lines = [
        run("init", "--name", name, "--home", home).splitlines()[-1] for name, home in zip(NAMES, homes, strict=True)
    ]
    with pytest.raises(NotAllowedError):
        name_witness(stage.ctx(Role.ORGANISER), competition, key=lines[0], holder="Ban giám sát")
    with pytest.raises(InvalidError, match="witness_holder_missing"):
        name_witness(board, competition, key=lines[0], holder="  ")
    for line in lines:
        name_witness(board, competition, key=line, holder="Ban giám sát")
    for line, wrong in ((lines[0], ConflictError), (key, InvalidError), ("x", InvalidError)):
        with pytest.raises(wrong):
            name_witness(board, competition, key=line, holder="Ban giám sát")
    # Naming them made records behind the publication; witnesses sign the checkpoint of the result first.
    signed = list_checkpoints(session, log.id)
    first, of_result = signed[0], next(row for row in signed if row.note in _note_of(stage))
    note = of_result.note
    for home in homes[:2]:
        asked, back = home / "moc.txt", home / "tra-loi.txt"
        asked.write_bytes(request_text(0, (), first.note).replace("\n", "\r\n").encode())
        assert "--log-key" in run("cosign", asked, "--home", home, good=False)
        run("cosign", asked, "--home", home, "--log-key", key, "--out", back)
        asked.write_text(note)
        assert f"từ mốc {first.size}" in run("cosign", asked, "--home", home, good=False)
        proof = prove_consistency(session, log.id, first_size=first.size, second_size=of_result.size)
        asked.write_text(request_text(first.size, proof, note))
        run("cosign", asked, "--home", home, "--out", back)
        note = back.read_text().replace("\n", "\r\n")
        assert len(add_cosignatures(board, competition, note)) == 1
        assert add_cosignatures(board, competition, note) == []
        asked.write_text(first.note)
        assert "đưa lùi" in run("cosign", asked, "--home", home, good=False)
        assert len(list(home.glob("bang-chung-*"))) == 1
        note = of_result.note
    whole = tmp_path / "moc-du.txt"
    whole.write_text(cosigned_note(session, of_result))
    quorum = [argument for line in lines for argument in ("--witness", line)]
    run("check", whole, "--log-key", key, *quorum, "--quorum", "2")
    assert "cần 3" in run("check", whole, "--log-key", key, *quorum, "--quorum", "3", good=False)
    data = build_bundle(session, competition, Audience.PUBLIC)
    said = {each["check"]: each["state"] for each in verifier.verify(data, key, lines[:2], 2)}
    assert (said["signature"], said["witnesses"]) == ("ok", "ok")
    said = {each["check"]: each["state"] for each in verifier.verify(data, key, lines, 3)}
    assert said["witnesses"] == "broken"
    end_witness(board, competition, NAMES[0])
    with pytest.raises(ConflictError, match="witness_ended"):
        end_witness(board, competition, NAMES[0])
    assert build_bundle(session, competition, Audience.PUBLIC) == data
    with pytest.raises(InvalidError, match="cosignature_missing"):
        add_cosignatures(board, competition, of_result.note)
    too_large = checkpoint_text(Checkpoint(log_key(signer, log.code).name, 2**62, bytes(32)))
    for text in (
        f"{too_large}\n{of_result.note.splitlines()[-1]}",
        "",
        "x",
        "old 1\n\n" + note,
        "\x00",
        "a\n1\n" + "A" * 43 + "=\n\n— a AAAAAAAA\n",
        note * 400,
    ):
        with pytest.raises(DomainError):
            add_cosignatures(board, competition, text)
    with pytest.raises(ConflictError, match="cosignature_of_other_checkpoint"):
        add_cosignatures(board, competition, of_result.note.replace(of_result.note.split("\n")[2], "A" * 43 + "="))
    with pytest.raises(NotFoundError):
        end_witness(board, competition, "nobody")
    sign_checkpoint(replace(board, now=now + timedelta(days=9)), log.code)
    _check_offline(stage, tmp_path, key)


def _note_of(stage: Stage) -> str:
    data = build_bundle(stage.session, stage.competition, Audience.PUBLIC)
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        return bundle.read("checkpoint.txt").decode()


def _check_offline(stage: Stage, folder: Path, key: str) -> None:
    """A receipt of the same log on a machine without the server, against a later checkpoint, and changed."""
    session, competition = stage.session, stage.competition
    log = get_log(session, competition.code)
    receipt = read_receipt(session, log.code, 5)
    assert receipt.text is not None
    assert receipt.checkpoint is not None
    newest = list_checkpoints(session, log.id)[-1]
    proof = prove_consistency(session, log.id, first_size=receipt.checkpoint.size, second_size=newest.size)
    mine, later = folder / "bien-nhan.txt", folder / "noi.txt"
    mine.write_text(receipt.text)
    later.write_text(request_text(receipt.checkpoint.size, proof, newest.note))

    def check(*more: str) -> tuple[int, str]:
        done = CliRunner().invoke(check_receipt_file, [str(mine), "--log-key", key, *more])
        return done.exit_code, done.output

    assert check("--against", str(later))[0] == 0
    for encoding in ("utf-8-sig", "utf-16"):  # as programs of Windows save a text
        mine.write_text(receipt.text, encoding=encoding)
        done = CliRunner().invoke(check_receipt_file, [str(mine), "--log-key", key])
        assert done.exit_code == 0, done.output
    mine.write_text(receipt.text)
    later.write_text(request_text(receipt.checkpoint.size, proof[1:], newest.note))
    assert "hai lịch sử" in check("--against", str(later))[1]
    mine.write_text(receipt.text.replace('"v":1', '"v":1 '))
    assert check()[0] == 1


KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "thituyen.example/HP-2026-01"
LOG = VerifierKey(ORIGIN, KEY.public_key().public_bytes_raw())


def _signed(size: int, root: bytes, more: tuple[NoteSignature, ...] = ()) -> str:
    text = checkpoint_text(Checkpoint(ORIGIN, size, root))
    own = NoteSignature(ORIGIN, LOG.key_id, KEY.sign(text.encode()))
    return note_text(Note(text, (own, *more)))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A witness that has signed five records of the log."""
    home, asked = tmp_path / "witness", tmp_path / "moc"
    run("init", "--name", "giam-sat.example", "--home", home)
    asked.write_text(_signed(5, b"1" * 32))
    run("cosign", asked, "--home", home, "--log-key", LOG.as_text())
    return home


def _ask(home: Path, text: str, *more: str, good: bool = False) -> str:
    asked = home.parent / "moc"
    asked.write_text(text)
    return run("cosign", asked, "--home", home, *more, good=good)


def test_a_damaged_memory_is_no_first_time(home: Path) -> None:
    (memory,) = home.glob("*.json")
    sound = json.loads(memory.read_text())
    for text in ("", "{", "{}", "[]", "null", *(json.dumps(sound | {name: "x"}) for name in sound)):
        memory.write_text(text)
        assert "bị hỏng" in _ask(home, _signed(3, b"2" * 32), "--log-key", LOG.as_text())
        assert "bị hỏng" in run("show", "--home", home, good=False)


def test_a_fork_is_told_from_what_may_be_a_mistake(home: Path) -> None:
    fork = _ask(home, _signed(5, b"2" * 32))
    old = _ask(home, _signed(3, b"2" * 32))
    wrong_proof = _ask(home, request_text(5, [b"3" * 32], _signed(8, b"2" * 32)))

    assert "hai lịch sử khác nhau; giữ" in fork
    assert "tệp cũ" in old
    assert "hoặc phần chứng minh trong tệp bị hỏng" in wrong_proof
    assert len(list(home.glob("bang-chung-*"))) == 3


def test_a_note_of_many_signatures(home: Path) -> None:
    """One that is full is refused before anything is remembered; a picture holds the log's and the own line."""
    others = tuple(NoteSignature(f"w{number}", b"abcd", bytes([number]) * 72) for number in range(MAX_SIGNATURES - 1))

    assert "TỪ CHỐI" in _ask(home, _signed(5, b"1" * 32, others))
    _ask(home, _signed(5, b"1" * 32, others[:-1]), "--qr", good=True)
    run("check", home.parent / "moc.signed", "--log-key", LOG.as_text())


def test_a_key_whose_name_was_not_written_is_the_one_printed(home: Path) -> None:
    line = run("show", "--home", home).splitlines()[0]
    (home / "name").unlink()

    assert run("init", "--name", "giam-sat.example", "--home", home).splitlines()[-1] == line


def test_two_at_once_sign_one_history(home: Path) -> None:
    """Both have the same right to be the first; the second one meets what the first one remembered."""
    (memory,) = home.glob("*.json")
    memory.unlink()
    command = [sys.executable, "-m", "examsite", "witness", "cosign", "--home", str(home), "--log-key", LOG.as_text()]
    asked = []
    for number in range(2):
        asked.append(home.parent / f"moc-{number}")
        asked[-1].write_text(_signed(5, bytes([number]) * 32))
    with (home / "lock").open("w") as file:
        flock(file, LOCK_EX)
        running = [subprocess.Popen([*command, str(path)], stderr=subprocess.PIPE) for path in asked]
        for process in running:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.2)

    assert sorted(bool(process.communicate()[1]) for process in running) == [False, True]
    assert len(list(home.parent.glob("moc-*.signed"))) == 1
