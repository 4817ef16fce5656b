"""What knows the subnets and addresses of the old workspace and not those of the new one: pure, on bodies of ARM.

A firewall names a subnet by its ARM id, an address, a block or a range of addresses. All texts of the part of a body
that holds its rules are looked at, so that a rule of a form that is not known here is found as well.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_OWNER: Final = re.compile(r"owner|contact|team|responsible", re.IGNORECASE)
_RANGE: Final = (("startIpAddress", "endIpAddress"), ("startIPAddress", "endIPAddress"))


@dataclass(frozen=True, slots=True)
class Side:
    """Of the old or the new workspace: ARM ids of its subnets, their prefixes, the addresses that it is seen under."""

    subnets: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """A row of network-asks.csv: what, which resource, what it knows of the old workspace, what to ask for, whose it
    is, and how sure that is (certain, likely, unknown)."""

    what: str
    resource: str
    knows: str
    ask: str
    owner: str = ""
    sure: str = "certain"


def asks_of(what: str, resource: Mapping[str, Any], rules: Any, old: Side, new: Side) -> Iterator[Ask]:
    """What to ask of one resource. rules: the part of its body that holds them."""
    said = list(_texts(rules))
    subnets = {one.lower() for one in said}
    id, owner = str(resource.get("id", "")), owner_of(resource)
    known = [one for one in old.subnets if one.lower() in subnets]
    missing = [one for one in new.subnets if one.lower() not in subnets]
    if known and (missing or not new.subnets):
        yield Ask(what, id, " ".join(known), f"let in {' '.join(missing) or UNKNOWN_YET}", owner)
    blocks = [block for block in map(_block, said) if block is not None and block.prefixlen]
    blocks += _ranges(rules)
    for of_old, of_new, sort in ((old.addresses, new.addresses, "address"), (old.prefixes, new.prefixes, "prefix")):
        hit = [(one, block) for one in of_old for block in blocks if _within(one, block)]
        left = [one for one in of_new if not any(_within(one, block) for block in blocks)]
        if hit and (left or not of_new):
            exact = all(str(block) == str(_block(one)) for one, block in hit)
            named = " ".join(dict.fromkeys(str(block) for _, block in hit))
            text = f"let in the {sort} {' '.join(left) or UNKNOWN_YET}"
            yield Ask(what, id, named, text, owner, "certain" if exact else "likely")


UNKNOWN_YET: Final = "of the new workspace (known after apply: ask for this list again then)"


def owner_of(resource: Mapping[str, Any]) -> str:
    """Whom a resource's tags name, as far as a tag is called like that."""
    tags = resource.get("tags") or {}
    return "; ".join(str(value) for name, value in sorted(tags.items()) if _OWNER.search(str(name)))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def _ranges(node: Any) -> list[Network]:
    """Ranges of addresses, from one to another, as the blocks that they are made of. Azure's 0.0.0.0 stands for its
    own services and is none."""
    found: list[Network] = []
    if isinstance(node, Mapping):
        for first, last in _RANGE:
            if node.get(first) and node.get(last) and str(node[last]) != "0.0.0.0":
                start, end = ipaddress.ip_address(str(node[first])), ipaddress.ip_address(str(node[last]))
                found += ipaddress.summarize_address_range(start, end)
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            found += _ranges(value)
    return [one for one in found if one.prefixlen]


def _block(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _within(inner: str, outer: Network) -> bool:
    block = _block(inner)
    if block is None or block.version != outer.version:
        return False
    return block.subnet_of(outer)  # type: ignore[arg-type]
