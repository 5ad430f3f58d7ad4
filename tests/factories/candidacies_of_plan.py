"""People who stand for a post of a plan."""

from __future__ import annotations

from datetime import date

from examsite.domain.dossiers import CandidacyState
from examsite.storage.models.competitions import Post
from examsite.storage.models.dossiers import Candidacy
from tests.factories.competitions import Plan, make_official


def add_candidacy(
    plan: Plan,
    post: Post,
    *,
    state: CandidacyState = CandidacyState.SUBMITTED,
    number: int = 1,
    numbered: bool = False,
    password_hash: str = "-",
) -> Candidacy:
    """One person who stands for the post, with a name that no public page may show."""
    code = f"HS-{plan.competition.code}-{post.code}-{number}"
    account = make_official(plan.session, plan.now, code, password_hash=password_hash)
    candidacy = Candidacy(
        competition_id=plan.competition.id,
        post_id=post.id,
        account_id=account.id,
        state=state,
        application_code=code[-20:],
        candidate_number=f"{plan.competition.number_prefix}{post.code[1:]}{number:02d}" if numbered else None,
        public_code=f"K{post.code[1:]}{number:02d}X7" if numbered else None,
        full_name=f"Hoàng Bí Mật {number}",
        born_on=date(1985, 5, 17),
        identity_number=f"0310850{post.code[1:]}{number:04d}",
        unit="Sở Xây dựng",
        position_title="Chuyên viên chính",
        created_at=plan.now,
        submitted_at=plan.now,
    )
    plan.session.add(candidacy)
    plan.session.flush()
    return candidacy
