"""Habits that keep the layers honest: who commits, who reads the clock, who assigns a state, who says why."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from sqlalchemy.orm import configure_mappers

from examsite.storage import models  # noqa: F401 - its import makes the tables known
from examsite.storage.database import Base
from tests.house.source import dotted, name_of, nodes_of, python_files, tree_of

CLOCKS = re.compile(r"(^|\.)(datetime|date)\.(now|utcnow|today)$|^time\.(time|time_ns|monotonic|perf_counter)$")


def _calls(*folders: str) -> list[tuple[str, str, str]]:
    return [
        (name_of(path), place, dotted(node.func))
        for path in python_files(*folders)
        for node, place in nodes_of(path)
        if isinstance(node, ast.Call)
    ]


def test_services_and_queries_never_commit() -> None:
    commits = [
        place
        for _file, place, called in _calls("examsite/services", "examsite/storage/queries")
        if called.endswith((".commit", ".begin_nested"))
    ]

    assert commits == []


def test_web_commits_in_one_place() -> None:
    files = {file for file, _place, called in _calls("examsite/web") if called.endswith(".commit")}

    assert files == {"examsite/web/transactions.py"}


def test_views_say_refusals_in_one_way() -> None:
    """`show_refusal`, `show_on_field` and `say_beside`; a form may judge its own fields."""
    by_hand = [
        place
        for path in python_files("examsite/web")
        if name_of(path) != "examsite/web/errors.py" and "forms" not in path.parts
        for node, place in nodes_of(path)
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute) and target.attr in {"errors", "form_errors"}
    ]

    assert by_hand == []


def test_rules_and_services_never_read_the_clock() -> None:
    readers = {
        file
        for file, _place, called in _calls(
            "examsite/domain", "examsite/statistics", "examsite/services", "examsite/storage", "question_bank"
        )
        if CLOCKS.search(called)
    }

    assert readers <= {"examsite/services/context.py", "examsite/storage/clock.py"}


def test_environment_is_read_by_the_settings_only() -> None:
    readers = {
        name_of(path)
        for path in python_files()
        for node, _place in nodes_of(path)
        if isinstance(node, ast.Attribute) and dotted(node) in {"os.environ", "os.getenv"}
    }

    assert readers <= {"examsite/config.py"}


def test_only_services_assign_a_state() -> None:
    assigned = [
        place
        for path in python_files()
        for node, place in nodes_of(path)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr == "state"
        if not place.startswith("examsite/services/")
    ]

    assert assigned == []


def test_forgotten_joins_raise() -> None:
    configure_mappers()
    lazy = [
        f"{mapper.class_.__name__}.{relation.key}"
        for mapper in Base.registry.mappers
        for relation in mapper.relationships
        if relation.lazy not in {"raise", "raise_on_sql", "write_only"}
    ]

    assert lazy == []


def _is_figure(node: ast.expr | None) -> bool:
    """Whether the value is a bare number, a decimal or a span of time, beyond the trivial 0 and 1."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool) and node.value not in {0, 1}
    return isinstance(node, ast.Call) and dotted(node.func).rsplit(".", 1)[-1] in {"Decimal", "timedelta"}


def _says_its_source(lines: list[str], number: int) -> bool:
    """Whether the paragraph of the line (comments above, neighbours, text below) has a `Source:`."""
    first = last = number - 1
    while first > 0 and lines[first - 1].strip():
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].strip():
        last += 1
    return any("Source:" in line for line in lines[first : last + 1])


def _is_private(node: ast.Assign | ast.AnnAssign) -> bool:
    """Whether the name is for its own module only: how a rule is worked out, not what it says."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(dotted(target).startswith("_") for target in targets)


def _is_text_with_source(node: ast.stmt | None) -> bool:
    """Whether the statement is the text below a constant, with a `Source:` in it."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and "Source:" in str(node.value.value)


def _figures_without_source(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    body = tree_of(path).body
    return [
        f"{name_of(path)}:{node.lineno}"
        for node, below in zip(body, [*body[1:], None], strict=True)
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_figure(node.value) and not _is_private(node)
        if not _says_its_source(lines, node.lineno) and not _is_text_with_source(below)
    ]


def test_every_figure_of_the_rules_names_its_source() -> None:
    figures = python_files("examsite/domain", "examsite/statistics")

    assert [place for path in figures for place in _figures_without_source(path)] == []


def test_suppressions_state_their_reason() -> None:
    silent = [
        f"{name_of(path)}:{number}"
        for path in (*python_files(), *python_files("tests"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"# noqa(?!: [A-Z0-9, ]+ --? \w)", line) and "re.search" not in line
    ]

    assert silent == []


def test_nothing_names_a_path_of_the_machine_it_was_written_on() -> None:
    own = re.compile(r"(?<![\w.])/(work|home|root|Users)/")
    named = [
        f"{name_of(path)}:{number}"
        for path in python_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if own.search(line)
    ]

    assert named == []
