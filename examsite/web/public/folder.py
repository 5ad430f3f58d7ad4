"""A competition as a folder of static files: its public pages, the result bundle, and what a stranger checks it with.

The pages are those of this site, asked for as anybody would and without a log-in, so a folder never says more than the
site does. The same data give the same bytes: pages are made as of the last signed checkpoint, not as of now.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Flask, g, render_template
from markupsafe import Markup

from examsite.domain.bundles import REPORT, Audience, is_document_public
from examsite.domain.canonical import sha256_hex
from examsite.domain.checkpoints import VerifierKey
from examsite.services.bundles import VERIFIER_PATH, build_bundle
from examsite.services.checkpoints import log_key
from examsite.services.rulesets import ruleset_of
from examsite.services.witnesses import key_of
from examsite.storage.database import db
from examsite.storage.queries.checkpoints import list_witnesses
from examsite.storage.queries.competitions import get_public_competition
from examsite.storage.queries.records import find_last_checkpoint
from examsite.storage.queries.results import list_published_versions
from examsite.web.formatting import format_hash
from examsite.web.i18n import COOKIE, LOCALES

RESULT = "result.json"
CHECKPOINT = "checkpoint.txt"
VERIFIER = "verify.py"
KEYS = "KHOA.txt"
INSTRUCTIONS = {"vi": "HUONG-DAN.txt", "en": "HOW-TO-VERIFY.txt"}
FILES_PAGE = "tep.html"
VERIFYING_PAGE = "verify/index.html"
#: What the pages look like and the verifying page works with, below the static folder.
_SHARED = ("css/fonts.css", "css/tokens.css", "css/base.css", "css/layout.css", "css/forms.css", "css/components.css")
_SHEETS = (*_SHARED, "css/public.css", "css/print.css")
_SHARED_FOLDERS = ("fonts", "verify", "img")
_SCRIPT = "js/base.js"
#: Address below the competition → file; what is not named here has no place in a folder.
_PAGES = (
    (r"", "index.html"),
    (r"/ruleset", "quy-tac.html"),
    (r"/ranking", "ket-qua.html"),
    (r"/ranking/versions", "cac-ban.html"),
    (r"/ranking/([^/]+)", "thi-sinh/{}.html"),
    (r"/appeals", "phuc-khao.html"),
    (r"/data", "du-lieu.html"),
    (r"/draws", "boc-tham.html"),
    (r"/draws/([A-Za-z0-9_-]+)", "boc-tham/{}.html"),
)
_DOWNLOADS = (
    (r"/result\.json", RESULT),
    (r"/log/checkpoint", CHECKPOINT),
    (r"/draws/([^/]+\.json)", "boc-tham/{}"),
)
#: A link that lost its address: with its entry of a list, with the dot before it, or alone.
_LOST = r"<a(?=[\s>])(?![^>]*\shref=)[^>]*>(?:(?!</a>).)*</a>"
_LOST_LINKS = re.compile(rf"<li[^>]*>\s*{_LOST}\s*</li>|\s·\s{_LOST}|{_LOST}(?:\s·\s)?", re.DOTALL)
_LINK = re.compile(r'\s(href|src)="(/[^"]*)"')
_OK, _NOT_FOUND = 200, 404


@dataclass
class _Folder:
    """What is known of a folder while it is being written."""

    app: Flask
    code: str
    files: dict[str, bytes] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    bundle: str = ""
    has_result: bool = False

    def file_of(self, address: str, rules: tuple[tuple[str, str], ...]) -> str | None:
        """The name of an address of this competition, by these rules."""
        start = f"/competitions/{self.code}"
        for pattern, name in rules if address.startswith(start) else ():
            found = re.fullmatch(pattern, address.removeprefix(start))
            if found:
                return name.format(*found.groups())
        return None

    def download_of(self, address: str) -> str | None:
        """The name of a download of this competition; the bundle is called as the site calls it."""
        if address == f"/competitions/{self.code}/bundle.zip":
            return self.bundle or None
        older = re.fullmatch(rf"/competitions/{re.escape(self.code)}/bundle-([0-9]+)\.zip", address)
        if older:
            name = f"{self.code}-{older[1]}.zip"
            return name if name in self.files else None
        return self.file_of(address, _DOWNLOADS)

    def fetch(self, address: str, locale: str) -> bytes | None:
        """What anybody gets at an address of the site; None where there is nothing yet.

        Raises:
            RuntimeError: the page is there and fails; a folder without it would look whole and be less.
        """
        client = self.app.test_client()
        client.set_cookie(COOKIE, locale)
        answer = client.get(address, base_url="https://localhost")
        if answer.status_code not in {_OK, _NOT_FOUND}:
            raise RuntimeError(f"{address}: {answer.status}")
        return answer.data if answer.status_code == _OK else None


def public_files(app: Flask, code: str) -> dict[str, bytes]:
    """Every file of the folder by its path.

    Raises:
        ConflictError: `bundle_not_covered`, as long as no checkpoint covers the publication.
        NotFoundError: `competition_not_found`, also for one that was not announced.
        RuntimeError: a page of the site fails.
    """
    folder = _Folder(app, code)
    clock = app.extensions["clock"]
    try:
        with app.test_request_context(f"/competitions/{code}", base_url="https://localhost"):
            competition = get_public_competition(db.session(), code)
            checkpoint = find_last_checkpoint(db.session(), code)
            facts = _add_result(folder, competition)
            if checkpoint is not None:
                folder.files[CHECKPOINT] = checkpoint.note.encode("utf-8")
                made_at = checkpoint.signed_at
                app.extensions["clock"] = lambda: made_at
            db.session().rollback()
        _add_shared(folder)
        for locale in LOCALES:
            _add_pages(folder, locale)
            _add_files_page(folder, locale, facts)
    finally:
        app.extensions["clock"] = clock
    return dict(sorted(folder.files.items()))


# --- the result and what it is checked with ---------------------------------------------------------------------------


def _add_result(folder: _Folder, competition: Any) -> dict[str, Any]:
    """The bundles, their report, the verifier, the keys and three lines that say what to do with them."""
    session, files = db.session(), folder.files
    key, everyone = log_key(folder.app.extensions["signer"], folder.code), list_witnesses(session, competition.id)
    witnesses = [(one.holder, key_of(one)) for one in everyone if one.ended_at is None]
    facts: dict[str, Any] = {"key": key, "witnesses": witnesses, "sha256": None, "bundle": "", "older": []}
    files[KEYS] = _keys(key, witnesses, ended=[one.holder for one in everyone if one.ended_at is not None])
    files[VERIFIER] = VERIFIER_PATH.read_bytes()
    versions = list_published_versions(session, competition.id)
    if versions and is_document_public(ruleset_of(competition)):
        for version in versions:
            name = f"{folder.code}-{version.number}.zip"
            files[name] = build_bundle(session, competition, Audience.PUBLIC, version=version)
            facts["older"] += [folder.bundle] if folder.bundle else []
            facts["bundle"] = folder.bundle = name
        files[RESULT] = versions[-1].document.encode("utf-8")
        with zipfile.ZipFile(io.BytesIO(files[folder.bundle])) as bundle:
            files[REPORT] = bundle.read(REPORT)
        facts["sha256"] = versions[-1].sha256
    for locale, name in INSTRUCTIONS.items():
        files[name] = _instructions(locale, facts).encode("utf-8")
    return facts


def _keys(key: VerifierKey, witnesses: list[tuple[str, VerifierKey]], *, ended: list[str]) -> bytes:
    """Each key as it is printed, to compare, and as it is pasted; one that was given up signs nothing any more."""
    named = [("Khóa sổ ghi / log key", key)] + [(f"Nhân chứng / witness: {holder}", one) for holder, one in witnesses]
    lines = [
        f"# {name}\n# In trên giấy / printed: {format_hash(one.public_key.hex())}\n{one.as_text()}\n"
        for name, one in named
    ]
    lines += [f"# Thôi dùng khóa / key given up: {holder}\n" for holder in ended]
    return "".join(lines).encode("utf-8")


def command(facts: dict[str, Any]) -> str:
    """What is typed to verify the folder without a browser."""
    words = [f"python3 {VERIFIER} {facts['bundle']} --log-key {facts['key'].as_text()}"]
    words += [f"--witness {one.as_text()}" for _holder, one in facts["witnesses"]]
    words += [f"--previous {name}" for name in reversed(facts["older"])]
    return " ".join(words)


def _instructions(locale: str, facts: dict[str, Any]) -> str:
    """Three lines. Source: result format; keys are compared with paper, never trusted from the folder."""
    sha256 = facts["sha256"]
    if sha256 is None:
        return {
            "vi": "1. Chưa có gói kết quả công khai trong thư mục này.\n"
            "2. Mở index.html để đọc thông báo, tiêu chí, quy tắc và lịch.\n"
            f"3. Khóa trong {KEYS} phải trùng với khóa in trên thông báo và biên bản.\n",
            "en": "1. There is no public result bundle in this folder yet.\n"
            "2. Open en/index.html for the announcement, criteria, rules and schedule.\n"
            f"3. The keys in {KEYS} must be those printed on the announcement and the minutes.\n",
        }[locale]
    return {
        "vi": f"1. Mở {VERIFYING_PAGE} bằng trình duyệt, dán nội dung {KEYS} (sau khi so các dòng “in trên giấy” với "
        f"khóa trên thông báo và biên bản), rồi thả {facts['bundle']} vào trang; không cần mạng.\n"
        f"2. Không dùng trình duyệt thì chạy (Python 3.9 trở lên): {command(facts)}\n"
        f"3. So mã SHA-256 của {RESULT} (trang kiểm tra hiện ở cuối; hoặc chạy sha256sum {RESULT}) với mã trên văn bản "
        f"đã ký: {sha256}\n",
        "en": f"1. Open {VERIFYING_PAGE} in a browser, paste what {KEYS} holds (after comparing its “printed” lines "
        f"with the keys on the announcement and the minutes), then drop {facts['bundle']} on the page; no network is "
        "needed.\n"
        f"2. Without a browser run (Python 3.9 or newer): {command(facts)} --english\n"
        f"3. Compare the SHA-256 of {RESULT} (the page shows it at the end; or run sha256sum {RESULT}) with the one on "
        f"the signed document: {sha256}\n",
    }[locale]


# --- pages ------------------------------------------------------------------------------------------------------------


def _add_shared(folder: _Folder) -> None:
    static = Path(str(folder.app.static_folder))
    names = [*_SHEETS, _SCRIPT]
    for place in _SHARED_FOLDERS:
        names += [path.relative_to(static).as_posix() for path in sorted((static / place).iterdir()) if path.is_file()]
    for name in names:
        folder.files[name] = (static / name).read_bytes()


def _add_pages(folder: _Folder, locale: str) -> None:
    """Every page that can be reached from the announcement, as far as it has a place in the folder."""
    waiting, seen = [f"/competitions/{folder.code}", f"/competitions/{folder.code}/ranking"], set()
    pages: dict[str, str] = {}
    while waiting:
        address = waiting.pop(0)
        name = folder.file_of(address, _PAGES)
        if name is None or address in seen:
            continue
        seen.add(address)
        page = folder.fetch(address, locale)
        if page is None:
            folder.absent.add(address)
            continue
        pages[address] = page.decode("utf-8")
        waiting += [unescape(link).partition("#")[0] for _name, link in _LINK.findall(pages[address])]
    folder.has_result = f"/competitions/{folder.code}/ranking" in pages
    for address in sorted(pages):
        name = str(folder.file_of(address, _PAGES))
        folder.files[_own(locale, name)] = _page(folder, locale, name, pages[address]).encode("utf-8")


def _add_files_page(folder: _Folder, locale: str, facts: dict[str, Any]) -> None:
    names = [*facts["older"], facts["bundle"], REPORT, RESULT, CHECKPOINT, VERIFIER, KEYS, INSTRUCTIONS[locale]]
    rows = [
        {"name": name, "size": len(folder.files[name]), "sha256": sha256_hex(folder.files[name])}
        for name in names
        if name in folder.files
    ]
    with _request(folder, locale):
        content = render_template(
            "public/folder_files.html",
            rows=rows,
            facts=facts,
            root=_root(_own(locale, FILES_PAGE)),
            command=command(facts),
            lines=[line.partition(". ")[2] for line in _instructions(locale, facts).splitlines()],
        )
    folder.files[_own(locale, FILES_PAGE)] = _page(folder, locale, FILES_PAGE, content).encode("utf-8")


def _page(folder: _Folder, locale: str, name: str, text: str) -> str:
    """A page of the site in the frame of the folder: same content, links that work from disk."""
    path = _own(locale, name)
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    content = re.search(r"<main\b[^>]*>(.*)</main>", text, re.DOTALL)
    sheets = re.findall(r'<link rel="stylesheet" href="/static/([^"]+)"', text)
    static = Path(str(folder.app.static_folder))
    for sheet in sheets:
        folder.files.setdefault(sheet, (static / sheet).read_bytes())
    root = _root(path)
    with _request(folder, locale):
        return render_template(
            "public/folder_page.html",
            csp_nonce=str,  # no header names one, and a drawn one would differ each time
            title=Markup(title[1].split(" · ")[0]) if title else folder.code,  # noqa: S704 - a page of our own
            content=Markup(_relinked(folder, locale, path, content[1] if content else text)),  # noqa: S704 - as above
            sheets=sheets or _SHEETS,
            root=root,
            here=name,
            has_result=folder.has_result,
            own="" if locale == LOCALES[0] else f"{locale}/",
            other=root + _own(next(one for one in LOCALES if one != locale), name),
        )


def _relinked(folder: _Folder, locale: str, path: str, content: str) -> str:
    """Links to other files of the folder in place of addresses; a link that leads out of it is text."""
    root = _root(path)

    def link(found: re.Match[str]) -> str:
        address, mark, fragment = unescape(found[2]).partition("#")
        target: str | None = None
        if address.startswith("/static/"):
            target = root + address.removeprefix("/static/")
        elif address == "/verify":
            target, fragment = root + VERIFYING_PAGE, _with_bundle(folder, fragment)
        elif address not in folder.absent and (page := folder.file_of(address, _PAGES)):
            target = root + _own(locale, page)
        elif download := folder.download_of(address):
            target = root + download
            if download not in folder.files:
                data = folder.fetch(address, locale)
                if data is None:
                    return ""
                folder.files[download] = data
        return f' {found[1]}="{escape(f"{target}{mark}{fragment}")}"' if target else ""

    content = re.sub(r"<form\b.*?</form>", "", content, flags=re.DOTALL)
    return _LOST_LINKS.sub("", _LINK.sub(link, content))


def _with_bundle(folder: _Folder, fragment: str) -> str:
    """What the verifying page is told of the bundle, which lies in the folder itself."""
    told = dict(parse_qsl(fragment))
    if "bundle" in told:
        told["bundle"] = f"../{folder.download_of(told['bundle'])}"
    return urlencode(told, safe="/") if told else fragment


def _request(folder: _Folder, locale: str) -> Any:
    """A request as of the anonymous reader of this page."""
    context = folder.app.test_request_context(
        f"/competitions/{folder.code}", base_url="https://localhost", headers={"Cookie": f"{COOKIE}={locale}"}
    )

    class _WithCompetition:
        def __enter__(self) -> None:
            context.__enter__()
            g.competition = get_public_competition(db.session(), folder.code)

        def __exit__(self, *error: Any) -> None:
            db.session().rollback()
            context.__exit__(*error)

    return _WithCompetition()


def _own(locale: str, name: str) -> str:
    """The path of a page in a language: Vietnamese at the top, the other below its own folder."""
    return name if locale == LOCALES[0] else posixpath.join(locale, name)


def _root(path: str) -> str:
    return "../" * path.count("/")
