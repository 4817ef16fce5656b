"""Written anew: proven by version and content, never over somebody's change, stopped at the first that is spoilt."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cmkmigrate import playbook
from cmkmigrate.engine.apply import another_pass, apply
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.verify import Verification
from cmkmigrate.errors import Mistake, NotFound, Stopped, Throttled, Unknown
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import Asset, Entry, Finding, Made
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item
from tests.engine import cloud

TEXT = """
playbook: anew
params:
  where: {type: workspace, default: source}
source: "${params.where}"
target: "${params.where}"
steps:
  - id: anew
    kinds: [notes]
    again: true
"""


class Notes(cloud.Notes):
    """Notes that can be written anew; /n3 is left out."""

    def anew(self, site: cloud.Site) -> Iterable[Entry]:
        for id, body in list(site.things["notes"].items()):
            left_out = "somebody else's" if body["path"] == "/n3" else ""
            yield Entry(id, body["path"], hint=str(body["at"]), excluded=left_out)

    def _body(self, site: cloud.Site, entry: Entry) -> dict[str, Any]:
        for body in site.things["notes"].values():
            if body["path"] == entry.key:
                return body
        raise NotFound("gone")

    def stamp(self, site: cloud.Site, entry: Entry) -> str:
        return str(self._body(site, entry)["at"])

    def load(self, site: cloud.Site, entry: Entry) -> Asset:
        self._body(site, entry)
        return super().load(site, entry)

    def update(self, site: cloud.Site, want: Asset, have: Asset) -> Made | None:
        assert want.content is not None
        at = self._body(site, want)["at"] + 1
        body = {"path": want.key, "at": at, "text": b"".join(want.content()).decode()}
        site.change("notes", have.id, body)
        return None


class Hidden(Notes):
    """The same, where nothing of a content may be kept."""

    secret = True


Go = Callable[..., None]


@pytest.fixture
def site(sites: cloud.Sites) -> cloud.Site:
    return sites.sites["source"]


def migration_with(sites: cloud.Sites, kind: Kind) -> Migration:
    kinds = {**cloud.KINDS, "notes": kind}
    book = playbook.parse(TEXT, "anew.yaml", kinds)
    return Migration(book, playbook.fill_params(book, {}), kinds, sites)


def go_with(sites: cloud.Sites, ledger: Ledger, kind: Kind, **more: Any) -> None:
    for _ in apply(migration_with(sites, kind), ledger, confirm={}, parallelism=4, **more):
        pass


@pytest.fixture
def go(sites: cloud.Sites, ledger: Ledger) -> Go:
    return lambda kind=None, **more: go_with(sites, ledger, kind or Notes(), **more)


def items(ledger: Ledger) -> dict[str, Any]:
    return {row.key: row for row in ledger.rows(select(item))}


def texts(site: cloud.Site) -> dict[str, str]:
    return {body["path"]: body["text"] for body in site.things["notes"].values()}


def findings(sites: cloud.Sites, ledger: Ledger) -> list[Finding]:
    return [one for one in Verification(migration_with(sites, Notes()), ledger).run() if one.what != "excluded"]


def test_each_once_and_as_it_was(go: Go, site: cloud.Site, sites: cloud.Sites, ledger: Ledger) -> None:
    before = texts(site)
    go()
    assert texts(site) == before
    assert Counter(name for _, name in site.writes) == dict.fromkeys(set(site.things["notes"]) - {"3"}, 1)
    rows = items(ledger)
    assert Counter((row.state, row.do) for row in rows.values()) == {("done", "again"): 19, ("excluded", "excluded"): 1}
    stamp, digest = json.loads(rows["/n1"].source_hint)
    assert (stamp, len(digest), rows["/n1"].target_hint) == ("1", 64, "2")
    assert rows["/n3"].reason == "somebody else's"
    assert findings(sites, ledger) == []
    another_pass(ledger)
    go()
    assert {body["at"] for body in site.things["notes"].values()} == {1, 3}, "asked for again, it is done again"


@pytest.mark.parametrize("how", ["lost-before", "lost-after"])
def test_a_lost_answer(how: str, go: Go, site: cloud.Site, ledger: Ledger) -> None:
    before, seen = texts(site), Counter[str]()

    def fault(_: str, name: str) -> str:
        seen[name] += 1
        return how if seen[name] == 1 else ""

    site.fault = fault
    go()
    assert texts(site) == before
    assert {row.state for row in items(ledger).values()} == {"done", "excluded"}
    again = {"lost-before": 2, "lost-after": 1}[how]  # what arrived is seen, and not sent once more
    assert set(seen.values()) == {again}


@pytest.mark.parametrize("kind", [Notes(), Hidden()])
@pytest.mark.parametrize("how", ["die-before", "die-after"])
def test_killed_and_gone_on_with(how: str, kind: Kind, go: Go, site: cloud.Site, ledger: Ledger) -> None:
    before = texts(site)
    site.fault = lambda _, name: how if name == "7" else ""
    with pytest.raises(cloud.Died):
        go(kind)
    assert items(ledger)["/n7"].state == "intent"
    site.fault = lambda _, name: ""
    go(kind)
    assert texts(site) == before
    assert {row.state for row in items(ledger).values()} == {"done", "excluded"}
    digests = {json.loads(row.source_hint)[1] for row in items(ledger).values() if row.source_hint}
    assert (digests == {""}) == kind.secret


def test_what_somebody_changes_meanwhile_is_not_overwritten(go: Go, site: cloud.Site, ledger: Ledger) -> None:
    class Disturbed(Notes):
        def load(self, site: cloud.Site, entry: Entry) -> Asset:
            asset = super().load(site, entry)
            body = self._body(site, entry)
            if entry.key == "/n5" and body["at"] == 1:
                body |= {"at": 50, "text": "theirs"}
            return asset

    go(Disturbed())
    row = items(ledger)["/n5"]
    assert (row.state, "not overwritten" in row.reason) == ("drifted", True)
    assert texts(site)["/n5"] == "theirs" and "5" not in [name for _, name in site.writes]
    go(retry_failed=True)
    assert items(ledger)["/n5"].state == "done" and texts(site)["/n5"] == "theirs"


def test_the_version_is_read_again_before_each_try(go: Go, site: cloud.Site, ledger: Ledger) -> None:
    def busy(_: str, name: str) -> str:
        if name == "5":
            site.things["notes"]["5"] |= {"at": 50, "text": "theirs"}
            raise Throttled("later")
        return ""

    site.fault = busy
    go()
    row = items(ledger)["/n5"]
    assert (row.state, "not overwritten" in row.reason) == ("drifted", True)
    assert texts(site)["/n5"] == "theirs"


def test_the_first_that_is_spoilt_is_the_last(go: Go, site: cloud.Site, ledger: Ledger) -> None:
    class Spoiling(Notes):
        def update(self, site: cloud.Site, want: Asset, have: Asset) -> Made | None:
            made = super().update(site, want, have)
            self._body(site, want)["text"] += " "
            return made

    with pytest.raises(Stopped, match="reads otherwise"):
        go(Spoiling())
    states = Counter(row.state for row in items(ledger).values())
    assert states["failed"] == 1 and "done" not in states, "one goes first, alone"
    assert len(site.writes) == 1


def test_a_write_without_a_trace_proves_nothing(go: Go, site: cloud.Site, ledger: Ledger) -> None:
    class Idle(Notes):
        def update(self, site: cloud.Site, want: Asset, have: Asset) -> Made | None:
            return None

    go(Idle())
    rows = items(ledger)
    assert {row.state for row in rows.values()} == {"failed", "excluded"}
    assert "no newer version" in rows["/n1"].reason


def test_what_is_gone_and_what_is_never_answered(go: Go, site: cloud.Site, ledger: Ledger) -> None:
    class Going(Notes):
        def anew(self, site: cloud.Site) -> Iterable[Entry]:
            yield from super().anew(site)
            yield Entry("gone", "/gone", hint="1")

    def fault(_: str, name: str) -> str:
        if name == "4":
            raise Unknown("no answer")
        return ""

    site.fault = fault
    go(Going())
    rows = items(ledger)
    assert (rows["/gone"].state, rows["/n4"].state) == ("drifted", "failed")


def test_verify_sees_the_old_version_back(go: Go, site: cloud.Site, sites: cloud.Sites, ledger: Ledger) -> None:
    go()
    site.things["notes"]["8"]["at"] = 1
    site.things["notes"]["9"] |= {"at": 70, "text": "worked on since"}
    site.things["notes"]["new"] = {"path": "/new", "at": 1, "text": ""}
    assert [(one.key, one.what) for one in findings(sites, ledger)] == [("/n8", "differs")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('target: "${params.where}"', "target: elsewhere"), "in place"),
        (("kinds: [notes]", "kinds: [pools]"), "never written anew"),
    ],
)
def test_refused_where_it_makes_no_sense(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=said):
        playbook.parse(TEXT.replace(*change), "anew.yaml", {**cloud.KINDS, "notes": Notes()})
