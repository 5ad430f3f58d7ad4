"""Settings: read once at start from `instance/config.toml` and the environment, typed and validated.

Nothing else in the product reads the environment. A setting that is wrong stops the start with a sentence that says
which one and why.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

#: Bytes of randomness in the secret key. Source: our choice, because 256 bits are beyond guessing.
SECRET_BYTES = 32


class SettingsError(Exception):
    """A setting is missing or wrong; the text names it and says what to do."""


@dataclass(frozen=True)
class Settings:
    """Everything that an installation can choose. Units: sizes in megabytes, times in seconds unless named."""

    instance_path: Path
    secret_key: str
    database_url: str
    host_name: str = "thituyen.example"
    bind: str = "127.0.0.1:8000"
    workers: int = 2
    #: Threads of each worker. Most of them wait for a commit or a hash, and waiting costs next to nothing.
    threads: int = 144
    secure_cookies: bool = False
    login_session_hours: int = 10
    #: Whether officials show a second factor at each log-in; off, they show one at critical acts only.
    factor_at_log_in: bool = False
    password_hash_memory_kib: int = 19 * 1024
    password_hash_time_cost: int = 2
    password_hashes_at_once: int = 2
    upload_limit_megabytes: int = 25
    closer_period_seconds: int = 2
    #: Addresses of a proxy in front, whose forwarded headers count: CIDRs with commas; empty: none.
    trusted_proxies: str = ""
    #: With HTTPS: where plain HTTP tells people the other address; empty: nowhere.
    plain_bind: str = ""
    testing: bool = False

    @property
    def uploads_path(self) -> Path:
        """Folder of the files that people uploaded."""
        return self.instance_path / "uploads"

    @property
    def pages_path(self) -> Path:
        """Folder of drawn pages; it may be emptied at any time."""
        return self.instance_path / "pages"

    @property
    def bundles_path(self) -> Path:
        """Where bundles of published results are kept once somebody asked for one; they can be made again."""
        return self.instance_path / "bundles"

    @property
    def log_key_path(self) -> Path:
        """File of the private key that signs checkpoints (32 raw bytes, mode 0600)."""
        return self.instance_path / "log.key"

    @property
    def row_key(self) -> bytes:
        """What rows are sealed with (`rows.key`, 32 raw bytes, mode 0600); made on first use.

        Raises:
            SettingsError: the file can be read by others.
        """
        return key_file(self.instance_path / "rows.key", lambda: secrets.token_bytes(SECRET_BYTES))

    @property
    def tls_path(self) -> Path:
        """Folder of the local certificate authority and the server's certificate (`certificates make` fills it)."""
        return self.instance_path / "tls"

    @property
    def has_tls(self) -> bool:
        """Whether the server speaks HTTPS by itself: certificate and key are there."""
        return (self.tls_path / "server.pem").is_file() and (self.tls_path / "server.key").is_file()

    @property
    def is_secure(self) -> bool:
        """Whether people reach the site over HTTPS, by the server itself or by a proxy in front of it."""
        return self.secure_cookies or self.has_tls

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the single-machine one."""
        return self.database_url.startswith("sqlite")


#: Names of the environment that say where programs, temporary files and languages are.
_SURROUNDINGS = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "PYTHONUTF8",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
)

_INTEGERS_AT_LEAST_ONE = (
    "workers",
    "threads",
    "login_session_hours",
    "password_hash_time_cost",
    "password_hashes_at_once",
    "upload_limit_megabytes",
    "closer_period_seconds",
)


def load_settings(instance_path: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of an installation, making its folder and secret key on first use.

    The folder is `EXAMSITE_INSTANCE` or `instance/` of the working tree; `config.toml` in it may set any field of
    `Settings` but the path; the environment (`EXAMSITE_DATABASE_URL` and the like) wins over the file.

    Raises:
        SettingsError: a setting is unknown, of the wrong type or out of range.
    """
    environ = os.environ if environ is None else environ
    path = instance_path or Path(environ.get("EXAMSITE_INSTANCE", "") or Path(__file__).parent.parent / "instance")
    path = path.resolve()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077 and path.stat().st_uid == os.getuid():
        path.chmod(0o700)  # a clone makes the folder with the mask of whoever cloned
    values = _read_file(path / "config.toml")
    known = {item.name: item.type for item in fields(Settings) if item.name != "instance_path"}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise SettingsError(f"config.toml: unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}")
    for name, kind in known.items():
        text = environ.get(f"EXAMSITE_{name.upper()}")
        if text is not None:
            values[name] = _parse(name, str(kind), text)
    values.setdefault("secret_key", _secret(path / "secret.key"))
    values.setdefault("database_url", f"sqlite:///{path / 'examsite.db'}")
    settings = Settings(instance_path=path, **values)
    _check(settings)
    return settings


def with_changes(settings: Settings, **changes: Any) -> Settings:
    """The same settings with some fields replaced, checked again.

    Raises:
        SettingsError: a changed setting is out of range.
    """
    changed = replace(settings, **changes)
    _check(changed)
    return changed


def process_environment(settings: Settings, **changes: Any) -> dict[str, str]:
    """What a process of this program is started with to run under these settings with some fields changed.

    Of the surroundings only what any process of the machine needs is passed on.
    """
    changed = replace(settings, **changes)
    passed = {name: os.environ[name] for name in _SURROUNDINGS if name in os.environ}
    for item in fields(Settings):
        value = getattr(changed, item.name)
        name = "INSTANCE" if item.name == "instance_path" else item.name.upper()
        passed[f"EXAMSITE_{name}"] = str(value).lower() if isinstance(value, bool) else str(value)
    return passed


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name}: not readable as TOML: {error}") from error


def _parse(name: str, kind: str, text: str) -> Any:
    if kind == "bool":
        if text.lower() not in {"1", "0", "true", "false"}:
            raise SettingsError(f"EXAMSITE_{name.upper()}: say true or false, not {text!r}")
        return text.lower() in {"1", "true"}
    if kind == "int":
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"EXAMSITE_{name.upper()}: a whole number is needed, not {text!r}") from None
    return text


def key_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a key file of the installation; made once, readable by its owner only.

    Several processes may begin at the same instant: each writes a key of its own beside, the first one links it into
    the place, and whoever comes second reads that one. Nobody ever sees half a key, not even after a power cut.

    Raises:
        SettingsError: the file can be read by others.
    """
    if not path.exists():
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # made with 0600
        own = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(own, path)
        finally:
            own.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"{path.name} can be read by others: run chmod 600 {path}")
    return path.read_bytes()


def _secret(path: Path) -> str:
    """The secret key of the installation."""
    return key_file(path, lambda: secrets.token_hex(SECRET_BYTES).encode("ascii")).decode("ascii").strip()


def _check(settings: Settings) -> None:
    kinds = {"int": int, "bool": bool, "str": str}
    for item in fields(Settings):
        wanted = kinds.get(str(item.type))
        value = getattr(settings, item.name)
        if wanted and type(value) is not wanted:
            raise SettingsError(f"{item.name}: {item.type} is needed, not {value!r}")
    for name in _INTEGERS_AT_LEAST_ONE:
        if getattr(settings, name) < 1:
            raise SettingsError(f"{name}: at least 1 is needed")
    if len(settings.secret_key) < SECRET_BYTES:
        raise SettingsError("secret_key: too short; delete the setting and one is made")
    for text in settings.trusted_proxies.replace(",", " ").split():
        try:
            ipaddress.ip_network(text)
        except ValueError:
            raise SettingsError(f"trusted_proxies: {text!r} is no address and no range") from None
    if not settings.database_url.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")):
        raise SettingsError("database_url: starts with sqlite:/// or postgresql://")
