"""States of a candidacy: from the first form to the decision on eligibility."""

from __future__ import annotations

from enum import StrEnum

from examsite.domain.state_machine import StateMachine


class CandidacyState(StrEnum):
    """Where one person's standing for a post is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class UploadKind(StrEnum):
    """What a file is, decided by its structure and never by its name."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    PNG = "png"
    JPEG = "jpeg"


class CandidacyEvent(StrEnum):
    """What happens to a candidacy."""

    SUBMITTED = "submitted"
    REOPENED = "reopened"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RECONSIDERED = "reconsidered"


_S = CandidacyState
_E = CandidacyEvent

CANDIDACY = StateMachine(
    name="candidacy",
    initial=_S.DRAFT,
    table={
        (_S.DRAFT, _E.SUBMITTED): _S.SUBMITTED,
        (_S.DRAFT, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.SUBMITTED, _E.REOPENED): _S.DRAFT,
        (_S.SUBMITTED, _E.ACCEPTED): _S.ELIGIBLE,
        (_S.SUBMITTED, _E.REFUSED): _S.REFUSED,
        (_S.SUBMITTED, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.ELIGIBLE, _E.RECONSIDERED): _S.SUBMITTED,
        (_S.REFUSED, _E.RECONSIDERED): _S.SUBMITTED,
    },
)
