"""A browser's share of HTTP/1.1 on asyncio: one kept connection, cookies, and how long each answer took."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

TIMEOUT_SECONDS = 60
_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, head, body, and how long it took from the first byte sent."""

    status: int
    head: bytes
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Figures:
    """What one kind of request did: how long each answer took, which were no answer that was wanted."""

    name: str
    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    began: float = 0.0
    ended: float = 0.0
    #: Processor seconds that the server used meanwhile.
    server_seconds: float = 0.0
    #: Tells the processor seconds of the server so far.
    meter: Callable[[], float] | None = None
    #: Largest p99 that is good. Unit: milliseconds.
    p99_at_most: float | None = None
    #: Largest p95 that is good. Unit: milliseconds.
    p95_at_most: float | None = None
    #: Smallest rate that is good.
    per_second_at_least: float | None = None

    def count(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def fail(self, reason: str) -> None:
        self.errors[reason] += 1

    @property
    def per_second(self) -> float:
        lasted = self.ended - self.began
        return len(self.seconds) / lasted if lasted > 0 else 0.0

    @property
    def server_milliseconds(self) -> float:
        """Processor time of the server for each answer: hardly moved by what else the machine does."""
        return 1000 * self.server_seconds / len(self.seconds) if self.seconds else float("nan")

    def percentile(self, percent: float) -> float:
        """Nearest rank, in milliseconds."""
        if not self.seconds:
            return float("nan")
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

    @property
    def is_met(self) -> bool | None:
        """Whether the targets are met; None where there are none."""
        if self.p99_at_most is None and self.p95_at_most is None and self.per_second_at_least is None:
            return None
        quick = self.p99_at_most is None or self.percentile(99) <= self.p99_at_most
        quick = quick and (self.p95_at_most is None or self.percentile(95) <= self.p95_at_most)
        many = self.per_second_at_least is None or self.per_second >= self.per_second_at_least
        return quick and many and not self.errors

    def __enter__(self) -> Figures:
        self.server_seconds -= self.meter() if self.meter else 0.0
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended = time.perf_counter()
        self.server_seconds += self.meter() if self.meter else 0.0


class _Line(asyncio.Protocol):
    """One connection: bytes go out, one answer comes back."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[bytes, bytes]] | None = None
        self._parts = bytearray()
        self._missing = -1
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._parts += data
        if self._missing < 0:
            end = self._parts.find(_END_OF_HEAD)
            if end < 0:
                return
            self._head = bytes(self._parts[:end])
            del self._parts[: end + len(_END_OF_HEAD)]
            self._missing = int(header(self._head, b"content-length") or b"0")
        if len(self._parts) >= self._missing and self._answer is not None and not self._answer.done():
            self._answer.set_result((self._head, bytes(self._parts[: self._missing])))

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server hung up"))

    async def exchange(self, message: bytes) -> tuple[bytes, bytes]:
        if self.transport is None:
            raise ConnectionResetError("the server hung up")
        self._answer = asyncio.get_running_loop().create_future()
        self._parts.clear()
        self._missing = -1
        self.transport.write(message)
        return await self._answer


class Connection:
    """One kept connection with its cookies; a connection that the server closed is opened again once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._line: _Line | None = None
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self.request("GET", path, headers=headers)

    async def post_form(self, path: str, fields: Mapping[str, str]) -> Answer:
        return await self.request(
            "POST",
            path,
            body=urlencode(fields).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    async def request(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send and wait for the whole answer.

        Raises:
            OSError, asyncio.TimeoutError: there was none.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", "Accept-Encoding: gzip"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        message = "\r\n".join(lines).encode("ascii") + _END_OF_HEAD + body
        began = time.perf_counter()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            was_open = self._line is not None
            try:
                head, content = await (await self._opened()).exchange(message)
            except ConnectionError:
                if not was_open:
                    raise
                self.close()
                head, content = await (await self._opened()).exchange(message)
        seconds = time.perf_counter() - began
        for line in head.split(b"\r\n"):
            if line[:11].lower() == b"set-cookie:":
                name, _eq, rest = line[11:].decode("latin-1").strip().partition("=")
                self.cookies[name] = rest.partition(";")[0]
        if (header(head, b"connection") or b"").lower() == b"close":
            self.close()
        return Answer(int(head[9:12]), head, content, seconds)

    async def _opened(self) -> _Line:
        if self._line is None:
            _transport, self._line = await asyncio.get_running_loop().create_connection(_Line, "127.0.0.1", self._port)
        return self._line

    def close(self) -> None:
        """Drop the connection; cookies stay."""
        if self._line is not None and self._line.transport is not None:
            self._line.transport.close()
        self._line = None


def header(head: bytes, name: bytes) -> bytes | None:
    """The value of a header by its name in lower case."""
    at = head.lower().find(b"\r\n" + name + b":")
    if at < 0:
        return None
    start = at + len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()
