"""Scripts with agreed marks on a marking board, entered by the head and agreed by the chair, through the services."""

from __future__ import annotations

from examsite.domain.marking import ScriptKind
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.services.standardisation import agree_standard, propose_standard
from examsite.storage.models.standardisation import AgreedMark
from tests.factories.marking import Board


def propose(
    board: Board, kind: ScriptKind, total: str, *, text: str = "Tôi rà lại việc và nêu hai phương án."
) -> AgreedMark:
    """What the head enters; nobody has agreed yet."""
    essays = paper_from_data(board.room.paper.data).essays
    return propose_standard(
        board.ctx(Role.MARKING_HEAD),
        board.competition,
        kind=kind,
        paper=board.room.paper.code,
        texts={item.item: f"{text} ({item.item})" for item in essays},
        points=board.points(total),
        comments={board.rubric.human[0].criterion: "Nêu đúng căn cứ, chưa nêu người phối hợp."},
    )


def agree(
    board: Board, kind: ScriptKind, total: str, *, text: str = "Tôi rà lại việc và nêu hai phương án."
) -> AgreedMark:
    """What two people agreed on."""
    proposed = propose(board, kind, total, text=text)
    sha256 = proposed.script.content_sha256
    return agree_standard(board.ctx(Role.CHAIR), board.competition, proposed.id, sha256=sha256)


def with_rules(board: Board, **figures: str) -> None:
    """Other figures of the rule set than those of the preset, for what a test is about."""
    lines = []
    for line in board.competition.ruleset_toml.split("\n"):
        name = line.partition(" = ")[0]
        if name in figures:
            before, _value, after = line.partition("value = ")
            lines.append(f"{before}value = {figures[name]}, {after.partition(', ')[2]}")
        else:
            lines.append(line)
    board.competition.ruleset_toml = "\n".join(lines)
    board.session.flush()
