"""What the public is given betrays nobody: no hash of anything that can be guessed, no name of those not selected."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator

import pikepdf
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.canonical import canonical_bytes
from examsite.storage.database import make_engine
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.records import RecordRow
from tests.web.crawl import Walk
from tests.web.world import World

_HEX = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=")
#: What anybody can think of in a second: every score, every number of five digits.
_SCORES = [f"{number // 100}.{number % 100:02d}" for number in range(10_001)]


@pytest.fixture(scope="module")
def people(world: World) -> list[Candidacy]:
    engine = make_engine(world.settings.database_url)
    with Session(engine) as session:
        found = list(session.scalars(select(Candidacy).order_by(Candidacy.id)))
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def public_bytes(walked: Walk) -> list[tuple[str, bytes]]:
    """Everything that somebody without a log-in is given, with the files of the bundles taken out."""
    found = []
    for visit in walked.visits:
        if visit.person.name != "nobody" or visit.status != 200:
            continue
        if visit.body.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(visit.body)) as bundle:
                found += [(f"{visit.address.path}:{name}", bundle.read(name)) for name in bundle.namelist()]
        else:
            found.append((visit.address.path, visit.body))
    return found


def digests_in(content: bytes) -> Iterator[bytes]:
    for text in _HEX.findall(content):
        yield bytes.fromhex(text.decode())
    for text in _BASE64.findall(content):
        yield base64.b64decode(text)


def guesses(people: list[Candidacy]) -> Iterator[bytes]:
    """What an attacker who has the posted lists would try."""
    plain: list[str] = [*_SCORES, *(str(number) for number in range(100_000))]
    codes = [str(row.public_code) for row in people if row.public_code]
    for row in people:
        own = [row.full_name, row.identity_number, row.phone, row.email, row.unit, row.application_code]
        own += [str(value) for value in (row.candidate_number, row.public_code, row.born_on) if value]
        plain += [*own, *(value.lower() for value in own), *(f"{one}|{two}" for one in own for two in own)]
    for value in plain:
        yield value.encode()
        yield canonical_bytes(value)
    for score in _SCORES[::25]:
        yield canonical_bytes({"total": score})
        for code in codes:
            for text in (f"{code}{score}", f"{code}:{score}", f"{code}|{score}", f"{code} {score}"):
                yield text.encode()
            yield canonical_bytes({"candidate": code, "score": score})


def test_no_public_hash_is_one_of_anything_that_can_be_guessed(
    public_bytes: list[tuple[str, bytes]], people: list[Candidacy]
) -> None:
    where = {digest: path for path, content in public_bytes for digest in digests_in(content)}
    assert len(where) > 100

    linked = [(where[found], guess) for guess in guesses(people) if (found := hashlib.sha256(guess).digest()) in where]

    assert linked == []


def test_the_scan_finds_a_hash_without_salt(people: list[Candidacy]) -> None:
    """Or its silence would prove nothing."""
    planted = hashlib.sha256(people[0].identity_number.encode()).hexdigest()
    where = set(digests_in(f"<p>{planted}</p>".encode()))

    assert any(hashlib.sha256(guess).digest() in where for guess in guesses(people[:1]))


def test_who_knows_a_content_word_for_word_finds_no_commitment(world: World) -> None:
    """Even the right guess proves nothing without the salt, which is 32 bytes of chance of each record's own."""
    engine = make_engine(world.settings.database_url)
    with Session(engine) as session:
        rows = [row for row in session.scalars(select(RecordRow)) if row.payload is not None and row.salt is not None]
        assert len(rows) > 1_000
        commits = {row.commit for row in rows}
        contents = {row.payload or "" for row in rows}
        assert len({row.salt for row in rows}) == len(rows)
    engine.dispose()
    for salt in (b"", b"\0" * 32):
        assert commits.isdisjoint(hashlib.sha256(salt + content.encode()).hexdigest() for content in contents)


def test_no_public_file_and_no_field_of_a_pdf_names_somebody_not_selected(
    public_bytes: list[tuple[str, bytes]], people: list[Candidacy]
) -> None:
    published = {
        candidate["name"]
        for path, content in public_bytes
        if path.endswith("result.json")
        for candidate in json.loads(content)["candidates"]
        if candidate["name"]
    }
    assert published
    others = [row for row in people if row.full_name not in published]
    words = {
        word for row in others for word in (row.full_name, row.identity_number, row.phone, row.email) if len(word) > 6
    }
    pdfs = [(path, content) for path, content in public_bytes if content.startswith(b"%PDF-")]
    assert pdfs

    told = [(path, word) for path, content in public_bytes for word in words if word.encode() in content]
    for path, content in pdfs:
        with pikepdf.open(io.BytesIO(content)) as document:
            fields = {str(key): str(value) for key, value in dict(document.docinfo).items()}
            assert not set(fields) & {"/Author", "/Creator", "/Producer"}, path
            told += [(path, word) for value in fields.values() for word in words if word in value]
            assert "/Metadata" not in document.Root, path

    assert told == []
