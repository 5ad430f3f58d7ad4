"""No hiding place of a file carries its author into the copy that others read."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from examsite.storage.cleaning.command import clean
from examsite.storage.uploads import clean_file, inspect_file
from tests.factories import files
from tests.factories.hidden_leaks import hidden, seen
from tests.factories.leaks import CANARY, KEPT, photo, planted, slides, word

PLANTED = {**planted(), **hidden()}
_FORMS = [CANARY.encode(), CANARY.lower().encode(), CANARY.encode("utf-16-le"), CANARY.encode("utf-16-be")]


def _everything(data: bytes) -> list[tuple[str, bytes]]:
    """The raw bytes, every part unpacked, every stream of a PDF decoded, and every name."""
    found = [("raw", data)]
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                found += [("name", name.encode()), *_everything(archive.read(name))]
    elif data.startswith(b"%PDF"):
        with pikepdf.open(io.BytesIO(data)) as document:
            for item in document.objects:
                found.append(("object", item.unparse(resolved=True)))
                if isinstance(item, pikepdf.Stream):
                    found.append(("packed", item.read_raw_bytes()))
                    if str(item.stream_dict.get("/Filter", "")) not in {"/DCTDecode", "/JPXDecode"}:
                        found.append(("stream", item.read_bytes()))
    elif data.startswith((b"\x89PNG", b"\xff\xd8")):
        with contextlib.suppress(OSError), Image.open(io.BytesIO(data)) as picture:
            picture.load()
            found.append(("words", repr(picture.info).encode()))
    return found


def _leaks(data: bytes) -> list[str]:
    return [
        name
        for name, content in _everything(data)
        if any(form in content or form in content.lower() for form in _FORMS)
    ]


def test_forty_files_and_more_are_planted() -> None:
    assert len(PLANTED) >= 40


@pytest.mark.parametrize(("kind", "data"), PLANTED.values(), ids=list(PLANTED))
def test_nothing_of_the_author_survives(kind: str, data: bytes) -> None:
    assert _leaks(data), "the canary must be there to begin with"
    cleaned = clean(data, kind)
    assert _leaks(cleaned) == []
    assert clean(data, kind) == cleaned, "equal bytes in, equal bytes out"
    if kind in {"docx", "pptx"}:
        assert KEPT.encode() in b"".join(content for _name, content in _everything(cleaned))
    elif kind == "pdf":
        with pikepdf.open(io.BytesIO(cleaned)) as document:
            assert len(document.pages) == 1
            assert b"Giu lai" in document.pages[0].obj.Contents.read_bytes()


def test_the_copies_are_good_files(tmp_path: Path) -> None:
    for number, (kind, data) in enumerate([*PLANTED.values(), ("docx", files.docx()), ("pptx", slides())]):
        path = tmp_path / str(number)
        path.write_bytes(clean(data, kind))
        if number % 6 == 0:
            assert inspect_file(path) == (kind, "")


def test_words_that_a_reader_sees_stay_and_pictures_keep_their_pixels() -> None:
    for name, words in (("docx inserted by", "thêm"), ("docx moved words", "tới"), ("docx author field", "chỗ nối")):
        content = b"".join(part for _name, part in _everything(clean(PLANTED[name][1], "docx")))
        assert words.encode() in content
    with Image.open(io.BytesIO(photo())) as before, Image.open(io.BytesIO(clean(photo(), "jpeg"))) as after:
        assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize(("kind", "data"), seen().values(), ids=list(seen()))
def test_what_only_looks_hidden_stays(kind: str, data: bytes) -> None:
    assert CANARY.encode() in b"".join(content for _name, content in _everything(clean(data, kind)))


def test_a_page_looks_as_before_under_new_names() -> None:
    for name in (
        "pdf remark in a JPEG 2000",
        "pdf picture among the orders",
        "pdf resource name",
        "pdf layer that is off",
    ):
        data = PLANTED[name][1]
        before, after = (pypdfium2.PdfDocument(one)[0].render().to_numpy() for one in (data, clean(data, "pdf")))
        assert (before == after).all(), name


def test_outlines_of_a_pdf_stay() -> None:
    with pikepdf.open(io.BytesIO(PLANTED["pdf info"][1])) as document:
        with document.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Chương một", 0))
        out = io.BytesIO()
        document.save(out)
    with pikepdf.open(io.BytesIO(clean(out.getvalue(), "pdf"))) as document, document.open_outline() as outline:
        assert [item.title for item in outline.root] == ["Chương một"]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("docx", b"PK\x03\x04 nothing"),
        ("docx", files.docx(body=b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')),
        ("docx", files.docx(body=b"<a><b></a>")),
        ("pptx", files.docx()),
        ("pdf", b"%PDF-1.7 nothing"),
        ("pdf", files.pdf(password="x")),
        ("jpeg", b"\xff\xd8\xff\xe0\x00"),
        ("png", files.png()[:40]),
    ],
)
def test_what_cannot_be_cleaned_has_no_copy(tmp_path: Path, kind: str, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert clean_file(path, kind) is None


def test_the_copy_is_made_by_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(word())
    assert clean_file(path, "docx") == clean(word(), "docx")
