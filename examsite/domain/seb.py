"""Safe Exam Browser: its Config Key from settings, the proof of it in each request, and settings for a sitting.

The Config Key is a hash of all settings in one fixed spelling. The browser never sends the key: each request carries a
hash of its own address and the key, so that what was overheard on one address proves nothing on another one.

Source: safeexambrowser.org, Developer Documentation, "Config Key" (spelling of settings, key, header) and "SEB File
Format" (an unencrypted settings file is the plain property list).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import plistlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urldefrag
from xml.parsers.expat import ExpatError

from examsite.domain.errors import InvalidError

CONFIG_KEY_HEADER: Final = "X-SafeExamBrowser-ConfigKeyHash"
"""Request header with the proof. Source: safeexambrowser.org, "Config Key"."""

MAX_SETTINGS_BYTES: Final = 1024 * 1024
"""Largest settings file that is read. Source: our choice, because real ones are some 20 kB."""

ORIGINATOR: Final = "originatorVersion"
"""Left out of the key: it says which program saved the file. Source: safeexambrowser.org, "Config Key"."""

_KEY: Final = re.compile(r"[0-9a-f]{64}")


def config_key(settings: Mapping[str, Any]) -> str:
    """The Config Key of settings, 64 hex digits.

    Raises:
        InvalidError: `seb_settings_malformed`.
    """
    return hashlib.sha256(settings_text(settings).encode("utf-8")).hexdigest()


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings in the one spelling that is hashed ("SEB-JSON"): sorted, no spaces, nothing escaped.

    Raises:
        InvalidError: `seb_settings_malformed`.

    Source: safeexambrowser.org, "Config Key", summary of the generation.
    """
    return _spell({name: value for name, value in settings.items() if name != ORIGINATOR})


def read_settings(content: bytes) -> dict[str, Any]:
    """The settings of an unencrypted `.seb` file.

    Raises:
        InvalidError: `seb_file_encrypted`, `seb_settings_malformed`.
    """
    if len(content) > MAX_SETTINGS_BYTES:
        raise InvalidError("seb_settings_malformed", field="settings_file")
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        # Encrypted files begin with a four-letter prefix (pswd, pkhs, plnd …) or are compressed.
        raise InvalidError("seb_file_encrypted", field="settings_file")
    try:
        read = plistlib.loads(content, fmt=plistlib.FMT_XML)
    except (ValueError, ExpatError, AttributeError, IndexError, KeyError, TypeError):
        raise InvalidError("seb_settings_malformed", field="settings_file") from None
    if not isinstance(read, dict):
        raise InvalidError("seb_settings_malformed", field="settings_file")
    return read


def check_key(text: str) -> str:
    """A Config Key as it is stored: 64 lower-case hex digits, or nothing.

    Raises:
        InvalidError: `seb_key_malformed`.
    """
    key = text.strip().lower()
    if key and _KEY.fullmatch(key) is None:
        raise InvalidError("seb_key_malformed", field="config_key")
    return key


def request_hash(url: str, key: str) -> str:
    """What a browser with this Config Key sends when it asks for this address; the fragment does not count.

    Source: safeexambrowser.org, "Checking the Config Key which SEB clients send with HTTP requests".
    """
    return hashlib.sha256((urldefrag(url).url + key).encode("utf-8")).hexdigest()


def proves(sent: str, url: str, key: str) -> bool:
    """Whether the header of a request proves the key for the address that was asked for."""
    return hmac.compare_digest(sent.strip().lower().encode("utf-8", "replace"), request_hash(url, key).encode())


def settings_of_room(*, start_url: str, quit_url: str, hosts: Iterable[str], salt: bytes) -> dict[str, Any]:
    """Settings for the machines of a sitting: one address, no other program, and a link that ends the browser.

    Source: our choice, because only what keeps a room closed is set; everything else keeps the browser's own default,
    which the Config Key leaves out.
    """
    rules = [
        {"action": 1, "active": True, "expression": host, "regex": False}
        for host in sorted({host.strip().lower() for host in hosts if host.strip()})
    ]
    return {
        "URLFilterEnable": True,
        "URLFilterEnableContentFilter": True,
        "URLFilterRules": rules,
        "allowBrowsingBackForward": False,
        "allowDictation": False,
        "allowDictionaryLookup": False,
        "allowDownUploads": True,
        "allowPreferencesWindow": False,
        "allowQuit": False,
        "allowSpellCheck": False,
        "allowSwitchToApplications": False,
        "browserWindowAllowReload": True,
        "enablePrintScreen": False,
        "enablePrivateClipboard": True,
        "examKeySalt": salt,
        "examSessionClearCookiesOnEnd": False,
        "newBrowserWindowByLinkPolicy": 2,
        "newBrowserWindowByScriptPolicy": 0,
        "originatorVersion": "SEB_examsite_1",
        "quitURL": quit_url,
        "quitURLConfirm": False,
        "removeLocalStorage": False,
        "sebConfigPurpose": 0,
        "sendBrowserExamKey": True,
        "showInputLanguage": True,
        "showReloadButton": True,
        "showReloadWarning": False,
        "showTaskBar": True,
        "showTime": True,
        "startURL": start_url,
    }


def settings_file(settings: Mapping[str, Any]) -> bytes:
    """The settings as an unencrypted `.seb` file; the same settings give the same bytes."""
    return plistlib.dumps(dict(settings), fmt=plistlib.FMT_XML, sort_keys=True)


def _spell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bytes):
        return f'"{base64.b64encode(value).decode("ascii")}"'
    if isinstance(value, datetime):
        # A property list holds instants of UTC without saying so.
        return f'"{value.replace(tzinfo=UTC).isoformat(timespec="seconds")}"'
    if isinstance(value, Mapping):
        # An object with nothing in it is left out with its name.
        kept = {str(name): item for name, item in value.items() if not (isinstance(item, Mapping) and not item)}
        names = sorted(kept, key=lambda name: (name.lower(), name.swapcase()))
        return "{" + ",".join(f'"{name}":{_spell(kept[name])}' for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_spell(item) for item in value) + "]"
    raise InvalidError("seb_settings_malformed", field="settings_file")
