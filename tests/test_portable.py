"""Portable bodies: what is dropped, what a reference becomes, what counts as equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.model import NOTHING, Body, Reference

IDS = {("pools", "p1"): "small", ("jobs", "7"): "nightly", ("users", "8"): "ann"}
KEYS = {("pools", "small"): "p9", ("jobs", "nightly"): "700", ("users", "ann"): "80"}


@dataclass
class Traits:
    """A kind, as far as its bodies are concerned."""

    refs: tuple[Reference, ...] = ()
    owns: tuple[str, ...] = ("*",)
    arriving: Mapping[str, Any] = field(default_factory=dict)
    unordered: tuple[str, ...] = ()
    partial: bool = False
    server_owned: frozenset[str] = frozenset()
    marker_path: str = ""


def key_of(kind: str, id: str) -> str | None:
    return IDS.get((kind, id))


def id_of(kind: str, key: str) -> str | None:
    return KEYS.get((kind, key))


def id_type(kind: str) -> type:
    return int if kind == "jobs" else str


def there(traits: Traits, body: Body) -> Body:
    return portable.portable(traits, body, key_of).body


def back(traits: Traits, body: Body) -> Body:
    return portable.local(traits, body, id_of, id_type)


# paths


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", [1]),
        ("tasks[*].id", [1, 2]),
        ("tasks[*].libs[*]", ["x", "y"]),
        ("map.*", [3, 4]),
        ("map2.*.v", [5]),
        ("a.b.c", []),
        ("a[*]", []),
        ("tasks.*", []),
        ("gone", []),
    ],
)
def test_a_path_names_every_place(path: str, found: list[Any]) -> None:
    body = {
        "a": {"b": 1},
        "tasks": [{"id": 1, "libs": ["x", "y"]}, {"id": 2}],
        "map": {"x": 3, "y": 4},
        "map2": {"x": {"v": 5}, "y": {}},
    }
    assert [holder[key] for holder, key in portable.spots(body, path)] == found


def test_the_first_value_at_a_path() -> None:
    assert portable.value_at({"a": [{"b": None}, {"b": 2}]}, "a[*].b") is None
    assert portable.value_at({"a": []}, "a[*].b") is NOTHING


def test_put_makes_the_objects_on_the_way() -> None:
    body: Body = {"a": {"x": 1}}
    portable.put(body, "a.b.c", 2)
    portable.put(body, "d", 3)
    assert body == {"a": {"x": 1, "b": {"c": 2}}, "d": 3}


def test_drop_removes_every_place() -> None:
    body = {"tasks": [{"id": n, "run": n} for n in range(12)], "map": {"a": {"x": 1, "y": 2}}, "list": list(range(12))}
    portable.drop(body, "tasks[*].run")
    portable.drop(body, "map.*.x")
    portable.drop(body, "list[*]")
    portable.drop(body, "gone.deeper")
    assert body == {"tasks": [{"id": n} for n in range(12)], "map": {"a": {"y": 2}}, "list": []}


# references


def test_an_id_becomes_a_key_and_the_other_sides_id() -> None:
    traits = Traits(refs=(Reference("pool", ("pools",)), Reference("after[*]", ("jobs",))))
    body = {"pool": "p1", "after": [7], "n": 1}
    found = portable.portable(traits, body, key_of)
    assert found.body == {"pool": "@pools/small", "after": ["@jobs/nightly"], "n": 1}
    assert [(link.value, link.kind, link.key) for link in found.links] == [
        ("p1", "pools", "small"),
        ("7", "jobs", "nightly"),
    ]
    assert body == {"pool": "p1", "after": [7], "n": 1}
    assert back(traits, found.body) == {"pool": "p9", "after": [700], "n": 1}


def test_a_number_and_its_text_are_the_same_id_and_come_back_as_the_kind_has_it() -> None:
    traits = Traits(refs=(Reference("job", ("jobs",)), Reference("user", ("users",))))
    as_numbers, as_texts = there(traits, {"job": 7, "user": 8}), there(traits, {"job": "7", "user": "8"})
    assert as_numbers == as_texts == {"job": "@jobs/nightly", "user": "@users/ann"}
    assert back(traits, as_numbers) == {"job": 700, "user": "80"}


def test_the_first_kind_that_knows_the_value_wins() -> None:
    traits = Traits(refs=(Reference("member", ("jobs", "users", "pools")),))
    assert there(traits, {"member": "8"}) == {"member": "@users/ann"}


@pytest.mark.parametrize("value", ["", [], {}, ["p1"]])
def test_nothing_is_no_reference(value: Any) -> None:
    found = portable.portable(Traits(refs=(Reference("pool", ("pools",)),)), {"pool": value}, key_of)
    assert (found.body, found.links) == ({"pool": value}, [])


def test_what_nobody_knows_stays_and_its_link_has_no_kind() -> None:
    found = portable.portable(Traits(refs=(Reference("job", ("jobs",)),)), {"job": 99}, key_of)
    assert found.body == {"job": 99}
    assert [(link.value, link.kind) for link in found.links] == [("99", "")]


@pytest.mark.parametrize("form", ["key", "prefix"])
def test_a_name_or_a_path_is_noted_and_not_rewritten(form: str) -> None:
    traits = Traits(refs=(Reference("owner", ("users",), form),))
    found = portable.portable(traits, {"owner": "bob"}, key_of)
    assert found.body == back(traits, found.body) == {"owner": "bob"}
    assert [(link.kind, link.key) for link in found.links] == [("users", "bob")]


def test_only_what_is_within_counts() -> None:
    ref = Reference("conf.*", ("scopes",), "key", within=r"\{\{secrets/([^/}]+)/")
    body = {"conf": {"a": "{{secrets/one/k}} {{secrets/two/k}}", "b": "plain"}}
    found = portable.portable(Traits(refs=(ref,)), body, key_of)
    assert found.body == body
    assert [link.key for link in found.links] == ["one", "two"]


def test_a_reference_inside_a_json_string() -> None:
    traits = Traits(refs=(Reference("definition", ("pools",), inside_json="*.value"),))
    body = {"definition": json.dumps({"pool": {"value": "p1"}, "n": {"value": 3}})}
    found = portable.portable(traits, body, key_of)
    assert json.loads(found.body["definition"]) == {"pool": {"value": "@pools/small"}, "n": {"value": 3}}
    assert [(link.value, link.kind) for link in found.links] == [("p1", "pools"), ("3", "")]
    assert json.loads(back(traits, found.body)["definition"])["pool"]["value"] == "p9"


def test_a_member_that_is_null_is_not_set() -> None:
    body = {"tags": None, "a": {"b": None, "c": [{"d": None}, None, 0]}}
    assert portable.portable(Traits(), body, key_of).body == {"a": {"c": [{}, None, 0]}}
    assert body["tags"] is None


@pytest.mark.parametrize("text", ["{not json", '{ "n":1 }', "", 7, '"@pools/'])
def test_a_json_string_without_a_reference_is_not_touched(text: Any) -> None:
    traits = Traits(refs=(Reference("definition", ("pools",), inside_json="pool.value"),))
    body = {"definition": text}
    assert there(traits, body) == back(traits, body) == body


def test_a_json_string_is_compared_by_what_it_says() -> None:
    traits = Traits(refs=(Reference("definition", ("pools",), inside_json="pool"),))
    assert portable.differences(traits, {"definition": '{"a":1,"b":2}'}, {"definition": '{ "b": 2, "a": 1 }'}) == ()
    assert portable.differences(traits, {"definition": '{"a":1}'}, {"definition": '{"a":2}'}) == ("definition.a",)


def test_an_id_that_a_side_does_not_have_is_an_error() -> None:
    traits = Traits(refs=(Reference("pool", ("pools",)), Reference("rule", ("pools",), inside_json="pool")))
    with pytest.raises(KeyError, match="@pools/large"):
        back(traits, {"pool": "@pools/large"})
    with pytest.raises(KeyError, match="@pools/large"):
        back(traits, {"rule": '{"pool": "@pools/large"}'})


def test_an_at_sign_where_no_id_is_expected_is_text() -> None:
    traits = Traits(refs=(Reference("owner", ("users",), "key"),))
    body = {"owner": "@users/ann", "other": "@pools/large"}
    assert back(traits, body) == body


def test_drop_elements_takes_out_what_says_the_value() -> None:
    body: Body = {"acl": [{"user": "Ann"}, {"user": "bob"}, {"group": "ann"}], "ids": [7, 8]}
    portable.drop_elements(body, Reference("acl[*].user", ("users",), "key"), "ann")
    portable.drop_elements(body, Reference("ids[*]", ("jobs",)), "7")
    assert body == {"acl": [{"user": "bob"}, {"group": "ann"}], "ids": [8]}


# what is dropped, owned and compared


def test_what_the_server_owns_is_dropped() -> None:
    traits = Traits(server_owned=frozenset({"state", "tasks[*].run"}))
    body = {"state": "UP", "tasks": [{"run": 1, "k": "a"}], "k": {"state": "kept"}}
    assert there(traits, body) == {"tasks": [{"k": "a"}], "k": {"state": "kept"}}


def test_the_marker_goes_and_its_holder_with_it_when_it_is_empty() -> None:
    traits = Traits(marker_path="tags.src")
    assert there(traits, {"tags": {"src": "1"}, "n": 1}) == {"n": 1}
    assert there(traits, {"tags": {"src": "1", "team": "x"}}) == {"tags": {"team": "x"}}
    assert there(traits, {"tags": {}}) == there(traits, {}) == {}
    assert there(Traits(marker_path="src"), {"src": "1", "n": 1}) == {"n": 1}


def test_all_but_what_is_excepted_is_owned() -> None:
    traits = Traits(owns=("*", "!a.b", "!tasks[*].pause"), arriving={"idle": 0})
    body = {"a": {"b": 1, "c": 2}, "tasks": [{"pause": 1, "k": 1}], "idle": 5}
    assert portable.owned(traits, body) == {"a": {"c": 2}, "tasks": [{"k": 1}]}
    assert body["idle"] == 5


def test_only_what_is_named_is_owned() -> None:
    traits = Traits(owns=("a.b", "gone"))
    assert portable.owned(traits, {"a": {"b": 1, "c": 2}, "d": 3}) == {"a": {"b": 1}}
    assert portable.differences(traits, {"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 9}, "d": 1}) == ()
    assert portable.differences(traits, {"a": {"b": 1}}, {"a": {"b": 2}}) == ("a.b",)


def test_a_list_that_is_a_set_has_no_order() -> None:
    want, have = {"acl": [{"u": "b"}, {"u": "a", "x": 1}]}, {"acl": [{"x": 1, "u": "a"}, {"u": "b"}]}
    assert portable.differences(Traits(unordered=("acl",)), want, have) == ()
    assert portable.differences(Traits(), want, have) == ("acl[0].u", "acl[0].x", "acl[1].u", "acl[1].x")
    assert portable.differences(Traits(unordered=("acl",)), {"acl": ["a", "a"]}, {"acl": ["a"]}) == ("acl",)


def test_partial_looks_only_at_what_is_wanted() -> None:
    want, have = {"a": {"x": 1}}, {"a": {"x": 1, "filled": 2}, "more": 3}
    assert portable.differences(Traits(partial=True), want, have) == ()
    assert portable.differences(Traits(partial=True), {"a": {"x": 2}, "b": 1}, have) == ("a.x", "b")
    assert portable.differences(Traits(), want, have) == ("a.filled", "more")


@pytest.mark.parametrize(
    ("want", "have", "differ"),
    [
        ({"a": 1}, {"a": 1}, ()),
        ({"a": 1}, {"a": "1"}, ("a",)),
        ({"a": 1}, {"a": True}, ("a",)),
        ({"a": 0}, {"a": False}, ("a",)),
        ({"a": None}, {}, ("a",)),
        ({}, {"a": None}, ("a",)),
        ({"a": [1]}, {"a": [1, 2]}, ("a",)),
        ({"a": {}}, {"a": []}, ("a",)),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]}, ("a[1].b",)),
    ],
)
def test_what_differs(want: Body, have: Body, differ: tuple[str, ...]) -> None:
    assert portable.differences(Traits(), want, have) == differ
