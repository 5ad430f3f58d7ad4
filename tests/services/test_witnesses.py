"""Witnesses sign on machines of their own, the board brings it in, the bundle carries it; hostile files get a word."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from examsite.bundle import verify as verifier
from examsite.cli.receipts import check_receipt_file
from examsite.cli.witness import witness
from examsite.domain.bundles import Audience
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
    assert build_bundle(session, competition, Audience.PUBLIC) == data
    with pytest.raises(InvalidError, match="cosignature_missing"):
        add_cosignatures(board, competition, of_result.note)
    for text in ("", "x", "old 1\n\n" + note, "\x00", "a\n1\n" + "A" * 43 + "=\n\n— a AAAAAAAA\n", note * 400):
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
    later.write_text(request_text(receipt.checkpoint.size, proof[1:], newest.note))
    assert "hai lịch sử" in check("--against", str(later))[1]
    mine.write_text(receipt.text.replace('"v":1', '"v":1 '))
    assert check()[0] == 1
