"""Who may open which address: declared at the view, refused by default, checked before any view runs.

`@public`, `@logged_in`, `@requires(Role…)` and `@attempt_token` are the only declarations; a view without one answers
403 to everybody. A role counts in the competition named by `<code>` in the address; without `<code>` it counts
anywhere. This is the only reader of Flask-Login's `current_user`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, abort, current_app, g, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user

from examsite.domain.errors import FactorNeededError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.services import accounts
from examsite.services.attempt_tokens import attempt_of_token
from examsite.services.context import SYSTEM, Actor
from examsite.storage.database import db, reading_alone
from examsite.storage.queries.accounts import HeldRole
from examsite.storage.queries.competitions import get_competition, get_competition_alone
from examsite.web.errors import message_of, wants_json
from examsite.web.fresh_factors import ask_for_factor, take_answer
from examsite.web.transactions import WRITING, forget_changes, read_web_clock

#: Control signs but the tabulator and the ends of lines, which come with pasted words.
_CONTROL = re.compile(r"[\x00-\x08\x0c\x0e-\x1f\x7f-\x9f]")

#: What opens before a password that an administrator gave out is changed; leaving is open to everybody.
OWN_ACCOUNT = frozenset({"auth.show_account", "auth.end_log_in"})

#: What opens to an official who has not shown a second factor in this log-in, where the installation wants one.
BEFORE_FACTOR = OWN_ACCOUNT | {"auth.show_factor", "auth.list_factors", "auth.add_app", "auth.add_passkey"}

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a view declares: `public`, `logged_in`, `roles` or `attempt_token`."""

    kind: str
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Principal(UserMixin):
    """The person logged in, as plain values: survives the end of any transaction."""

    token: str
    account_id: int
    login: str
    display_name: str
    candidacy_id: int | None
    #: Whether the password was given out by an administrator: nothing but the own account opens before it is changed.
    must_change_password: bool = False
    #: When a second factor was last shown in this log-in.
    factor_at: datetime | None = None
    held: tuple[HeldRole, ...] = field(default=())

    def get_id(self) -> str:
        """Flask-Login's identity is the token of the log-in, so that ending the row ends the cookie."""
        return self.token

    def roles_in(self, competition_code: str | None) -> tuple[HeldRole, ...]:
        """Roles that count in this competition (None: all roles)."""
        if competition_code is None:
            return self.held
        return tuple(item for item in self.held if item.competition_code == competition_code)


def public(view: ViewT) -> ViewT:
    """Anyone may open it, logged in or not."""
    view.access = Access("public")  # type: ignore[attr-defined]
    return view


def logged_in(view: ViewT) -> ViewT:
    """Anyone who is logged in may open it."""
    view.access = Access("logged_in")  # type: ignore[attr-defined]
    return view


def attempt_token(view: ViewT) -> ViewT:
    """Only the token of an attempt opens it, which is then in `g.attempt_id`; cookies and CSRF tokens play no part."""
    view.access = Access("attempt_token")  # type: ignore[attr-defined]
    return view


def requires(*roles: Role) -> Callable[[ViewT], ViewT]:
    """Only holders of one of the roles may open it."""

    def declare(view: ViewT) -> ViewT:
        view.access = Access("roles", frozenset(roles))  # type: ignore[attr-defined]
        return view

    return declare


def fresh_factor(view: ViewT) -> ViewT:
    """For a critical act: where its service asks for a second factor, the page asks for it on the way.

    The view is run first, so that whoever left something out is told so before a code is asked; nothing of that run
    stays. What was typed goes through the page that asks and comes back with the answer. Stands below `@requires` and
    above `@writes`. The service decides with `ctx.require_fresh_factor()`, or takes a signature in place of a factor;
    a view does nothing slow before that.
    """

    @wraps(view)
    def behind_factor(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        person = principal()
        if request.method not in WRITING or person is None:
            return cast(ResponseReturnValue, view(*args, **kwargs))
        refused = take_answer(person.token)
        if refused is not None:
            return refused
        try:
            return cast(ResponseReturnValue, view(*args, **kwargs))
        except FactorNeededError:
            if wants_json():
                raise
            forget_changes()
            return ask_for_factor(person.token)

    behind_factor.asks_for_factor = True  # type: ignore[attr-defined]
    return behind_factor  # type: ignore[return-value]


def load_principal(token: str) -> Principal | None:
    """The person behind a log-in token, if the server still knows it."""
    session = db.session()
    # Whoever writes begins a transaction of its own after the guard, so that none is begun here.
    with reading_alone(session) if request.method in WRITING else nullcontext():
        found = accounts.find_logged_in(session, token, now=read_web_clock())
    if found is None:
        return None
    return Principal(
        token=token,
        account_id=found.account_id,
        login=found.login,
        display_name=found.display_name,
        candidacy_id=found.candidacy_id,
        must_change_password=found.must_change_password,
        factor_at=found.factor_at,
        held=found.held,
    )


def principal() -> Principal | None:
    """The person logged in, or None."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def _actor_for(person: Principal, access: Access, competition_code: str | None) -> Actor:
    if Role.CANDIDATE in access.roles and person.candidacy_id is not None:
        return Actor(account_id=person.account_id, role=Role.CANDIDATE, candidacy_id=person.candidacy_id)
    for item in person.roles_in(competition_code):
        if item.role in access.roles:
            return Actor(
                account_id=person.account_id,
                role=item.role,
                assignment_id=item.assignment_id,
                pseudonym=item.pseudonym,
                competition_id=item.competition_id,
            )
    raise NotAllowedError("role_needed", roles="")


def _is_foreign() -> bool:
    """Whether a page of another site makes the browser send this; the browser says so, and no page can forge it.

    Where a browser does not tell (no HTTPS in the room), the origin is compared with the address that was asked.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is not None and origin.lower().rpartition("://")[2] != request.host.lower()


def _guard() -> ResponseReturnValue | None:
    """Refuse everything that is not declared, and everybody who does not hold what is declared."""
    g.actor = SYSTEM
    g.factor_at = None
    g.competition = None
    # No address of ours has such signs, and no database wants to be asked about them.
    if not request.path.isprintable():
        abort(404)
    if any(_CONTROL.search(text) for item in request.args.items(multi=True) for text in item):
        abort(400)
    if request.method in WRITING and _is_foreign():
        abort(403)
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    access: Access | None = getattr(view, "access", None)
    if access is None:
        abort(403)
    code = (request.view_args or {}).get("code")
    if access.kind == "public":
        return None
    if access.kind == "attempt_token":
        return _admit_page()
    person = principal()
    if person is None:
        return _ask_to_log_in()
    g.actor = Actor(account_id=person.account_id)
    g.factor_at = person.factor_at
    if person.must_change_password and request.endpoint not in OWN_ACCOUNT:
        return _ask_for_own_password()
    if _owes_factor(person) and request.endpoint not in BEFORE_FACTOR:
        return _ask_for_factor_first()
    if access.kind == "roles":
        g.actor = _actor_for(person, access, code)
        if code is not None:
            _read_competition(view, code)
    return None


def _ask_to_log_in() -> ResponseReturnValue:
    if not _is_page():
        abort(401)
    session["next"] = request.full_path if request.query_string else request.path
    door = "auth.log_in_candidate" if request.blueprint == "candidate" else "auth.log_in"
    return redirect(url_for(door))


def _ask_for_own_password() -> ResponseReturnValue:
    if not _is_page():
        abort(403)
    return redirect(url_for("auth.show_account"))


def _owes_factor(person: Principal) -> bool:
    """Whether this official still has to show a second factor in this log-in."""
    return bool(person.held) and person.factor_at is None and current_app.extensions["settings"].factor_at_log_in


def _ask_for_factor_first() -> ResponseReturnValue:
    if not _is_page():
        abort(403)
    session["next"] = request.full_path if request.query_string else request.path
    return redirect(url_for("auth.show_factor"))


def _is_page() -> bool:
    """Whether somebody asks for a page to look at, and can be led to another one."""
    return request.method == "GET" and bool(request.accept_mimetypes.accept_html)


def _read_competition(view: Any, code: str) -> None:
    """The competition of the address; a view that writes reads it behind its lock, where this would be forgotten."""
    g.competition_code = code
    if request.method in WRITING and getattr(view, "reads_behind_lock", False):
        return
    read = get_competition_alone if getattr(view, "beside_others", False) else get_competition
    try:
        g.competition = read(db.session(), code)
    except NotFoundError:
        abort(404)


def _admit_page() -> ResponseReturnValue | None:
    """Find out which attempt the token of a test page stands for; without one nothing is done."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise NotAllowedError("token_unknown")
        g.attempt_id = attempt_of_token(current_app.extensions["settings"], token.strip())
    except NotAllowedError as refusal:
        return jsonify(error=refusal.code, message=message_of(refusal)), 401
    g.actor = Actor(role=Role.CANDIDATE)
    return None


def init_access(app: Flask) -> None:
    """Switch on log-ins and the guard."""
    manager = LoginManager()
    manager.session_protection = None  # the address may change in a room; the server's row is what counts
    manager.init_app(app)
    manager.user_loader(load_principal)
    app.before_request(_guard)
