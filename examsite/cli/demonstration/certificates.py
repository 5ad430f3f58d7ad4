"""The demonstration's sittings that have not started keep a certificate for the program that runs.

Whoever tries a new version of the program on an old demonstration would otherwise wait for a start that never comes.
The certificate says that it is the demonstration's; an installation without the demonstration is never touched.
"""

from __future__ import annotations

from sqlalchemy import Engine

from examsite.config import Settings
from examsite.services.checkpoints import load_signer
from examsite.services.context import ServiceContext, read_clock
from examsite.services.rehearsals import identity_of, record_rehearsal
from examsite.storage.database import writing
from examsite.storage.queries.rehearsals import (
    count_at_once,
    find_running_rehearsal,
    list_certificate_faults,
    list_waiting_sittings,
)


def renew_certificates(engine: Engine, settings: Settings) -> None:
    """Record the demonstration's certificate again where the one that is there does not speak for this program."""
    identity = identity_of(settings)
    with writing(engine) as session:
        ctx = ServiceContext(session=session, now=read_clock(), settings=settings, signer=load_signer(settings))
        if find_running_rehearsal(session, ctx.now) is not None:
            return
        for sitting in list_waiting_sittings(session):
            if list_certificate_faults(session, sitting, identity=identity, now=ctx.now):
                record_rehearsal(
                    ctx,
                    sitting.competition,
                    head_count=count_at_once(session, sitting),
                    source="demonstration",
                    figures={},
                )
