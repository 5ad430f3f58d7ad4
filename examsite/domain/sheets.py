"""What a candidate is shown of a paper, in one language: no key, no rubric, the same for everyone who writes it.

Options stand in the order of the paper; the order of each candidate is drawn for the attempt and travels beside it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from examsite.domain.papers import Paper, PaperItem
from examsite.domain.questions import QuestionKind, Text
from examsite.domain.scores import score_text, sum_scores

LANGUAGES: Final = ("vi", "en")
"""Languages in which every paper can be read; the first one is authoritative."""

_PART: Final = re.compile(r"^([a-h])\)\s*(.*?)(?:\s*\(([\d.,]+ (?:điểm|points?))\))?[.;]?$")


def sheet_of(paper: Paper, language: str) -> dict[str, Any]:
    """The paper as JSON material: every item with its number among its kind, its text in blocks, and its options."""
    numbers = {True: 0, False: 0}
    items = []
    for item in paper.items:
        numbers[item.is_essay] += 1
        items.append(_shown(item, numbers[item.is_essay], language))
    return {
        "paper": paper.code,
        "language": language,
        "objective_points": score_text(sum_scores(item.points for item in paper.objective)),
        "essay_points": score_text(sum_scores(item.points for item in paper.essays)),
        "items": items,
    }


def stem_blocks(text: str) -> list[dict[str, Any]]:
    """The text of a question in paragraphs, dashes and lettered parts, as its author wrote it line by line."""
    blocks: list[dict[str, Any]] = []
    for line in (raw.strip() for raw in text.split("\n")):
        part = _PART.match(line)
        if not line:
            continue
        if part:
            _into(blocks, "parts", {"key": part[1] + ")", "text": part[2], "points": part[3] or ""})
        elif line.startswith("- "):
            _into(blocks, "dashes", {"text": line[2:]})
        else:
            blocks.append({"kind": "paragraph", "text": line, "rows": []})
    return blocks


def _shown(item: PaperItem, number: int, language: str) -> dict[str, Any]:
    question = item.question
    unit = getattr(question.answer_key, "unit", None) if question.kind is QuestionKind.NUMERIC else None
    return {
        "item": item.item,
        "number": number,
        "kind": question.kind.value,
        "is_essay": item.is_essay,
        "points": score_text(item.points),
        "blocks": stem_blocks(_in(question.stem, language)),
        "options": [{"key": option.key, "text": _in(option.text, language)} for option in question.options],
        "unit": "" if unit is None else _in(unit, language),
    }


def _in(text: Text, language: str) -> str:
    """The words in a language; Vietnamese where there are none."""
    return str(getattr(text, language) or text.vi)


def _into(blocks: list[dict[str, Any]], kind: str, row: dict[str, str]) -> None:
    if not blocks or blocks[-1]["kind"] != kind:
        blocks.append({"kind": kind, "text": "", "rows": []})
    blocks[-1]["rows"].append(row)
