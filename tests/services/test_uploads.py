"""Files as honest people and as attackers send them."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Dictionary, Name
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.dossiers import UploadKind
from examsite.domain.errors import InvalidError, NotFoundError
from examsite.services.accounts import create_account
from examsite.services.context import Actor, ServiceContext
from examsite.services.installation_checks import check_installation
from examsite.services.uploads import add_upload, display_name, open_upload, receive_file, receive_proposal
from examsite.storage import uploads as storage
from tests.factories import files
from tests.factories.leaks import CANARY, planted, slides

ALL = frozenset(UploadKind)
PLANTED = planted()
DTD = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


def _receive(folder: Path, data: bytes, *, allowed: frozenset[UploadKind] = ALL, name: str = "tệp.pdf") -> UploadKind:
    return receive_file(folder, io.BytesIO(data), name, allowed_kinds=allowed, max_megabytes=1).kind


def _acting_pdf(**entries: object) -> bytes:
    """A page with these entries in the catalogue, or (`Annots`, `Contents`) on the page."""
    with pikepdf.open(io.BytesIO(files.pdf())) as document:
        for name, value in entries.items():
            holder = document.pages[0].obj if name in {"Annots", "Contents", "AA"} else document.Root
            holder[f"/{name}"] = document.make_indirect(value)  # type: ignore[call-overload]
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def _annotation(subtype: str, **entries: Any) -> pikepdf.Array:
    made = Dictionary(Type=Name.Annot, Subtype=Name(subtype), Rect=pikepdf.Array([0, 0, 9, 9]), **entries)
    return pikepdf.Array([made])


def _with_field(text: str) -> bytes:
    return files.docx({"word/footer1.xml": f'<w:p xmlns:w="w"><w:instrText>{text}</w:instrText></w:p>'.encode()})


GOOD = {
    "pdf": (files.pdf(), UploadKind.PDF),
    "docx": (files.docx(), UploadKind.DOCX),
    "pptx": (files.pptx(), UploadKind.PPTX),
    "png": (files.png(), UploadKind.PNG),
    "jpeg": (files.jpeg(), UploadKind.JPEG),
    "docx_with_link": (
        files.docx({"word/_rels/document.xml.rels": files.relations("https://a.vn", kind="hyperlink")}),
        UploadKind.DOCX,
    ),
    "pptx_with_chart": (files.pptx({"ppt/embeddings/Sheet1.xlsx": files.xlsx()}), UploadKind.PPTX),
    "pdf_with_link": (
        _acting_pdf(Annots=_annotation("/Link", A=Dictionary(S=Name.URI, URI=pikepdf.String("https://a.vn")))),
        UploadKind.PDF,
    ),
    "docx_with_page_number": (_with_field(" PAGE "), UploadKind.DOCX),
    "docx_with_printer_settings": (files.docx({"word/printerSettings/printerSettings1.bin": b"x"}), UploadKind.DOCX),
}


@pytest.mark.parametrize(("data", "kind"), GOOD.values(), ids=list(GOOD))
def test_honest_files_are_taken_whatever_their_name(folder: Path, data: bytes, kind: UploadKind) -> None:
    assert _receive(folder, data, name="anything.exe") is kind


def _bomb() -> bytes:
    return files.docx({"word/media/a.xml": b"<a>" + b" " * 30_000_000 + b"</a>"})


def _lying_bomb() -> bytes:
    """A part that unpacks to more than its entry says."""
    data = bytearray(files.docx({"word/media/a.dat": b"\x00" * 5_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.rfind(signature)
        data[place + offset : place + offset + 4] = (1000).to_bytes(4, "little")
    return bytes(data)


def _encrypted_zip() -> bytes:
    data = bytearray(files.docx())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        data[place + offset] |= 1
    return bytes(data)


def _swelling_pdf(data: bytes, wrappings: int) -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(200, 200))
        stream = pikepdf.Stream(document, b"")
        stream.write(data, filter=pikepdf.Array([Name.FlateDecode] * wrappings))
        document.pages[0].obj["/Contents"] = document.make_indirect(stream)
        out = io.BytesIO()
        document.save(out, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)
    return out.getvalue()


BAD = {
    "text": (b"hello", "file_kind_unknown"),
    "html": (b"<html><script>alert(1)</script></html>", "file_kind_unknown"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "file_kind_unknown"),
    "exe_renamed": (b"MZ\x90\x00" + b"\x00" * 500, "file_kind_unknown"),
    "elf": (b"\x7fELF" + b"\x00" * 500, "file_kind_unknown"),
    "gif": (b"GIF89a" + b"\x00" * 50, "file_kind_unknown"),
    "rar": (b"Rar!\x1a\x07\x00" + b"\x00" * 50, "file_kind_unknown"),
    "old_doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "file_is_old_office"),
    "empty": (b"", "file_empty"),
    "nul_bytes": (b"\x00" * 1000, "file_kind_unknown"),
    "too_large": (b"%PDF-1.7" + b"x" * 1_100_000, "file_too_large"),
    "pdf_head_only": (b"%PDF-1.7\n", "file_damaged"),
    "pdf_truncated": (files.pdf()[:-60], "file_damaged"),
    "pdf_half": (files.pdf()[: len(files.pdf()) // 2], "file_damaged"),
    "pdf_with_password": (files.pdf(password="secret"), "file_encrypted"),
    "pdf_with_script": (files.pdf(script=True), "file_has_active_content"),
    "pdf_with_attachment": (files.pdf(attachment=True), "file_has_active_content"),
    "pdf_with_xfa": (
        _acting_pdf(AcroForm=Dictionary(Fields=pikepdf.Array([]), XFA=pikepdf.String("<xdp/>"))),
        "file_has_active_content",
    ),
    "pdf_with_player": (_acting_pdf(Annots=_annotation("/RichMedia")), "file_has_active_content"),
    "pdf_that_sends": (
        _acting_pdf(Annots=_annotation("/Link", A=Dictionary(S=Name.SubmitForm, F=pikepdf.String("http://a.vn/")))),
        "file_has_active_content",
    ),
    "pdf_that_opens_a_share": (
        _acting_pdf(OpenAction=Dictionary(S=Name.GoToR, F=pikepdf.String("//a.vn/x.pdf"))),
        "file_has_active_content",
    ),
    "pdf_that_calls_home": (
        _acting_pdf(OpenAction=Dictionary(S=Name.URI, URI=pikepdf.String("http://a.vn/"))),
        "file_has_active_content",
    ),
    "pdf_that_calls_home_by_page": (
        _acting_pdf(AA=Dictionary(O=Dictionary(S=Name.URI, URI=pikepdf.String("http://a.vn/")))),
        "file_has_active_content",
    ),
    "docx_that_starts_a_program": (_with_field(r'DDEAUTO cmd.exe "/k calc"'), "file_has_active_content"),
    "docx_that_starts_a_program_in_pieces": (
        _with_field("DD</w:instrText><w:instrText>EAUTO cmd.exe"),
        "file_has_active_content",
    ),
    "docx_with_a_page_of_the_web": (files.docx({"word/chunk.html": b"<script/>"}), "file_has_active_content"),
    "docx_with_quiet_outside_part": (
        files.docx({"word/_rels/document.xml.rels": files.relations("http://a.vn/a.png", mode="Internal")}),
        "file_has_outside_parts",
    ),
    "pdf_not_at_the_start": (b"MZ" + files.pdf(), "file_kind_unknown"),
    "pdf_and_zip": (files.pdf() + files.docx(), "file_ambiguous"),
    "png_and_zip": (files.png() + files.archive({"a": b"a"}), "file_ambiguous"),
    "jpeg_and_zip": (files.jpeg() + files.archive({"a": b"a"}), "file_ambiguous"),
    "png_with_tail": (files.png() + b"<script>", "file_ambiguous"),
    "png_truncated": (files.png()[:-6], "file_damaged"),
    "png_bad_checksum": (files.png()[:-5] + b"\x00" + files.png()[-4:], "file_damaged"),
    "png_huge": (files.png(width=60_000, height=60_000), "file_expands_too_much"),
    "png_of_nothing": (files.png(width=0), "file_damaged"),
    "jpeg_truncated": (files.jpeg()[:-2], "file_damaged"),
    "jpeg_head_only": (b"\xff\xd8\xff\xe0", "file_damaged"),
    "plain_zip": (files.archive({"a.txt": b"a"}), "file_kind_unknown"),
    "empty_zip": (files.archive({}), "file_kind_unknown"),
    "xlsx": (files.xlsx(), "file_kind_unknown"),
    "zip_bomb": (_bomb(), "file_expands_too_much"),
    "zip_bomb_that_lies": (_lying_bomb(), "file_damaged"),
    "too_many_entries": (files.docx({f"word/p{n}.dat": b"" for n in range(3500)}), "file_expands_too_much"),
    "zip_truncated": (files.docx()[:-30], "file_damaged"),
    "zip_encrypted": (_encrypted_zip(), "file_encrypted"),
    "zip_with_comment": (
        files.archive(files.office("word/document.xml", files.DOCX_MAIN), comment=b"x"),
        "file_ambiguous",
    ),
    "zip_with_tail": (files.docx() + b"tail", "file_ambiguous"),
    "path_up": (files.docx({"../../etc/passwd": b"x"}), "file_ambiguous"),
    "path_absolute": (files.docx({"/etc/passwd": b"x"}), "file_ambiguous"),
    "path_backslash": (files.docx({"word\\..\\x": b"x"}), "file_ambiguous"),
    "same_name_twice": (
        files.archive([*files.office("word/document.xml", files.DOCX_MAIN).items(), ("word/Document.xml", b"<b/>")]),
        "file_ambiguous",
    ),
    "docm": (
        files.docx(
            types=files.content_types("word/document.xml", "application/vnd.ms-word.document.macroEnabled.main+xml")
        ),
        "file_has_macros",
    ),
    "vba_in_docx": (files.docx({"word/vbaProject.bin": b"x"}), "file_has_macros"),
    "active_x": (files.docx({"word/activeX/activeX1.xml": b"<a/>"}), "file_has_macros"),
    "exe_inside": (files.docx({"word/media/image1.png": b"MZ\x90\x00"}), "file_has_active_content"),
    "ole_inside": (
        files.docx({"word/embeddings/o.dat": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}),
        "file_has_active_content",
    ),
    "zip_inside": (files.docx({"word/embeddings/a.zip": files.archive({"a": b"a"})}), "file_has_active_content"),
    "docx_in_docx": (files.docx({"word/embeddings/a.docx": files.docx()}), "file_has_active_content"),
    "xlsx_in_xlsx": (
        files.pptx({"ppt/embeddings/a.xlsx": files.xlsx({"xl/embeddings/b.xlsx": files.xlsx()})}),
        "file_has_active_content",
    ),
    "xxe_in_types": (files.docx(types=DTD), "file_has_active_content"),
    "xxe_in_body": (files.docx(body=DTD), "file_has_active_content"),
    "xxe_in_utf_16": (files.docx(body=DTD.decode().encode("utf-16")), "file_has_active_content"),
    "laughs": (
        files.docx(body=b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'),
        "file_has_active_content",
    ),
    "remote_template": (
        files.docx({"word/_rels/settings.xml.rels": files.relations("http://a.vn/t.dotm", kind="attachedTemplate")}),
        "file_has_outside_parts",
    ),
    "remote_image": (
        files.docx({"word/_rels/document.xml.rels": files.relations("\\\\host\\share\\a.png")}),
        "file_has_outside_parts",
    ),
    "script_link": (
        files.docx({"word/_rels/document.xml.rels": files.relations("javascript:alert(1)", kind="hyperlink")}),
        "file_has_outside_parts",
    ),
    "types_name_a_missing_part": (
        files.archive({"[Content_Types].xml": files.content_types("word/x.xml", files.DOCX_MAIN)}),
        "file_kind_unknown",
    ),
    "two_main_parts": (
        files.docx(
            {"ppt/p.xml": b"<a/>"},
            types=files.content_types(
                "word/document.xml",
                files.DOCX_MAIN,
                f'<Override PartName="/ppt/p.xml" ContentType="{files.PPTX_MAIN}"/>',
            ),
        ),
        "file_kind_unknown",
    ),
    "pdf_bomb_in_a_bomb": (
        _swelling_pdf(zlib.compress(zlib.compress(b"q Q " * 10_000_000)), 2),
        "file_expands_too_much",
    ),
    "pdf_bomb_hidden_from_its_dictionary": (
        _swelling_pdf(zlib.compress(zlib.compress(b"q Q " * 10_000_000)), 1),
        "file_expands_too_much",
    ),
    "pdf_bomb_of_one_layer": (_swelling_pdf(zlib.compress(b"q Q " * 10_000_000), 1), "file_expands_too_much"),
    "types_not_xml": (files.docx(types=b"<Types"), "file_damaged"),
}


@pytest.mark.parametrize(("data", "code"), BAD.values(), ids=list(BAD))
def test_hostile_files_are_refused_and_leave_nothing(folder: Path, data: bytes, code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        _receive(folder, data)
    assert refused.value.code == code
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_good_file_of_another_kind_is_refused_with_both_kinds(folder: Path) -> None:
    with pytest.raises(InvalidError) as refused:
        _receive(folder, files.png(), allowed=frozenset({UploadKind.PDF, UploadKind.DOCX}))
    assert refused.value.params == {"found": "PNG", "allowed": "DOCX, PDF"}


def test_the_inspection_is_stopped_by_its_limits(folder: Path, tmp_path: Path) -> None:
    """A parser that eats memory or time takes its own process with it."""
    hungry = tmp_path / "hungry.py"
    source = storage.INSPECTION.read_text(encoding="utf-8")
    hungry.write_text(source.replace("def inspect(path: Path) -> str:", "def inspect(path):\n    bytearray(1 << 29)\n"))
    done = subprocess.run([sys.executable, "-I", str(hungry), str(tmp_path)], capture_output=True, check=False)
    assert b"file_expands_too_much" in done.stdout


def test_a_stored_file_belongs_to_a_person_and_comes_back(
    session: Session, folder: Path, tmp_path: Path, now: datetime
) -> None:
    settings = Settings(instance_path=tmp_path, secret_key="s" * 64, database_url="sqlite:///x")
    maker = ServiceContext(session=session, now=now, settings=settings)
    owner = create_account(maker, login="owner", display_name="Chủ tệp", password_hash="x")
    ctx = ServiceContext(session=session, now=now, settings=settings, actor=Actor(account_id=owner.id))
    data = files.pdf(text="đề án")

    first, second = (
        add_upload(ctx, receive_file(folder, io.BytesIO(data), name, allowed_kinds=ALL, max_megabytes=1))
        for name in ("../Đề án\u202e.fdp", "b.pdf")
    )

    assert (first.uploaded_by_id, first.uploaded_at, first.kind) == (owner.id, now, UploadKind.PDF)
    assert first.original_name == "Đề án.pdf"
    assert first.sha256 == second.sha256
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1
    with open_upload(folder, first) as file:
        assert file.read() == data
    place = storage.stored_path(folder, first.sha256)
    place.chmod(0o600)
    place.write_bytes(files.pdf(text="đề án của người khác"))
    with pytest.raises(NotFoundError, match="file_changed"):
        open_upload(folder, first)
    told = [one for one in check_installation(session, uploads_path=folder) if one.table == "uploads"]
    assert [(one.row, one.code) for one in told] == [(first.id, "file_differs")]
    place.unlink()
    with pytest.raises(NotFoundError, match="file_not_found"):
        open_upload(folder, first)
    assert [one.code for one in check_installation(session, uploads_path=folder) if one.table == "uploads"] == [
        "file_differs"
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a.pdf", "a.pdf"),
        ("C:\\Users\\x\\Hồ sơ.PDF", "Hồ sơ.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("", "file.pdf"),
        (".", "file.pdf"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("a" * 400 + ".pdf", "a" * 251 + ".pdf"),
        ("Tie\u0302\u0301ng.pdf", "Tiếng.pdf"),
        ('<script>"x".pdf', "scriptx.pdf"),
        ("evil.pdf.exe", "evil.pdf.pdf"),
        ("con đường", "con đường.pdf"),
    ],
)
def test_names_are_only_for_display(given: str, shown: str) -> None:
    assert display_name(given, "pdf") == shown


def test_stored_paths_are_made_of_hashes_only(folder: Path) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        storage.stored_path(folder, "../" * 20)


def test_the_corpus_is_what_it_says() -> None:
    """The archives of the corpus really open, so that what is refused is the content."""
    for name in ("zip_bomb", "path_up", "vba_in_docx", "remote_template"):
        assert zipfile.ZipFile(io.BytesIO(BAD[name][0])).namelist()


def test_a_proposal_is_kept_as_it_is_and_as_a_copy_without_its_author(folder: Path) -> None:
    data = PLANTED["docx comments"][1]
    received = receive_proposal(
        folder, io.BytesIO(data), f"{CANARY}.docx", allowed_kinds=[UploadKind.DOCX], max_megabytes=1
    )
    with open_upload(folder, received.original) as original, open_upload(folder, received.cleaned) as cleaned:
        assert original.read() == data
        copy = cleaned.read()
    assert received.cleaned.original_name == "de-an.docx"
    with zipfile.ZipFile(io.BytesIO(copy)) as archive:
        assert not any(CANARY.encode() in archive.read(name) for name in archive.namelist())


def test_a_proposal_without_a_clean_copy_is_refused(folder: Path) -> None:
    hidden = slides()
    with zipfile.ZipFile(io.BytesIO(hidden)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["ppt/slides/slide1.xml"] = parts["ppt/slides/slide1.xml"].replace(b"<p:sld ", b'<p:sld show="0" ')
    with pytest.raises(InvalidError) as refused:
        receive_proposal(
            folder, io.BytesIO(files.archive(parts)), "a.pptx", allowed_kinds=[UploadKind.PPTX], max_megabytes=1
        )
    assert refused.value.code == "file_cannot_be_cleaned"
