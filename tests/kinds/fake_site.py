"""A workspace that answers what a test says, and remembers what it was asked and told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cmkmigrate.errors import NotFound
from cmkmigrate.kinds.base import Kind, Listed
from cmkmigrate.model import Asset, Entry


class FakeSite:
    """`on` says what a path answers: several answers in turn, the last one for ever. An exception is raised."""

    def __init__(self, org_id: str = "1001") -> None:
        self.host, self.org_id, self.operator = "adb-1001.1.azuredatabricks.test", org_id, "operator@contoso.example"
        self.cache: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.written: list[tuple[str, str, Any]] = []
        self.uploaded: list[tuple[dict[str, str], bytes]] = []
        self.held: list[bool] = []  # of what was downloaded
        self._answers: list[tuple[str, dict[str, Any], list[Any]]] = []

    def on(self, path: str, /, *answers: Any, **query: Any) -> FakeSite:
        """What a request to `path` answers where its query (or body) says `query`; later rules win."""
        self._answers.insert(0, (path, query, list(answers)))
        return self

    def read(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        self.asked.append((path, dict(query or {})))
        return self._answer(path, query or {}, None)

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        self.written.append((method, path, dict(body) if body is not None else None))
        return self._answer(path, body or {}, {})

    def upload(self, path: str, fields: Mapping[str, str], content: Iterable[bytes], size: int = -1) -> Any:
        self.uploaded.append((dict(fields), b"".join(content)))
        assert size in (-1, len(self.uploaded[-1][1]))
        return self._answer(path, fields, {})

    def download(self, path: str, query: Mapping[str, Any] | None = None, *, held: bool = True) -> Iterator[bytes]:
        self.asked.append((path, dict(query or {})))
        self.held.append(held)
        return iter(self._answer(path, query or {}, None))

    def _answer(self, path: str, said: Mapping[str, Any], otherwise: Any) -> Any:
        for where, query, answers in self._answers:
            if where == path and all(said.get(name) == value for name, value in query.items()):
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if isinstance(answer, Exception):
                    raise answer
                return answer
        if otherwise is None:
            raise NotFound(f"{path} {dict(said)}", status=404, code="RESOURCE_DOES_NOT_EXIST")
        return otherwise


def nothing_listed(kind: str) -> Iterable[Entry]:
    raise AssertionError(f"{kind} was not to be listed")


def listing(**entries: list[Entry]) -> Listed:
    """A `listed` that knows these kinds; others are empty."""
    return lambda kind: entries.get(kind, [])


def entries(kind: Kind, site: FakeSite, listed: Listed = nothing_listed) -> list[Entry]:
    """All that a kind lists on a site."""
    return list(kind.list(site, {}, listed))


def by_key(kind: Kind, site: FakeSite, listed: Listed = nothing_listed) -> dict[str, Entry]:
    """All that a kind lists, by key (or by id, where it has none)."""
    return {one.key or one.id: one for one in entries(kind, site, listed)}


def content(asset: Asset) -> bytes:
    """The bytes of an asset."""
    assert asset.content is not None
    return b"".join(asset.content())


def tree(site: FakeSite, *objects: dict[str, Any]) -> FakeSite:
    """Let the workspace tree of `site` be these objects (path, object_type and what else they say)."""
    site.on("/api/2.0/workspace/get-status", {"object_type": "DIRECTORY", "path": "/", "object_id": 0}, path="/")
    folders: dict[str, list[dict[str, Any]]] = {"/": []}
    for number, one in enumerate(objects, 1):
        said: dict[str, Any] = {"object_id": number, "object_type": "DIRECTORY"} | one
        folders[said["path"].removeprefix("/Workspace").rpartition("/")[0] or "/"].append(said)
        if said["object_type"] == "DIRECTORY":
            folders.setdefault(said["path"], [])
    for path, found in folders.items():
        site.on("/api/2.0/workspace/list", {"objects": found} if found else {}, path=path)
    return site
