"""The rules of Azure Policy, as far as a deny on type, name, location, tags and properties needs them.

Language: the vendor's page of the policy definition structure. What is not known here is refused when an estate brings
it, so that no rule is half understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Body = dict[str, Any]
PLAIN = ("type", "name", "location", "kind", "id")
_TAG = re.compile(r"tags(?:\.(?P<plain>[\w:-]+)|\[\s*'?(?P<quoted>[^'\]]+)'?\s*\])", re.IGNORECASE)
_PARAMETER = re.compile(r"\[parameters\('([^']+)'\)\]", re.IGNORECASE)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return bool(one == other)


def _like(one: Any, pattern: Any) -> bool:
    return fnmatchcase(str(one or "").lower(), str(pattern).lower())


def _contains(one: Any, part: Any) -> bool:
    if isinstance(one, list):
        return any(_same(each, part) for each in one)
    return str(part).lower() in str(one or "").lower()


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "like": _like,
    "contains": _contains,
    "in": lambda one, wanted: any(_same(one, each) for each in wanted),
    "exists": lambda one, wanted: (one is not None) == (str(wanted).lower() == "true"),
}
NEGATED = {"notequals": "equals", "notlike": "like", "notcontains": "contains", "notin": "in"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One condition that was looked at: its field, the operator, what it wants, what was there, and whether it held."""

    field: str
    operator: str
    wanted: Any
    found: Any
    held: bool


def check(rule: Any) -> None:
    """Raises ValueError for a rule that has something unknown in it."""
    for _ in _conditions(rule):
        pass


def fields(rule: Any) -> set[str]:
    """The fields that a rule looks at, in small letters."""
    return {field.lower() for field, _, _ in _conditions(rule)}


def _conditions(rule: Any) -> Iterator[tuple[str, str, Any]]:
    if not isinstance(rule, dict) or not rule:
        raise ValueError(f"a policy rule is an object, not {rule!r}")
    for word in ("allOf", "anyOf"):
        if word in rule:
            for one in rule[word]:
                yield from _conditions(one)
            return
    if "not" in rule:
        yield from _conditions(rule["not"])
        return
    yield _condition(rule)


def _condition(rule: Body) -> tuple[str, str, Any]:
    """Field, operator and wanted value. Raises ValueError."""
    rest = [name for name in rule if name != "field"]
    if "field" not in rule or len(rest) != 1 or rest[0].lower() not in {*OPERATORS, *NEGATED}:
        known = ", ".join(["allOf", "anyOf", "not", "field", *OPERATORS, *NEGATED])
        raise ValueError(f"the sandbox does not know this condition of a policy: {rule!r} (known: {known})")
    field = str(rule["field"])
    if "[*]" in field or (field.lower() not in (*PLAIN, "tags") and not _TAG.fullmatch(field) and "/" not in field):
        raise ValueError(f"the sandbox does not know this field of a policy: {field}")
    return field, rest[0], rule[rest[0]]


def filled(rule: Any, parameters: Body) -> Any:
    """The rule with its parameters in place. Raises ValueError for one that has no value."""
    if isinstance(rule, dict):
        return {name: filled(one, parameters) for name, one in rule.items()}
    if isinstance(rule, list):
        return [filled(one, parameters) for one in rule]
    found = _PARAMETER.fullmatch(rule) if isinstance(rule, str) else None
    if found is None:
        return rule
    if found[1] not in parameters:
        raise ValueError(f"the parameter {found[1]} of a policy has no value")
    return parameters[found[1]]


def value_of(resource: Body, field: str) -> Any:
    """What a resource has in a field; None for nothing. An alias of another type of resource has nothing here."""
    if field.lower() in (*PLAIN, "tags"):
        return _get(resource, field)
    if tag := _TAG.fullmatch(field):
        return _get(resource.get("tags") or {}, tag["plain"] or tag["quoted"])
    of = str(resource.get("type", "")) + "/"
    if not field.lower().startswith(of.lower()):
        return None
    path = re.split(r"[./]", field[len(of) :])
    for start in (resource, resource.get("properties") or {}):
        found: Any = start
        for name in path:
            found = _get(found, name) if isinstance(found, dict) else None
        if found is not None:
            return found
    return None


def _get(held: Body, name: str) -> Any:
    return next((value for key, value in held.items() if key.lower() == name.lower()), None)


def holds(rule: Any, resource: Body, seen: list[Seen] | None = None) -> bool:
    """Whether a resource is what the rule describes. `seen` collects the conditions that were looked at."""
    if "allOf" in rule:
        return all(holds(one, resource, seen) for one in rule["allOf"])
    if "anyOf" in rule:
        return any(holds(one, resource, seen) for one in rule["anyOf"])
    if "not" in rule:
        return not holds(rule["not"], resource, seen)
    field, operator, wanted = _condition(rule)
    found, name = value_of(resource, field), operator.lower()
    if field.lower() == "location":  # Assumption: compared without blanks, as ARM does
        found = found and str(found).replace(" ", "")
    held = not OPERATORS[NEGATED[name]](found, wanted) if name in NEGATED else OPERATORS[name](found, wanted)
    if seen is not None:
        seen.append(Seen(field, operator, wanted, found, held))
    return held
