"""The source of the product as trees, for the rules of the house that are read from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("examsite", "question_bank")


def python_files(*folders: str) -> list[Path]:
    """Every Python file below the folders, in one order."""
    found = [path for folder in folders or PACKAGES for path in (ROOT / folder).rglob("*.py")]
    assert found, f"no Python file below {folders}"
    return sorted(found)


def text_files(folder: str, *endings: str) -> list[Path]:
    """Every file below the folder with one of the endings."""
    found = sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in endings)
    assert found, f"no {endings} below {folder}"
    return found


def name_of(path: Path) -> str:
    """The path as a person would write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _walked(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


def nodes_of(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Every node of a file, with the place to point at."""
    name = name_of(path)
    for node in _walked(path):
        yield node, f"{name}:{getattr(node, 'lineno', 0)}"


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or attribute, else the empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""
