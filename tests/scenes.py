"""Scenes that the tests of a module begin with: built once on each database, put back row by row for every test.

Acts of services build a scene in about a second of a processor; its rows are back in a fiftieth of that. What is put
back is what was built: every row, every file, and the same objects in the session with what they had loaded.
"""

from __future__ import annotations

import io
import pickle
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Table, insert, inspect, select
from sqlalchemy.orm import Session

from examsite.storage.database import Base

SceneT = TypeVar("SceneT")


class Keep(Protocol):
    """`keep("hall", build, session, folder)` is what `build()` gives, built only when this module asks first.

    Objects under `given` belong to the test, not to the scene (settings, a signer); the session is one of them.
    """

    def __call__(
        self, name: str, build: Callable[[], SceneT], session: Session, folder: Path | None = None, **given: Any
    ) -> SceneT: ...


@dataclass(frozen=True)
class Kept:
    """One scene as it was built."""

    rows: list[tuple[Table, list[dict[str, Any]]]]
    objects: bytes
    folder: Path | None


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, given: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._names = {id(thing): name for name, thing in given.items()}

    def persistent_id(self, thing: Any) -> str | None:
        return self._names.get(id(thing))


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, given: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._given = given

    def persistent_load(self, name: str) -> Any:
        return self._given[name]


def keep_scene(scene: Any, session: Session, *, copy_to: Path, folder: Path | None, given: Mapping[str, Any]) -> Kept:
    """Everything that stands in the database and in the folder, and the objects of the scene."""
    session.flush()
    rows = []
    for table in Base.metadata.sorted_tables:
        found = [dict(row) for row in session.execute(select(table)).mappings()]
        if found:
            rows.append((table, found))
    file = io.BytesIO()
    objects = list(session.identity_map.values())
    _Writer(file, {**given, "session": session}).dump((scene, objects))
    if folder is not None:
        shutil.copytree(folder, copy_to)
    return Kept(rows, file.getvalue(), copy_to if folder is not None else None)


def put_back(kept: Kept, session: Session, *, folder: Path | None, given: Mapping[str, Any]) -> Any:
    """The scene again, in the session of another test."""
    if kept.folder is not None and folder is not None:
        shutil.copytree(kept.folder, folder, dirs_exist_ok=True)
    connection = session.connection()
    for table, rows in kept.rows:
        connection.execute(insert(table), rows)
    scene, objects = _Reader(io.BytesIO(kept.objects), {**given, "session": session}).load()
    session.add_all(objects)
    assert all(inspect(row).persistent for row in objects)
    return scene
