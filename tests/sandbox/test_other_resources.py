"""Resources that an estate brings and nobody else knows: read one by one, listed by type, below their parent."""

from __future__ import annotations

import pytest

from tests.e2e import networked
from tests.e2e.networked import NET
from tests.harness import Sandbox
from tests.sandbox.around import NEIGHBOUR, call


def test_what_an_estate_brings_is_read(box: Sandbox) -> None:
    root = NET.partition("/resourceGroups")[0]
    accounts = call(box, "GET", f"{root}/providers/Microsoft.Storage/storageAccounts")["value"]
    assert {"stlake", "stopen"} <= {one["name"] for one in accounts}
    server = f"{networked.ROOT}/rg-sql/providers/Microsoft.Sql/servers/sqlold"
    (rule,) = call(box, "GET", f"{server}/virtualNetworkRules")["value"]
    assert rule["properties"]["virtualNetworkSubnetId"].endswith("/old-pub")
    assert call(box, "GET", server)["name"] == "sqlold"
    for path in (f"{server}-gone", f"{server}-gone/firewallRules"):
        with pytest.raises(RuntimeError, match="404"):
            call(box, "GET", path)
    assert call(box, "GET", f"{NEIGHBOUR}/virtualNetworkPeerings")["value"] == []
