"""How a rule set is read, written, and hashed when it is frozen; how a draft is changed stands in `ruleset_drafts`.

For the preset files, the edit form, the announcement and the result. A rule set has three spellings: the preset file
(TOML, every figure a table with its source), the member `ruleset` of `result.json`, and the frozen value between.
"""

from __future__ import annotations

import json
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.errors import InvalidError
from examsite.domain.questions import Text
from examsite.domain.ruleset_figures import PART_FIGURES, SETTINGS, FigureKind, FigureSpec, PartKind
from examsite.domain.ruleset_model import (
    OUR_CHOICE,
    OWN_CHOICE,
    AfterDiscussion,
    BlindPairPart,
    Confidence,
    Figure,
    FigureSource,
    Item,
    MachinePart,
    Measure,
    PanelPart,
    Part,
    RuleSet,
    Straddle,
    attribute_of,
    check_ruleset,
    figure_value,
)
from examsite.domain.scores import score, score_text

__all__ = [
    "OUR_CHOICE",
    "OWN_CHOICE",
    "AfterDiscussion",
    "BlindPairPart",
    "Confidence",
    "Figure",
    "FigureSource",
    "Item",
    "MachinePart",
    "Measure",
    "PanelPart",
    "Part",
    "PartKind",
    "RuleSet",
    "Straddle",
    "check_ruleset",
    "ruleset_data",
    "ruleset_from_data",
    "ruleset_from_toml",
    "ruleset_sha256",
    "ruleset_to_toml",
]

_PART_CLASSES: dict[PartKind, Callable[..., Part]] = {
    PartKind.BLIND_PAIR: BlindPairPart,
    PartKind.PANEL: PanelPart,
    PartKind.MACHINE: MachinePart,
}
#: Figures that are words of a closed list, by key.
WORD_CLASSES: dict[str, Callable[[Any], str]] = {"straddle": Straddle, "after_discussion": AfterDiscussion}

# Source: the published format of `result.json`: these stand beside the parts, everything else under "notes".
_RESULT_MEMBERS = ("tie_break", "deductions", "minimum_candidates", "approvals_council", "approvals_authority")
_NOTE_SETTINGS = tuple(spec for spec in SETTINGS if spec.key not in _RESULT_MEMBERS)


# --- preset file ---------------------------------------------------------------------------------------------------


# Every page of a competition asks for its rule set, which says the same as long as its text does.
# Source: our choice, because a server holds few competitions at once, and a hundred rule sets are a few megabytes.
@lru_cache(maxsize=100)
def ruleset_from_toml(text: str) -> RuleSet:
    """The sound rule set that a preset file states; the same value for the same text, so nothing of it may change.

    Raises:
        InvalidError: `ruleset_not_readable` with the `field` at fault, or a code of `check_ruleset`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidError("ruleset_not_readable", field="file", detail=str(error)) from None
    _refuse_unknown(document, {"name", "title_vi", "title_en", "parts", "settings"}, "file")
    sources: dict[str, FigureSource] = {}

    def read(tables: Mapping[str, Any], spec: FigureSpec, key: str) -> Any:
        table = _member(tables, spec.key, key)
        _refuse_unknown(table, {"value", "source_vi", "source_en", "confidence"}, key)
        sources[key] = _source(
            {name.removeprefix("source_"): _member(table, name, key) for name in table if name != "value"}, key
        )
        return _decoded(spec, _member(table, "value", key), key)

    return _assembled(
        name=_text(document, "name"),
        title=Text(_text(document, "title_vi"), _text(document, "title_en")),
        parts=[
            ({**part, "title": {"vi": part.get("title_vi"), "en": part.get("title_en")}})
            for part in _tables(document, "parts")
        ],
        settings=_member(document, "settings", "settings"),
        sources=MappingProxyType(sources),
        read=read,
        beside={"part", "kind", "title", "title_vi", "title_en"},
    )


def ruleset_to_toml(ruleset: RuleSet) -> str:
    """The preset file of the rule set; reading it gives the same rule set back."""
    lines = [
        f"name = {_quoted(ruleset.name)}",
        f"title_vi = {_quoted(ruleset.title.vi)}",
        f"title_en = {_quoted(ruleset.title.en)}",
    ]
    for part in ruleset.parts:
        lines += [
            "",
            "[[parts]]",
            f"part = {_quoted(part.part)}",
            f"kind = {_quoted(part.kind)}",
            f"title_vi = {_quoted(part.title.vi)}",
            f"title_en = {_quoted(part.title.en)}",
        ]
        for spec in PART_FIGURES[part.kind]:
            lines.append(_figure_line(spec, part, ruleset.sources[f"{part.part}.{spec.key}"]))
    lines += ["", "[settings]"]
    lines += [_figure_line(spec, ruleset, ruleset.sources[spec.key]) for spec in SETTINGS]
    return "\n".join(lines) + "\n"


def _figure_line(spec: FigureSpec, owner: object, source: FigureSource) -> str:
    return f"{spec.key} = " + _toml(
        {
            "value": _encoded(spec, figure_value(owner, spec)),
            "source_vi": source.text.vi,
            "source_en": source.text.en,
            "confidence": source.confidence.value,
        }
    )


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            return "[\n" + "".join(f"  {_toml(item)},\n" for item in value) + "]"
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- result.json ---------------------------------------------------------------------------------------------------


def ruleset_data(ruleset: RuleSet) -> dict[str, object]:
    """The member `ruleset` of `result.json`: what decides, and under "notes" the rest with every source."""
    return {
        "name": ruleset.name,
        "parts": [
            {
                "part": part.part,
                "kind": part.kind.value,
                **{spec.key: _encoded(spec, figure_value(part, spec)) for spec in PART_FIGURES[part.kind]},
            }
            for part in ruleset.parts
        ],
        "tie_break": list(ruleset.tie_break),
        "deductions": ruleset.deductions,
        "minimum_candidates": ruleset.minimum_candidates,
        "approvals": {"council": ruleset.approvals_council, "authority": ruleset.approvals_authority},
        "notes": {
            "title": _text_data(ruleset.title),
            "part_titles": {part.part: _text_data(part.title) for part in ruleset.parts},
            "settings": {spec.key: _encoded(spec, figure_value(ruleset, spec)) for spec in _NOTE_SETTINGS},
            "sources": {
                key: {**_text_data(source.text), "confidence": source.confidence.value}
                for key, source in sorted(ruleset.sources.items())
            },
        },
    }


def ruleset_from_data(data: Mapping[str, Any]) -> RuleSet:
    """The rule set that `ruleset_data` wrote.

    Raises:
        InvalidError: `ruleset_not_readable` with the `field` at fault, or a code of `check_ruleset`.
    """
    _refuse_unknown(
        data, {"name", "parts", "tie_break", "deductions", "minimum_candidates", "approvals", "notes"}, "ruleset"
    )
    notes = _member(data, "notes", "notes")
    _refuse_unknown(notes, {"title", "part_titles", "settings", "sources"}, "notes")
    titles = _mapping(notes, "part_titles")
    approvals = _member(data, "approvals", "approvals")
    _refuse_unknown(approvals, {"council", "authority"}, "approvals")
    return _assembled(
        name=_text(data, "name"),
        title=_text_from(_member(notes, "title", "title"), "title"),
        parts=[{**part, "title": titles.get(str(part.get("part")))} for part in _tables(data, "parts")],
        settings={
            **_mapping(notes, "settings"),
            **{key: data.get(key) for key in ("tie_break", "deductions", "minimum_candidates")},
            "approvals_council": approvals.get("council"),
            "approvals_authority": approvals.get("authority"),
        },
        sources={key: _source(table, key) for key, table in _mapping(notes, "sources").items()},
        read=lambda tables, spec, key: _decoded(spec, _member(tables, spec.key, key), key),
        beside={"part", "kind", "title"},
    )


def ruleset_sha256(ruleset: RuleSet) -> str:
    """The hash by which a frozen rule set is known, over its canonical bytes."""
    return sha256_hex(canonical_bytes(ruleset_data(ruleset)))


# --- one figure ------------------------------------------------------------------------------------------------------


def _assembled(
    *,
    name: str,
    title: Text,
    parts: list[dict[str, Any]],
    settings: Mapping[str, Any],
    sources: Mapping[str, FigureSource],
    read: Callable[[Mapping[str, Any], FigureSpec, str], Any],
    beside: set[str],
) -> RuleSet:
    built: list[Part] = []
    for table in parts:
        part = _text(table, "part")
        try:
            kind = PartKind(str(table.get("kind")))
        except ValueError:
            raise InvalidError("ruleset_not_readable", field=f"{part}.kind", detail=str(table.get("kind"))) from None
        specs = PART_FIGURES[kind]
        _refuse_unknown(table, beside | {spec.key for spec in specs}, part)
        figures = {attribute_of(spec): read(table, spec, f"{part}.{spec.key}") for spec in specs}
        built.append(_PART_CLASSES[kind](part=part, title=_text_from(table.get("title"), part), **figures))
    _refuse_unknown(settings, {spec.key for spec in SETTINGS}, "settings")
    values = {spec.key: read(settings, spec, spec.key) for spec in SETTINGS}
    ruleset = RuleSet(name=name, title=title, parts=tuple(built), sources=sources, **values)
    check_ruleset(ruleset)
    return ruleset


def _decoded(spec: FigureSpec, value: Any, key: str) -> Any:
    try:
        match spec.kind:
            case FigureKind.SCORE if isinstance(value, str):
                return score(value)
            case FigureKind.COUNT if isinstance(value, int) and not isinstance(value, bool):
                return value
            case FigureKind.FLAG if isinstance(value, bool):
                return value
            case FigureKind.WORD if isinstance(value, str):
                return WORD_CLASSES.get(spec.key, str)(value)
            case FigureKind.WORDS if isinstance(value, list):
                return tuple(_word(item) for item in value)
            case FigureKind.PAIRS if isinstance(value, list):
                return tuple((_word(first), _word(second)) for first, second in value)
            case FigureKind.ITEMS if isinstance(value, list):
                return tuple(Item(_word(item["code"]), _text_from(item, key)) for item in value)
            case FigureKind.MEASURES if isinstance(value, list):
                return tuple(_measure(item, key) for item in value)
    except (AttributeError, KeyError, TypeError, ValueError, InvalidError) as error:
        raise InvalidError("ruleset_not_readable", field=key, detail=str(error)) from None
    raise InvalidError("ruleset_not_readable", field=key, detail=type(value).__name__)


def _encoded(spec: FigureSpec, value: Any) -> object:
    match spec.kind:
        case FigureKind.SCORE:
            return score_text(value)
        case FigureKind.WORD:
            return str(value)
        case FigureKind.WORDS:
            return list(value)
        case FigureKind.PAIRS:
            return [list(pair) for pair in value]
        case FigureKind.ITEMS:
            return [{"code": item.code, **_text_data(item.text)} for item in value]
        case FigureKind.MEASURES:
            return [
                {
                    "measure": item.measure,
                    **({} if item.percent is None else {"percent": score_text(item.percent)}),
                    "void": item.void,
                    **_text_data(item.text),
                }
                for item in value
            ]
        case _:
            plain: object = value
            return plain


def _measure(table: Any, key: str) -> Measure:
    percent = table.get("percent")
    return Measure(
        measure=_word(table["measure"]),
        percent=None if percent is None else score(_word(percent)),
        void=_flag(table["void"]),
        text=_text_from(table, key),
    )


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(type(value).__name__)
    return value


def _source(table: Any, key: str) -> FigureSource:
    try:
        return FigureSource(_text_from(table, key), Confidence(table["confidence"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError("ruleset_not_readable", field=key, detail=str(error)) from None


def _text_from(table: Any, key: str) -> Text:
    if not isinstance(table, Mapping):
        raise InvalidError("ruleset_not_readable", field=key, detail="title")
    return Text(_text(table, "vi", key), _text(table, "en", key))


def _text_data(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}


def _text(table: Mapping[str, Any], name: str, key: str = "") -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidError("ruleset_not_readable", field=key or name, detail=name)
    # What is hashed later must be NFC already, whatever keyboard wrote the file.
    return unicodedata.normalize("NFC", value)


def _tables(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = document.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidError("ruleset_not_readable", field=name, detail=name)
    return value


def _mapping(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = _member(table, name, name)
    if not isinstance(value, Mapping):
        raise InvalidError("ruleset_not_readable", field=name, detail=type(value).__name__)
    return value


def _member(table: Any, name: str, key: str) -> Any:
    if not isinstance(table, Mapping) or name not in table:
        raise InvalidError("ruleset_not_readable", field=key, detail=name)
    return table[name]


def _refuse_unknown(table: Any, known: set[str], key: str) -> None:
    if not isinstance(table, Mapping):
        raise InvalidError("ruleset_not_readable", field=key, detail=type(table).__name__)
    unknown = sorted(set(table) - known)
    if unknown:
        raise InvalidError("ruleset_not_readable", field=key, detail=", ".join(unknown))
