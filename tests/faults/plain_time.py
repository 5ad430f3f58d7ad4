"""What the rules of time say of one attempt, in the plainest words: whole microseconds, no database, none of our code.

It is written beside the product and not from it, so that both are wrong together only by chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SECOND = 1_000_000


@dataclass
class PlainSave:
    """One stored save: when it came in, from which page, and whether it counts."""

    epoch: int
    received: int
    counts: bool


@dataclass
class PlainAttempt:
    """One candidate. Instants and lengths are microseconds of real time; `added` is whole seconds."""

    length: int
    grace: int
    slack: int
    started: int | None = None
    state: str = "seated"
    epoch: int = 0
    added: int = 0
    standing_since: int | None = None
    is_here: bool = False
    came: int | None = None
    saves: dict[tuple[str, int, int], PlainSave] = field(default_factory=dict)

    def end(self) -> int:
        """When the time of the candidate is over."""
        assert self.started is not None
        return self.started + self.length + self.added * SECOND

    def own_time(self, now: int) -> int:
        """What the candidate's clock shows."""
        if self.standing_since is not None and self.standing_since < now:
            return self.standing_since
        return now

    def left(self, now: int) -> int:
        """What remains."""
        return max(0, self.end() - self.own_time(now)) if self.started is not None else 0

    def in_time(self, received: int) -> bool:
        """Whether what came in then still counts."""
        return self.own_time(received) <= self.end() + self.grace

    def start(self, planned: int, now: int) -> None:
        """The server begins the sitting."""
        self.started = planned if now - planned <= 10 * SECOND else now
        self.state = "open"

    def save(self, item: str, number: int, *, epoch: int, received: int) -> bool:
        """Whether a save counts; a repeated one is what it was."""
        key = (item, epoch, number)
        if key not in self.saves:
            counts = self.state == "open" and self.in_time(received) and epoch == self.epoch
            self.saves[key] = PlainSave(epoch, received, counts)
        return self.saves[key].counts

    def may_open(self, now: int) -> bool:
        """Whether a page may take over."""
        return self.state == "open" and self.own_time(now) < self.end()

    def may_be_let_in(self, now: int) -> bool:
        """Whether the candidate is in time at the door; who has opened the test came then, whenever somebody looks."""
        came = now if self.came is None else self.came
        return self.started is None or came <= self.started + 10 * 60 * SECOND

    def may_hand_in(self, now: int, epoch: int) -> bool:
        """Whether the candidate may end now."""
        return self.state == "handed_in" or (self.state == "open" and self.in_time(now) and epoch == self.epoch)

    def give(self, seconds: int) -> None:
        """More time; what was too late before may be in time now, what came before the start stays beside."""
        self.added += seconds
        if self.state == "open" and self.started is not None:
            for save in self.saves.values():
                if save.epoch == self.epoch and self.started <= save.received <= self.end() + self.grace:
                    save.counts = True

    def stand(self, now: int) -> None:
        """The clock stops."""
        self.standing_since = now

    def run_on(self, now: int) -> None:
        """The clock runs on, with what it stood for."""
        assert self.standing_since is not None
        stood = max(0, now - self.standing_since)
        self.standing_since = None
        self.give((stood + SECOND - 1) // SECOND)

    def is_over(self, now: int) -> bool:
        """Whether the server ends it, if nothing holds it."""
        return self.state == "open" and self.standing_since is None and now > self.end() + self.grace + self.slack

    def close(self) -> None:
        """The server ends it."""
        self.state = "closed" if self.is_here or self.saves else "absent"
