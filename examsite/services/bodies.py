"""The tree of bodies: who is above whom, and which posts each manages."""

from __future__ import annotations

from sqlalchemy import select

from examsite.domain.competitions import DelegationLevel
from examsite.domain.errors import InvalidError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Body


def create_body(
    ctx: ServiceContext, *, code: str, name: str, name_en: str, level: DelegationLevel, parent_id: int | None = None
) -> Body:
    """Add a body to the tree.

    Raises:
        InvalidError: `body_code_taken`.
        NotAllowedError: `role_needed`.
        NotFoundError: `body_not_found` (the parent).
    """
    if ctx.actor.role is not None or ctx.actor.account_id is not None:  # the command line acts as the system
        ctx.require(Role.ADMINISTRATOR)
    if ctx.session.scalars(select(Body.id).where(Body.code == code)).first() is not None:
        raise InvalidError("body_code_taken", field="code", body=code)
    if parent_id is not None:
        get_body(ctx, parent_id)
    body = Body(code=code, name=name, name_en=name_en, level=level, parent_id=parent_id)
    ctx.session.add(body)
    ctx.session.flush()
    record(ctx, None, Event.BODY_CREATED, f"body/{code}", _data(body))
    return body


def change_body(
    ctx: ServiceContext, body_id: int, *, name: str, name_en: str, level: DelegationLevel, parent_id: int | None
) -> Body:
    """Rename a body or move it in the tree; its code stays, because records name it.

    Raises:
        InvalidError: `body_below_itself`.
        NotAllowedError: `role_needed`.
        NotFoundError: `body_not_found`.
    """
    ctx.require(Role.ADMINISTRATOR)
    body = get_body(ctx, body_id)
    above = parent_id
    while above is not None:
        if above == body_id:
            raise InvalidError("body_below_itself", field="parent")
        above = get_body(ctx, above).parent_id
    body.name, body.name_en, body.level, body.parent_id = name, name_en, level, parent_id
    ctx.session.flush()
    record(ctx, None, Event.BODY_CHANGED, f"body/{body.code}", _data(body))
    return body


def get_body(ctx: ServiceContext, body_id: int) -> Body:
    """One body.

    Raises:
        NotFoundError: `body_not_found`.
    """
    found = ctx.session.get(Body, body_id)
    if found is None:
        raise NotFoundError("body_not_found")
    return found


def _data(body: Body) -> dict[str, str | int | None]:
    return {"name": body.name, "level": body.level.value, "parent": body.parent_id}
