"""The page of an audit: whole without a script, nothing remote, safe, and opened in a real browser."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.render.audit_page import SIGNS, page
from tests.render.audit_record import record, row

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EVIL = "</script><script>fetch('http://127.0.0.1/x')</script><img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """Every tag with its attributes, and the text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._inside = "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.text += "" if self._inside else data


def remote(tags: Tags) -> list[tuple[str, dict[str, str | None]]]:
    """What a browser would fetch, run or follow by itself."""
    loading = ("src", "href", "srcset", "action", "data", "poster", "background", "http-equiv=refresh")
    found = [(tag, given) for tag, given in tags.tags if any(name in given for name in loading)]
    runs = [(tag, given) for tag, given in tags.tags if tag == "script" and given.get("type") != "application/json"]
    handlers = [(tag, given) for tag, given in tags.tags if any(name.startswith("on") for name in given)]
    return [*found, *runs, *handlers]


def test_it_needs_nothing_else() -> None:
    text = page(record())
    tags = Tags(text)
    assert remote(tags) == []
    policy = next(given["content"] for tag, given in tags.tags if given.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert "@import" not in text and "url(" not in text
    assert not [given for _, given in tags.tags if "style" in given], "the policy forbids styles in attributes"


def test_what_would_be_fetched_is_seen() -> None:
    for bad in ('<img src="x">', "<link href=x>", "<script>1</script>", '<p onclick="x">', "<a href=x>"):
        assert remote(Tags(bad)), bad


def test_the_words_of_others_do_nothing() -> None:
    names = ("name", "reason", "note", "owner", "key_name", "vault_uri", "location", "sku", "workspace")
    one = row(**dict.fromkeys(names, EVIL), verdict="platform-key", judged="platform-key")
    population = [{"subscription": EVIL, "name": EVIL, "workspaces": 0, "problem": EVIL, "cut": ""}]
    body = record(rows=[one], population=population, notes=[EVIL], unmatched=[EVIL], caller=EVIL)
    tags = Tags(page(body))
    assert remote(tags) == []
    assert EVIL in tags.text


def test_the_same_data_are_in_it() -> None:
    text = page(record())
    match = re.search(r'<script type="application/json" id="record">(.*?)</script>', text, re.DOTALL)
    assert match is not None
    assert json.loads(match[1]) == record()


def test_meaning_is_not_by_colour_alone() -> None:
    """Each verdict has a sign and its word in the text, and no two share a sign."""
    assert len({sign for sign, _, _ in SIGNS.values()}) == len(SIGNS)
    for verdict, (sign, _, meaning) in SIGNS.items():
        text = Tags(page(record(rows=[row(verdict=verdict, judged=verdict)], counts={verdict: 1}))).text
        assert sign in text and verdict in text and meaning in text


def test_all_that_was_not_read_is_said() -> None:
    text = Tags(page(record())).text
    for words in ("403: no", "perhaps not: no role", "left in s1", "state Failed", "scope.yaml:3", "not known"):
        assert words in " ".join(text.split()), words


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The folder over HTTP, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def browse(folder: Path, url: str, *options: str) -> tuple[str, list[str], str]:
    """Open a page headless: its DOM, what stood on the console, and the log of every request (a netlog)."""
    log = folder / "net.json"
    words = [
        str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
        f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr", "--v=0", f"--log-net-log={log}",
        "--virtual-time-budget=2000", *options, "--dump-dom", url,
    ]  # fmt: skip
    result = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
    console = [line for line in result.stderr.splitlines() if "CONSOLE" in line]
    return result.stdout, console, log.read_text("utf-8", errors="replace")


def requested(log: str) -> set[str]:
    """The URLs of the page that the browser asked for; its own business (updates, accounts) is left out."""
    urls = set()
    for line in log.splitlines():  # an event to a line; the log may break off in its last
        try:
            params = json.loads(line.rstrip(",")).get("params") or {}
        except (ValueError, AttributeError):
            continue
        if params.get("method") and re.match(r"(https?|ftp|wss?)://", str(params.get("url"))):
            urls.add(str(params["url"]))
    own = ("google", "gvt1", "chromium", "gstatic")
    return {url for url in urls if not any(name in url.split("/")[2] for name in own)}


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (Debian: apt-get install chromium)")
def test_in_a_browser(tmp_path: Path) -> None:
    one = row(name=EVIL, reason=EVIL, verdict="platform-key", judged="platform-key")
    (tmp_path / "audit.html").write_text(page(record(rows=[one, row()])), encoding="utf-8")
    with served(tmp_path) as (address, asked):
        dom, console, log = browse(tmp_path, f"{address}/audit.html")
        assert "Whose key" in dom and "application/json" in dom
        assert console == []
        assert {url.removeprefix(address) for url in requested(log)} - {"/favicon.ico"} == {"/audit.html"}
        assert [path for path in asked if path != "/favicon.ico"] == ["/audit.html"]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (Debian: apt-get install chromium)")
def test_the_browser_sees_what_is_wrong(tmp_path: Path) -> None:
    """The same look at a page that breaks its own policy, and at one that fetches."""
    text = page(record())
    broken = text.replace("</body>", "<script>console.log(1)</script></body>")
    fetching = re.sub(r"<meta http-equiv[^>]+>", "", text).replace("</body>", '<img src="/pixel.png"></body>')
    (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
    (tmp_path / "fetching.html").write_text(fetching, encoding="utf-8")
    with served(tmp_path) as (address, asked):
        _, console, _ = browse(tmp_path, f"{address}/broken.html")
        assert any("Content Security Policy" in line for line in console)
        _, _, log = browse(tmp_path, f"{address}/fetching.html")
        assert f"{address}/pixel.png" in requested(log)
        assert "/pixel.png" in asked
