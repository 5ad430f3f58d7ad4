"""The one family of errors that a rule or an act may raise.

A `DomainError` carries a code and parameters, never a sentence: the door (`examsite.web.errors`) turns the code
into words in the reader's language and into an HTTP status. Rules never format text for people.
"""

from __future__ import annotations


class DomainError(Exception):
    """An act was refused. `code` names the reason, `params` fill the sentence shown to the person."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in sorted(self.params.items()))
        return f"{self.code}({details})"


class NotFoundError(DomainError):
    """The thing does not exist, or this person may not know that it does."""


class NotAllowedError(DomainError):
    """The person is known but holds no right to this act."""


class FactorNeededError(NotAllowedError):
    """The act takes a second factor that was shown a moment ago; no form answers this, the page that asks does."""


class InvalidError(DomainError):
    """What was given cannot be accepted as it stands; `params` may name the `field`."""


class ConflictError(DomainError):
    """The act does not fit the present state: wrong gate, wrong phase, already done, or changed by someone else."""
