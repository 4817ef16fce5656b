"""Access connectors: made at once, with an identity."""

from __future__ import annotations

import pytest

from tests.e2e import networked
from tests.harness import Sandbox
from tests.sandbox.around import call


def test_access_connectors(box: Sandbox) -> None:
    at, version = f"{networked.ROOT}/rg-net/providers/Microsoft.Databricks/accessConnectors", "2026-01-01"
    sent = {"location": "westeurope", "identity": {"type": "SystemAssigned"}}
    made = call(box, "PUT", f"{at}/ac-new", sent, version)
    assert made["identity"]["principalId"] and made["properties"]["provisioningState"] == "Succeeded"
    assert call(box, "GET", f"{at}/ac-new", None, version) == made
    every = f"{networked.ROOT.rpartition('/')[0]}/providers/Microsoft.Databricks/accessConnectors"
    assert {one["name"] for one in call(box, "GET", every, None, version)["value"]} == {"ac-shared", "ac-new"}
    call(box, "DELETE", f"{at}/ac-new", None, version)
    with pytest.raises(RuntimeError, match="404"):
        call(box, "GET", f"{at}/ac-new", None, version)
