"""`python -m tests.faults.day HOME`: one whole exam day over HTTP on this machine alone, printed as one line of JSON.

An installation with the demonstration is made; candidates come in, read, save and hand in; the council and the
authority sign a result; it is published, downloaded, recomputed; every record log is verified.
Before that it tries to reach outside twice on purpose: whoever counts must have seen both.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.installation import ROOT, free_port

PASSWORD = "trinh-dien-thi-tuyen"
RANKED = "VH-2026-02"
SIGNERS = ("chutich", "uyvien1", "uyvien2", "uyvien3", "uyvien4")
#: Reserved for documentation: nobody has this address. Source: RFC 5737.
NOBODY = "192.0.2.1"
HIDDEN = re.compile(r'<input[^>]*name="(csrf_token|version|findings_sha256)"[^>]*value="([^"]*)"')
PAGE_TOKEN = re.compile(r'data-token="([^"]+)"')
#: The page between, of an account of the demonstration, which shows its code itself.
FACTOR = re.compile(r'data-testid="demonstration-code".*?(\d{6})', re.DOTALL)
FOREIGN = re.compile(r'(?:src|href|action)="(https?:)?//(?!127\.0\.0\.1)[^"]*"')
PATIENCE_SECONDS = 90


class Person:
    """Somebody at a browser with cookies of its own."""

    def __init__(self, base: str, name: str, *, door: str = "/login", password: str = PASSWORD) -> None:
        self._base = base
        opener = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), opener)
        self.foreign: list[str] = []
        self.post(door, {"login": name, "password": password}, of=self.get(door))

    def get(self, path: str) -> str:
        return self._ask(urllib.request.Request(self._base + path))

    def post(self, path: str, fields: dict[str, str], *, of: str) -> str:
        """Send the form of a page; a second factor is shown where one is asked for."""
        given = dict(HIDDEN.findall(of)) | fields
        said = self._ask(urllib.request.Request(self._base + path, data=urlencode(given).encode()))
        code = FACTOR.search(said)
        if code is None:
            return said
        again = urlencode(given | {"factor_code": code[1], "factor_answer": ""}).encode()
        return self._ask(urllib.request.Request(self._base + path, data=again))

    def signs(self, audience: str) -> bool:
        """Read the report and agree to the result; whether there was something to sign."""
        path = f"/{audience}/{RANKED}"
        if 'data-testid="to-findings"' in self.get(f"{path}/result"):
            self.post(f"{path}/findings", {}, of=self.get(f"{path}/findings"))
        page = self.get(f"{path}/result")
        if 'name="decision"' not in page:
            return False
        self.post(f"{path}/result", {"decision": "agreed", "sha_tail": hash_on(page)[-4:]}, of=page)
        return True

    def upload(self, path: str, name: str, file_name: str, content: bytes, *, of: str) -> str:
        """Send the form of a page with a file."""
        mark = "examsite-faults-5f1c"
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
            for field, value in HIDDEN.findall(of)
        ]
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + content)
        data = b"".join(parts) + f"\r\n--{mark}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        return self._ask(urllib.request.Request(self._base + path, data=data, headers=headers))

    def call(self, method: str, path: str, token: str, body: object = None) -> dict:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if method == "GET" else json.dumps(body or {}).encode()
        said: dict = json.loads(
            self._ask(urllib.request.Request(self._base + path, data=data, headers=headers, method=method))
        )
        return said

    def _ask(self, request: urllib.request.Request) -> str:
        try:
            with self._opener.open(request, timeout=30) as answer:
                text = answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error.code} {error.read()[:300]!r}") from error
        self.foreign += FOREIGN.findall(text)
        return text


def main() -> int:
    """Play the day; what was done is the answer."""
    home = Path(sys.argv[1])
    _try_to_reach_outside()
    port = free_port()
    environment = {**os.environ, "EXAMSITE_INSTANCE": str(home / "instance"), "EXAMSITE_BIND": f"127.0.0.1:{port}"}
    _command(environment, "init")
    done: dict[str, object] = {}
    with (home / "server.log").open("wb") as log:
        command = [sys.executable, "-m", "examsite", "serve"]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(port, home / "server.log")
        base = f"http://127.0.0.1:{port}"
        done["saves"] = _sit_the_test(base, int(sys.argv[2]))
        done["pages with foreign addresses"] = _publish(base, home / "result.json")
    finally:
        server.terminate()
        server.wait(timeout=60)
    said = _command(environment, "results", "recompute", str(home / "result.json"))
    done["recomputed"] = "✓" in said
    done["logs verified"] = _command(environment, "records", "verify").count("✓")
    print(json.dumps(done, ensure_ascii=False))
    return 0


def _try_to_reach_outside() -> None:
    with socket.socket() as one, contextlib.suppress(OSError):
        one.settimeout(0.2)
        one.connect((NOBODY, 443))
    with socket.socket(type=socket.SOCK_DGRAM) as one, contextlib.suppress(OSError):
        one.sendto(b"x", (NOBODY, 53))


def _command(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "examsite", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"examsite {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    with contextlib.closing(socket.socket()) as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.1)


def _sit_the_test(base: str, saves: int) -> int:
    """Two candidates come in, read the paper, save, and hand in; gives how many saves were acknowledged."""
    acknowledged = 0
    for login in ("E001", "E002"):
        person = Person(base, login, door="/candidate/login")
        shown = PAGE_TOKEN.search(person.get("/candidate/test"))
        assert shown, "no token on the page of the test"
        token = shown[1]
        opened = person.call("POST", "/api/attempts/open", token)
        items = [item["item"] for item in person.call("GET", "/api/attempts/paper?lang=vi", token)["items"]]
        for number in range(1, saves + 1):
            item = items[number % len(items)]
            row = {"item": item, "epoch": opened["epoch"], "number": number, "content": f"{item} {number}"}
            said = person.call("POST", "/api/attempts/saves", token, {"epoch": opened["epoch"], "saves": [row]})
            acknowledged += len(said["saved"])
        handed_in = person.call("POST", "/api/attempts/hand-in", token, {"epoch": opened["epoch"]})
        assert handed_in["state"] == "handed_in", handed_in
    return acknowledged


def _publish(base: str, file: Path) -> int:
    """Council and authority sign, the organiser publishes, anyone downloads; gives how many foreign addresses stood."""
    foreign = 0
    for audience, names in (("council", SIGNERS), ("authority", ("thutruong",))):
        for name in names:
            person = Person(base, name)
            person.signs(audience)
            foreign += len(person.foreign)
    organiser = Person(base, "thuky")
    path = f"/organiser/{RANKED}/result/publication"
    organiser.post(path, {}, of=organiser.get(path))
    file.write_text(organiser.get(f"/competitions/{RANKED}/result.json"), encoding="utf-8")
    for page in ("/", f"/competitions/{RANKED}", f"/competitions/{RANKED}/ranking"):
        organiser.get(page)
    return foreign + len(organiser.foreign)


def hash_on(page: str) -> str:
    """The SHA-256 that a page shows, as 64 digits."""
    chip = page[page.index('data-testid="result-hash"') :]
    found = re.search(r"<code[^>]*>(.*?)</code>", chip, re.DOTALL)
    assert found, "no hash on the page"
    digits = re.sub(r"<[^>]*>|\s", "", found[1])
    assert re.fullmatch(r"[0-9a-f]{64}", digits), digits
    return digits


if __name__ == "__main__":
    sys.exit(main())
