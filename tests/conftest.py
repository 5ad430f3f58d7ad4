"""What every test stands on: two migrated databases, a fixed instant, and no way out of this machine."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from tests import databases, dialects

HERE = Path(__file__).parent

# What is collected stays until the end: to look through it again and again would be a third of the collecting.
gc.disable()

# Examples are the same in every run, so that a red test is red again; a slow machine is not a failure.
settings.register_profile(
    "examsite", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("examsite")


class CompiledOnce(BytecodeCache):
    """Keeps compiled templates for every application of this process: most tests make one, each with the same pages."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])  # refuses what was made from another source

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


class RuleBuiltLate(Rule):
    """A route whose builder of addresses is compiled when it is first asked: a test asks for few of hundreds."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder
        builders: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            if not builders:
                builders.append(compiled(append_unknown))
            return builders[0](rule, **values)

        return build


# Making an application is most of the cost of a test of a page; without these two it would be ten times as much.
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledOnce()}
Flask.url_rule_class = RuleBuiltLate
dialects.share_compiled_statements()


#: Modules that take longest, longest first; then folders. A run on several processes is over when the last module is.
LONGEST = (
    "faults/test_faults",
    "web/test_access",
    "browser/test_accessibility",
    "services/test_timelines",
    "browser/test_whole_life",
    "web/test_hostile_forms",
    "browser/test_room_page",
    "web/test_canaries_marking",
    "browser/test_test_page",
    "web/test_canaries",
    "services/test_rehearsal_run",
    "bench/test_bench",
    "browser/",
    "web/",
    "services/",
    "house/",
    "storage/",
    "statistics/",
)
#: Modules whose stories wait about as long as they work, for a page or for a server.
WAITING = ("browser/", "faults/", "bench/", "services/test_rehearsal_run")
#: How many modules that only work follow each of those, so that the processes neither all wait nor all work at once.
BESIDE = 3


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What takes long runs only where it is asked for."""
    if item.get_closest_marker("soak") and "EXAMSITE_SOAK" not in os.environ:
        pytest.skip("takes long: make soak")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules come first, of both kinds; within a module the order stays."""

    def place(module: str) -> int:
        return next((number for number, start in enumerate(LONGEST) if module.startswith(start)), len(LONGEST))

    names = {item.path: item.path.relative_to(HERE).as_posix() for item in items}
    modules = sorted(names.values(), key=place)
    waiting = [module for module in modules if module.startswith(WAITING)]
    working = [module for module in modules if not module.startswith(WAITING)]
    turns = {module: (number, 0) for number, module in enumerate(waiting)}
    # The first few take long, each in its turn; behind them come the many short ones.
    longest = sum(place(module) < LONGEST.index("services/test_rehearsal_run") for module in working)
    turns |= {
        module: (number if number < longest else longest + (number - longest) // BESIDE, 1)
        for number, module in enumerate(working)
    }
    items.sort(key=lambda item: turns[names[item.path]])


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was imported stays until the end; the collector need not look at it again after each test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


class OutsideCallError(Exception):
    """Something tried to reach beyond this machine."""


def _refuse_outside(address: Any) -> None:
    if not isinstance(address, tuple):
        return  # a socket file
    host = str(address[0])
    if host == "localhost":
        return
    try:
        outside = not ipaddress.ip_address(host).is_loopback
    except ValueError:
        outside = True
    if outside:
        raise OutsideCallError(f"the test tried to reach {host}")


@pytest.fixture(autouse=True)
def nothing_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches beyond the loopback interface, not even to resolve a name."""
    real_connect, real_connect_ex, real_lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        _refuse_outside(address)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_outside(address)
        return real_connect_ex(self, address)

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        if host:
            _refuse_outside((host.decode() if isinstance(host, bytes) else host,))
        return real_lookup(host, *rest, **named)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.sqlite_server(tmp_path_factory.mktemp("sqlite")) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with databases.postgresql_server() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    with databases.migrated_engine(sqlite_url) as engine:
        yield engine


@pytest.fixture(scope="session")
def postgresql_engine(postgresql_url: str) -> Iterator[Engine]:
    with databases.migrated_engine(postgresql_url) as engine:
        yield engine


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Both databases, one after the other; only the one that is asked for is started."""
    migrated: Engine = request.getfixturevalue(f"{request.param}_engine")
    return migrated


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on each database that leaves nothing behind."""
    with databases.rolled_back_session(engine) as session:
        yield session


@pytest.fixture
def now() -> datetime:
    """The instant of the test: a working morning in Vietnam."""
    return datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
