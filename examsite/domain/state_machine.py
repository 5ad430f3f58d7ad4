"""One table per workflow: which event leads from which state to which.

Rows keep the state, the record log keeps the events. Nothing else in the product decides what may follow what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from examsite.domain.errors import ConflictError

StateT = TypeVar("StateT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)


@dataclass(frozen=True)
class StateMachine(Generic[StateT, EventT]):
    """A closed table (state, event) -> state with its initial state."""

    name: str
    initial: StateT
    table: Mapping[tuple[StateT, EventT], StateT]

    def after(self, state: StateT, event: EventT) -> StateT:
        """The state after the event.

        Raises:
            ConflictError: `event_not_open`, when the event does not happen in this state.
        """
        try:
            return self.table[(state, event)]
        except KeyError:
            raise ConflictError("event_not_open", machine=self.name, state=state, event=event) from None

    def is_open(self, state: StateT, event: EventT) -> bool:
        """Whether the event may happen in this state."""
        return (state, event) in self.table

    def events_open_in(self, state: StateT) -> tuple[EventT, ...]:
        """The events that may happen in this state, in the order of the table."""
        return tuple(event for (source, event) in self.table if source == state)

    def reachable(self) -> frozenset[StateT]:
        """Every state that some sequence of events leads to, the initial one included."""
        seen = {self.initial}
        frontier = [self.initial]
        while frontier:
            state = frontier.pop()
            for (source, _event), target in self.table.items():
                if source == state and target not in seen:
                    seen.add(target)
                    frontier.append(target)
        return frozenset(seen)

    def final_states(self) -> frozenset[StateT]:
        """The states that no event leaves."""
        sources = {source for (source, _event) in self.table}
        return self.reachable() - sources
