"""The document for people beside a published result: the ranking in words, with the hash of the signed file.

It is for reading, not for checking: nothing of it is signed, and every figure is copied from the document that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from examsite.domain.bundles import RESULT, Opening
from examsite.domain.canonical import parse_instant
from examsite.domain.events import Event
from examsite.domain.working_days import ZONE
from examsite.storage.printing import printed_pages

_OUTCOMES = {
    "selected": "trúng tuyển",
    "passed": "đạt, không trúng tuyển",
    "failed": "không đạt",
    "absent": "vắng mặt",
    "void": "bị hủy kết quả",
}


def print_report(
    document: Mapping[str, Any], *, sha256: str, openings: Iterable[Opening], instants: Mapping[int, str]
) -> bytes:
    """The published result as a PDF; `instants` say when a record was written, by its number."""
    competition = document["competition"]
    signed = [
        opening
        for opening in openings
        if opening.event in (Event.RESULT_APPROVED, Event.RESULT_PUBLISHED)
        and opening.payload["result_sha256"] == sha256
    ]
    approvals = [opening for opening in signed if opening.event == Event.RESULT_APPROVED]
    published = [opening for opening in signed if opening.event == Event.RESULT_PUBLISHED]
    paragraphs = [
        f"{competition['title']}. {competition['body']}.",
        *(f"Công bố lúc {_moment(instants[opening.seq])}." for opening in published[-1:]),
        f"Mã SHA-256 của tệp {RESULT} đã ký: {_groups(sha256)}.",
        *(line for post in document["posts"] for line in _post_lines(document, post)),
        "Phê duyệt:",
        f"{len(approvals)} chữ ký trên đúng mã trên, ghi trong sổ ghi ở các mục "
        + ", ".join(f"{opening.seq} ({_moment(instants[opening.seq])})" for opening in approvals)
        + ".",
        "Bản in này để đọc. Phần dữ liệu đã ký là các tệp khác trong gói; tự kiểm tra theo HUONG-DAN.txt. Kiểm tra "
        "chứng tỏ mọi con số suy ra đúng từ điểm đã khóa, không chứng tỏ một điểm là xứng đáng.",
    ]
    title = f"Kết quả thi tuyển {competition['code']}"
    return printed_pages(title, paragraphs, subject=f"{RESULT} SHA-256 {sha256}")


def _post_lines(document: Mapping[str, Any], post: Mapping[str, Any]) -> Iterator[str]:
    titles = {name: title["vi"].lower() for name, title in document["ruleset"]["notes"]["part_titles"].items()}
    people = [row for row in document["candidates"] if row["post"] == post["code"]]
    yield f"{post['title']} ({post['code']}), tuyển {post['vacancies']} người:"
    yield from (
        _line(row, titles) for row in sorted(people, key=lambda row: (row["rank"] is None, row["rank"], row["code"]))
    )


def _line(row: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    place = f"{row['rank']}. " if row["rank"] is not None else ""
    name = f", {row['name']}" if row["name"] else ""
    total = f", tổng {_figure(row['total'])}" if row["total"] is not None else ""
    scores = _scores(row["parts"], titles)
    return f"{place}Mã {row['code']}{name}: {_OUTCOMES[row['outcome']]}{total}{scores}."


def _scores(parts: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> str:
    told = [f"{titles[part['part']]} {_figure(part['score'])}" for part in parts if part["score"] is not None]
    return f" ({'; '.join(told)})" if told else ""


def _figure(text: str) -> str:
    return text.replace(".", ",")


def _groups(digest: str) -> str:
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def _moment(instant: str) -> str:
    return parse_instant(instant).astimezone(ZONE).strftime("%H:%M:%S ngày %d/%m/%Y")
