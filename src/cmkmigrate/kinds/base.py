"""The contract of a kind: the file that knows one sort of thing.

A kind is data (class attributes) plus a few verbs. The engine never knows a kind's name: what it must know is an
attribute here, each with a test that fails when it is wrong. Duties of whoever writes one:

* One write per `create`. Nothing is read inside a write, nothing is decided in it.
* `list` is cheap and complete: an unreadable list raises, it is never empty. `load` may cost a call.
* Bodies are the vendor's JSON as it came (not typed objects: those drop unknown fields). What the server owns is named
  in `server_owned`; everything else is sent, so a new field of the vendor travels.
* CallErrors pass through. The only translation a kind makes is to `NotYet`.
* `settle` finds out by itself what is left to do and can be repeated at any time.
* A secret's value is in `content` alone, never in a body, an entry or a message.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, TypeAlias

from cmkmigrate.model import NOTHING, Asset, Body, Entry, Made, Reference

__all__ = ["NOTHING", "Kind", "Listed", "Settings", "Site"]

Site: TypeAlias = Any  # clients.databricks.Workspace, or clients.arm.Subscription where `at` is "arm"
Settings: TypeAlias = Mapping[str, Any]  # `with:` of the step, filled
Listed: TypeAlias = Callable[[str], Iterable[Entry]]  # kind name -> its entries on the same side, already listed


class Kind(ABC):
    """One sort of thing. Subclasses live one to a file; the file's name is the kind's name."""

    name: ClassVar[str]
    version: ClassVar[int] = 1  # of the rows it writes; a newer tool says which it still understands
    service: ClassVar[str]  # the file in sandbox/ that mirrors it
    at: ClassVar[str] = "workspace"  # or "arm"
    unsupported: ClassVar[str] = ""  # why none of its things is moved; they are listed, counted and reported
    refs: ClassVar[tuple[Reference, ...]] = ()
    parents: ClassVar[tuple[str, ...]] = ()  # kinds whose listing `list` goes through
    owns: ClassVar[tuple[str, ...]] = ("*",)  # ("*", "!a.b") or ("a.b",): what is compared and changed
    arriving: ClassVar[Mapping[str, Any]] = {}  # paths not owned -> value that create and update give them
    deferred: ClassVar[tuple[str, ...]] = ()  # owned paths that create cannot say; an update follows
    immutable: ClassVar[tuple[str, ...]] = ()  # a difference here means replace
    unordered: ClassVar[tuple[str, ...]] = ()  # lists that are sets
    partial: ClassVar[bool] = False  # want is compared as a subset of have (Azure fills in the rest)
    keeps: ClassVar[bool] = False  # whether what was there is kept in the ledger before it is changed
    once: ClassVar[bool] = False  # a deed: gone when it is done; the ledger's word stands while the hint is the same
    server_owned: ClassVar[frozenset[str]] = frozenset()  # paths dropped from portable bodies
    one_write: ClassVar[bool] = True  # update is one request, so that one which was refused has changed nothing
    marker_path: ClassVar[str] = ""  # where the source's id is written when names are not unique
    id_type: ClassVar[type] = str  # of its id inside other bodies (a job id is a number)
    writes_source: ClassVar[bool] = False
    grants: ClassVar[bool] = (
        False  # takes effect after a while; the hint of what is there is its time (ISO 8601), or ""
    )
    alone: ClassVar[bool] = False  # only in a step of its own, never among `kinds: all`; later steps stand on it
    secret: ClassVar[bool] = False  # content is compared in memory; nothing derived from it is kept
    outputs: ClassVar[Mapping[str, str]] = {}  # name -> path in the loaded body, for ${steps.id.name}
    permission_type: ClassVar[str] = ""  # the TYPE of /api/2.0/permissions/TYPE/ID
    unverified: ClassVar[tuple[str, ...]] = ()  # what it takes for true and nobody has confirmed; the plan says so
    settings: ClassVar[Mapping[str, type]] = {}  # keys that `with:` may have -> str, bool, int, list, dict

    # One write that makes the thing: create(site, asset) -> Made. None: it exists with its parent (`Entry.of`).
    create: ClassVar[Callable[..., Made] | None] = None
    # One write that ends it: delete(site, entry). None: this kind never deletes.
    delete: ClassVar[Callable[..., None] | None] = None

    # inside(site, key) -> (kind, entry) of all that is directly in one of its things, by one call. None: no such call.
    inside: ClassVar[Callable[..., Iterable[tuple[str, Entry]]] | None] = None

    # What a step with `again: true` writes as it is: anew(site) -> every Entry, what is left out with its reason. None:
    # this kind is never written anew. Such a kind says by `stamp` what version a thing has now.
    anew: ClassVar[Callable[..., Iterable[Entry]] | None] = None

    @abstractmethod
    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        """Every thing of this kind on `site` (an Asset where the listing is the body). Raises CallError."""

    def load(self, site: Site, entry: Entry) -> Asset:
        """The whole thing; default: the listing was the body. Raises NotFound when it is gone."""
        assert isinstance(entry, Asset), f"{self.name} lists entries and must define load"
        return entry

    def check(self, settings: Settings) -> None:
        """Raises Mistake for settings that are never right, names and ids that cannot be among them. Asked of a step by
        itself before anything is sent; what is known only later is, or holds, KNOWN_AFTER_APPLY."""
        return None

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        """What the target shall have; default: what the source has. `source` is always the source Workspace."""
        return self.list(source, settings, listed)

    def update(self, site: Site, want: Asset, have: Asset) -> Made | None:
        """Bring `have` (loaded just before) to `want`; several writes only if each can be repeated."""
        raise NotImplementedError(f"{self.name} is never updated")

    def stamp(self, site: Site, entry: Entry) -> str:
        """The vendor's version of a thing now, as its hint has it; one cheap call. For kinds with `anew`."""
        raise NotImplementedError(f"{self.name} is never written anew")

    def settle(self, site: Site, asset: Asset, made: Made) -> None:
        """Wait until usable; stop what creating started. Finds out itself what is left, safe to repeat."""
        return None

    def still(self, site: Site, outputs: Mapping[str, Any]) -> str:
        """Why it cannot be told whether what a finished step gave can still be used; "" where it can be. Raises Stopped
        where it cannot. Asked from time to time, while things are written that stand on it."""
        return ""

    def proof(self, site: Site, asset: Asset) -> Iterator[bytes]:
        """What equality of content is judged by; default: the content."""
        return asset.content() if asset.content else iter(())

    def fit(self, want: Body, have: Body) -> Body:
        """`want`, with what the target must keep of `have` (both portable); default: want as it is."""
        return want

    def as_key(self, name: str) -> str:
        """What is the same name to the vendor (case, a leading /Workspace)."""
        return name

    def seeded(self, site: Site, entry: Entry) -> bool:
        """Whether the service made it by itself: mapped, not ours to make or change."""
        return False

    def forecast(self, site: Site, bodies: Iterable[Body]) -> str:
        """One line for the plan on what creating these will cost; "" for nothing worth a line."""
        return ""
