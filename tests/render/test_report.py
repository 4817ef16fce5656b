"""The report: nothing remote, nothing that runs, nothing that names of others can break out of."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.render.report import grouped, page, totals
from tests.render.test_audit_page import CHROMIUM, browse, requested, served

EVIL = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "<!--",
    "{{ 7 * 7 }}",
    "{% include 'x' %}",
    "javascript:alert(1)",
    "\u2028</style>",
    "&lt;b&gt;",
    "\x1b[2J\x00",
]


def record(name: str = "name") -> dict[str, Any]:
    row = {"workspace": name, "feature": "dbfs_root", "verdict": "cmk", "reason": name, "note": name}
    row |= {"vault_uri": name, "key_name": name, "key_version": name}
    count = {"kind": "jobs", "source": 3, "migrated": 1, "excluded": 1, "unsupported": 0, "failed": 1, "open": 0}
    return {
        "format": 1,
        "run": {"run": "r-1", "playbook_path": name, "identity": "i", "source": name, "tool": "0"},
        "created": 1.0,
        "finished": 2.0,
        "pass": 1,
        "params": {"target_name": name},
        "preflight": [
            {
                "check": "PF06",
                "title": "No policy",
                "status": "unknown",
                "accepted": name,
                "blocks": False,
                "seen": [{"status": "unknown", "evidence": name}, {"status": "pass", "evidence": "unseen"}],
            }
        ],
        "steps": [{"id": "contents", "state": "done", "reason": name, "outputs": {}}],
        "counts": [{**count, "verified": 1}],
        "adds_up": True,
        "problems": [{"step": "s", "kind": "jobs", "key": "7", "name": name, "state": "failed", "reason": name}],
        "notes": [{"kind": "jobs", "key": "8", "name": name, "notes": [name]}],
        "evidence": [
            {"at": 3.0, "depth": "content", "complete": True, "clean": True, "findings": {"same": 1}, "counts": {}}
        ],
        "posture": {"at": 2.0, "source": [], "target": [row]},
        "code": "",
        "rewritten": [],
        "activated": 0.0,
        "probe": {},
        "kept": False,
    }


class Reader(HTMLParser):
    """Collects elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


@pytest.mark.parametrize("name", EVIL)
def test_names_of_others_stay_text(name: str) -> None:
    plain = [(tag, attrs) for tag, attrs in read(page(record(), "1", 4.0)).elements]
    assert read(page(record(name), "1", 4.0)).elements == plain


def test_nothing_runs_and_nothing_is_fetched() -> None:
    text = page(record(), "1", 4.0)
    for tag, attrs in read(text).elements:
        assert tag not in ("img", "iframe", "link", "object", "embed", "form", "a")
        assert not {"src", "href", "style", "srcset", "action"} & attrs.keys()
        assert not [name for name in attrs if name.startswith("on")]
        if tag == "script":
            assert attrs["type"] == "application/json"
    assert "@import" not in text
    assert "url(" not in text


def test_the_policy_fits_the_style() -> None:
    text = page(record(), "1", 4.0)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(str(attrs["content"]) for tag, attrs in read(text).elements if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in html.unescape(policy)


def test_the_data_stand_in_the_page() -> None:
    body = record("</script><script>")
    text = page(body, "1", 4.0)
    found = re.search(r'<script type="application/json" id="record">(.*?)</script>', text, re.DOTALL)
    assert found
    assert json.loads(found[1]) == body


def test_what_it_says() -> None:
    text = " ".join(html.unescape("".join(read(page(record(), "1", 4.0)).texts)).split())
    assert "3 objects in all: 1 migrated, 1 excluded, 0 unsupported, 1 failed." in text
    assert "Last verified 1970-01-01 00:00:03 UTC at depth content: nothing differs." in text
    assert "r-1" in text
    assert "serverless compute" in text


def test_what_is_not_there_is_said() -> None:
    bare = {**record(), "evidence": [], "posture": {}, "problems": [], "notes": [], "finished": 0.0}
    bare["counts"] = [{**bare["counts"][0], "verified": None, "open": 1}]
    text = " ".join("".join(read(page(bare, "1", 4.0)).texts).split())
    for said in (
        "Not verified yet",
        "The run is not finished.",
        "never verified",
        "Not known: it is noted",
        "1 without an outcome",
    ):
        assert said in text


def test_sums_and_groups() -> None:
    assert totals(record()["counts"])["source"] == 3
    assert grouped(record()["problems"] * 2) == [
        {"kind": "jobs", "state": "failed", "reason": "name", "names": ["name (7)", "name (7)"]}
    ]
    acl = {"kind": "permissions", "state": "blocked", "key": "jobs:7", "name": ""}
    acl["reason"] = "jobs '7' is not in the target: refers to nothing"
    assert grouped([acl])[0]["reason"] == "what they belong to is not moved"


def test_a_change_in_place() -> None:
    blocks = {"encryption": {"entities": {"managedServices": {"keySource": "<script>"}}}}
    rewritten = [{"kind": "notebooks", "number": 26, "first": 1_700_000_100.0, "last": 1_700_000_200.0}]
    posture = {"at": 2.0, "source": [], "target": [], "raw": {"before": {}, "after": blocks}}
    more = {"rewritten": rewritten, "activated": 1_700_000_000.0, "code": "resource {}", "kept": True}
    text = page({**record(), "posture": posture, **more}, "0.1", 3.0)
    for expected in (
        "Report of a change in place",
        '<th scope="col">before</th><th scope="col">after</th>',
        "put on by this run at 2023-11-14 22:13:20 UTC; all of it was written after activation",
        '<td class="kind">notebooks</td><td class="n">26</td><td>2023-11-14 22:15:00 UTC</td>',
        "it is no proof of re-encryption",
        "<pre>resource {}</pre>",
        "--definition FILE.json",
    ):
        assert expected in text, expected
    assert "keySource&#34;: &#34;&lt;script&gt;" in text
    without = page({**record(), "posture": posture}, "0.1", 3.0)
    assert "Written anew" not in without and "change as code" not in without and "--definition" not in without
    assert "on already when this run began" in page({**record(), **more, "activated": 0.0}, "0.1", 3.0)


def test_the_probe_of_the_disks_key() -> None:
    assert "The probe" not in page(record(), "0.1", 3.0)
    done = page({**record(), "probe": {"state": "done", "reason": "", "at": 1_700_000_000.0}}, "0.1", 3.0)
    assert "came to life, and was deleted; looked at last 2023-11-14" in done
    red = page({**record(), "probe": {"state": "failed", "reason": "no <key>", "at": 1.0}}, "0.1", 3.0)
    assert "failed: no &lt;key&gt;" in red and "came to life" not in red


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (Debian: apt-get install chromium)")
def test_in_a_browser(tmp_path: Path) -> None:
    body = record("".join(EVIL))
    body["posture"] |= {"raw": {"before": {}, "after": {"long": "x" * 999}}}
    body |= {"code": "y" * 999, "probe": {"state": "done", "reason": "", "at": 4.0}}
    (tmp_path / "report.html").write_text(page(body, "0.1", 9.0), encoding="utf-8")
    with served(tmp_path) as (address, asked):
        dom, console, log = browse(tmp_path, f"{address}/report.html")
        assert "Report of a change in place" in dom and "application/json" in dom
        assert console == []
        assert {url.removeprefix(address) for url in requested(log)} - {"/favicon.ico"} == {"/report.html"}
        assert [path for path in asked if path != "/favicon.ico"] == ["/report.html"]


def test_what_did_not_pass_beforehand_and_why_it_was_accepted() -> None:
    text = page(record("read with the platform team"), "0", 4.0)
    assert "<strong>PF06</strong> No policy: unknown, accepted: “read with the platform team”" in text
    assert "unseen" not in text.partition("application/json")[0]
    assert "Checked before it began" not in page(record() | {"preflight": []}, "0", 4.0)
