"""Ids of Resource Manager: what is one, and which names a service can have."""

from __future__ import annotations

import pytest

from cmkmigrate.clients.arm_id import ResourceId, refuse_group, refuse_ids, rule_broken
from cmkmigrate.errors import Mistake
from cmkmigrate.model import KNOWN_AFTER_APPLY

VAULT, WORKSPACE = "Microsoft.KeyVault/vaults", "Microsoft.Databricks/workspaces"


def id_of(name: str, type: str = WORKSPACE, group: str = "rg", subscription: str = "s-1") -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{type}/{name}"


@pytest.mark.parametrize(
    ("type", "good", "bad"),
    [
        (VAULT, ["abc", "a" * 24, "KV-1"], ["ab", "a" * 25, "a_b", "a.b", "käfig"]),
        ("microsoft.keyvault/managedHSMs", ["hsm"], ["h", "h" * 25]),
        (
            WORKSPACE,
            ["abc", "a" * 64, "my workspace", "bücher"],
            ["ab", "a" * 65, "a<b", "a%2fb", "a\nbc", "abc\ud800"],
        ),
        ("Microsoft.Databricks/accessConnectors", ["abc"], ["ab"]),
        ("Microsoft.Network/virtualNetworks", ["v"], ["", "v" * 261, "..", "a?b"]),
    ],
)
def test_names(type: str, good: list[str], bad: list[str]) -> None:
    assert [one for one in good if rule_broken(type, one)] == []
    assert [one for one in bad if not rule_broken(type, one)] == []


def test_an_id_that_was_typed() -> None:
    assert ResourceId.given(f" {id_of('abc')}/ ").name == "abc"
    for bad in ("abc", id_of("a" * 65), id_of("abc", group="a/b"), id_of("abc", group="r" * 91), id_of("..")):
        with pytest.raises(Mistake) as refused:
            ResourceId.given(bad)
        assert refused.value.next
    with pytest.raises(Mistake, match="a subscription cannot be called 'a b'"):
        ResourceId.given(id_of("abc", subscription="a b"))
    assert ResourceId.parse(id_of("a" * 65)).name == "a" * 65, "what a service says is taken"


def test_settings() -> None:
    fine = {"existing": "", "later": KNOWN_AFTER_APPLY, "list": [f"{id_of('abc', 'Microsoft.Network/x')}/subnets/a"]}
    refuse_ids(fine, "existing", "later", "list", "absent")
    for bad in ({"existing": id_of("x" * 300)}, {"list": [id_of("abc"), id_of("a:b")]}):
        with pytest.raises(Mistake):
            refuse_ids(bad, *bad)
    for group in ("", KNOWN_AFTER_APPLY, "rg_1.(x)-ä"):
        refuse_group({"resource_group": group})
    with pytest.raises(Mistake, match="a resource group cannot be called"):
        refuse_group({"resource_group": "a b"})
