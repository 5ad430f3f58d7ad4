"""Scenes of services are built once in a module and put back for each of its tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.scenes import Keep, Kept, SceneT, keep_scene, put_back


@pytest.fixture(scope="module")
def kept_scenes() -> dict[tuple[str, str], Kept]:
    """Scenes of this module by name and database."""
    return {}


@pytest.fixture
def keep(kept_scenes: dict[tuple[str, str], Kept], tmp_path_factory: pytest.TempPathFactory) -> Keep:
    def kept_or_built(
        name: str, build: Callable[[], SceneT], session: Session, folder: Path | None = None, **given: Any
    ) -> SceneT:
        key = (name, session.get_bind().dialect.name)
        if key in kept_scenes:
            scene: SceneT = put_back(kept_scenes[key], session, folder=folder, given=given)
            return scene
        scene = build()
        copy_to = tmp_path_factory.mktemp("scene") / "files"
        kept_scenes[key] = keep_scene(scene, session, copy_to=copy_to, folder=folder, given=given)
        return scene

    return kept_or_built
