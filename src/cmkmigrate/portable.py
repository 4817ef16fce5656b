"""Bodies that mean the same on both sides. Pure: no clients, no ledger, no clock.

A portable body has what the server owns dropped and each reference written as `@kind/key`. `local` turns it back into
a body for one side. Paths are dotted: `a.b`, `a[*].b` (each element of a list), `a.*` (each value of an object).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cmkmigrate.characters import spelled
from cmkmigrate.model import NOTHING, Body, Reference

Lookup = Callable[[str, str], str | None]  # (kind, id) -> key, or (kind, key) -> id
_SPLIT = re.compile(r"\[\*\]|[^.\[]+")


@dataclass(slots=True)
class Link:
    """One reference found in a body: where, what it says, and the (kind, key) it points at (kind "" : at nothing)."""

    ref: Reference
    value: Any
    kind: str = ""
    key: str = ""


@dataclass(slots=True)
class Portable:
    """A portable body and the references that were found in it."""

    body: Body
    links: list[Link] = field(default_factory=list)


class Traits(Protocol):
    """What of a kind matters to its bodies; see kinds/base.py, which is above this layer."""

    @property
    def refs(self) -> tuple[Reference, ...]: ...
    @property
    def owns(self) -> tuple[str, ...]: ...
    @property
    def arriving(self) -> Mapping[str, Any]: ...
    @property
    def unordered(self) -> tuple[str, ...]: ...
    @property
    def partial(self) -> bool: ...
    @property
    def server_owned(self) -> frozenset[str]: ...
    @property
    def marker_path(self) -> str: ...


def spots(body: Any, path: str) -> Iterator[tuple[Any, Any]]:
    """(container, key or index) of every place in `body` that `path` names and that exists."""
    yield from _spots(body, _SPLIT.findall(path))


def _spots(node: Any, parts: list[str]) -> Iterator[tuple[Any, Any]]:
    head, rest = parts[0], parts[1:]
    keys: Iterable[Any]
    if head == "[*]":
        keys = range(len(node)) if isinstance(node, list) else ()
    elif head == "*":
        keys = list(node) if isinstance(node, dict) else ()
    else:
        keys = (head,) if isinstance(node, dict) and head in node else ()
    for key in keys:
        if rest:
            yield from _spots(node[key], rest)
        else:
            yield node, key


def _without_null(node: Any) -> Any:
    """A deep copy."""
    if isinstance(node, dict):
        return {key: _without_null(value) for key, value in node.items() if value is not None}
    return [_without_null(one) for one in node] if isinstance(node, list) else node


def value_at(body: Any, path: str) -> Any:
    """The first value at `path`, or NOTHING."""
    return next((holder[key] for holder, key in spots(body, path)), NOTHING)


def put(body: Body, path: str, value: Any) -> None:
    """Set a plain dotted path, making the objects on the way."""
    node: Any = body
    *holders, last = path.split(".")
    for holder in holders:
        node = node.setdefault(holder, {})
    node[last] = value


def drop(body: Body, path: str) -> None:
    """Remove everything at `path`."""
    for holder, key in reversed(list(spots(body, path))):  # from the end: what is before keeps its index
        del holder[key]


def portable(kind: Traits, body: Body, to_key: Lookup) -> Portable:
    """`body` of one side as a portable body. A reference that `to_key` does not know stays as it is, and its link
    has no kind. A member that is null is left out: it is not set. Nothing of `body` is changed."""
    result = Portable(_without_null(body))
    for path in kind.server_owned:
        drop(result.body, path)
    if kind.marker_path:
        _drop_emptied(result.body, kind.marker_path)
    for ref in kind.refs:
        for holder, key in list(spots(result.body, ref.path)):
            if ref.inside_json:
                holder[key] = _inside(holder[key], ref, to_key, result.links)
            elif (value := _link(ref, holder[key], to_key, result.links)) is not NOTHING:
                holder[key] = value
    return result


def _drop_emptied(body: Body, path: str) -> None:
    drop(body, path)
    holder = path.rpartition(".")[0]
    if holder and value_at(body, holder) == {}:
        drop(body, holder)


def _inside(text: Any, ref: Reference, to_key: Lookup, links: list[Link]) -> Any:
    try:
        inner = json.loads(text)
    except (TypeError, ValueError):
        return text  # not JSON: nothing in it can be a reference; the vendor will judge it
    changed = False
    for holder, key in list(spots(inner, ref.inside_json)):
        value = _link(ref, holder[key], to_key, links)
        if value is not NOTHING:
            holder[key], changed = value, True
    return json.dumps(inner) if changed else text


def _link(ref: Reference, value: Any, to_key: Lookup, links: list[Link]) -> Any:
    """Note what `value` points at; the new value for form "id", else NOTHING."""
    if value in (None, "") or isinstance(value, dict | list):
        return NOTHING
    said = spelled(str(value))
    found = [said] if not ref.within else re.findall(ref.within, said)
    for text in found:
        link = Link(ref, text)
        for target in ref.targets:
            key = to_key(target, text) if ref.form == "id" else text
            if key is not None:
                link.kind, link.key = target, key
                break
        links.append(link)
        if ref.form == "id" and link.kind:
            return f"@{link.kind}/{link.key}"
    return NOTHING


def local(kind: Traits, body: Body, to_id: Lookup, id_types: Callable[[str], type]) -> Body:
    """A portable body as one side's: `@kind/key` becomes that side's id. KeyError for one it does not have."""
    result = copy.deepcopy(body)

    def back(holder: Any, key: Any) -> bool:
        text = holder[key]
        if not (isinstance(text, str) and text.startswith("@")):
            return False
        target, _, name = text[1:].partition("/")
        found = to_id(target, name)
        if found is None:
            raise KeyError(text)
        holder[key] = id_types(target)(found)
        return True

    for ref in kind.refs:
        if ref.form != "id":
            continue
        for holder, key in list(spots(result, ref.path)):
            if not ref.inside_json:
                back(holder, key)
            elif isinstance(holder[key], str) and '"@' in holder[key]:
                inner = _parsed(holder[key])
                changed = [back(*spot) for spot in spots(inner, ref.inside_json)]
                if True in changed:
                    holder[key] = json.dumps(inner)
    return result


def drop_elements(body: Body, ref: Reference, value: Any) -> None:
    """Remove the list elements in which `ref` says `value` (an ACL entry whose principal is nowhere)."""
    head, _, tail = ref.path.partition("[*]")
    for holder, key in list(spots(body, head)):
        rest = tail.lstrip(".")
        said = [spelled(str(value_at(one, rest) if rest else one)) for one in holder[key]]
        holder[key] = [
            one for one, name in zip(holder[key], said, strict=True) if name.casefold() != str(value).casefold()
        ]


def owned(kind: Traits, body: Body) -> Body:
    """The part of a portable body that the kind compares and changes, in a form in which equal is equal."""
    if "*" in kind.owns:
        part = copy.deepcopy(body)
        for path in [entry[1:] for entry in kind.owns if entry.startswith("!")] + list(kind.arriving):
            drop(part, path)
    else:
        part = {}
        for path in kind.owns:
            value = value_at(body, path)
            if value is not NOTHING:
                put(part, path, copy.deepcopy(value))
    for path in kind.unordered:
        for holder, key in spots(part, path):
            if isinstance(holder[key], list):
                holder[key] = sorted(holder[key], key=canonical)
    for ref in kind.refs:
        if ref.inside_json:
            for holder, key in spots(part, ref.path):
                holder[key] = _parsed(holder[key])
    return part


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def differences(kind: Traits, want: Body, have: Body) -> tuple[str, ...]:
    """The paths in which two portable bodies differ, as far as the kind owns them (sorted; empty: equal)."""
    return tuple(sorted(set(_differ(owned(kind, want), owned(kind, have), "", kind.partial))))


def _differ(want: Any, have: Any, path: str, partial: bool) -> Iterator[str]:
    if isinstance(want, dict) and isinstance(have, dict):
        for key in want.keys() | (set() if partial else have.keys()):
            yield from _differ(
                want.get(key, NOTHING), have.get(key, NOTHING), f"{path}.{key}" if path else str(key), partial
            )
    elif isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        for index, (one, other) in enumerate(zip(want, have, strict=True)):
            yield from _differ(one, other, f"{path}[{index}]", partial)
    elif want != have or isinstance(want, bool) != isinstance(have, bool):
        yield path


def canonical(value: Any) -> str:
    """JSON in which equal values are equal strings."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
