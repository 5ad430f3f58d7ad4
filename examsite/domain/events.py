"""Which facts may enter the record log, who may state them, and about what?

One closed list, one line per fact: `NAME = ("subject:fact", actors, subjects)`, and `MUST_BE_OPENED` as a fourth entry
where a result bundle must open every such record, so that nothing unwelcome can stay closed. The names, actors and
subjects of the published format are fixed for ever; those below "Our own facts" stay closed to the public and may be
added to, one line each.

Public codes of candidates are subjects only where nobody in the room could pair a person with a time: what happens at
a seat (check-in, opening, extra time, hand-in) names the sitting, and the candidate stands in the payload.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from examsite.domain.errors import InvalidError, NotAllowedError

ACTOR_KINDS: Final = frozenset(
    (
        *("system", "candidate"),
        *("organiser", "setter", "council", "authority", "keeper", "marker", "panel", "head"),
        *("invigilator", "supervisor", "administrator"),
    )
)
"""Who may stand before the stroke. Source: our choice, because these are the people of the product; one word each."""

NAMELESS_ACTORS: Final = frozenset({"system", "candidate"})
"""Written without a pseudonym. Source: our choice (record format): a candidate acts never with a code."""

SUBJECT_KINDS: Final = frozenset(
    (
        *("competition", "post", "application", "candidate", "account", "body"),
        *("paper", "sitting", "session", "draw", "codes"),
        *("script", "proposal", "defence"),
        "installation",
    )
)
"""What a record may be about. Source: our choice, because these are the things of the product that bear a code."""

# Plain letters only, so that no person's name fits in; 64 signs hold every code that is ever printed.
_CODE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")

_MUST_OPEN: Final = True

_SEAT: Final = "sitting"
_WHOLE: Final = "competition"
_ANYONE_WITH_A_DUTY: Final = "organiser setter council keeper marker panel head invigilator"


class Event(StrEnum):
    """The closed list of facts; each member knows its actors, its subjects and whether a bundle must open it."""

    actors: frozenset[str]
    subjects: frozenset[str]
    must_be_opened: bool

    def __new__(cls, value: str, actors: str = "", subjects: str = "", must_be_opened: bool = False) -> Event:  # noqa: FBT001, FBT002 -- a row of the table
        """One row of the table; kinds are given as words with spaces between."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.actors = frozenset(actors.split())
        member.subjects = frozenset(subjects.split())
        member.must_be_opened = must_be_opened
        return member

    # The published format: names, actors and subjects are fixed.
    LOG_OPENED = ("log:opened", "system", _WHOLE)
    RULESET_FROZEN = ("ruleset:frozen", "organiser", _WHOLE, _MUST_OPEN)
    ROLES_FIXED = ("roles:fixed", "organiser", _WHOLE)
    ROSTER_FIXED = ("roster:fixed", "organiser", _WHOLE, _MUST_OPEN)
    PAPER_SEALED = ("paper:sealed", "setter", "paper", _MUST_OPEN)
    PAPER_OPENED = ("paper:opened", "council", "paper", _MUST_OPEN)
    SITTING_STARTED = ("sitting:started", "system", _SEAT, _MUST_OPEN)
    SITTING_CLOSED = ("sitting:closed", "system", _SEAT, _MUST_OPEN)
    ATTENDANCE_RECORDED = ("attendance:recorded", "invigilator", "sitting session", _MUST_OPEN)
    ANSWERS_SUBMITTED = ("answers:submitted", "candidate system", _SEAT)
    ANSWERS_AMENDED = ("answers:amended", "council invigilator", _SEAT)
    INCIDENT_DECIDED = ("incident:decided", "council", _SEAT, _MUST_OPEN)
    DRAW_COMMITTED = ("draw:committed", "council", "draw", _MUST_OPEN)
    DRAW_HELD = ("draw:held", "council", "draw", _MUST_OPEN)
    CODES_SEALED = ("codes:sealed", "keeper", "codes", _MUST_OPEN)
    CODES_OPENED = ("codes:opened", "council", "codes", _MUST_OPEN)
    ITEM_DECIDED = ("item:decided", "setter", "paper", _MUST_OPEN)
    MARK_LOCKED = ("mark:locked", "marker panel system", "script defence", _MUST_OPEN)
    MARK_WITHDRAWN = ("mark:withdrawn", "head", "script defence", _MUST_OPEN)
    SETTLEMENT_DECIDED = ("settlement:decided", "head", "script defence", _MUST_OPEN)
    WRITTEN_PUBLISHED = ("written:published", "organiser", _WHOLE, _MUST_OPEN)
    DEDUCTION_APPLIED = ("deduction:applied", "council", "candidate", _MUST_OPEN)
    APPEAL_DECIDED = ("appeal:decided", "council", "script", _MUST_OPEN)
    TIE_DECIDED = ("tie:decided", "authority", "post", _MUST_OPEN)
    RESULT_APPROVED = ("result:approved", "council authority", _WHOLE, _MUST_OPEN)
    RESULT_REFUSED = ("result:refused", "council authority", _WHOLE, _MUST_OPEN)
    RESULT_PUBLISHED = ("result:published", "organiser", _WHOLE, _MUST_OPEN)

    # Our own facts: the life of a competition.
    COMPETITION_CREATED = ("competition:created", "organiser", _WHOLE)
    COMPETITION_CHANGED = ("competition:changed", "organiser", _WHOLE)
    COMPETITION_ANNOUNCED = ("competition:announced", "organiser", _WHOLE)
    COMPETITION_CLOSED = ("competition:closed", "organiser", _WHOLE)
    NOTICE_CHANGED = ("notice:changed", "organiser", _WHOLE)
    GATE_SIGNED = ("gate:signed", "council", _WHOLE)
    APPLICATIONS_OPENED = ("applications:opened", "organiser system", _WHOLE)
    APPLICATIONS_CLOSED = ("applications:closed", "organiser system", _WHOLE)
    WRITTEN_BEGUN = ("written:begun", "organiser council", _WHOLE)
    MARKING_BEGUN = ("marking:begun", "organiser head", _WHOLE)
    APPEALS_CLOSED = ("appeals:closed", "organiser system", _WHOLE)
    PROPOSALS_OPENED = ("proposals:opened", "organiser", _WHOLE)
    PROPOSALS_LOCKED = ("proposals:locked", "system organiser", _WHOLE)
    DEFENCE_BEGUN = ("defence:begun", "organiser council head", "competition session defence")
    RESULT_COMPUTED = ("result:computed", "organiser system", _WHOLE)
    BUNDLE_REPLACED = ("bundle:replaced", "organiser", _WHOLE)
    CORRECTION_ASKED = ("correction:asked", "organiser", _WHOLE)
    CORRECTION_DECIDED = ("correction:decided", "council", _WHOLE)
    CORRECTION_TAKEN_BACK = ("correction:taken-back", "organiser", _WHOLE)
    CORRECTION_DEFENCE_CALLED = ("correction:defence-called", "organiser", _WHOLE)
    EXPLANATION_ASKED = ("explanation:asked", "supervisor", _WHOLE)
    EXPLANATION_GIVEN = ("explanation:given", f"{_ANYONE_WITH_A_DUTY} authority", _WHOLE)
    FINDINGS_SEEN = ("findings:seen", "council authority", _WHOLE)

    # Our own facts: erasure of the data of those not selected.
    ERASURE_ASKED = ("erasure:asked", "organiser", _WHOLE)
    ERASURE_WITHDRAWN = ("erasure:withdrawn", "organiser", _WHOLE)
    DATA_ERASED = ("data:erased", "administrator system", _WHOLE)
    ERASURE_FINISHED = ("erasure:finished", "system", _WHOLE)

    # Our own facts: people.
    BODY_CREATED = ("body:created", "administrator system", "body")
    BODY_CHANGED = ("body:changed", "administrator", "body")
    ACCOUNT_CREATED = ("account:created", "administrator organiser system", "account")
    ACCOUNT_DISABLED = ("account:disabled", "administrator", "account")
    ACCOUNT_ENABLED = ("account:enabled", "administrator", "account")
    ACCOUNT_LOGGED_OUT = ("account:logged-out", "administrator", "account")
    FACTOR_ADDED = ("factor:added", "system", "account")
    FACTOR_REMOVED = ("factor:removed", "system", "account")
    FACTOR_SHOWN = ("factor:shown", "system", "account")
    FACTORS_RESET = ("factors:reset", "administrator", "account")
    PASSWORDS_ISSUED = ("passwords:issued", "organiser", _WHOLE)
    PASSWORD_RESET = ("password:reset", "administrator", "account")
    ROLE_GRANTED = ("role:granted", "administrator organiser system", "account")
    ROLE_REVOKED = ("role:revoked", "administrator organiser system", "account")
    CONFLICT_DECLARED = ("conflict:declared", _ANYONE_WITH_A_DUTY, _WHOLE)
    CONFLICT_JUDGED = ("conflict:judged", "council", _WHOLE)
    CANDIDATES_IMPORTED = ("candidates:imported", "organiser", _WHOLE)
    APPLICATION_BEGUN = ("application:begun", "candidate", "application")
    APPLICATION_SUBMITTED = ("application:submitted", "candidate organiser", "application")
    APPLICATION_REOPENED = ("application:reopened", "organiser", "application")
    APPLICATION_WITHDRAWN = ("application:withdrawn", "candidate organiser", "application")
    ELIGIBILITY_DECIDED = ("eligibility:decided", "council organiser", "application")

    # Our own facts: appeals and the working calendar.
    APPEAL_SUBMITTED = ("appeal:submitted", "candidate council", _WHOLE)
    APPEAL_WITHDRAWN = ("appeal:withdrawn", "candidate", _WHOLE)
    REMARKERS_NAMED = ("remarkers:named", "council system", "script")
    DIALOGUE_NOTED = ("dialogue:noted", "council", "script")
    CALENDAR_CHANGED = ("calendar:changed", "administrator", "installation")

    # Our own facts: keys that several people hold.
    KEY_SPLIT = ("key:split", "council setter", _WHOLE)
    KEY_SHOWN = ("key:shown", "council supervisor", _WHOLE)
    KEY_TAKEN = ("key:taken", "council supervisor", _WHOLE)
    KEY_DISCARDED = ("key:discarded", "council", _WHOLE)
    KEY_CHECKED = ("key:checked", "council supervisor", _WHOLE)

    # Our own facts: who cosigns the log from outside.
    WITNESS_NAMED = ("witness:named", "supervisor", _WHOLE)
    WITNESS_ENDED = ("witness:ended", "supervisor", _WHOLE)

    # Our own facts: draws.
    DRAW_REVEALED = ("draw:revealed", "council", "draw")

    # Our own facts: papers and the room.
    BLUEPRINT_PLANNED = ("blueprint:planned", "organiser setter", "post")
    OPENING_AGREED = ("opening:agreed", "council", "post")
    PAPER_SET_ASIDE = ("paper:set-aside", "council", "paper")
    PAPER_DRAWN = ("paper:drawn", "setter council", "paper")
    SITTING_SCHEDULED = ("sitting:scheduled", "organiser", _SEAT)
    SEATS_ASSIGNED = ("seats:assigned", "organiser council system", _SEAT)
    SEAT_CHANGED = ("seat:changed", "invigilator", _SEAT)
    CANDIDATE_CHECKED_IN = ("candidate:checked-in", "invigilator", _SEAT)
    LATENESS_WITHDRAWN = ("lateness:withdrawn", "invigilator", _SEAT)
    ATTEMPT_OPENED = ("attempt:opened", "candidate system", _SEAT)
    ATTEMPT_FREED = ("attempt:freed", "invigilator", _SEAT)
    TIME_EXTENDED = ("time:extended", "invigilator council", _SEAT)
    TIME_PAUSED = ("time:paused", "invigilator", _SEAT)
    TIME_RESUMED = ("time:resumed", "invigilator", _SEAT)
    TIME_DECIDED = ("time:decided", "invigilator", _SEAT)
    TIME_NAMED = ("time:named", "invigilator", _SEAT)
    CANDIDATE_ABSENT = ("candidate:absent", "invigilator", _SEAT)
    HELP_CALLED = ("help:called", "candidate", _SEAT)
    MESSAGE_SENT = ("message:sent", "invigilator", _SEAT)
    HELP_ANSWERED = ("help:answered", "invigilator", _SEAT)
    ATTEMPT_ENDED = ("attempt:ended", "invigilator", _SEAT)
    REQUEST_ASKED = ("request:asked", "invigilator organiser council", _SEAT)
    REQUEST_DECIDED = ("request:decided", "invigilator organiser council", _SEAT)
    ROOM_HANDED_OVER = ("room:handed-over", "invigilator", _SEAT)
    RESULTS_SIGNED = ("results:signed", "invigilator", _SEAT)
    ANSWERS_CARRIED = ("answers:carried", "invigilator", _SEAT)
    SITTING_CHANGED = ("sitting:changed", "organiser", _SEAT)
    OUTAGE_FOUND = ("outage:found", "system", _SEAT)
    CLOCK_ANCHORED = ("clock:anchored", "administrator", "installation")
    REHEARSAL_FINISHED = ("rehearsal:finished", "organiser administrator system", _WHOLE)
    ADJUSTMENTS_ASKED = ("adjustments:asked", "organiser", "application")
    ADJUSTMENTS_DECIDED = ("adjustments:decided", "council", "application")
    INCIDENT_RECORDED = ("incident:recorded", "invigilator", "sitting session")
    INCIDENT_DISMISSED = ("incident:dismissed", "council", "sitting session")

    # Our own facts: marking, proposals, defence.
    SCRIPT_REDACTED = ("script:redacted", "keeper", "script")
    ALLOCATION_DRAWN = ("allocation:drawn", "head system council", _WHOLE)
    ALLOCATION_CHANGED = ("allocation:changed", "head council", _WHOLE)
    STANDARD_AGREED = ("standard:agreed", "head setter council", _WHOLE)
    STANDARD_MARKED = ("standard:marked", "marker", _WHOLE)
    MARKER_QUALIFIED = ("marker:qualified", "head", _WHOLE)
    MARKER_STOPPED = ("marker:stopped", "head system", _WHOLE)
    MARKER_DECIDED = ("marker:decided", "head", _WHOLE)
    MARKERS_NAMED = ("markers:named", "system", _WHOLE)
    NAMING_DECIDED = ("naming:decided", "head", _WHOLE)
    SCRIPT_FLAGGED = ("script:flagged", "marker", _WHOLE)
    FLAG_ANSWERED = ("flag:answered", "head", _WHOLE)
    DISCUSSION_NOTED = ("discussion:noted", "head", "script")
    STRADDLE_SEEN = ("straddle:seen", "head", "script")
    RUBRIC_CHANGED = ("rubric:changed", "setter head", "paper")
    RUBRIC_TAKEN_BACK = ("rubric:taken-back", "head", "paper")
    RUBRIC_REFUSED = ("rubric:refused", "setter", "paper")
    RULING_REFUSED = ("ruling:refused", "setter council", "paper")
    WITHDRAWAL_ASKED = ("withdrawal:asked", "head", "script")
    WITHDRAWAL_REFUSED = ("withdrawal:refused", "council", "script")
    ASSESSMENT_LOCKED = ("assessment:locked", "panel head", "proposal")
    QUESTION_NOTED = ("question:noted", "panel head", "defence")
    MEMBER_NOTED = ("member:noted", "council head", "defence")
    EXCUSE_AGREED = ("excuse:agreed", "council", "defence")
    DEFENCE_STEP_TAKEN = ("defence:step-taken", "head", "defence")
    DEFENCE_STEP_UNDONE = ("defence:step-undone", "head", "defence")
    RECORDING_NOTED = ("recording:noted", "panel head", "defence")
    ABSENCE_WITHDRAWN = ("absence:withdrawn", "invigilator", "session")
    DISCUSSION_CLOSED = ("discussion:closed", "head", "defence")
    CHANGE_EXPLAINED = ("change:explained", "panel", "defence")
    PROPOSAL_UPLOADED = ("proposal:uploaded", "candidate", "proposal")
    DEFENCE_REVEALED = ("defence:revealed", "head system", "defence")


MUST_BE_OPENED: Final = frozenset(event for event in Event if event.must_be_opened)
"""What every bundle must open. Source: our choice (result format): nothing that a result rests on stays closed."""

ACTORS: Final[Mapping[Event, frozenset[str]]] = {event: event.actors for event in Event}
"""Kinds of actor that may state each fact. Source: our choice, because each duty belongs to one kind of person."""

SUBJECTS: Final[Mapping[Event, frozenset[str]]] = {event: event.subjects for event in Event}
"""Kinds of subject that each fact is about. Source: our choice, because a verifier looks facts up by subject."""


def actor_kind(actor: str) -> str:
    """The kind of the actor.

    Raises:
        InvalidError: `actor_not_valid`, also for a candidate with a code or an official without a pseudonym.
    """
    kind, stroke, pseudonym = actor.partition("/")
    nameless = kind in NAMELESS_ACTORS
    well_formed = not stroke if nameless else _CODE.fullmatch(pseudonym) is not None
    if kind not in ACTOR_KINDS or not well_formed:
        raise InvalidError("actor_not_valid", actor=actor)
    return kind


def subject_kind(subject: str) -> str:
    """The kind of the subject.

    Raises:
        InvalidError: `subject_not_valid`.
    """
    kind, _stroke, code = subject.partition("/")
    if kind not in SUBJECT_KINDS or _CODE.fullmatch(code) is None:
        raise InvalidError("subject_not_valid", subject=subject)
    return kind


def check_event(event: str, actor: str, subject: str) -> Event:
    """The event, when this actor may state it about this subject.

    Raises:
        InvalidError: `event_unknown`, `actor_not_valid`, `subject_not_valid`, `event_not_about_subject`.
        NotAllowedError: `event_not_for_actor`.
    """
    try:
        known = Event(event)
    except ValueError:
        raise InvalidError("event_unknown", event=event) from None
    if actor_kind(actor) not in known.actors:
        raise NotAllowedError("event_not_for_actor", event=event, actor=actor)
    if subject_kind(subject) not in known.subjects:
        raise InvalidError("event_not_about_subject", event=event, subject=subject)
    return known
