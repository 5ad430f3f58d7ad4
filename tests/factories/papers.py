"""A planned competition with the whole bank, up to sealed papers, for pages and services."""

from __future__ import annotations

from typing import Any

from examsite.domain.blueprints import suggest_blueprint
from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services import papers
from examsite.services.announcements import announce
from examsite.storage.queries.competitions import get_post
from examsite.storage.queries.papers import list_bank
from question_bank.loader import load_bank
from tests.factories.competitions import Plan, make_complete_plan


def make_plan_with_bank(doing: Any, *, password_hash: str = "-", code: str = "VH-2026-01") -> Plan:
    """A complete draft whose posts have a plan that the bank can fill."""
    plan = make_complete_plan(doing.session, doing.now, password_hash=password_hash, code=code)
    papers.load_bank(doing.ctx(), load_bank())
    blueprint = suggest_blueprint(list_bank(doing.session), maximum=score(100), versions=3, bank_multiple=3)
    for post in ("P1", "P2"):
        row = get_post(doing.session, plan.competition.id, post)
        papers.plan_blueprint(plan.ctx(Role.SETTER), plan.competition, row, blueprint)
    return plan


def make_sealed(doing: Any, *, password_hash: str = "-", written: bool = False) -> Plan:
    """Announced, papers of P1 drawn and sealed; on request already in the written test."""
    plan = make_plan_with_bank(doing, password_hash=password_hash)
    announce(plan.ctx(), plan.competition)
    row = get_post(doing.session, plan.competition.id, "P1")
    papers.draw_papers(plan.ctx(Role.SETTER), plan.competition, row)
    papers.seal_papers(plan.ctx(Role.SETTER), plan.competition, row)
    if written:
        plan.competition.state = CompetitionState.WRITTEN
    return plan
