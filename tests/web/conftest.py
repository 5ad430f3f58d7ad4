"""A whole site for each test, on a database of its own, and a client that looks at every page it is given.

`client` refuses pages that break the promises of every page; `log_in` comes in through the real door.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.app import create_app
from examsite.config import Settings
from examsite.services.context import SYSTEM, Actor, ServiceContext
from examsite.storage.database import db, make_engine, upgrade, writing
from examsite.storage.log_in_tokens import factor_mac
from examsite.storage.models.accounts import LoginSession
from examsite.web.api.pace import SavePace
from examsite.web.machines import RoomRules
from tests.factories.ranking import known_signer
from tests.scenes import Kept, keep_scene, put_back
from tests.web.crawl import Walk, shared, shared_folder, walk
from tests.web.strict_client import StrictClient
from tests.web.world import World, build_world, close_site, open_site

PASSWORD = "mật khẩu dài của người thử 07"
#: When somebody showed a second factor that never grows old, so that stories about other things need no codes.
ALWAYS = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from: migrating once is quicker than once a test."""
    path = tmp_path_factory.mktemp("empty") / "examsite.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@dataclass(frozen=True)
class Standing:
    """The application of this process as it was made, and what it held then."""

    app: Flask
    settings: Settings
    extensions: dict[str, Any]


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """One application for the tests of this process: making one takes longer than most of them."""
    folder = tmp_path_factory.mktemp("site")
    settings = Settings(
        instance_path=folder,
        secret_key="0" * 64,
        database_url=f"sqlite:///{folder / 'examsite.db'}",
        password_hash_memory_kib=64,
        password_hash_time_cost=1,
        upload_limit_megabytes=2,
        testing=True,
    )
    known_signer(settings)  # what one test signed can be put back in the next
    app = create_app(settings)
    app.test_client_class = StrictClient
    yield Standing(app, settings, dict(app.extensions))
    _put_down(app)


@pytest.fixture
def site_settings(standing: Standing, empty_database: Path) -> Settings:
    """Settings of a small installation: cheap hashes, an empty database, nothing else in its folder but the key."""
    folder = standing.settings.instance_path
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    shutil.copy(empty_database, folder / "examsite.db")
    known_signer(standing.settings)
    return standing.settings


@dataclass
class Clock:
    """The clock of the site under test; it stands still until it is moved."""

    present: datetime
    reads: int = field(default=0)

    def __call__(self) -> datetime:
        self.reads += 1
        return self.present


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


#: What an application learns while it runs: a test begins with a site that knows nothing yet.
LEARNT: dict[str, Callable[[], Any]] = {"room_rules": RoomRules, "save_pace": SavePace}
#: What an application is made with and keeps.
GIVEN = {"settings", "clock", "passwords", "signer"}


@pytest.fixture
def app(site_settings: Settings, standing: Standing, clock: Clock) -> Iterator[Flask]:
    """The whole site as after its start, its clock in the hand of the test."""
    own = {name for name, thing in standing.extensions.items() if type(thing).__module__.startswith("examsite")}
    assert own <= {*LEARNT, *GIVEN}, f"say in tests/web/conftest.py whether a site learns {own - {*LEARNT, *GIVEN}}"
    if site_settings is standing.settings:
        app = standing.app
        app.extensions.clear()
        app.extensions.update(standing.extensions)
        app.extensions.update({name: make() for name, make in LEARNT.items()})
    else:
        app = create_app(site_settings)
        app.test_client_class = StrictClient
    app.extensions["clock"] = clock
    yield app
    _put_down(app)


def _put_down(app: Flask) -> None:
    """Nobody of this site writes or reads any more."""
    writer = app.extensions.get("writer")
    if writer is not None:
        writer.close()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> StrictClient:
    """A browser without a log-in."""
    return app.test_client()


@dataclass(frozen=True)
class Doing:
    """What a test writes with when it prepares a scene."""

    session: Session
    now: datetime
    app: Flask

    def ctx(self, actor: Actor = SYSTEM) -> ServiceContext:
        return ServiceContext(
            session=self.session,
            now=self.now,
            actor=actor,
            settings=self.app.extensions["settings"],
            signer=self.app.extensions["signer"],
            factor_at=self.now,
        )


@pytest.fixture(scope="module")
def kept_scenes() -> dict[str, Kept]:
    """Scenes that the tests of this module begin with."""
    return {}


@pytest.fixture
def scene(
    app: Flask, clock: Clock, kept_scenes: dict[str, Kept], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Any]:
    """Prepare the database: `scene(lambda doing: …)` runs in one committed transaction and gives back plain values.

    The first scene of a test may have a name, `once="draft"`: then it is built by the first test of the module that
    asks for this name and put back for the others. It must leave no file behind. What a test adds to such a scene or
    wants to know of it is `then=`: it gets the scene in the same transaction, and its answer is the answer.
    """

    def prepare(
        steps: Callable[[Doing], Any], *, once: str = "", then: Callable[[Any], Any] = lambda made: made
    ) -> Any:
        given = {name: app.extensions[name] for name in ("settings", "signer")}
        with app.app_context(), writing(db.engine) as session:
            if once in kept_scenes:
                return then(put_back(kept_scenes[once], session, folder=None, given=given))
            made = steps(Doing(session, clock.present, app))
            if once:
                kept_scenes[once] = keep_scene(
                    made, session, copy_to=tmp_path_factory.mktemp("scene") / "files", folder=None, given=given
                )
            return then(made)

    return prepare


@pytest.fixture
def password_hash(app: Flask) -> str:
    """The hash of `PASSWORD`, for accounts made without the form."""
    return str(app.extensions["passwords"].hash(PASSWORD))


@pytest.fixture
def log_in(app: Flask) -> Callable[..., StrictClient]:
    """`log_in('ngan')` gives a client that came in through the door of officials (or `door='/candidate/login'`).

    Whoever came in has shown a second factor that stays fresh, but for `shows_factor=False`.
    """

    def come_in(
        login: str, password: str = PASSWORD, *, door: str = "/login", shows_factor: bool = True
    ) -> StrictClient:
        client: StrictClient = app.test_client()
        response = client.submit(door, {"login": login, "password": password})
        assert response.status_code == 302, re.sub(r"<[^>]+>|\s+", " ", response.text)[-600:]
        if shows_factor:
            with app.app_context(), writing(db.engine) as session:
                newest = session.scalars(select(LoginSession).order_by(LoginSession.id.desc()).limit(1)).one()
                newest.factor_at, newest.factor_mac = ALWAYS, factor_mac(session, newest.token_mac, ALWAYS)
        return client

    return come_in


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> World:
    """Competitions at every stand with everybody in them; made once per run and never written to."""
    folder = shared_folder(tmp_path_factory, worker_id)
    made: World = shared(folder, "world", lambda: build_world(folder / "world"))
    return made


@pytest.fixture(scope="session")
def walked(world: World, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Walk:
    """Every reading route as everybody; walked once per run."""
    folder = shared_folder(tmp_path_factory, worker_id)
    done: Walk = shared(folder, "walk", lambda: walk(world, tmp_path_factory.mktemp("walk")))
    return done


@pytest.fixture(scope="module")
def world_site(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The site over a copy of the world that the tests of one module may change."""
    app = open_site(world.copy_to(tmp_path_factory.mktemp("world")))
    yield app
    close_site(app)
