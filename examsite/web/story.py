"""The record log as sentences: who did what about which thing, what it said where that is open, what it changed."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from flask import url_for

from examsite.domain.canonical import parse_instant
from examsite.domain.competitions import CompetitionState
from examsite.domain.events import Event
from examsite.domain.marking import AppealStep, MarkingStep
from examsite.domain.oversight import is_readable_by_supervisors
from examsite.domain.permissions import Role
from examsite.web.formatting import format_datetime_seconds, format_points
from examsite.web.gates import actor_text, subject_words
from examsite.web.i18n import _
from examsite.web.labels import label, shown_number
from examsite.web.labels.records import MEMBERS, VALUES

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition
    from examsite.storage.models.records import RecordRow
    from examsite.storage.queries.corrections import RecordSteps

#: Longest piece of a content within a sentence. Unit: characters.
LONGEST_PIECE = 160
#: First signs that a program for tables takes for a formula. Source: OWASP, CSV Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Enums whose words stand for the values of a member.
_NAMED_BY: dict[str, tuple[type[StrEnum], ...]] = {"role": (Role,), "step": (MarkingStep, AppealStep)}
#: Members that are decimals, which a log writes with a point.
_DECIMALS = frozenset({"percent", "score", "total"})
_DECIMAL = re.compile(r"[0-9]+\.[0-9]+")


@dataclass(frozen=True)
class Difference:
    """One figure before and after."""

    name: str
    before: str
    after: str


def content_of(row: RecordRow, steps: RecordSteps) -> dict[str, Any] | None:
    """What the record says, or None while it is a secret to supervisors or was erased."""
    if row.payload is None or not is_readable_by_supervisors(Event(row.event), row.subject, steps.of(row.seq)):
        return None
    return row.content


def sentence_of(row: RecordRow, steps: RecordSteps) -> str:
    """One record in one sentence."""
    content = content_of(row, steps) or {}
    said = [
        f"{MEMBERS[name]} {_piece(value, name).rstrip('.')}"
        for name, value in content.items()
        if name in MEMBERS and not isinstance(value, Mapping | list) and value not in (None, "")
    ]
    words = _("%(actor)s: %(act)s", actor=actor_text(row.actor), act=_small(label(Event(row.event))))
    about = subject_words(row.subject)
    return f"{words}, {_small(about)}{'; ' if said else ''}{'; '.join(said)}."


def differences(content: Mapping[str, Any] | None, earlier: Mapping[str, Any] | None) -> list[Difference]:
    """What changed: within the content itself, or against an earlier record about the same thing."""
    if content is None:
        return []
    before, after = content.get("before"), content.get("after")
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        if earlier is None:
            return []
        before = {**_flat(earlier)}
        after = {**_flat(content)}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [Difference(_name(name), _piece(before.get(name), name), _piece(after.get(name), name)) for name in names]


def link_of(row: RecordRow, competition: Competition) -> str | None:
    """The supervisors' page of what the record is about, where there is one that is open by now."""
    kind, _stroke, code = row.subject.partition("/")
    if kind == "script" and competition.state.has_reached(CompetitionState.MERGED):
        return url_for("supervisor.show_script_path", code=competition.code, script=code)
    if kind == "sitting":
        return url_for("supervisor.show_readiness", code=competition.code, sitting=code)
    if kind in ("competition", "post", "paper"):
        return url_for("supervisor.show_desk", code=competition.code)
    return None


def story_csv(rows: Iterable[RecordRow], steps: RecordSteps) -> bytes:
    """The records as a table for other programs; no cell is taken for a formula."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    head = (_("Mục"), _("Lúc (giờ UTC)"), _("Ai"), _("Về"), _("Tên sự kiện trong sổ"), _("Kể lại"), _("Cam kết"))
    table.writerow(head)
    for row in rows:
        cells = (str(row.seq), row.at, row.actor, row.subject, row.event, sentence_of(row, steps), row.commit)
        table.writerow([safe_cell(cell) for cell in cells])
    return ("\ufeff" + out.getvalue()).encode("utf-8")


def story_lines(rows: Iterable[RecordRow], steps: RecordSteps) -> list[str]:
    """The records as paragraphs of a printed document."""
    return [f"{row.seq}. {format_datetime_seconds(parse_instant(row.at))}. {sentence_of(row, steps)}" for row in rows]


def safe_cell(text: str) -> str:
    """The text of a cell, with an apostrophe before what a program would compute."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a content, those one level down beside them."""
    found: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, Mapping):
            found.update({str(inner): figure for inner, figure in value.items()})
        elif not isinstance(value, list) and name != "content":
            found[name] = value
    return found


def _name(name: str) -> str:
    return str(MEMBERS.get(name, shown_number(name)))


def _piece(value: Any, name: str = "") -> str:
    """A value of the member `name` as people read it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("có") if value else _("không")
    if isinstance(value, str):
        value = _worded(name, value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_PIECE else f"{text[:LONGEST_PIECE]}…"


def _worded(name: str, value: str) -> str:
    """The word for a value that the log names by a code; a decimal as the reader writes it; else the value itself."""
    if name in VALUES:
        return str(VALUES[name].get(value, value))
    for kind in _NAMED_BY.get(name, ()):
        if value in set(kind):
            return _small(label(kind(value)))
    if name in _DECIMALS and _DECIMAL.fullmatch(value):
        return format_points(Decimal(value))
    return value


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
