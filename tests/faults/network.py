"""A line between browser and server that fails on demand: it delays, resets, swallows, and cuts at the worst moment.

It reads whole requests and whole answers, so that it can cut after the server has committed and before the page knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum

Head = tuple[bytes, str, int]


class Mischief(StrEnum):
    """What may happen to one request and its answer."""

    CUT_AFTER_COMMIT = "cut after commit"
    RESET_AFTER_COMMIT = "reset after commit"
    HALF_AN_ANSWER = "half an answer"
    RESET_BEFORE = "reset before"
    SWALLOWED = "swallowed"
    ANSWER_SWALLOWED = "answer swallowed"
    DELAYED = "delayed"


AFTER_COMMIT = frozenset(
    {
        Mischief.CUT_AFTER_COMMIT,
        Mischief.RESET_AFTER_COMMIT,
        Mischief.HALF_AN_ANSWER,
        Mischief.ANSWER_SWALLOWED,
    }
)


class Line:
    """A port that stands for the server's; runs in a thread of its own."""

    def __init__(
        self,
        server_port: int,
        *,
        shares: Mapping[Mischief, float] | None = None,
        on: Callable[[str], bool] = lambda _path: True,
        longest_delay_seconds: float = 1.0,
        seed: int = 1,
    ) -> None:
        self.server_port = server_port
        self.port = 0
        #: Whether anything comes through at all.
        self.is_up = True
        #: A line that is down either refuses or takes everything and says nothing.
        self.refuses = True
        self.shares = dict(shares or {})
        self.done: Counter[str] = Counter()
        self._on = on
        self._longest_delay_seconds = longest_delay_seconds
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    def __enter__(self) -> Line:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def go_down(self, *, refuses: bool = True) -> None:
        """Nothing comes through from now on; connections that stand are reset."""
        self.refuses = refuses
        self.is_up = False
        self._loop.call_soon_threadsafe(self._reset_all)

    def come_up(self) -> None:
        """Everything comes through again."""
        self.is_up = True
        self._loop.call_soon_threadsafe(self._reset_all)

    def _reset_all(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0.05))
            self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        upstream: list[asyncio.StreamWriter] = []
        with contextlib.suppress(
            OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError
        ):
            if self.is_up or not self.refuses:
                await self._carry(reader, writer, upstream)
        for one in upstream:
            one.close()
        self._open.discard(writer)
        writer.close()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: list[asyncio.StreamWriter]
    ) -> None:
        back, forth = None, None
        while True:
            request, path = await _read_message(reader)
            if not self.is_up:
                await asyncio.sleep(3600)
            mischief = self._choose(path)
            if mischief is Mischief.RESET_BEFORE:
                _reset(writer)
                return
            if mischief is Mischief.SWALLOWED:
                await asyncio.sleep(3600)
            if mischief is Mischief.DELAYED:
                await asyncio.sleep(self._chance.random() * self._longest_delay_seconds)
            if forth is None:
                back, forth = await asyncio.open_connection("127.0.0.1", self.server_port, limit=1 << 20)
                upstream.append(forth)
            assert back is not None
            forth.write(request)
            await forth.drain()
            answer, _status = await _read_message(back, is_answer=True)
            if mischief is Mischief.CUT_AFTER_COMMIT:
                return
            if mischief is Mischief.RESET_AFTER_COMMIT:
                _reset(writer)
                return
            if mischief is Mischief.ANSWER_SWALLOWED:
                await asyncio.sleep(3600)
            if mischief is Mischief.HALF_AN_ANSWER:
                writer.write(answer[: len(answer) // 2])
                await writer.drain()
                return
            writer.write(answer)
            await writer.drain()

    def _choose(self, path: str) -> Mischief | None:
        self.done["requests"] += 1
        if not self._on(path):
            return None
        self.done["chosen from"] += 1
        left = self._chance.random()
        for mischief, share in self.shares.items():
            left -= share
            if left < 0:
                self.done[mischief.value] += 1
                return mischief
        return None


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _read_message(reader: asyncio.StreamReader, *, is_answer: bool = False) -> tuple[bytes, str]:
    """One whole request or answer, with the second word of its first line."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    word = lines[0].split(" ")[1]
    fields = {
        name.strip().lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:])
    }
    if fields.get("transfer-encoding", "").lower() == "chunked":
        parts = [head]
        while True:
            size = await reader.readuntil(b"\r\n")
            parts += [size, await reader.readexactly(int(size.split(b";")[0], 16) + 2)]
            if int(size.split(b";")[0], 16) == 0:
                return b"".join(parts), word
    length = int(fields.get("content-length", "0"))
    if is_answer and word in {"204", "304"}:
        length = 0
    return head + await reader.readexactly(length), word
