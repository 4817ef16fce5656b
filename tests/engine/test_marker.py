"""The marker in the target: one run at a time, ours is found again, and what is not ours stops us."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from cmkmigrate.engine import marker as module
from cmkmigrate.engine.marker import Marker
from cmkmigrate.errors import CallError, Denied, Fatal, LockHeld, NotAllowed, Refused, Stopped, Throttled, Unknown
from cmkmigrate.model import Event
from tests.engine import cloud

OTHER = json.dumps({"run": "r2", "holder": "ann@there"}).encode()


class Site(cloud.Site):
    """Counts what reaches it, and does what `write_fault` says before or after a write."""

    def __init__(self) -> None:
        super().__init__("target", first=1)
        self.calls: list[str] = []
        self.lost: list[Exception] = []
        self.before: list[Exception] = []
        self.unreadable: Exception | None = None

    def read(self, path: str, query: Any = None) -> Any:
        self.calls.append("read")
        if self.unreadable:
            raise self.unreadable
        return super().read(path, query)

    def write(self, method: str, path: str, body: Any = None) -> Any:
        self.calls.append(path.rpartition("/")[2])
        if (body or {}).get("overwrite"):
            assert self.marker is not None and json.loads(self.marker)["run"] == "r1", "only our own is written over"
        if self.before:
            raise self.before.pop()
        result = super().write(method, path, body)
        if self.lost:
            raise self.lost.pop()
        return result


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    return Site()


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every guard looks."""
    monkeypatch.setattr(module, "CHECK_S", 0.0)


def test_the_first_write_leaves_it_and_the_end_takes_it_away(site: Site) -> None:
    one = Marker(site, "r1", "me@here")
    assert site.marker is None
    one.guard()
    kept = json.loads(site.marker or b"")
    assert (kept["run"], kept["holder"]) == ("r1", "me@here")
    one.release()
    assert site.marker is None


def test_who_wrote_nothing_leaves_nothing_and_takes_nothing(site: Site) -> None:
    site.marker = OTHER
    Marker(site, "r1", "me").release()
    assert (site.marker, site.calls) == (OTHER, [])


@pytest.mark.parametrize("text", [OTHER, b"not json", b"[1]", b"{}", b"\xff"])
def test_what_another_run_left_stops_us(text: bytes, site: Site) -> None:
    site.marker = text
    one = Marker(site, "r1", "me")
    with pytest.raises(LockHeld) as caught:
        one.guard()
    assert text != OTHER or caught.value.why == "it is held by ann@there"
    assert module.PATH in caught.value.next
    with pytest.raises(LockHeld):
        one.guard()
    one.release()
    assert site.marker == text


@pytest.mark.parametrize(
    ("error", "ends"), [(Refused("not a good name", status=400), Stopped), (Denied("no", status=403), NotAllowed)]
)
def test_a_target_that_refuses_it_is_said_and_nothing_more_is_written(
    error: CallError, ends: type[Exception], site: Site
) -> None:
    site.before = [error]
    with pytest.raises(ends, match="marker") as caught:
        Marker(site, "r1", "me").guard()
    assert getattr(caught.value, "subject", "") == module.PATH
    assert getattr(caught.value, "next", "") == "cmkmigrate resume"


def test_our_own_is_found_again(site: Site) -> None:
    Marker(site, "r1", "me@before").guard()
    Marker(site, "r1", "me@now").guard()
    assert json.loads(site.marker or b"")["holder"] == "me@before"


def test_it_counts_on_with_the_run_and_refuses_an_older_ledger(site: Site) -> None:
    Marker(site, "r1", "me", 3).guard()
    Marker(site, "r1", "me", 4, {"identity": "x"}).guard()
    kept = json.loads(site.marker or b"")
    assert (kept["serial"], kept["identity"]) == (4, "x")
    old = Marker(site, "r1", "me", 4)
    for _ in range(2):  # every thread that is about to write
        with pytest.raises(Fatal, match="older than what was written") as caught:
            old.guard()
    old.release()
    assert "state repair" in caught.value.next and "4 times" in caught.value.why
    assert json.loads(site.marker or b"") == kept


def test_a_marker_that_cannot_be_renewed_is_ours_all_the_same(site: Site) -> None:
    Marker(site, "r1", "me", 3).guard()
    site.lost = [Unknown("no answer")]
    Marker(site, "r1", "me", 4).guard()
    assert json.loads(site.marker or b"")["run"] == "r1"


@pytest.mark.parametrize("left", [None, OTHER])
def test_when_it_is_gone_or_anothers_nothing_more_is_written(left: bytes | None, site: Site, always: None) -> None:
    one = Marker(site, "r1", "me")
    one.guard()
    one.guard()
    site.marker = left
    with pytest.raises(LockHeld) as caught:
        one.guard()
    assert ("gone" in caught.value.what) is (left is None)
    one.release()
    assert site.marker == left


def test_it_is_not_looked_at_for_every_write(site: Site) -> None:
    one = Marker(site, "r1", "me")
    for _ in range(50):
        one.guard()
    assert site.calls == ["import", "read"]


@pytest.mark.parametrize("error", [Unknown("no answer"), Throttled("slow down")])
def test_a_lost_answer_is_settled_by_looking(error: CallError, site: Site) -> None:
    site.lost = [error]
    Marker(site, "r1", "me").guard()
    assert site.calls == ["import", "read"]


def test_a_lost_request_is_sent_again(site: Site) -> None:
    site.before = [Unknown("no answer"), Throttled("slow down")]
    Marker(site, "r1", "me").guard()
    assert site.calls == ["import", "read"] * 3


def test_it_gives_up_after_some_tries(site: Site) -> None:
    site.before = [Unknown("no answer") for _ in range(50)]
    with pytest.raises(Stopped, match="could not leave its marker"):
        Marker(site, "r1", "me").guard()
    assert site.calls == ["import", "read"] * 5


def test_when_it_cannot_be_read_nothing_is_written(site: Site, always: None) -> None:
    one = Marker(site, "r1", "me")
    one.guard()
    site.unreadable = Unknown("no answer")
    with pytest.raises(Stopped, match="cannot be read"):
        one.guard()
    one.release()
    assert site.marker is not None


def test_a_target_that_another_run_works_on_is_not_written_to(
    run: Callable[..., list[Event]], sites: cloud.Sites
) -> None:
    sites.sites["target"].marker = OTHER
    with pytest.raises(LockHeld, match="another run"):
        run()
    assert sites.sites["target"].writes == []
    assert sites.sites["target"].marker == OTHER


def test_a_run_ends_when_another_takes_its_target(
    run: Callable[..., list[Event]], sites: cloud.Sites, always: None
) -> None:
    target = sites.sites["target"]

    def fault(kind: str, name: str) -> str:
        target.marker = OTHER
        return ""

    target.fault = fault
    with pytest.raises(LockHeld):
        run()
    under_way = Counter(kind for kind, _ in target.writes)
    assert max(under_way.values()) <= 4, "the parallelism of each kind"
    assert target.marker == OTHER


@pytest.mark.parametrize("end", [Marker.release, Marker.clear])
def test_one_who_was_overtaken_leaves_that_of_his_successor(end: Callable[[Marker], str], site: Site) -> None:
    first = Marker(site, "r1", "me@here", 3)
    first.guard()
    Marker(site, "r1", "ann@there", 4).guard()
    assert end(first) == ""
    assert json.loads(site.marker or b"")["serial"] == 4
    assert end(Marker(site, "r1", "ann@there", 4)) == "" and (end is Marker.release or site.marker is None)


def test_a_refused_or_lost_delete_is_tried_again(site: Site) -> None:
    marker = Marker(site, "r1", "me@here")
    marker.guard()
    site.before = [Unknown("lost"), Throttled("slow", retry_after=3600)]
    marker.release()
    assert site.calls.count("delete") == 3
    assert Marker(site, "r2", "ann@there").owner() is None


def test_a_delete_whose_answer_was_lost_is_not_sent_again(site: Site) -> None:
    marker = Marker(site, "r1", "me@here")
    marker.guard()
    site.lost = [Unknown("lost")]
    marker.release()
    assert site.calls.count("delete") == 1


@pytest.mark.parametrize("error", [Unknown("no answer"), Denied("not any more")])
def test_one_that_stays_is_told(
    error: CallError, run: Callable[..., list[Event]], sites: cloud.Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TRIES_S", (0.0, 0.0))
    target, write = sites.sites["target"], sites.sites["target"].write

    def refusing(method: str, path: str, body: Any = None) -> Any:
        if path.endswith("workspace/delete"):
            raise error
        return write(method, path, body)

    target.write = refusing
    told = [one.text for one in run() if one.what == "note"]
    assert target.marker is not None
    assert [text for text in told if f"delete {module.PATH} of {target.host}" in text and str(error) in text], told


def test_one_that_goes_is_not_told(run: Callable[..., list[Event]], sites: cloud.Sites) -> None:
    told = [one.text for one in run() if one.what == "note"]
    assert sites.sites["target"].marker is None and not any("marker" in text for text in told)
