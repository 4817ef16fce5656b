"""Names from a workspace never become paths, formulas, markup or orders to a terminal; and all of them arrive."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.e2e.conftest import Migration, migrate
from tests.harness import ROOT, Commands, Launcher, Result, Sandbox, params_of
from tests.security import evil

pytestmark = [pytest.mark.ci]
# What steers a terminal, or hides what a text says. A line ends with \n; a line of CSV with \r\n.
STEERS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NAMED = ("secret_scopes", "secrets", "secret_acls")  # of these the service takes a few letters alone, and says so


def around() -> set[str]:
    """What is in the folders that a name could lead to."""
    places = (Path("/"), Path("/tmp"), Path("/etc"), Path.home(), ROOT, ROOT.parent, Path.cwd())
    return {f"{place}/{one.name}" for place in places for one in place.iterdir() if evil.MARK in one.name}


@pytest.fixture(scope="module")
def world(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migration]:
    """The estate whose things have evil names, migrated; no file came of a name."""
    before = around()
    box = Sandbox(tmp_path_factory.mktemp("names"), evil.build(tmp_path_factory.mktemp("names-estate")))
    yield migrate(box, Commands(launcher, tmp_path_factory.mktemp("names-run"), box.env))
    assert around() == before
    box.close()


@pytest.fixture(scope="module")
def shown(world: Migration) -> dict[str, Result]:
    """Everything that shows names, in every format."""
    run, params, place = str(world.run), str(world.params), world.commands
    found = {}
    for words in (
        *(("plan", "cmk-migration", "--params", params, "-o", form) for form in ("table", "json", "jsonl", "csv")),
        *(("verify", run, "-o", form) for form in ("table", "json")),
        *(("audit", "-o", form) for form in ("table", "json", "csv")),
        ("assess", "--contents"),
        ("status", run),
        ("resume", run, "--retry-failed", "-o", "jsonl", "--debug"),
        ("plan", "cmk-migration", "--params", params, "--out", "kept.cmkplan"),
        ("report", run, "--out", "report.html"),
    ):
        found[" ".join(word for word in words if "/" not in word)] = done = place(*words)
        assert done.code in (0, 3), done
    return found


def test_there_are_enough_of_them() -> None:
    assert len(set(evil.NAMES)) >= 50 and len(set(evil.SLASHED)) >= 5


def test_all_of_them_arrive_or_are_refused_by_the_service(world: Migration) -> None:
    assert world.differences() == []
    left = {one["kind"] for one in world.apply.json["problems"]}
    assert left <= set(NAMED), [one for one in world.apply.json["problems"] if one["kind"] not in NAMED]
    assert all(one["reason"] for one in world.apply.json["problems"])
    counts = {one["kind"]: one["migrated"] for one in world.apply.json["counts"]}
    assert counts["groups"] >= len(evil.NAMES) and counts["jobs"] >= len(evil.NAMES)
    assert counts["notebooks"] >= 2 * len(evil.NAMES) and counts["files"] >= len(evil.NAMES)


def test_no_name_becomes_a_file(world: Migration, shown: dict[str, Result]) -> None:
    place = world.commands
    files = {str(path.relative_to(place.folder)) for path in place.folder.rglob("*")}
    known = re.compile(
        r"params\.yaml|(work|tmp|home|state|streams|run)|streams/\d+\.(out|err)|run/ledger\.(db(-wal|-shm)?|mark)"
        r"|work/(kept\.cmkplan|report\.html)|state/cmkmigrate|state/cmkmigrate/(locks|[0-9a-f]{32}\.lock)"
        r"|state/cmkmigrate/locks/[0-9a-f]{32}\.lock"
    )
    assert [one for one in sorted(files) if not known.fullmatch(one)] == []


def test_no_name_steers_a_terminal(world: Migration, shown: dict[str, Result]) -> None:
    for words, done in {**shown, "first plan": world.plan, "apply": world.apply, "first verify": world.verify}.items():
        for text in (done.out.replace("\r\n", "\n") if "csv" in words else done.out, done.err):
            hit = STEERS.search(text)
            assert hit is None, f"{words}: {text[max(0, hit.start() - 60) : hit.end() + 20]!r}"


def test_no_name_is_a_formula(shown: dict[str, Result]) -> None:
    texts = {words: done.out for words, done in shown.items() if "csv" in words}
    assert len(texts) == 2 and evil.MARK in "".join(texts.values())
    for words, text in texts.items():
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert [cell for cell in cells if cell.startswith(FORMULA)] == [], words


def test_json_keeps_every_name_as_it_is(world: Migration, shown: dict[str, Result]) -> None:
    said = json.dumps(world.plan.json, ensure_ascii=False)
    keys = {one["name"] for one in world.plan.json["actions"]} | {one["key"] for one in world.plan.json["actions"]}
    assert {name for name in evil.NAMES if name not in keys and f"/Shared/{name}" not in keys} == set(), said[:500]


class Tags(HTMLParser):
    """Collects what is markup."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.comments: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, value in attrs if name.startswith("on") or "javascript:" in (value or "")]

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def test_no_name_is_markup(world: Migration, shown: dict[str, Result]) -> None:
    page = (world.commands.work / "report.html").read_text("utf-8")
    assert evil.MARK in page, "the page shows what was not moved"
    parser = Tags()
    parser.feed(page)
    assert parser.tags.isdisjoint({"img", "iframe", "object", "b"}) and parser.handlers == []
    assert [one for one in parser.comments if evil.MARK in one] == []
    for kind, text in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
        assert evil.MARK not in text or ('type="application/json"' in kind and "<" not in text), "data, and no markup"
    assert "default-src 'none'" in page


@pytest.mark.parametrize("name", ["../../evil", "..", "evil\x1b[2J", "e" * 300])
def test_a_workspace_is_not_called_so(name: str, world: Migration) -> None:
    """What a file of parameters from elsewhere calls the new workspace and its vault: nothing is sent."""
    place = world.commands
    for changes in ({"target_name": name}, {"vault_name": name}):
        params = params_of(world.sandbox, place.folder / "evil.yaml", **changes)
        world.sandbox.forget()
        before = {path for path in place.folder.rglob("*") if "streams" not in path.parts}
        done = place("apply", "cmk-migration", "--params", str(params), "--auto-approve")
        assert done.code == 64, done
        assert not STEERS.search(done.err) and not STEERS.search(done.out), done
        assert world.sandbox.requests() == []
        (place.folder / "evil.yaml").unlink()
        after = {path for path in place.folder.rglob("*") if "streams" not in path.parts}
        assert after <= before, after - before
