"""What knows the old network: rules of firewalls in their forms, and those that already know the new one."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.kinds.azure.known_elsewhere import Side, asks_of, owner_of

OLD = Side(("/vnet/subnets/Old",), ("10.1.0.0/26",), ("20.50.60.70",))
NEW = Side(("/vnet/subnets/new",), ("10.1.1.0/26",), ("20.50.60.71",))
RESOURCE = {"id": "/r", "tags": {"Owner": "lake", "env": "dev", "team-contact": "x@y"}}


def asked(rules: Any, new: Side = NEW) -> list[tuple[str, str, str]]:
    return [(one.knows, one.ask, one.sure) for one in asks_of("firewall", RESOURCE, rules, OLD, new)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"id": "/VNET/subnets/old"}], [("/vnet/subnets/Old", "let in /vnet/subnets/new", "certain")]),
        ([{"id": "/vnet/subnets/old"}, {"id": "/vnet/subnets/NEW"}], []),
        ([{"id": "/vnet/subnets/older"}], []),
        ({"value": "20.50.60.70"}, [("20.50.60.70/32", "let in the address 20.50.60.71", "certain")]),
        ({"value": "20.50.60.70/31"}, []),
        ({"value": "20.50.60.68/30"}, []),  # holds the new one too
        ({"value": "20.50.60.0/25", "other": "20.50.60.71"}, []),
        ({"value": "0.0.0.0/0"}, []),
        ({"value": "not an address"}, []),
        ({"start": "20.50.60.70"}, [("20.50.60.70/32", "let in the address 20.50.60.71", "certain")]),
        (
            {"startIpAddress": "20.50.60.69", "endIpAddress": "20.50.60.70"},
            [("20.50.60.70/32", "let in the address 20.50.60.71", "certain")],
        ),
        ({"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"}, []),
        ({"sourceAddressPrefixes": ["10.1.0.0/26"]}, [("10.1.0.0/26", "let in the prefix 10.1.1.0/26", "certain")]),
        ({"sourceAddressPrefix": "10.0.0.0/8"}, []),
        (None, []),
    ],
)
def test_forms_of_rules(rules: Any, expected: list[tuple[str, str, str]]) -> None:
    assert asked(rules) == expected


def test_a_wider_block_is_likely_and_not_certain() -> None:
    new = Side(addresses=("20.99.0.1",))
    assert asked({"value": "20.50.60.0/24"}, new) == [("20.50.60.0/24", "let in the address 20.99.0.1", "likely")]


def test_what_is_new_may_not_be_known_yet() -> None:
    (one,) = asked({"value": "20.50.60.70"}, Side())
    assert "known after apply" in one[1]


def test_owners() -> None:
    assert owner_of(RESOURCE) == "lake; x@y" and owner_of({}) == ""
