"""The bundle of a published result: complete, chained, and the same bytes wherever it is made."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import random
import secrets
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from sqlalchemy import Engine, delete, text, update
from sqlalchemy.orm import Session

from examsite.bundle import verify as verifier
from examsite.config import Settings
from examsite.domain.bundles import Audience
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.events import MUST_BE_OPENED, Event
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision, ResultState
from examsite.domain.records import commitment
from examsite.services import passkeys
from examsite.services.accounts import open_login_session
from examsite.services.announcements import close_competition
from examsite.services.bundles import build_bundle, keep_bundle
from examsite.services.publication import publish_result
from examsite.services.ranking import compute_result
from examsite.storage.models.accounts import Account
from examsite.storage.models.competitions import GatePassage
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.records import RecordRow
from tests import databases
from tests.factories.code_maps import codes_key
from tests.factories.passkeys import Passkey
from tests.factories.ranking import Stage, known_signer, make_stage
from tests.scenes import Keep

DATA = ("result.json", "log.jsonl", "checkpoint.txt", "openings.jsonl", "draws/", "previous.txt")
ROOT = Path(__file__).parents[2]


def published(stage: Stage) -> Stage:
    """Computed, signed by as many as the rules want, published."""
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    for who in (*stage.council[:3], stage.authority):
        stage.signs(who, version)
    publish_result(stage.ctx(Role.ORGANISER), stage.competition)
    return stage


def build_stage(session: Session, now: datetime, folder: Path) -> Stage:
    settings = Settings(folder, secret_key="0" * 64, database_url="sqlite://", testing=True)
    return published(make_stage(session, now, settings=settings, signer=known_signer(settings)))


@pytest.fixture
def stage(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Stage:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)
    return keep(
        "published",
        lambda: published(make_stage(session, now, settings=settings, signer=signer)),
        session,
        tmp_path,
        settings=settings,
        signer=signer,
    )


def files(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def rows(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def bundle_of(stage: Stage, audience: Audience = Audience.PUBLIC) -> bytes:
    return build_bundle(stage.session, stage.competition, audience)


def test_bundle_opens_every_record_of_its_kinds_and_nothing_else(stage: Stage) -> None:
    for audience in Audience:
        found = files(bundle_of(stage, audience))
        log, opened = rows(found["log.jsonl"]), rows(found["openings.jsonl"])
        kinds = {event.value for event in MUST_BE_OPENED}
        if audience is Audience.SUPERVISION:
            kinds.add("roles:fixed")

        assert [one["seq"] for one in opened] == [one["seq"] for one in log if one["event"] in kinds]
        assert all(
            commitment(bytes.fromhex(one["salt"]), one["payload"]) == log[one["seq"]]["commit"] for one in opened
        )
        assert [one["seq"] for one in log] == list(range(len(log)))
        assert log[-1]["event"] == "result:published"
        assert found["checkpoint.txt"].decode().splitlines()[1] == str(len(log))
        sha256 = hashlib.sha256(found["result.json"]).hexdigest()
        assert opened[-1]["payload"] == {"result_sha256": sha256}
        assert sha256 in found["HUONG-DAN.txt"].decode()
        assert found["verify.py"] == (ROOT / "examsite" / "bundle" / "verify.py").read_bytes()


def test_report_is_a_pdf_that_names_the_signed_file_and_nobody_who_made_it(stage: Stage) -> None:
    found = files(bundle_of(stage))
    report = found["bao-cao.pdf"]

    assert report.startswith(b"%PDF-")
    assert hashlib.sha256(found["result.json"]).hexdigest().encode() in report
    assert not [word for word in (b"/Author", b"/Creator", b"/CreationDate", b"/Producer") if word in report]


def test_what_comes_later_in_the_log_leaves_the_bundle_as_it_is(stage: Stage) -> None:
    before = bundle_of(stage)

    close_competition(stage.ctx(Role.ORGANISER), stage.competition)

    assert bundle_of(stage) == before


def test_kept_bundle_is_the_very_bundle_and_is_made_once(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "bundles"
    path = keep_bundle(stage.session, stage.competition, Audience.PUBLIC, folder)
    made = path.stat().st_mtime_ns

    assert path.read_bytes() == bundle_of(stage)
    assert keep_bundle(stage.session, stage.competition, Audience.PUBLIC, folder) == path
    assert path.stat().st_mtime_ns == made
    assert list(folder.iterdir()) == [path]


def test_version_that_replaces_another_names_its_bundle(stage: Stage) -> None:
    first = {audience: bundle_of(stage, audience) for audience in Audience}
    stage.competition.state = CompetitionState.RANKED
    gates = (GateEvent.RESULT_APPROVED, GateEvent.RESULT_PUBLISHED)
    stage.session.execute(delete(GatePassage).where(GatePassage.event.in_(gates)))
    published(stage)

    for audience, replaced in first.items():
        found = files(bundle_of(stage, audience))
        assert found["previous.txt"].decode() == hashlib.sha256(replaced).hexdigest()
        (kept,) = [one for one in rows(found["log.jsonl"]) if one["event"] == "bundle:replaced"]
        assert kept["seq"] == len(rows(found["log.jsonl"])) - 2
        version = stage.session.query(ResultVersion).order_by(ResultVersion.number).first()
        assert build_bundle(stage.session, stage.competition, audience, version=version) == replaced


def test_erased_content_gives_no_bundle_with_a_hole(stage: Stage) -> None:
    locked = RecordRow.event == Event.MARK_LOCKED.value
    stage.session.execute(update(RecordRow).where(locked).values(payload=None, salt=None))

    with pytest.raises(ConflictError, match="opening_erased"):
        bundle_of(stage)


def test_rule_set_that_closes_the_scores_has_no_public_bundle(stage: Stage) -> None:
    toml = stage.competition.ruleset_toml
    stage.competition.ruleset_toml = toml.replace('"code-and-scores"', '"code-and-outcome"')
    assert stage.competition.ruleset_toml != toml

    with pytest.raises(NotFoundError, match="bundle_not_public"):
        bundle_of(stage)
    assert bundle_of(stage, Audience.FULL)


def test_nothing_is_bundled_before_the_publication(session: Session, now: datetime, tmp_path: Path) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    early = make_stage(session, now, settings=settings, signer=known_signer(settings))

    with pytest.raises(NotFoundError, match="result_not_found"):
        bundle_of(early, Audience.FULL)


@pytest.mark.postgres
def test_bundle_has_the_same_bytes_on_both_databases_and_in_any_place(
    postgresql_engine: Engine,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    same_chance: Callable[[], None],
) -> None:
    address = f"sqlite:///{tmp_path / 'examsite.db'}"
    codes_key()  # made once for all boards, and not by the chance of one of the two
    same_chance()
    with (
        databases.migrated_engine(address) as engine,
        engine.connect().execution_options(writes=True) as connection,
        Session(connection, expire_on_commit=False) as session,
    ):
        here = build_stage(session, now, tmp_path)
        session.commit()
        on_sqlite = bundle_of(here)
    same_chance()
    with databases.rolled_back_session(postgresql_engine) as session:
        # The same data has the same keys, and records name accounts by them; other tests have counted on.
        session.execute(text("TRUNCATE accounts RESTART IDENTITY CASCADE"))
        on_postgresql = bundle_of(build_stage(session, now, tmp_path))

    assert {name: data for name, data in files(on_postgresql).items() if name.startswith(DATA)} == {
        name: data for name, data in files(on_sqlite).items() if name.startswith(DATA)
    }
    assert on_postgresql == on_sqlite
    for place in (
        {"TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONHASHSEED": "1", "PYTHONUTF8": "0"},
        {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "2"},
    ):
        out = tmp_path / "elsewhere.zip"
        subprocess.run(
            [sys.executable, "-m", "examsite", "results", "bundle", "VH-2026-01", "--out", str(out)],
            cwd=ROOT,
            env={**os.environ, "EXAMSITE_INSTANCE": str(tmp_path), "EXAMSITE_DATABASE_URL": address, **place},
            check=True,
            capture_output=True,
        )
        assert out.read_bytes() == on_sqlite


@pytest.fixture
def same_chance(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Salts, nonces and codes that come out the same from here on, each time that this is called."""

    class Chance(random.Random):
        def __init__(self) -> None:
            super().__init__(7)

    def restart() -> None:
        source = random.Random(5)
        monkeypatch.setattr(secrets, "token_bytes", lambda count=32: source.randbytes(count))
        monkeypatch.setattr(secrets, "randbelow", source.randrange)
        monkeypatch.setattr(secrets, "SystemRandom", Chance)

    return restart


def test_the_verifier_checks_what_the_passkeys_of_all_signers_signed(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    stage = make_stage(session, now, settings=settings, signer=known_signer(settings))
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    for who in (*stage.council[:3], stage.authority):
        ctx, device = stage.ctx(who), Passkey()
        token = open_login_session(ctx, session.get_one(Account, who.account_id), hours=1, address="", user_agent="")
        made = device.makes(passkeys.offer_passkey(ctx, token=token, host=device.host))
        passkeys.add_passkey(ctx, token=token, host=device.host, name="khóa", answer=made)
        question = passkeys.ask_for_signature(ctx, version.sha256, host=device.host)
        stage.signs(who, version, signed=device.signs(question or {}))
    publish_result(stage.ctx(Role.ORGANISER), stage.competition)

    bundle = build_bundle(session, stage.competition, Audience.PUBLIC)
    said = {line["check"]: line["state"] for line in verifier.verify(bundle)}
    assert (said["assertions"], said["approvals"]) == ("ok", "ok")


def test_what_a_passkey_signed_once_signs_no_second_version(session: Session, now: datetime, tmp_path: Path) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    stage = make_stage(session, now, settings=settings, signer=known_signer(settings))
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    chair, device = stage.council[0], Passkey()
    ctx = stage.ctx(chair)
    token = open_login_session(ctx, session.get_one(Account, chair.account_id), hours=1, address="", user_agent="")
    made = device.makes(passkeys.offer_passkey(ctx, token=token, host=device.host))
    passkeys.add_passkey(ctx, token=token, host=device.host, name="khóa", answer=made)

    def answer() -> str:
        return device.signs(passkeys.ask_for_signature(ctx, version.sha256, host=device.host) or {})

    first = answer()
    stage.signs(chair, version, signed=first)
    for who in stage.council[1:]:
        if version.state is not ResultState.REFUSED:
            stage.signs(who, version, Decision.REFUSED, reason="Chưa đồng ý với văn bản này.")
    again = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    assert again.sha256 == version.sha256  # so the first answer is one over this document, too
    with pytest.raises(InvalidError, match="passkey_answer_used"):
        stage.signs(chair, again, signed=first)
    read = json.loads(first)
    raw = base64.urlsafe_b64decode(read["response"]["signature"] + "==")
    nonce, proof = decode_dss_signature(raw)
    other_form = encode_dss_signature(nonce, verifier.Q256 - proof)
    read["response"]["signature"] = base64.urlsafe_b64encode(other_form).rstrip(b"=").decode()
    with pytest.raises(InvalidError, match="passkey_answer_used"):
        stage.signs(chair, again, signed=json.dumps(read))
    stage.signs(chair, again, signed=answer())
