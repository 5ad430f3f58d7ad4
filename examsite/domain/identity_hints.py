"""Which places of an answer may tell who wrote it?"""

from __future__ import annotations

from enum import StrEnum


class HintKind(StrEnum):
    """What a place may give away."""

    NAME = "name"
    UNIT = "unit"
    PHONE = "phone"
    IDENTITY_NUMBER = "identity-number"
    EMAIL = "email"
    CANDIDATE_NUMBER = "candidate-number"
    SIGNATURE = "signature"
