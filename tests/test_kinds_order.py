"""The kinds as they are found: an order in which they can be made, and declarations that fit together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import ClassVar

import pytest

from cmkmigrate import playbook
from cmkmigrate.kinds import discover, needs, order
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import Entry, Reference

# What bodies refer to and no kind moves yet: a reference to one is a reported block. The list may only shrink.
NOT_BUILT = {"alerts_v2", "legacy_dashboards", "notification_destinations"}


def made(name: str, *targets: str, parents: tuple[str, ...] = ()) -> Kind:
    """A kind with references to others."""

    class One(Kind):
        service = "none"
        refs = tuple(Reference(f"to_{target}", (target,)) for target in targets)

        def list(self, site: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
            return ()

    One.name, One.parents = name, parents
    return One()


def ordered(*kinds: Kind) -> list[str]:
    return order({kind.name: kind for kind in kinds})


def test_what_is_needed_comes_first() -> None:
    assert ordered(made("a", "b"), made("b", "c"), made("c")) == ["c", "b", "a"]


def test_a_parent_is_needed_too() -> None:
    assert ordered(made("a", parents=("b",)), made("b")) == ["b", "a"]


def test_where_nothing_is_said_the_order_is_that_of_the_alphabet() -> None:
    assert ordered(made("c"), made("a"), made("d", "b"), made("b")) == ["a", "b", "c", "d"]


def test_what_is_not_built_and_itself_is_not_waited_for() -> None:
    one = made("a", "a", "unheard_of")
    assert needs(one, {"a": one}) == set()
    assert ordered(one) == ["a"]


@pytest.mark.parametrize("given", list(itertools.permutations("abcd")))
def test_it_does_not_matter_in_which_order_they_are_found(given: tuple[str, ...]) -> None:
    kinds = {"a": made("a", "d"), "b": made("b"), "c": made("c", "b"), "d": made("d", parents=("c",))}
    assert order({name: kinds[name] for name in given}) == ["b", "c", "d", "a"]


def test_a_ring_is_broken_and_ends() -> None:
    assert ordered(made("a", "b"), made("b", "a"), made("c", "a")) == ["a", "b", "c"]


# those there are


def test_every_kind_comes_after_what_it_needs_so_that_none_waits_for_ever() -> None:
    kinds = discover()
    seen: set[str] = set()
    for name, kind in kinds.items():
        assert needs(kind, kinds) <= seen, name
        seen.add(name)


def test_references_and_parents_name_kinds() -> None:
    kinds = discover()
    targets = {target for kind in kinds.values() for ref in kind.refs for target in ref.targets}
    assert targets - kinds.keys() == NOT_BUILT
    assert {parent for kind in kinds.values() for parent in kind.parents} <= kinds.keys()


def test_a_kind_stands_beside_its_parents() -> None:
    kinds = discover()
    for name, kind in kinds.items():
        assert {kinds[parent].at for parent in kind.parents} <= {kind.at}, name


def test_declarations_are_of_their_form() -> None:
    for name, kind in discover().items():
        assert kind.at in ("workspace", "arm"), name
        for ref in kind.refs:
            assert ref.form in ("id", "key", "prefix"), (name, ref)
            assert ref.missing in ("block", "warn", "drop"), (name, ref)
            assert ref.targets, (name, ref)
            assert ref.missing != "drop" or "[*]" in ref.path, (name, ref)  # the element of a list is what is dropped
            assert not (ref.form == "id" and ref.missing == "warn"), (name, ref)  # an id of the other side is none here
            assert not (ref.form == "id" and ref.within), (name, ref)  # the whole value becomes the other side's
        assert not ("*" not in kind.owns and any(path.startswith("!") for path in kind.owns)), name
        assert "*" in kind.owns or not any("[*]" in path for path in kind.owns), name


def test_what_is_set_on_arrival_is_not_owned() -> None:
    for name, kind in discover().items():
        assert not set(kind.arriving) & set(kind.owns), name
        assert not set(kind.arriving) & kind.server_owned, name
        assert kind.marker_path not in kind.server_owned, name


class _Two:
    """Two kinds that look after parts of the same resource: the one must leave out what the other owns."""

    pairs: ClassVar = [("workspaces", "root_encryption")]


@pytest.mark.parametrize(("whole", "part"), _Two.pairs)
def test_no_path_of_a_resource_is_owned_twice(whole: str, part: str) -> None:
    kinds = discover()
    assert "*" in kinds[whole].owns
    assert {f"!{path}" for path in kinds[part].owns} <= set(kinds[whole].owns)


def test_every_resource_with_two_kinds_is_known() -> None:
    kinds = discover()
    sharing: dict[str, list[str]] = {}
    for name, kind in kinds.items():
        if kind.create is not None or "*" not in kind.owns:
            sharing.setdefault(kind.service, []).append(name)
    apart = {"entity_encryption", "disk_probe"}  # of an in-place run alone, and a cluster that is nobody else's
    several = {"authorization", "private_endpoints"}  # files of the sandbox that serve several sorts of resources
    left = [sorted(set(names) - apart) for service, names in sharing.items() if service not in several]
    shared = [names for names in left if len(names) > 1]
    assert shared == [sorted(pair) for pair in _Two.pairs]


def test_a_feature_in_place_shares_its_workspace_with_nobody() -> None:
    """`workspaces` owns the entities too, as it makes them: it must want nothing where `entity_encryption` is used."""
    for name, text in playbook.shipped().items():
        steps = {step.kind: step.settings for step in playbook.parse(text, name, discover()).steps}
        if "entity_encryption" in steps:
            assert steps["workspaces"] == {"existing": "${params.workspace}"}, name
