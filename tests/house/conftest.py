"""The application as a newcomer would start it, only to be looked at."""

from __future__ import annotations

import pytest
from flask import Flask

from examsite.config import Settings


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    from examsite.app import create_app

    home = tmp_path_factory.mktemp("house")
    return create_app(Settings(home, secret_key="h" * 64, database_url=f"sqlite:///{home / 'house.db'}", testing=True))
