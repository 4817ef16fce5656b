"""docs/sandbox.md: every example of a fault is carried out, and what the page names is there."""

from __future__ import annotations

import ast
import gzip
import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from cmkmigrate.sandbox.control import HANDLERS
from cmkmigrate.sandbox.faults import ACTIONS, HOW, MARK, MOVED, load
from cmkmigrate.sandbox.settings import CHOICES, Settings
from tests.sandbox.conftest import Answer, Body, Running

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
BLOCK = re.findall(r"^```json lines\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = {str(rule["name"]): rule for block in BLOCK for rule in map(json.loads, block.splitlines())}
RECORDED = ROOT.parent / "shared" / "specs" / "recordings" / "2024-12-01_api-2024-05-01"
CREATE, LIST = "/api/2.2/jobs/create", "/api/2.2/jobs/list"
LOST = (OSError, http.client.HTTPException)

Play = Callable[["Stage"], None]
PLAYS: dict[str, Play] = {}


class Stage:
    """A sandbox on which one example is in force, and what the plays ask of it."""

    def __init__(self, sandbox: Running, rule: Body) -> None:
        self.sandbox, self.rule, self.number = sandbox, rule, 0
        self.host = sandbox.host
        self.put(rule)

    def put(self, *rules: Body) -> None:
        answer = self.sandbox.control("PUT", "faults", list(rules))
        assert answer.status == 200, answer.content

    def create(self) -> Answer:
        self.number += 1
        return self.sandbox.workspace("POST", CREATE, {"name": f"{self.rule['name']} {self.number}"}, self.host)

    def made(self) -> int:
        """How many jobs of this stage there are, whatever is in force."""
        jobs = json.loads(self.sandbox.control("GET", f"state/{self.host}").content)["jobs"]
        return sum(job["settings"].get("name", "").startswith(self.rule["name"]) for job in jobs)

    def list(self, query: str = "") -> Answer:
        return self.sandbox.workspace("GET", LIST + query, None, self.host)

    def workspace(self) -> Answer:
        """PUT a new workspace."""
        name = "fault-" + re.sub(r"\W", "", self.rule["name"])
        managed = f"{self.sandbox.subscription}/resourceGroups/managed-{name}"
        properties = {"computeMode": "Hybrid", "managedResourceGroupId": managed}
        body = {"location": "westeurope", "sku": {"name": "premium"}, "properties": properties}
        self.path = f"resourceGroups/{self.sandbox.group}/providers/Microsoft.Databricks/workspaces/{name}"
        return self.sandbox.arm("PUT", self.path, body)

    def operation(self) -> tuple[str, Callable[[], Answer]]:
        """Start one that time alone does not end soon; gives where it is asked about, and how to ask."""
        self.sandbox.control("PUT", "settings", {"operation_s": 3600.0})
        url = self.workspace().headers["azure-asyncoperation"]
        parts = urlsplit(url)
        return url, lambda: self.sandbox.arm("GET", f"{parts.path}?{parts.query}", host=parts.netloc)

    def state(self) -> str:
        return str(self.sandbox.arm("GET", self.path).json["properties"]["provisioningState"])

    def groups(self) -> Answer:
        return self.sandbox.arm("GET", "resourceGroups")

    def fault(self) -> str:
        """What the last line of the record says."""
        return str(json.loads(self.sandbox.control("GET", "requests").content.splitlines()[-1])["fault"])


def play(*names: str) -> Callable[[Play], Play]:
    """Say of a function which examples it plays."""

    def mark(function: Play) -> Play:
        PLAYS.update(dict.fromkeys(names, function))
        return function

    return mark


@play("refused before the work")
def refused(stage: Stage) -> None:
    answer = stage.create()
    assert (answer.status, answer.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    assert answer.headers[MARK] == "refuse" and stage.fault() == "refused before the work"
    assert stage.made() == 0 and stage.create().status == 200 and stage.made() == 1


@play("another answer after the work")
def replaced(stage: Stage) -> None:
    answer = stage.create()
    assert (answer.status, answer.headers[MARK], stage.made()) == (500, "status", 1)


@play("done, and the answer lost")
def lost(stage: Stage) -> None:
    assert stage.create().status == stage.create().status == 200, "two pass"
    with pytest.raises(LOST):
        stage.create()
    assert stage.made() == 3 and stage.create().status == 200


@play("reset")
def reset(stage: Stage) -> None:
    group = "resourceGroups/rg-reset"
    with pytest.raises(LOST):
        stage.sandbox.arm("PUT", group, {"location": "westeurope"})
    assert stage.sandbox.arm("GET", group).status == 404


@play("cut short")
def cut(stage: Stage) -> None:
    with pytest.raises(http.client.IncompleteRead) as broken:
        stage.list()
    assert len(broken.value.partial) == 10
    assert stage.list().status == 200


@play("html with 200")
def html(stage: Stage) -> None:
    answer = stage.list()
    assert (answer.status, answer.headers["content-type"], answer.headers[MARK]) == (200, "text/html", "html")
    assert answer.content.startswith(b"<html>")


@play("more promised than comes")
def promised(stage: Stage) -> None:
    with pytest.raises(TimeoutError):
        stage.sandbox.send("GET", stage.host, LIST, headers=stage.sandbox.signed(), timeout=1.0)


@play("more comes than promised")
def too_much(stage: Stage) -> None:
    whole = stage.sandbox.workspace("GET", "/api/2.1/jobs/get?job_id=1", None, stage.host)
    assert MARK not in whole.headers
    connection = stage.sandbox.opened(stage.host)
    try:
        connection.request("GET", LIST, headers=stage.sandbox.signed())
        told = connection.getresponse()
        assert told.headers[MARK] == "length"
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            json.loads(told.read())
        connection.request("GET", LIST, headers=stage.sandbox.signed())
        with pytest.raises(http.client.BadStatusLine):
            connection.getresponse()
    finally:
        connection.close()


@play("slow drip")
def drip(stage: Stage) -> None:
    before = time.monotonic()
    answer = stage.list()
    pieces = len(answer.content) / 8
    assert answer.status == 200 and "jobs" in answer.json and answer.headers[MARK] == "slow"
    assert time.monotonic() - before >= 0.01 * (pieces - 1)


@play("late")
def late(stage: Stage) -> None:
    before = time.monotonic()
    answer = stage.list()
    assert time.monotonic() - before >= 0.2 and MARK not in answer.headers, "it is the service's own"


@play("429 for a third, without Retry-After")
def storm(stage: Stage) -> None:
    def fates() -> list[int]:
        return [stage.list(f"?limit={1 + number % 9}").status for number in range(60)]

    first = fates()
    assert 10 <= first.count(429) <= 30 and set(first) == {200, 429}
    answer = next(one for one in (stage.list() for _ in range(99)) if one.status == 429)
    assert answer.json["error_code"] == "REQUEST_LIMIT_EXCEEDED" and "retry-after" not in answer.headers
    stage.put(stage.rule)
    assert fates() == first, "the same requests meet the same fate"
    stage.put({**stage.rule, "seed": 8})
    assert fates() != first


@play("503 for an hour, from the first minute")
def outage(stage: Stage) -> None:
    assert stage.groups().status == 200
    stage.sandbox.later(100)
    refused = stage.groups()
    assert (refused.status, refused.code, refused.headers[MARK]) == (503, "ServiceUnavailable", "refuse")
    stage.sandbox.later(3600)
    assert stage.groups().status == 200


@play("Retry-After in seconds", "Retry-After as a date", "Retry-After of a year")
def retry_after(stage: Stage) -> None:
    answer = stage.list()
    said, asked = answer.headers["retry-after"], stage.rule["retry_after"]
    assert answer.status == 429
    if asked == "date:30":
        clock = datetime.fromisoformat(stage.sandbox.control("GET", "clock").json["now"])
        assert -60 < (parsedate_to_datetime(said) - clock).total_seconds() <= 30
    else:
        assert int(said) == (3 if asked == 3 else 365 * 86_400)


@play("killed before the work", "killed after the work")
def killed(stage: Stage) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as victim:
        stage.put({**stage.rule, "pid": victim.pid})
        with pytest.raises(LOST):
            stage.create()
        assert victim.wait(60) == -9
    assert stage.made() == int(stage.rule["action"] == "kill_after")


@play("tokens of five seconds")
def short_tokens(stage: Stage) -> None:
    stage.sandbox.later(0)
    assert stage.list().status == stage.groups().status == 200
    stage.sandbox.control("PUT", "clock", {"advance": 6})
    ended = stage.groups()
    assert (ended.status, ended.code) == (401, "ExpiredAuthenticationToken")
    assert stage.list().status == 403
    stage.sandbox.later(0)
    assert stage.groups().status == 200


@play("ten minutes ahead")
def skewed(stage: Stage) -> None:
    connection = stage.sandbox.opened(stage.host)
    try:
        connection.request("GET", LIST, headers=stage.sandbox.signed())
        dates = connection.getresponse().headers.get_all("date", [])
    finally:
        connection.close()
    clock = datetime.fromisoformat(stage.sandbox.control("GET", "clock").json["now"])
    assert len(dates) == 1 and 480 < (parsedate_to_datetime(dates[0]) - clock).total_seconds() <= 600
    made = stage.create().json["job_id"]
    created = stage.sandbox.workspace("GET", f"/api/2.2/jobs/get?job_id={made}", None, stage.host).json["created_time"]
    assert created / 1000 > clock.timestamp() + 480, "what is made then bears that time"


@play("the same page again")
def again(stage: Stage) -> None:
    first = stage.list("?limit=1")
    assert first.json["has_more"] is True and first.headers[MARK] == "page"
    token = first.json["next_page_token"]
    for _ in range(3):
        more = stage.list(f"?limit=1&page_token={token}")
        assert more.json["next_page_token"] == token and more.json["jobs"] == first.json["jobs"]


@play("one comes again on the next page")
def doubled(stage: Stage) -> None:
    for _ in range(8):
        stage.create()
    first = stage.list("?limit=100").json
    more = stage.list(f"?limit=100&page_token={first['next_page_token']}").json
    assert len(first["jobs"]) == 5 and more["jobs"][0] == first["jobs"][-1]


@play("one falls between two pages")
def fallen(stage: Stage) -> None:
    def page(start: int) -> Any:
        at = f"/api/2.0/preview/scim/v2/Groups?startIndex={start}&count=100"
        return stage.sandbox.workspace("GET", at, None, stage.host).json

    for number in range(7):
        body = {"displayName": f"group {number}"}
        stage.sandbox.workspace("POST", "/api/2.0/preview/scim/v2/Groups", body, stage.host)
    first, more = page(1), page(6)
    assert len(first["Resources"]) == 5 and first["totalResults"] > 6
    stage.put()
    whole = [one["id"] for one in page(1)["Resources"]]
    assert whole[:5] == [one["id"] for one in first["Resources"]] and more["Resources"][0]["id"] == whole[6]


@play("packed and cut off")
def packed(stage: Stage) -> None:
    answer = stage.list()
    assert answer.headers["content-encoding"] == "gzip" and len(answer.content) == 20
    with pytest.raises(EOFError):
        gzip.decompress(answer.content)


@play("no answer, and no end")
def hung(stage: Stage) -> None:
    body = {"name": stage.rule["name"]}
    with pytest.raises(TimeoutError):  # after so long that the request has left and is carried out
        stage.sandbox.send("POST", stage.host, CREATE, body, headers=stage.sandbox.signed(), timeout=5.0)
    assert stage.made() == 1


@play("a 429 with the status 200")
def disguised(stage: Stage) -> None:
    answer = stage.list()
    assert (answer.status, answer.json["error_code"]) == (200, "REQUEST_LIMIT_EXCEEDED")


@play("operation fails")
def fails(stage: Stage) -> None:
    _url, ask = stage.operation()
    told = [ask() for _ in range(4)][-1]
    assert told.json["status"] == "Failed" and told.json["error"]["message"] == "No capacity."
    assert told.headers[MARK] == "operation" and stage.state() == "Failed"


@play("operation never ends")
def never(stage: Stage) -> None:
    _url, ask = stage.operation()
    stage.sandbox.later(10**5)
    assert {ask().status for _ in range(20)} == {202} and stage.state() == "Accepted"
    stage.put()
    assert ask().json == {"status": "Succeeded"}, "without the rule it goes on"


@play("operation lies")
def lies(stage: Stage) -> None:
    _url, ask = stage.operation()
    assert [ask() for _ in range(4)][-1].json == {"status": "Succeeded"}
    shown = stage.sandbox.arm("GET", stage.path).json["properties"]
    assert shown["provisioningState"] == "Succeeded" and "workspaceUrl" not in shown, "nothing was done"


@play("operation ends too early")
def early(stage: Stage) -> None:
    _url, ask = stage.operation()
    assert ask().json == {"status": "Succeeded"} and stage.state() == "Accepted"
    stage.sandbox.later(3601)
    assert stage.state() == "Succeeded"


@play("operation is forgotten")
def forgotten(stage: Stage) -> None:
    _url, ask = stage.operation()
    assert ask().status == 404 and stage.state() == "Accepted"
    stage.sandbox.later(3601)
    assert ask().status == 404 and stage.state() == "Succeeded"


@play("to a foreign host")
def foreign(stage: Stage) -> None:
    answer = stage.workspace()
    assert urlsplit(answer.headers["azure-asyncoperation"]).netloc == "operations.example.com"
    assert answer.headers[MARK] == "foreign"
    with pytest.raises(OSError, match="403"):
        stage.sandbox.send("GET", "operations.example.com", "/")


@play("every address, once in each route")
def every_address(stage: Stage) -> None:
    first, again = stage.workspace(), stage.workspace()
    assert urlsplit(first.headers["azure-asyncoperation"]).netloc == "operations.example.com"
    assert MARK not in again.headers


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "sandbox" in request.fixturenames:
        running = request.getfixturevalue("sandbox")
        running.control("PUT", "faults", [])
        running.control("PUT", "settings", {"operation_s": 5.0})


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(sandbox: Running, name: str) -> None:
    assert name in PLAYS, "an example that nobody carries out"
    stage = Stage(sandbox, EXAMPLES[name])
    try:
        PLAYS[name](stage)
    finally:
        stage.put()
        sandbox.later(0)  # tokens that an example has made short would end in the middle of a later one


def test_the_examples_are_a_file_of_rules(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text(BLOCK[0])
    assert len(BLOCK) == 1 and load(str(tmp_path / "rules")) == list(EXAMPLES.values())
    assert set(PLAYS) == set(EXAMPLES)
    assert {str(rule["action"]) for rule in EXAMPLES.values()} == set(ACTIONS)
    assert {str(rule["how"]) for rule in EXAMPLES.values() if "how" in rule} == {*HOW, *MOVED}


def test_every_setting_is_on_the_page_and_no_other() -> None:
    table = PAGE.partition("\n## Settings\n")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == set(Settings.__dataclass_fields__)
    for name, words in CHOICES.items():
        (row,) = [line for line in table.splitlines() if line.startswith(f"| `{name}`")]
        assert all(f"`{word}`" in row for word in words), name


def test_every_route_of_the_control_api_is_on_the_page() -> None:
    table = PAGE.partition("\n## The control API\n")[2]
    routes = re.findall(r"^\| (`.+?/_sandbox/.+?`) \|", table, re.MULTILINE)
    for method, what in HANDLERS:
        (row,) = [one for one in routes if f"/_sandbox/{what}`" in one]
        assert method in row, (method, what)
    assert len(routes) == len({what for _method, what in HANDLERS}) + 1, "and the state"


def names_of(path: Path) -> set[str]:
    return {one.name for one in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(one, ast.FunctionDef)}


def unknown_tests(page: str) -> list[str]:
    named = re.findall(r"`((?:databricks/)?test_\w+[a-z0-9])(?:::(test_\w+))?`", page)
    folder = ROOT / "tests" / "sandbox"
    return [
        f"{file}::{name}"
        for file, name in named
        if not (folder / f"{file}.py").is_file() or (name and name not in names_of(folder / f"{file}.py"))
    ]


def test_every_test_that_the_page_names_is_there() -> None:
    assert unknown_tests(PAGE) == []
    assert unknown_tests("`test_none::test_x` `test_limits::test_none`") == [
        "test_none::test_x",
        "test_limits::test_none",
    ]


def test_every_hard_part_has_its_evidence_and_its_test() -> None:
    table = PAGE.partition("\n## The hard parts\n")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert len(rows) > 25 and rows[0] == ["what", "setting", "rests on", "test"]
    for what, _setting, evidence, test in rows[1:]:
        assert re.search(r"\b[RSDIA]\b", evidence), what
        assert "test_" in test or test == "the same" or not test, what
        for thread in re.findall(r"\S+#\S+", evidence):
            assert "`" in thread or re.search(r"^[\w.-]+/[\w.-]+#\d+[,;)]?$", thread), (what, thread)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not here")
def test_every_recording_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(root|\w+_v\d)#(\d+)`", PAGE))
    assert len(named) > 5
    for file, number in named:
        name = "test_databricks" + ("" if file == "root" else f"_{file}")
        loaded: Any = yaml.load((RECORDED / f"{name}.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        assert int(number) < len(loaded["interactions"]), (file, number)
