"""What was made without an id is looked at once, when its folder is complete, and never as a whole listing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from cmkmigrate import playbook
from cmkmigrate.engine import conduct
from cmkmigrate.engine.apply import another_pass, apply
from cmkmigrate.engine.migration import Migration
from cmkmigrate.errors import Stopped, Unknown
from cmkmigrate.kinds.base import Kind, Listed, Settings
from cmkmigrate.model import Asset, Entry, Event, Made
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import entry, item
from tests.engine import cloud
from tests.engine.conftest import TEXT

Go = Callable[[], list[Event]]
FOLDERS, EACH = 3, 4


class Tree(cloud._Plain):
    """Things with a path and no id until they are looked at. The site counts its listings and looks."""

    refs: ClassVar = ()

    def list(self, site: cloud.Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        site.listings.append(self.name)  # type: ignore[attr-defined]
        return [one for name, one in everything(site) if name == self.name]

    def load(self, site: cloud.Site, entry: Entry) -> Asset:
        return Asset(entry.id, entry.key, of=entry.of, body={"path": entry.key})

    def create(self, site: cloud.Site, asset: Asset) -> Made:
        assert asset.body is not None
        site.make("notes", asset.key, {"path": asset.key, "is": self.name})
        return Made("")


class Folders(Tree):
    name = "folders"

    def inside(self, site: cloud.Site, key: str) -> Iterator[tuple[str, Entry]]:
        site.looked.append(key)  # type: ignore[attr-defined]
        if getattr(site, "broken", False):
            raise Unknown("no answer")
        for name, one in everything(site):
            if one.of == ("folders", key):
                yield name, one


class Papers(Tree):
    name = "papers"
    parents: ClassVar = ("folders",)


class Marks(cloud._Plain):
    """A part of each folder and paper, to be set by its id."""

    name = "acls"
    parents: ClassVar = ("folders", "papers")

    def list(self, site: cloud.Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        for parent in self.parents:
            for one in listed(parent):
                yield Entry(one.id, f"{parent}:{one.key}", of=(parent, one.key))

    def load(self, site: cloud.Site, entry: Entry) -> Asset:
        assert entry.id, "asked for what has no id"
        return Asset(
            entry.id, entry.key, of=entry.of, body={"who": site.things["acls"].get(entry.id, {}).get("who", [])}
        )


KINDS: dict[str, Kind] = {kind.name: kind for kind in (Folders(), Papers(), Marks())}


def everything(site: cloud.Site) -> Iterator[tuple[str, Entry]]:
    for id, body in list(site.things["notes"].items()):
        path = body["path"]
        parent = path.rpartition("/")[0]
        yield body["is"], Entry(id, path, path, of=("folders", parent) if parent else None)


@pytest.fixture
def sites() -> cloud.Sites:
    source, target = cloud.Site("source", first=1), cloud.Site("target", first=1000)
    for site in (source, target):
        site.listings, site.looked = [], []  # type: ignore[attr-defined]
    for folder in range(FOLDERS):
        source.make("notes", "", {"path": f"/f{folder}", "is": "folders"})
        for paper in range(EACH):
            id = source.make("notes", "", {"path": f"/f{folder}/p{paper}", "is": "papers"})
            source.things["acls"][id] = {"who": [f"{folder}{paper}"]}
    source.writes.clear()
    return cloud.Sites(source=source, target=target)


@pytest.fixture
def go(sites: cloud.Sites, ledger: Ledger) -> Go:
    def run() -> list[Event]:
        book = playbook.parse(TEXT, "contents.yaml", KINDS)
        migration = Migration(book, playbook.fill_params(book, {}), KINDS, sites)
        return list(apply(migration, ledger, confirm={}))

    return run


def test_each_folder_is_looked_into_about_once(go: Go, sites: cloud.Sites) -> None:
    go()
    target: Any = sites.sites["target"]
    marks = {target.things["notes"][id]["path"]: body["who"] for id, body in target.things["acls"].items()}
    assert marks == {f"/f{folder}/p{paper}": [f"{folder}{paper}"] for folder in range(FOLDERS) for paper in range(EACH)}
    assert set(target.looked) == {f"/f{folder}" for folder in range(FOLDERS)}
    assert len(target.looked) <= 2 * FOLDERS, "a folder was looked into for each change"
    assert target.listings.count("papers") == 1, "a look at what is new was a whole listing"


def test_what_is_in_a_folder_is_made_while_other_folders_are_still_being_made(go: Go, sites: cloud.Sites) -> None:
    target, papered = sites.sites["target"], threading.Event()

    def fault(kind: str, name: str) -> str:
        if name == "/f0/p0":
            papered.set()
        elif name == f"/f{FOLDERS - 1}":
            assert papered.wait(120), "no paper was made before the last folder"
        return ""

    target.fault = fault
    go()
    assert papered.is_set()


def test_kinds_in_nothing_are_listed_anew(go: Go, sites: cloud.Sites) -> None:
    go()
    assert sites.sites["target"].listings.count("folders") == 2  # type: ignore[attr-defined]


def test_ids_are_in_the_ledger_at_the_end(go: Go, sites: cloud.Sites, ledger: Ledger) -> None:
    go()
    there = {body["path"]: id for id, body in sites.sites["target"].things["notes"].items()}
    rows = ledger.rows(select(item).where(item.c.kind.in_(("folders", "papers"))))
    assert {row.key: row.id for row in rows} == there
    rows = ledger.rows(select(entry).where(entry.c.side == "target", entry.c.kind != "acls"))
    assert {row.key: row.id for row in rows} == there


def test_a_look_that_fails_ends_the_run_and_resume_goes_on(go: Go, sites: cloud.Sites) -> None:
    target: Any = sites.sites["target"]
    target.broken = True
    with pytest.raises(Stopped, match="could not list") as caught:
        go()
    assert caught.value.subject.startswith("folders /f")
    target.broken = False
    go()
    assert len(target.things["acls"]) == FOLDERS * EACH
    assert len(target.things["notes"]) == FOLDERS * (EACH + 1)


def test_a_listing_that_shows_nothing_once_is_asked_again(go: Go, sites: cloud.Sites, ledger: Ledger) -> None:
    inside, left = Folders.inside, [1]

    def forgetful(self: Folders, site: cloud.Site, key: str) -> Iterator[tuple[str, Entry]]:
        if key == "/f1" and left[0]:
            left[0] -= 1
            return iter(())
        return inside(self, site, key)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Folders, "inside", forgetful)
        go()
    assert left == [0]
    assert {row.state for row in ledger.rows(select(item))} == {"done"}
    assert len(sites.sites["target"].things["acls"]) == FOLDERS * EACH


def test_a_listing_that_takes_long_loses_no_part(go: Go, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    go()
    whole = Papers.list

    def slowly(self: Papers, site: cloud.Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for one in whole(self, site, settings, listed):
            time.sleep(0.05 if site.name == "target" else 0.0)
            yield one

    monkeypatch.setattr(conduct, "OVERLAP_NS", 0)
    monkeypatch.setattr(conduct, "FOLLOW_S", 0.01)
    monkeypatch.setattr(Papers, "list", slowly)
    another_pass(ledger)
    go()
    assert {row.state for row in ledger.rows(select(item))} == {"done"}


def test_what_the_look_does_not_show_is_blocked_and_named(go: Go, sites: cloud.Sites, ledger: Ledger) -> None:
    def inside(self: Folders, site: cloud.Site, key: str) -> Iterator[tuple[str, Entry]]:
        return ((name, one) for name, one in everything(site) if one.of == ("folders", key) and one.key != "/f1/p1")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Folders, "inside", inside)
        go()
    assert len(sites.sites["target"].things["acls"]) == FOLDERS * EACH - 1
    states = {row.key: row.state for row in ledger.rows(select(item).where(item.c.kind == "acls"))}
    assert [key for key, state in states.items() if state != "done"] == ["papers:/f1/p1"]
    assert states["papers:/f1/p1"] == "blocked"
    (reason,) = [row.reason for row in ledger.rows(select(item).where(item.c.state == "blocked"))]
    assert reason == "waits for something that was made, and the service does not list it"
