"""Safe Exam Browser: published vectors of the Config Key, its proof, and the settings of a room."""

from __future__ import annotations

import base64
import hashlib
import json
import plistlib
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain import seb
from examsite.domain.errors import InvalidError

VECTORS = Path(__file__).parent / "vectors"
#: Settings of SEB 2.1.4 for macOS as its own log spells them, and the Config Key that it shows for them.
MAC_TEXT = (VECTORS / "seb-settings-mac-2.1.4.json").read_text(encoding="utf-8").strip()
MAC_KEY = "4fa9af8ec8759eb7c680752ef4ee5eaf1a860628608fccae2715d519849f9292"

#: Settings of SEB 2.2.3 for Windows and their Config Key, as the test data of Moodle's quizaccess_seb first gave both.
#: Later versions of that data have another file of the same name with another key.
WIN_TEXT = (VECTORS / "seb-settings-win-2.2.3.json").read_text(encoding="utf-8").strip()
WIN_KEY = "fc6f4ea5922717760f4d6d536c23b8d19bf20b52aa97940f5427a76e20f49026"


def mac_settings() -> dict[str, Any]:
    # The spelling has bare backslashes, which JSON does not know.
    settings: dict[str, Any] = json.loads(MAC_TEXT.replace("\\", "\\\\"))
    settings["examKeySalt"] = base64.b64decode(settings["examKeySalt"])
    settings["configKeySalt"] = b""
    shuffled = list(settings.items())
    random.Random(5).shuffle(shuffled)
    return {**dict(shuffled), "originatorVersion": "SEB_OSX_2.1.4_1234"}


def test_published_settings_are_spelled_and_hashed_as_the_browser_does_it() -> None:
    read = seb.read_settings(plistlib.dumps(mac_settings(), sort_keys=False))
    assert seb.settings_text(read) == MAC_TEXT
    assert seb.config_key(read) == MAC_KEY


def test_settings_of_the_windows_client_have_the_key_that_was_published_for_them() -> None:
    settings: dict[str, Any] = json.loads(WIN_TEXT)
    settings["examKeySalt"] = base64.b64decode(settings["examKeySalt"])
    shuffled = [("originatorVersion", "SEB_Win_2.1.1"), *settings.items()]
    random.Random(9).shuffle(shuffled)
    read = seb.read_settings(plistlib.dumps(dict(shuffled), sort_keys=False))
    # Dictionaries inside lists, empty lists inside those, one dictionary of proxies: none of it is in the other vector.
    assert (len(read["prohibitedProcesses"]), read["permittedProcesses"][0]["arguments"]) == (16, [])
    assert seb.config_key(read) == WIN_KEY


#: What the published description asks for, case by case: settings, their spelling.
SPELLINGS: list[tuple[str, str]] = [
    ("<key>date</key><date>1940-10-09T22:13:56Z</date>", '{"date":"1940-10-09T22:13:56+00:00"}'),
    ("<key>data</key><data>YmxhaGJsYWg=</data>", '{"data":"YmxhaGJsYWg="}'),
    ("<key>string</key><string>hello wörld</string>", '{"string":"hello wörld"}'),
    (r"<key>string</key><string>ws:\localhost</string>", r'{"string":"ws:\localhost"}'),
    (r"<key>string</key><string>ws:\\\localhost</string>", r'{"string":"ws:\\\localhost"}'),
    ("<key>bool</key><true/>", '{"bool":true}'),
    ("<key>array</key><array><false/><true/></array>", '{"array":[false,true]}'),
    ("<key>bool</key><true/><key>array</key><array/>", '{"array":[],"bool":true}'),
    (
        "<key>dict</key><dict><key>banana</key><false/><key>apple</key><true/></dict>",
        '{"dict":{"apple":true,"banana":false}}',
    ),
    ("<key>bool</key><true/><key>emptydict</key><dict/>", '{"bool":true}'),
    (
        "<key>testKey</key><string>c</string><key>allowWLAN</key><string>b</string><key>allowWlan</key><string>a</string>",
        '{"allowWlan":"a","allowWLAN":"b","testKey":"c"}',
    ),
    ("<key>url</key><string>http://test.com</string>", '{"url":"http://test.com"}'),
    ("<key>originatorVersion</key><string>SEB_Win_2.1.1</string><key>n</key><integer>3</integer>", '{"n":3}'),
    (
        "<key>list</key><array><dict><key>b</key><real>1.5</real><key>a</key><integer>1</integer></dict></array>",
        '{"list":[{"a":1,"b":1.5}]}',
    ),
]


@pytest.mark.parametrize(("inside", "spelled"), SPELLINGS)
def test_each_rule_of_the_published_description_holds(inside: str, spelled: str) -> None:
    content = f'<?xml version="1.0" encoding="utf-8"?>\n<plist version="1.0"><dict>{inside}</dict></plist>'
    assert seb.settings_text(seb.read_settings(content.encode())) == spelled


def test_who_saved_the_file_does_not_change_the_key() -> None:
    settings = mac_settings()
    settings["originatorVersion"] = "SEB_Win_3.7.0"
    assert seb.config_key(settings) == MAC_KEY
    settings["allowQuit"] = not settings["allowQuit"]
    assert seb.config_key(settings) != MAC_KEY


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"pswd" + bytes(40), "seb_file_encrypted"),
        (b"\x1f\x8b\x08\x00rest", "seb_file_encrypted"),
        (b"", "seb_file_encrypted"),
        (b"<plist><dict>", "seb_settings_malformed"),
        (b"<plist version='1.0'><array/></plist>", "seb_settings_malformed"),
        (b"<plist version='1.0'><dict><key>a</key></dict></plist>", "seb_settings_malformed"),
        (b"<!DOCTYPE p [<!ENTITY a 'b'>]><plist><dict/></plist>", "seb_settings_malformed"),
        (b"<" + b"a" * seb.MAX_SETTINGS_BYTES, "seb_settings_malformed"),
    ],
)
def test_a_file_that_is_no_plain_settings_file_is_refused_with_the_reason(content: bytes, code: str) -> None:
    with pytest.raises(InvalidError) as error:
        seb.read_settings(content)
    assert (error.value.code, error.value.params) == (code, {"field": "settings_file"})


def test_proof_is_the_hash_of_address_and_key_without_the_fragment() -> None:
    url = "https://192.168.10.2:8443/candidate/test?lang=vi"
    sent = hashlib.sha256((url + MAC_KEY).encode()).hexdigest()
    assert seb.request_hash(url, MAC_KEY) == sent
    assert seb.proves(sent, url + "#E1", MAC_KEY)
    assert seb.proves(sent.upper(), url, MAC_KEY)


@given(st.text(max_size=80), st.sampled_from(["/api/attempts/saves", "/candidate/test", "/candidate/test/"]))
def test_a_proof_for_one_address_opens_no_other_one(sent: str, path: str) -> None:
    url = "https://thi.example" + path
    overheard = seb.request_hash("https://thi.example/candidate/test/status", MAC_KEY)
    assert not seb.proves(overheard, url, MAC_KEY)
    assert not seb.proves(sent, url, MAC_KEY)


def test_settings_of_a_room_come_back_from_their_file_with_the_same_key() -> None:
    made = seb.settings_of_room(
        start_url="https://thi.example/candidate/login",
        quit_url="https://thi.example/seb/quit",
        hosts=["Thi.example", "thi.example", " "],
        salt=b"s" * 32,
    )
    content = seb.settings_file(made)
    assert content == seb.settings_file(dict(reversed(made.items())))
    read = seb.read_settings(content)
    assert seb.config_key(read) == seb.config_key(made)
    assert read["startURL"] == "https://thi.example/candidate/login"
    assert read["quitURL"] == "https://thi.example/seb/quit"
    assert read["sendBrowserExamKey"] is True
    assert [rule["expression"] for rule in read["URLFilterRules"]] == ["thi.example"]


@pytest.mark.parametrize(("typed", "stored"), [(MAC_KEY, MAC_KEY), (f"  {MAC_KEY.upper()}\n", MAC_KEY), ("  ", "")])
def test_a_typed_key_is_stored_in_one_spelling(typed: str, stored: str) -> None:
    assert seb.check_key(typed) == stored


@pytest.mark.parametrize("typed", [MAC_KEY[:-1], MAC_KEY + "0", "g" * 64])
def test_what_is_no_key_is_refused(typed: str) -> None:
    with pytest.raises(InvalidError) as error:
        seb.check_key(typed)
    assert (error.value.code, error.value.params) == ("seb_key_malformed", {"field": "config_key"})


def test_a_value_that_no_property_list_holds_is_refused() -> None:
    with pytest.raises(InvalidError):
        seb.settings_text({"x": None})
    assert (
        seb.settings_text({"x": 2.0, "y": datetime(2026, 3, 1, 7, 30, tzinfo=UTC)})
        == '{"x":2,"y":"2026-03-01T07:30:00+00:00"}'
    )
