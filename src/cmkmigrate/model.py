"""The nouns: what is listed, loaded, decided and reported. Plain data; imports nothing of the project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

Body = dict[str, Any]
KNOWN_AFTER_APPLY: Final = "(known after apply)"
MOST: Final = 64  # things under way at once, of each kind, whatever is asked for


class _Nothing:
    """The absence of a value where None is a value."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


@dataclass(slots=True)
class Entry:
    """What a listing says of one thing.

    id: the server's. key: the same on both sides; "" lets the engine use the source's id. name: for people.
    marker: the source's id as found written on a target object. hint: changes when the thing changes (a vendor's
    timestamp or version); "" where the vendor gives none. of: (kind, key) of the thing it is in. unsupported, excluded:
    why it is not moved; the outcome of the object is then decided.
    """

    id: str
    key: str = ""
    name: str = ""
    marker: str = ""
    hint: str = ""
    of: tuple[str, str] | None = None
    unsupported: str = ""
    excluded: str = ""


@dataclass(slots=True)
class Asset(Entry):
    """One thing, loaded. body None (only from `desired`): it shall be absent. content: opened once, streamed.

    size: bytes of a content too large to be held in memory, which is read while it is written; -1 for any other.
    notes: warnings of what is in the target, which stop nothing."""

    body: Body | None = None
    content: Callable[[], Iterator[bytes]] | None = None
    size: int = -1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What a write gave: the server's id, and the URL of the operation that is still going on, if any."""

    id: str
    operation_url: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of a body that points at an asset of another kind (or its own).

    path: dotted, with `[*]` for every element of a list and `*` for every value of an object
    (`tasks[*].existing_cluster_id`). targets: names of kinds; the first that knows the value wins.
    form: "id" (rewritten from one side's id to the other's), "key" (a name that means the same on both sides, as a user
    name), "prefix" (a path: equal to the key of a target, or below one).
    inside_json: the field at `path` is a JSON string and this is the path inside it.
    within: a regular expression with one group: only what it finds in the value counts (`{{secrets/SCOPE/KEY}}`).
    placeholder: what stands in while a cycle is being created; NOTHING where a cycle cannot be.
    missing: what happens when it points at nothing: "block" the asset, "warn", or "drop" the list element it is in.
    """

    path: str
    targets: tuple[str, ...]
    form: str = "id"
    inside_json: str = ""
    placeholder: Any = NOTHING
    missing: str = "block"
    within: str = ""


class Do(StrEnum):
    """What a step does to one asset."""

    CREATE = "create"
    UPDATE = "update"
    AGAIN = "again"  # an update of what is equal, where a step asks for it
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"
    BLOCK = "block"
    EXCLUDED = "excluded"
    UNSUPPORTED = "unsupported"


class State(StrEnum):
    """Where an item is in its life. INTENT is the row made durable before a write; without a result it is unknown."""

    PLANNED = "planned"
    INTENT = "intent"
    MADE = "made"
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    DRIFTED = "drifted"
    EXCLUDED = "excluded"
    UNSUPPORTED = "unsupported"


class Outcome(StrEnum):
    """What became of one source object at the end. The counts of a kind add up to its source objects."""

    MIGRATED = "migrated"
    EXCLUDED = "excluded"
    UNSUPPORTED = "unsupported"
    FAILED = "failed"


@dataclass(slots=True)
class Action:
    """What will be done to one asset, and why.

    changes: the paths that differ. notes: warnings that stop nothing. hint: the source's version when this was decided.
    """

    step: str
    kind: str
    key: str
    do: Do
    name: str = ""
    reason: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hint: str = ""


@dataclass(slots=True)
class Event:
    """Something that happened in a run. total: of a kind, where known. what: one of

    begin, end (of a pass), phase (before the steps), step, done, error (a step begins, is behind, cannot go on),
    kind (of a step begins), item (its last word), pause, go, note, wait (it takes longer), look (tell the status).
    """

    at: float
    what: str
    step: str = ""
    kind: str = ""
    key: str = ""
    state: str = ""
    text: str = ""
    total: int = 0


@dataclass(slots=True)
class Finding:
    """What verify saw of one object: same, differs, missing, extra, duplicate, failed, excluded, unsupported."""

    step: str
    kind: str
    key: str
    what: str
    reason: str = ""
    changes: tuple[str, ...] = ()


@dataclass(slots=True)
class Count:
    """The reckoning of one kind: objects in the source, and what became of them."""

    kind: str
    source: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
