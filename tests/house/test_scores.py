"""No binary float near a score: neither in the rules nor in a column."""

from __future__ import annotations

import ast

from sqlalchemy import Float

from examsite.storage import models  # noqa: F401 - its import makes the tables known
from examsite.storage.database import Base
from tests.house.source import nodes_of, python_files


def test_rules_and_questions_hold_no_float() -> None:
    floats = []
    for path in python_files("examsite/domain", "question_bank"):
        for node, place in nodes_of(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                floats.append(f"{place} {node.value}")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
                floats.append(f"{place} float(…)")
            if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
                names = {part.id for part in ast.walk(node.annotation) if isinstance(part, ast.Name)}
                floats.extend([f"{place} typed float"] if "float" in names else [])

    assert floats == []


def test_no_column_is_a_float() -> None:
    floats = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Float)
    ]

    assert Base.metadata.tables, "no table is known"
    assert floats == []
