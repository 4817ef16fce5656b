"""Things that were made and have not been listed since: their ids and versions are not known yet.

The service does not say the id of a folder or a notebook that it makes. What is in a folder is looked at in one call
when nothing more is to be made in it, so that access lists can follow at once and no folder is listed for each change.
Kinds whose things are in nothing that can be looked into are listed anew as a whole.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cmkmigrate.engine.names import as_row
from cmkmigrate.errors import CallError, NotFound, Stopped

if TYPE_CHECKING:
    from cmkmigrate.engine.observe import Task

Of = tuple[str, str]  # the (kind, key) of what a thing is in; ("", "") where it is in nothing


class Unseen:
    """Safe to use from many threads; one looks at a time."""

    def __init__(self) -> None:
        self._left: Counter[Of] = Counter()  # things in it that are still to be made
        self._new: dict[Of, dict[tuple[str, str], Task]] = {}
        self._touched: dict[tuple[str, str], Task] = {}
        self._lock = threading.Lock()
        self.looking = threading.RLock()

    def expect(self, of: Of) -> None:
        """One more thing is to be made in `of`."""
        with self._lock:
            self._left[of] += 1

    def settled(self, of: Of) -> None:
        """One thing less is to be made in it."""
        with self._lock:
            self._left[of] -= 1

    def add(self, task: Task, of: Of, key: str) -> None:
        """A thing was made, and its id is not known."""
        with self._lock:
            self._new.setdefault(of, {})[task.kind.name, key] = task
            self._touched[task.step.id, task.kind.name] = task

    def look(self, *, only: Callable[[Of], bool] = lambda of: True, kinds: set[str] | None = None) -> None:
        """Learn the ids of what is new. only: in which things; kinds: of these kinds (None: all). Raises Stopped."""
        with self.looking:
            for of in [of for of in list(self._new) if only(of)]:
                with self._lock:
                    new = self._new.get(of, {})
                    if kinds is not None and not kinds & {kind for kind, _ in new}:
                        continue
                    self._new.pop(of, None)
                self._look(of, new)

    def hidden(self, kinds: set[str]) -> bool:
        """Whether something of these kinds was made, and the looks so far did not show it."""
        with self._lock:
            return any(kind in kinds for new in self._new.values() for kind, _ in new)

    def complete(self, of: Of) -> bool:
        """Whether nothing more is to be made in it, as far as is known."""
        return self._left[of] <= 0

    def listed(self, kind: str) -> None:
        """A kind was listed as a whole: nothing of it is new any more."""
        with self._lock:
            for of in list(self._new):
                for at in [at for at in self._new[of] if at[0] == kind]:
                    del self._new[of][at]
                if not self._new[of]:
                    del self._new[of]

    def finish(self) -> None:
        """Look at all that is left, and write the ids and versions into the items. Raises Stopped."""
        self.look()
        with self._lock:
            touched, self._touched = self._touched, {}
        for (step, kind), task in touched.items():
            task.board.names.learn_ids(step, kind)

    def _look(self, of: Of, new: dict[tuple[str, str], Task]) -> None:
        some = next(iter(new.values()))
        kinds = some.board.migration.kinds
        inside = kinds[of[0]].inside if of[0] in kinds else None
        if inside is None:
            for at, task in enumerate({kind: task for (kind, _), task in new.items()}.values()):
                task.look_again(anew=at == 0)  # one listing may serve several kinds
            return
        try:
            found = {(kind, one.key): one for kind, one in inside(some.target, of[1])}
        except NotFound:
            found = {}
        except CallError as error:
            raise Stopped(
                "could not list", subject=f"{of[0]} {of[1]}", why=str(error), next="cmkmigrate resume"
            ) from error
        for (kind, key), task in new.items():
            one: Any = found.get((kind, key))
            if one is not None:
                task.board.names.add(as_row("target", kind, one, key, 0))
        with self._lock:  # the next look may show what this one did not
            hidden = {at: task for at, task in new.items() if at not in found}
            if hidden:
                self._new[of] = {**hidden, **self._new.get(of, {})}
