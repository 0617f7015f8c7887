"""Markers that outlive a process: they show which record killed it.

A marker is written before work that could end the process, and removed when that work ends in any way that Python can
see. So a marker that is found means a death. Deaths are counted by session, one run of the driver: a driver that is
killed takes its workers along, which says nothing about the texts they had, so one death in each session convicts only
when there are several sessions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from openbioner_batch.engine.names import ATTEMPTS
from openbioner_batch.engine.store import Store

DEATHS_IN_ONE_SESSION = 2
SESSIONS_WITH_A_DEATH = 3
AROUND = "around"
"""The unit that others are parts of: a death in one of them is one in this too."""
WHOLE = "whole"
"""The unit of work that is done in one go."""


def is_suspect(sessions: Iterable[str]) -> bool:
    """Whether there are too many deaths, each given by its session, to be chance."""
    deaths = Counter(sessions)
    return max(deaths.values(), default=0) >= DEATHS_IN_ONE_SESSION or len(deaths) >= SESSIONS_WITH_A_DEATH


class Attempts:
    """The markers of one piece of work, such as a shard.

    Args:
        store: the run's folder.
        work: the name of the piece of work.
        session: identifies one run of the driver.
    """

    def __init__(self, store: Store, work: str, session: str) -> None:
        self._store = store
        self._folder = f"{ATTEMPTS}/{work}"
        self._session = session
        self._deaths: dict[str, list[str]] = {}
        for name in store.names(self._folder):
            unit, found_session, _ = name.split(".")
            self._deaths.setdefault(unit, []).append(found_session)

    def deaths(self, unit: str) -> list[str]:
        """The sessions of the deaths met in a unit of the work, such as the whole or one document."""
        return self._deaths.get(unit, [])

    def total(self) -> int:
        """How many processes have died at this work in this session."""
        return sum(sessions.count(self._session) for unit, sessions in self._deaths.items() if unit != AROUND)

    def elsewhere(self) -> int:
        """How many of them died `AROUND` the units, outside of any.

        Those that died in the whole, before units were told apart, are no such deaths.
        """
        inside = sum(
            sessions.count(self._session) for unit, sessions in self._deaths.items() if unit not in (AROUND, "whole")
        )
        return self.deaths(AROUND).count(self._session) - inside

    def suspects(self) -> set[str]:
        """The units that are too deadly to try again."""
        return {unit for unit, sessions in self._deaths.items() if is_suspect(sessions)}

    @contextmanager
    def attempt(self, unit: str) -> Iterator[None]:
        """Leave a marker for as long as the work on a unit lasts."""
        name = f"{self._folder}/{unit}.{self._session}.{self.deaths(unit).count(self._session)}"
        self._store.put(name, b"")
        try:
            yield
        finally:
            self._store.remove([name])


def remove_attempts(store: Store, work: str) -> None:
    """Remove what a piece of work left behind, once it is done."""
    folder = f"{ATTEMPTS}/{work}"
    names = store.names(folder)
    if names:
        store.remove([f"{folder}/{name}" for name in names])
        if store.local:
            store.remove_folder(folder)
