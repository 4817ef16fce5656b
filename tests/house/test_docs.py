"""What the documentation says is so: its commands exist, its links lead somewhere, its reference is the code's."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cmkmigrate import playbook
from cmkmigrate.kinds import discover
from tests.house import tree

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
SHELL = {"bash", "console", "sh", "shell"}


@cache
def generator() -> ModuleType:
    """tools/reference.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("reference", tree.ROOT / "tools" / "reference.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages() -> list[Path]:
    return [path for path in tree.files() if path.suffix == ".md" and tree.DATA not in path.parents]


def commands(text: str) -> Iterator[list[str]]:
    """The words of every cmkmigrate command in the shell blocks of a page; lines that go on are joined."""
    for language, block in FENCE.findall(text):
        if language not in SHELL:
            continue
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|\||;|\|", line.removeprefix("$ ")):
                words = shlex.split(part, comments=True)
                if words and words[0] == "cmkmigrate":
                    yield words[1:]


def unknown(words: list[str], command: Any) -> str:
    """What the command line does not know of these words; "" when it knows them all."""
    words = list(words)
    while words and getattr(command, "commands", None) and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            return f"there is no command {name}"
        command = command.commands[name]
    if getattr(command, "commands", None) and not words:
        return ""
    flags = {flag for one in command.params for flag in one.opts + one.secondary_opts} | {"--help"}
    for word in words:
        flag = word.split("=")[0]
        if re.match(r"--?[a-zA-Z]", flag) and flag not in flags:
            return f"{command.name} has no {flag}"
    return ""


def test_every_command_in_the_documentation_exists() -> None:
    root = generator().root_command()
    found = [(path, words) for path in pages() for words in commands(path.read_text(encoding="utf-8"))]
    assert found, "the documentation shows commands"
    mistakes = [(path.name, " ".join(words), unknown(words, root)) for path, words in found]
    assert [mistake for mistake in mistakes if mistake[2]] == []


def test_a_command_that_does_not_exist_is_seen() -> None:
    root = generator().root_command()
    wrong = (
        "```bash\ncmkmigrate plann x\n$ cmkmigrate plan x --no-such-flag && cmkmigrate plan x \\\n  --nor-this\n```\n"
    )
    assert [bool(unknown(words, root)) for words in commands(wrong)] == [True, True, True]


def anchors(path: Path) -> set[str]:
    """The anchors of a page, as renderers of Markdown make them from headings."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead_links(path: Path) -> Iterator[str]:
    for link in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield f"{path.name}: {link}"


def test_every_link_leads_somewhere() -> None:
    assert [link for path in pages() for link in dead_links(path)] == []


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# One heading\n", encoding="utf-8")
    page = tmp_path / "a.md"
    links = ["b.md", "b.md#one-heading", "b.md#two", "c.md", "https://example.com"]
    page.write_text("".join(f"[x]({link})\n" for link in links), encoding="utf-8")
    assert list(dead_links(page)) == ["a.md: b.md#two", "a.md: c.md"]


def test_every_playbook_in_the_documentation_is_one() -> None:
    blocks = [block for path in pages() for language, block in FENCE.findall(path.read_text(encoding="utf-8"))]
    shown = [block for block in blocks if block.startswith("playbook:")]
    assert shown
    for text in [*shown, *playbook.shipped().values()]:
        playbook.parse(text, "playbook.yaml", discover())


@pytest.mark.parametrize("name", ["commands.md", "exit-codes.md", "kinds.md", "playbooks.md"])
def test_the_reference_is_what_the_code_says(name: str) -> None:
    wanted = generator().page(name)
    path = tree.ROOT / "docs" / "reference" / name
    assert path.is_file(), "run python tools/reference.py"
    assert path.read_text(encoding="utf-8") == wanted, "run python tools/reference.py"


def test_every_page_is_reachable() -> None:
    """From the README, by links alone."""
    seen: set[Path] = set()
    todo = [tree.ROOT / "README.md"]
    while todo:
        path = todo.pop()
        if path in seen or not path.is_file() or path.suffix != ".md":
            continue
        seen.add(path)
        links = LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
        todo += [(path.parent / link.partition("#")[0]).resolve() for link in links if ":" not in link]
    docs = {path for path in pages() if (tree.ROOT / "docs") in path.parents}
    assert docs - seen == set()
