"""Sheets of keys that those who watch hold: who holds which, and whether the own one is the right one."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import fresh_factor, requires
from examsite.web.split_keys import serve_keys, serve_rehearsal, serve_sheet, serve_taking
from examsite.web.supervisor import bp
from examsite.web.transactions import writes


@bp.get("/<code>/keys")
@requires(Role.SUPERVISOR)
def list_keys(code: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """The keys of the competition, their holders and their state."""
    return serve_keys()


@bp.route("/<code>/keys/<int(max=2147483647):key>/sheet", methods=["GET", "POST"])
@requires(Role.SUPERVISOR)
@fresh_factor
@writes
def show_sheet(code: str, key: int) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """A supervisor sees the own sheet, to print it."""
    return serve_sheet(key)


@bp.post("/<code>/keys/<int(max=2147483647):key>/sheet/taken")
@requires(Role.SUPERVISOR)
@fresh_factor
@writes
def take_sheet(code: str, key: int) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """A supervisor has the own sheet on paper."""
    return serve_taking(key)


@bp.route("/<code>/keys/<int(max=2147483647):key>/check", methods=["GET", "POST"])
@requires(Role.SUPERVISOR)
@writes
def rehearse_share(code: str, key: int) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """A supervisor tries the own sheet."""
    return serve_rehearsal(key, back="supervisor.list_keys")
