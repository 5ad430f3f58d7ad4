"""The supervision board reads how each score came about, once the codes are opened."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.script_paths import serve_script_path, serve_script_paths
from examsite.web.supervisor import bp


@bp.get("/<code>/scripts")
@requires(Role.SUPERVISOR)
def list_script_paths(code: str) -> ResponseReturnValue:
    """Every script by its code."""
    del code
    return serve_script_paths(show_endpoint="supervisor.show_script_path")


@bp.get("/<code>/scripts/<script>")
@requires(Role.SUPERVISOR)
def show_script_path(code: str, script: str) -> ResponseReturnValue:
    """One script's diagram."""
    del code
    return serve_script_path(script, list_endpoint="supervisor.list_script_paths")
