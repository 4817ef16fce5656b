"""The comparer: two raw dumps of workspaces in, differences out. Imports nothing of the product.

`compare` judges a migration: the target is the source, but for what the run said it left out and what is written in
`ignored.py`. `same` judges two targets of the same source. A dump is the JSON that the sandbox's control API gives
under `/_sandbox/state/HOST`; any reader that gives the same JSON will do.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.comparer.canonical import Body, Canonical, Key, canonical
from tests.comparer.ignored import TRASH

Export = Callable[[str], bytes]  # path -> the SOURCE export of a notebook
_SEEDED = re.compile(r"/|/(Users|Repos|Shared)|/(Users|Repos)/[^/]+")
_MISSING = "(nothing)"
PRINCIPALS = ("users", "service_principals", "groups")  # who is not in the target loses entries and memberships


@dataclass(frozen=True)
class Difference:
    """kind and key of the object; what: missing, extra, duplicate, differs, wrong; where, and the two values."""

    kind: str
    key: str
    what: str
    path: str = ""
    source: Any = None
    target: Any = None

    def __str__(self) -> str:
        shown = f" at {self.path}: {_short(self.source)} -> {_short(self.target)}" if self.path else ""
        return f"{self.kind} {self.key!r} {self.what}{shown}"


def compare(
    source: Body,
    target: Body,
    *,
    left_out: Iterable[Key] = (),
    operator: str = "",
    exports: tuple[Export, Export] | None = None,
) -> list[Difference]:
    """Every difference between a source and the target that was made of it.

    left_out: (kind, key) of what the run reported as failed, unsupported or excluded; those are not compared, and
    everything else must be there and equal. operator: the applicationId or user name that ran it. exports: the SOURCE
    exports of both sides; asked only of notebooks that are stored in different forms.
    """
    old, new = canonical(source), canonical(target, source, operator)
    gone = set(left_out)
    lost = {_spelled(key) for kind, key in gone if kind in PRINCIPALS and (kind, key) not in new.objects}
    found = [Difference(kind, key, "wrong", "state", None, why) for (kind, key), why in new.wrong]
    doubled = set(new.doubled) - set(old.doubled)
    found += [Difference(kind, key, "duplicate") for kind, key in sorted(doubled) if kind != "permissions"]
    for at, body in old.objects.items():
        if at in gone:
            continue
        if at not in new.objects:
            parent, _, name = at[1].partition(":") if at[0] == "permissions" else ("", "", "")
            if (parent, name) not in gone:  # an ACL is a part of its object
                found.append(Difference(*at, "missing"))
            continue
        there = new.objects[at]
        if at in new.built_in:
            body, there = _without(body, "description"), _without(there, "description")
        found += _differences(at, body, there, lost, operator, exports)
    found += [
        Difference(*at, "extra")
        for at in new.objects
        if at not in old.objects and not _may_be_extra(at, old, new, operator)
    ]
    return found


def same(one: Body, other: Body, source: Body, *, operator: str = "") -> list[Difference]:
    """Every difference between two targets that were made of `source`."""
    first, second = canonical(one, source, operator), canonical(other, source, operator)
    found = [Difference(kind, key, "wrong", "state", None, why) for (kind, key), why in second.wrong]
    found += [Difference(kind, key, "duplicate") for kind, key in second.doubled]
    for at in first.objects.keys() | second.objects.keys():
        if at not in second.objects:
            found.append(Difference(*at, "missing"))
        elif at not in first.objects:
            found.append(Difference(*at, "extra"))
        else:
            left, right = first.objects[at], second.objects[at]
            found += [Difference(*at, "differs", path, a, b) for path, a, b in walk(left, right)]
    return found


def _differences(
    at: Key, old: Body, new: Body, lost: set[str], operator: str, exports: tuple[Export, Export] | None
) -> Iterator[Difference]:
    kind, key = at
    if kind == "notebooks":
        old, new = _notebook(key, old, new, exports)
    elif kind == "permissions":
        old, new = _acls(key, old, new, lost, operator)
    elif kind == "secret_acls":
        old = {who: level for who, level in old.items() if _spelled(who) not in lost}
    elif kind == "groups":
        old, new = _group(key, old, new, lost, operator)
    elif kind == "git_folders" and not old.get("branch"):
        old, new = _without(old, "branch"), _without(new, "branch")  # on no branch: the API can only set one
    yield from (Difference(kind, key, "differs", path, a, b) for path, a, b in walk(old, new))


def _spelled(principal: str) -> str:
    """Users are the same in any case; groups that differ in case alone are two."""
    return principal.casefold() if "@" in principal else principal


def _notebook(path: str, old: Body, new: Body, exports: tuple[Export, Export] | None) -> tuple[Body, Body]:
    """Equal when the SOURCE is, byte for byte, and the rich part."""
    if old["stored_as"] == new["stored_as"] and old["stored"] == new["stored"]:
        return {"language": old["language"]}, {"language": new["language"]}
    sides = []
    for number, side in enumerate((old, new)):
        form: Body = {"language": side["language"], "rich": side.get("rich") or {}}
        if side["stored_as"] == "SOURCE":
            form["source"] = side["stored"]
        elif exports is not None:
            form["source"] = {"base64": base64.b64encode(exports[number](path)).decode()}
        else:
            form["source"] = {"stored as": side["stored_as"], **side["stored"]}
        sides.append(form)
    return sides[0], sides[1]


def _acls(key: str, old: Body, new: Body, lost: set[str], operator: str) -> tuple[Body, Body]:
    """Without those who are not in the target (reported); a job whose owner is among them belongs to the operator."""
    old = {who: level for who, level in old.items() if _spelled(who.partition(" ")[2]) not in lost}
    if key.startswith("jobs:") and "IS_OWNER" not in old.values():
        new = {
            who: level
            for who, level in new.items()
            if not (level == "IS_OWNER" and who.endswith(f" {operator.lower()}"))
        }
    if re.fullmatch(r"directories:/Users/" + re.escape(operator), key):
        return {}, {}
    return old, new


def _group(key: str, old: Body, new: Body, lost: set[str], operator: str) -> tuple[Body, Body]:
    members = [one for one in old.get("members", []) if _spelled(one.partition(" ")[2]) not in lost]
    there = new.get("members", [])
    if key == "admins":  # only added to; the operator must stay one of them
        there = [one for one in there if one in members or not one.endswith(f" {operator.lower()}")]
        old = {**old, "entitlements": []}
        new = {**new, "entitlements": []}
    return {**old, "members": members}, {**new, "members": there}


def _may_be_extra(at: Key, old: Canonical, new: Canonical, operator: str) -> bool:
    kind, key = at
    if any(key.startswith(f"{one} (") for kind_, one in new.doubled if kind_ == kind):
        return True  # said already, as a duplicate
    if kind == "permissions":
        parent, _, name = key.partition(":")
        said = not _may_be_extra((parent, name), old, new, operator)
        return said or parent == "directories" or not new.objects[at]
    if kind == "directories":
        return _SEEDED.fullmatch(key) is not None or re.fullmatch(TRASH, key) is not None
    if kind in ("service_principals", "users"):
        return key == operator.casefold()
    if kind == "groups":
        return key in ("admins", "users")
    return at in new.built_in


def walk(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, old value, new value) wherever two values differ; 1 and True are different."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from walk(old.get(name, _MISSING), new.get(name, _MISSING), f"{path}.{name}" if path else str(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from walk(one, other, f"{path}[{number}]")
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path or "(all)", old, new


def _without(body: Body, name: str) -> Body:
    return {key: value for key, value in body.items() if key != name}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}... ({len(text)} characters)"
