"""The playbook language: every mistake is refused with its file and line, and what is right is taken as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cmkmigrate import playbook
from cmkmigrate.errors import Mistake
from cmkmigrate.kinds import discover
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import Entry, Reference


class Vaults(Kind):
    name = "vaults"
    service = "none"
    at = "arm"
    outputs: ClassVar[Mapping[str, str]] = {"id": "id", "uri": "properties.uri"}
    settings: ClassVar[Mapping[str, type]] = {"name": str, "purge": bool, "days": int, "who": list, "tags": dict}

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        return ()


class Things(Vaults):
    name = "things"
    at = "workspace"
    outputs: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, type]] = {}
    refs = (Reference("pool", ("pools",)),)


class Pools(Things):
    name = "pools"
    refs = ()


class Frozen(Things):
    name = "frozen"
    refs = ()
    writes_source = True


KINDS: dict[str, Kind] = {kind.name: kind for kind in (Vaults(), Pools(), Things(), Frozen())}
GOOD = """\
playbook: example
about: for the tests
params:
  source: {type: workspace, about: the old one}
  name:
    type: name
  days: {type: int, default: 90}
source: "${params.source}"
target: "${steps.vault.id}"
steps:
  - id: vault
    kind: vaults
    with:
      name: "${params.name}"
      purge: true
      days: "${params.days}"
      tags: "${source.tags}"
  - id: contents
    kinds: all
    exclude: ["*.tmp"]
    confirm: "${source.name} at ${steps.vault.uri}"
"""


def parse(text: str) -> playbook.Playbook:
    return playbook.parse(text, "book.yaml", KINDS)


def refusal(text: str) -> Mistake:
    with pytest.raises(Mistake) as caught:
        parse(text)
    return caught.value


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_a_playbook_that_is_right() -> None:
    book = parse(GOOD)
    assert (book.name, [step.id for step in book.steps]) == ("example", ["vault", "contents"])
    assert book.steps[0].settings["purge"] is True
    assert (book.steps[1].on, book.steps[1].adopt, book.steps[1].again) == ("target", False, False)
    assert book.digest != parse(GOOD + "\n").digest


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "why"),
    [
        ("about: for", "abuot: for", 2, "unknown key 'abuot'", "did you mean 'about'?"),
        ("about: the old one", "abot: x", 4, "unknown key 'abot'", "did you mean 'about'?"),
        ('exclude: ["*.tmp"]', "exlude: []", 20, "unknown key 'exlude'", "did you mean 'exclude'?"),
        ("    with:", "    wiht:", 13, "unknown key 'wiht'", "did you mean 'with'?"),
        ("playbook: example\n", "", 1, "playbook is missing", ""),
        ("playbook: example", "playbook: Example!", 1, "playbook: string should match", ""),
        ("playbook: example", "playbook: 7", 1, "playbook: input should be a valid string", ""),
        ("id: contents", "id: Contents", 18, "steps.1.id: string should match", ""),
        ("id: contents", "id: vault", 18, "two steps are called 'vault'", ""),
        ('exclude: ["*.tmp"]', "exclude: 3", 20, "steps.1.exclude: input should be a valid list", ""),
        ('exclude: ["*.tmp"]', "adopt: perhaps", 20, "steps.1.adopt: input should be a valid boolean", ""),
        ('exclude: ["*.tmp"]', "on: both", 20, "steps.1.on: input should be 'source' or 'target'", ""),
        ('exclude: ["*.tmp"]', "require: verified", 20, "unknown key 'require'", ""),
        ("type: workspace", "type: workspaces", 4, "params.source.type: input should be", ""),
        (
            "days: {type: int, default: 90}",
            "days: {type: int, default: soon}",
            7,
            "parameter 'days' must be a whole",
            "",
        ),
        ("    kinds: all\n", "", 18, "step 'contents' needs either `kind` or `kinds`", ""),
        ("    kinds: all\n", "    kinds: all\n    kind: pools\n", 18, "step 'contents' needs either", ""),
        ("kinds: all", "kinds: some", 19, "steps.1.kinds: input should be 'all'", ""),
        ("kinds: all", "kinds: [pools, thigns]", 19, "unknown kind 'thigns'", "did you mean 'things'?"),
        ("kind: vaults", "kind: vault", 12, "unknown kind 'vault'", "did you mean 'vaults'?"),
        ("purge: true", "purgee: true", 15, "unknown setting 'purgee'", "did you mean 'purge'?"),
        ("purge: true", "purge: yep", 15, "purge must be true or false, not 'yep'", ""),
        ("purge: true", "purge: yes", 15, "purge must be true or false, not 'yes'", ""),
        ('days: "${params.days}"', "days: many", 16, "days must be a whole number, not 'many'", ""),
        ('days: "${params.days}"', "days: true", 16, "days must be a whole number, not True", ""),
        ("purge: true", "who: ann", 15, "who must be a list, not 'ann'", ""),
        ("${params.name}", "${params.nam}", 14, "nothing fills ${params.nam}", "did you mean 'name'?"),
        ("${source.tags}", "${source.tag}", 17, "nothing fills ${source.tag}", "did you mean 'tags'?"),
        ("${source.tags}", "${steps.contents.id}", 17, "nothing fills", "there is no step 'contents' before this one"),
        ("${source.tags}", "${env.HOME}", 17, "nothing fills ${env.HOME}", "begins with params, source or steps"),
        ("${steps.vault.uri}", "${steps.vault.url}", 21, "nothing fills", "did you mean 'uri'?"),
        ("${steps.vault.uri}", "${steps.valt.uri}", 21, "nothing fills", "did you mean 'vault'?"),
        ('target: "${steps.vault.id}"', 'target: "${steps.vault.idd}"', 9, "nothing fills", "did you mean 'id'?"),
        (
            'target: "${steps.vault.id}"',
            'target: "${steps.contents.id}"',
            9,
            "nothing fills",
            "'contents' gives nothing",
        ),
        ('source: "${params.source}"', 'source: "${source.id}"', 8, "nothing fills", "source comes from params"),
        ("    with:", "    with: {}\n    with:", 14, "the key 'with' stands twice", ""),
        ("      purge: true", "      purge: true\n      purge: false", 16, "the key 'purge' stands twice", ""),
        ("kinds: all", "kinds: [*x]", 19, "this is not YAML", "undefined alias"),
        ("kinds: all", "kinds: [all", 20, "this is not YAML", ""),
        ("kinds: all", "kinds: !!python/name:os.system", 19, "this is not YAML", "could not determine a constructor"),
        ("kinds: all", "kinds: !!int x", 1, "this is not YAML", "invalid literal"),
        ("kinds: all", "? [a, b]\n    : c", 19, "a key is one word", ""),
        ("about: for the tests", 'about: "a\x00b"', 2, "this is not YAML", "special characters"),
    ],
)
def test_a_mistake_has_its_line(old: str, new: str, line: int, what: str, why: str) -> None:
    error = refusal(changed(old, new))
    assert (error.subject, error.exit_code) == (f"book.yaml:{line}", 64)
    assert error.what.startswith(what)
    assert why in error.why


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b", "7"])
def test_what_is_no_mapping(text: str) -> None:
    assert refusal(text).what.startswith("a playbook is a mapping")


@pytest.mark.parametrize("steps", ["steps: []", "steps: {}", "steps:"])
def test_a_playbook_has_steps(steps: str) -> None:
    error = refusal(GOOD[: GOOD.index("steps:\n")] + steps)
    assert (error.subject, error.what.split(":")[0]) == ("book.yaml:10", "steps")


def test_an_alias_is_refused_where_it_stands() -> None:
    error = refusal(changed("kinds: all", "kinds: &all [pools]\n    include: *all"))
    assert (error.what, error.subject) == ("aliases are not part of the language", "book.yaml:19")


def test_what_grows_without_end_is_refused() -> None:
    assert refusal("[" * 100_000).subject.startswith("book.yaml")
    assert refusal("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]").what == "aliases are not part of the language"


def test_two_documents_are_refused() -> None:
    assert refusal(f"{GOOD}---\n{GOOD}").what == "this is not YAML"


def test_a_file_larger_than_a_megabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(GOOD + "#" * playbook.MAX_BYTES)
    with pytest.raises(Mistake, match="larger than a megabyte"):
        playbook.load(str(path), KINDS)
    path.write_text(GOOD)
    assert playbook.load(str(path), KINDS).path == str(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (binary, tmp_path / "gone.yaml", tmp_path):
        with pytest.raises(Mistake):
            playbook.load(str(path), KINDS)


def test_a_name_that_is_not_shipped_is_suggested() -> None:
    with pytest.raises(Mistake) as caught:
        playbook.load("contents-olny", KINDS)
    assert "did you mean 'contents-only'?" in caught.value.why


def test_a_step_on_the_source() -> None:
    book = parse(changed('exclude: ["*.tmp"]', "on: source"))
    assert book.steps[1].on == "source"


def test_what_is_shipped_is_right() -> None:
    assert {"cmk-migration", "contents-only"} <= playbook.shipped().keys()
    for name in playbook.shipped():
        assert playbook.load(name, discover()).name == name


def test_a_probe_is_of_the_key_that_the_disks_are_given() -> None:
    """With a key that exists, the step that would make one gives nothing: a probe of nothing would stand for ever."""
    steps = {step.id: step for step in playbook.load("enable-in-place", discover()).steps}
    for name in ("key_uri", "key_name", "key_version"):
        assert steps["probe"].settings[name] == steps["disks"].settings[name]


def test_the_kinds_of_a_step() -> None:
    book = parse(changed("kinds: all", "kinds: [things, pools]"))
    assert playbook.step_kinds(book.steps[0], KINDS) == ["vaults"]
    assert playbook.step_kinds(book.steps[1], KINDS) == ["pools", "things"]
    assert playbook.step_kinds(parse(GOOD).steps[1], KINDS) == ["pools", "things"]


# holes


def test_a_string_that_is_one_hole_keeps_the_type() -> None:
    values = {"a": 7, "b": ["x"]}
    text = {"n": "${a}", "l": ["${b}", "<${a}>"], "k": 3, "both": "${a}${a}"}
    assert playbook.fill(text, values.__getitem__) == {"n": 7, "l": [["x"], "<7>"], "k": 3, "both": "77"}


# parameters

DAYS = "  days: {type: int, default: 90}"
PARAMS = changed(DAYS, f"{DAYS}\n  on: {{type: bool, default: true}}\n  who: {{type: list, default: []}}")


def test_parameters_are_given_or_have_a_default() -> None:
    found = playbook.fill_params(parse(PARAMS), {"source": "s", "name": "n"})
    assert found == {"source": "s", "name": "n", "days": 90, "on": True, "who": []}


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("days", "7", 7),
        ("days", "-7", -7),
        ("days", 7, 7),
        ("on", "False", False),
        ("on", False, False),
        ("who", "a, b,,c", ["a", "b", "c"]),
        ("who", ["a"], ["a"]),
        ("name", "007", "007"),
        ("source", " /subscriptions/s/x/ ", "/subscriptions/s/x"),
    ],
    ids=repr,
)
def test_text_becomes_what_the_parameter_is(name: str, value: Any, found: Any) -> None:
    filled = playbook.fill_params(parse(PARAMS), {"source": "s", "name": "n", name: value})[name]
    assert (filled, type(filled)) == (found, type(found))


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("days", "soon", "parameter 'days' must be a whole number, not 'soon'"),
        ("days", "--7", "parameter 'days' must be a whole number, not '--7'"),
        ("days", "²", "parameter 'days' must be a whole number, not '²'"),
        ("days", True, "parameter 'days' must be a whole number, not True"),
        ("on", "1", "parameter 'on' must be true or false, not '1'"),
        ("who", 3, "parameter 'who' must be a list, not 3"),
        ("name", 3, "parameter 'name' must be text, not 3"),
        ("nmae", "x", "unknown parameter 'nmae'"),
    ],
)
def test_a_parameter_that_does_not_fit(name: str, value: Any, what: str) -> None:
    with pytest.raises(Mistake) as caught:
        playbook.fill_params(parse(PARAMS), {"source": "s", "name": "n", name: value}, "params.yaml")
    assert (caught.value.what, caught.value.subject) == (what, "params.yaml")
    assert name != "nmae" or "did you mean 'name'?" in caught.value.why


@pytest.mark.parametrize("given", [{}, {"source": None}])
def test_a_parameter_that_is_missing(given: dict[str, Any]) -> None:
    with pytest.raises(Mistake) as caught:
        playbook.fill_params(parse(PARAMS), {"name": "n", **given})
    assert caught.value.what == "parameter 'source' is missing"
    assert (caught.value.why, "-p source=VALUE" in caught.value.next) == ("the old one", True)


def test_the_schema_for_editors_says_the_same() -> None:
    schema = json.loads(playbook.json_schema())
    assert set(schema["properties"]) == {"playbook", "about", "params", "source", "target", "steps"}
    assert "with" in schema["$defs"]["Step"]["properties"]
    assert schema["$defs"]["Step"]["additionalProperties"] is False
