"""Pages of a proposal: drawn in a process of its own, kept by hash, honest about what they cannot show."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from examsite.config import Settings
from examsite.domain.dossiers import UploadKind
from examsite.domain.errors import NotFoundError
from examsite.services import reading
from examsite.storage.cleaning.pdf import clean_pdf
from examsite.storage.page_cache import cached
from examsite.storage.reading.pdf_unseen import count_unseen
from examsite.storage.uploads import stored_path
from tests.factories import files, hidden_leaks, leaks

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_WORDS = f"""<w:document {W}><w:body>
<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>Hiểu đơn vị</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">Trễ hạn </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>11 %</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr><w:r><w:t>Một khâu</w:t></w:r></w:p>
<w:p><w:r><w:br w:type="page"/></w:r></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Quý I</w:t></w:r></w:p></w:tc>
<w:tc><w:p><w:r><w:t>Phó phòng</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
<w:p><w:r><w:t>&lt;script&gt;alert(1)&lt;/script&gt;</w:t></w:r></w:p>
</w:body></w:document>"""
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def word(document: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        archive.writestr("word/document.xml", document)
    return out.getvalue()


#: Words that the looks of a text or a slide hide; what no part leads to is no word of the text.
_OFFICE_LOOKS = {
    place: planted
    for place, planted in hidden_leaks.hidden().items()
    if planted[0] in {"docx", "pptx"} and not place.endswith(("leads to", "is in", "old programs"))
}


def kept(tmp_path: Path, data: bytes, kind: UploadKind) -> tuple[Settings, reading.KeptFile]:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://")
    sha256 = hashlib.sha256(data).hexdigest()
    place = stored_path(settings.uploads_path, sha256)
    place.parent.mkdir(parents=True)
    place.write_bytes(data)
    return settings, reading.KeptFile(sha256, kind, "de-an")


def test_of_a_file_that_somebody_changed_nothing_new_is_drawn(tmp_path: Path) -> None:
    settings, upload = kept(tmp_path, word(_WORDS), UploadKind.DOCX)
    stored_path(settings.uploads_path, upload.sha256).write_bytes(word(_WORDS.replace("11 %", "71 %")))
    with pytest.raises(NotFoundError, match="file_changed"):
        reading.read_outline(settings, upload)


def test_a_pdf_is_drawn_once_and_read_from_the_folder_after(tmp_path: Path) -> None:
    _kind, data = leaks.planted()["pdf XMP"]
    settings, upload = kept(tmp_path, data, UploadKind.PDF)
    outline = reading.read_outline(settings, upload)
    assert (outline.is_drawn, outline.count, outline.pages[0].text) == (True, 1, "Giu lai")
    picture = reading.draw_page(settings, upload, 1, width=900)
    with Image.open(io.BytesIO(picture)) as drawn:
        assert (drawn.format, drawn.width) == ("WEBP", 900)
    stored_path(settings.uploads_path, upload.sha256).write_bytes(b"gone")
    assert reading.draw_page(settings, upload, 1, width=900) == picture
    for number, width in ((0, 900), (2, 900), (1, 901)):
        with pytest.raises(NotFoundError):
            reading.draw_page(settings, upload, number, width=width)


@pytest.mark.parametrize("place", sorted(hidden_leaks.unseen()))
def test_words_that_nobody_sees_on_the_paper_are_found_and_stay(place: str) -> None:
    data, kind = hidden_leaks.unseen()[place]
    copy = clean_pdf(data)
    with pypdfium2.PdfDocument(copy) as document:
        page = document[0]
        found = count_unseen(page)
        assert found == ({kind: len(leaks.CANARY)} if kind else {})
        assert leaks.CANARY in page.get_textpage().get_text_range()  # nothing is cut out unseen


def test_a_reader_is_told_of_each_page_with_unseen_words(tmp_path: Path) -> None:
    data, _kind = hidden_leaks.unseen()["white"]
    settings, upload = kept(tmp_path, clean_pdf(data), UploadKind.PDF)
    (row,) = reading.list_unseen_words(settings, upload) or ()
    assert (row.page, row.beside, row.tiny, row.faint) == (1, 0, 0, len(leaks.CANARY))
    other, broken = kept(tmp_path / "other", b"%PDF-1.7 broken", UploadKind.PDF)
    assert reading.list_unseen_words(other, broken) is None


@pytest.mark.parametrize("place", sorted(_OFFICE_LOOKS))
def test_a_reader_is_told_how_many_letters_of_an_office_file_the_copy_leaves_out(tmp_path: Path, place: str) -> None:
    kind, data = _OFFICE_LOOKS[place]
    settings, original = kept(tmp_path, data, UploadKind(kind))
    told = reading.list_unseen_words(settings, original, original) or ()
    assert [(row.page, row.removed) for row in told] == [(1 if kind == "pptx" else 0, len(leaks.CANARY))]
    assert reading.list_unseen_words(settings, original) == ()


@pytest.mark.parametrize("place", sorted(hidden_leaks.seen()))
def test_of_letters_that_are_seen_nothing_is_told(tmp_path: Path, place: str) -> None:
    kind, data = hidden_leaks.seen()[place]
    settings, original = kept(tmp_path, data, UploadKind(kind))
    assert reading.list_unseen_words(settings, original, original) == ()


def test_a_text_is_shown_as_parts_of_blocks(tmp_path: Path) -> None:
    settings, upload = kept(tmp_path, word(_WORDS), UploadKind.DOCX)
    outline = reading.read_outline(settings, upload)
    assert not outline.is_drawn
    first, second = outline.pages
    assert [block["kind"] for block in first.blocks] == ["heading", "paragraph", "item"]
    assert first.blocks[1]["runs"] == [["Trễ hạn ", ""], ["11 %", "b"]]
    assert first.opening == "Hiểu đơn vị"
    assert second.blocks[0]["rows"] == [["Quý I", "Phó phòng"]]
    with pytest.raises(NotFoundError):
        reading.draw_page(settings, upload, 1, width=900)


@pytest.mark.parametrize("kind", [UploadKind.PDF, UploadKind.DOCX, UploadKind.PPTX])
@pytest.mark.parametrize("data", [b"%PDF-1.7 broken", b"PK\x03\x04broken"])
def test_a_broken_file_says_that_it_cannot_be_read(tmp_path: Path, kind: UploadKind, data: bytes) -> None:
    settings, upload = kept(tmp_path, data, kind)
    with pytest.raises(NotFoundError) as error:
        reading.read_outline(settings, upload)
    assert error.value.code == "proposal_not_drawable"
    assert not list(settings.pages_path.rglob("*.json")), "a failure is not kept"


def test_an_entity_that_grows_is_not_followed(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + _WORDS.replace("Hiểu đơn vị", "&b;")
    settings, upload = kept(tmp_path, word(bomb), UploadKind.DOCX)
    with pytest.raises(NotFoundError):
        reading.read_outline(settings, upload)


def test_an_answer_is_one_json_and_the_folder_holds_nothing_half_made(tmp_path: Path) -> None:
    source = tmp_path / "x.pdf"
    source.write_bytes(files.pdf(text="x"))
    data = cached(tmp_path / "pages", source, "cd" * 32, name="o.json", ask=("outline", "pdf"))
    assert data is not None
    assert json.loads(data)["count"] == 1
    assert sorted(path.name for path in (tmp_path / "pages" / "cd" / ("cd" * 32)).iterdir()) == [".lock", "o.json"]
