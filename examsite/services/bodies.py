"""The tree of bodies: who is competent for which level of posts."""

from __future__ import annotations

from sqlalchemy import select

from examsite.domain.competitions import DelegationLevel
from examsite.domain.errors import InvalidError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Body


def create_body(
    ctx: ServiceContext,
    *,
    code: str,
    name: str,
    name_en: str,
    level: DelegationLevel,
    parent_id: int | None = None,
) -> Body:
    """Add a body with its delegation level.

    Raises:
        InvalidError: `body_code_taken`, with its `field`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    if ctx.session.scalars(select(Body.id).where(Body.code == code)).first() is not None:
        raise InvalidError("body_code_taken", field="code", body=code)
    body = Body(code=code, name=name, name_en=name_en, level=level, parent_id=parent_id)
    ctx.session.add(body)
    ctx.session.flush()
    record(ctx, None, Event.BODY_CREATED, f"body/{code}", {"name": name, "level": level.value, "parent": parent_id})
    return body


def edit_body(
    ctx: ServiceContext, body: Body, *, name: str, name_en: str, level: DelegationLevel, parent_id: int | None
) -> None:
    """Change a body; its code stays. A body is never below itself.

    Raises:
        InvalidError: `body_below_itself`, with its `field`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    above = parent_id
    while above is not None:
        if above == body.id:
            raise InvalidError("body_below_itself", field="parent_id")
        above = ctx.session.scalars(select(Body.parent_id).where(Body.id == above)).one_or_none()
    body.name, body.name_en, body.level, body.parent_id = name, name_en, level, parent_id
    ctx.session.flush()
    payload = {"name": name, "level": level.value, "parent": parent_id}
    record(ctx, None, Event.BODY_CHANGED, f"body/{body.code}", payload)
