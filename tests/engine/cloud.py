"""An in-memory cloud and five small kinds, to try the engine on without HTTP. Shares no code with the product's kinds.

`Site.fault` decides per write what happens: "" (normal), "lost-before", "lost-after", "refused", "busy", or "die"
(raises Died, standing for a process that is killed: before, or after the work).
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from cmkmigrate.errors import AlreadyExists, NotFound, Refused, Throttled, Unknown
from cmkmigrate.kinds.base import Kind, Listed, Settings
from cmkmigrate.model import Asset, Body, Entry, Made, Reference


class Died(BaseException):
    """The process was killed."""


class Site:
    """A workspace: kind -> id -> body."""

    timeout_s = 0.01
    poll_s = 0.01

    def __init__(self, name: str, *, first: int) -> None:
        self.name, self.org_id, self.arm_id, self.host, self.url = name, name, "", name, f"https://{name}"
        self.location, self.resource = "here", {}
        self.things: dict[str, dict[str, Body]] = {
            "pools": {},
            "jobs": {},
            "acls": {},
            "notes": {},
            "vaults": {},
            "scopes": {},
        }
        self.writes: list[tuple[str, str]] = []
        self.reads = 0
        self.cache: dict[str, Any] = {}
        self.marker: bytes | None = None
        self.fault: Callable[[str, str], str] = lambda kind, name: ""
        self._ids = itertools.count(first)

    def effect(self, kind: str, name: str, work: Callable[[], Any]) -> Any:
        self.writes.append((kind, name))
        fault = self.fault(kind, name)
        if fault == "die-before":
            raise Died
        if fault == "lost-before":
            raise Unknown("no answer")
        if fault == "refused":
            raise Refused("no", status=400)
        if fault == "busy":
            raise Throttled("slow down", retry_after=0.0)
        result = work()
        if fault == "lost-after":
            raise Unknown("no answer")
        if fault == "die-after":
            raise Died
        return result

    def make(self, kind: str, name: str, body: Body) -> str:
        def work() -> str:
            id = str(next(self._ids))
            self.things[kind][id] = copy.deepcopy(body)
            return id

        return str(self.effect(kind, name, work))

    def change(self, kind: str, id: str, body: Body) -> None:
        self.effect(kind, id, lambda: self.things[kind].__setitem__(id, copy.deepcopy(body)))

    def read(self, path: str, query: Any = None) -> Any:
        import base64

        if self.marker is None:
            raise NotFound("no marker")
        return {"content": base64.b64encode(self.marker).decode()}

    def write(self, method: str, path: str, body: Any = None) -> Any:
        import base64

        if path.endswith("delete"):
            self.marker = None
        elif self.marker is not None and not body.get("overwrite"):
            raise AlreadyExists("marker")
        else:
            self.marker = base64.b64decode(body["content"])
        return {}


class Sites:
    """Opens the two sites by name."""

    def __init__(self, **sites: Site) -> None:
        self.sites = sites

    def workspace(self, ref: str, *, profile: str = "", source: bool = False, writes: bool | None = None) -> Site:
        return self.sites[ref]

    def subscription(self, subscription_id: str) -> Site:
        return self.sites["target"]

    def source_share(self) -> float:
        return 1.0


class _Plain(Kind):
    service = "none"

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        for id, body in list(site.things[self.name].items()):
            site.reads += 1
            yield self._entry(id, copy.deepcopy(body))

    def _entry(self, id: str, body: Body) -> Entry:
        return Asset(id, body["name"], body["name"], body=body)

    def update(self, site: Site, want: Asset, have: Asset) -> Made | None:
        assert want.body is not None
        site.change(self.name, have.id, want.body)
        return None


class Pools(_Plain):
    """Unique names; lists whole bodies."""

    name = "pools"
    refs: ClassVar = ()
    arriving: ClassVar = {"idle": 0}
    server_owned: ClassVar = frozenset({"state"})

    def create(self, site: Site, asset: Asset) -> Made:
        assert asset.body is not None
        if any(body["name"] == asset.body["name"] for body in site.things["pools"].values()):
            raise AlreadyExists("name")
        return Made(site.make("pools", asset.key, asset.body))


class Jobs(_Plain):
    """Names that are not unique, a marker, references to pools and to jobs, a field that create cannot say."""

    name = "jobs"
    refs: ClassVar = (
        Reference("pool", ("pools",)),
        Reference("after[*]", ("jobs",), placeholder=0),
        Reference("warehouse", ("warehouses",)),
    )
    arriving: ClassVar = {"schedule.pause": "PAUSED"}
    deferred: ClassVar = ("pinned",)
    marker_path = "tags.src"
    id_type = int
    server_owned: ClassVar = frozenset({"running"})

    def _entry(self, id: str, body: Body) -> Entry:
        return Entry(id, name=body["name"], marker=body.get("tags", {}).get("src", ""))

    def load(self, site: Site, entry: Entry) -> Asset:
        site.reads += 1
        if entry.id not in site.things["jobs"]:
            raise NotFound("gone")
        return Asset(entry.id, entry.key, entry.name, body=copy.deepcopy(site.things["jobs"][entry.id]))

    def create(self, site: Site, asset: Asset) -> Made:
        assert asset.body is not None
        body = {key: value for key, value in asset.body.items() if key != "pinned"}
        return Made(site.make("jobs", asset.key, body))

    def settle(self, site: Site, asset: Asset, made: Made) -> None:
        site.things["jobs"][made.id]["running"] = False


class Acls(_Plain):
    """A part: exists with its job."""

    name = "acls"
    parents: ClassVar = ("jobs",)

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        for one in listed("jobs"):
            yield Entry(one.id, f"jobs/{one.key}", one.name, of=("jobs", one.key))

    def load(self, site: Site, entry: Entry) -> Asset:
        site.reads += 1
        body = copy.deepcopy(site.things["acls"].get(entry.id, {"who": []}))
        return Asset(entry.id, entry.key, entry.name, of=entry.of, body=body)


class Notes(_Plain):
    """Paths with content and a hint; what was made has no id until it is listed."""

    name = "notes"
    partial = False

    def _entry(self, id: str, body: Body) -> Entry:
        return Entry(id, body["path"], hint=str(body["at"]))

    def load(self, site: Site, entry: Entry) -> Asset:
        site.reads += 1
        body = next(body for body in site.things["notes"].values() if body["path"] == entry.key)

        def content() -> Iterator[bytes]:
            yield body["text"].encode()

        return Asset(entry.id, entry.key, body={"path": entry.key}, content=content)

    def create(self, site: Site, asset: Asset) -> Made:
        assert asset.content is not None
        site.make("notes", asset.key, {"path": asset.key, "at": 1, "text": b"".join(asset.content()).decode()})
        return Made("")

    def update(self, site: Site, want: Asset, have: Asset) -> Made | None:
        assert want.content is not None
        body = {"path": want.key, "at": 2, "text": b"".join(want.content()).decode()}
        site.change("notes", have.id, body)
        return None


KINDS: dict[str, Kind] = {kind.name: kind for kind in (Pools(), Jobs(), Acls(), Notes())}
