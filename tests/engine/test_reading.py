"""Sites that take no write."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.managed_hsm import ManagedHsm
from cmkmigrate.clients.vault import Vault
from cmkmigrate.engine.reading import ReadOnly
from cmkmigrate.errors import Fatal

# Every public method, and whether it writes; a new one has to be put on one side.
SUBSCRIPTION_READS = {
    "activity", "ask", "azure_databricks_object_id", "clock", "deleted_vaults", "home", "home_now", "home_of", "hsm",
    "keys", "leaving_by", "listing", "now", "operator_object_id", "operator_type", "poll", "read", "resource_groups",
    "role_assignments", "role_definition", "subscriptions", "tenant_id", "vault", "vault_key", "vault_key_version",
    "vault_key_versions", "vault_name_taken", "vault_uri", "vault_uses_roles", "vaults", "workspace", "workspaces",
}  # fmt: skip
SUBSCRIPTION_WRITES = {
    "add_access_policies", "patch_vault", "put_resource", "put_role_assignment", "put_vault", "put_vault_key",
    "put_workspace",
}  # fmt: skip
VAULT_READS = {"key", "versions", "names", "deleted", "rotation_policy"}
VAULT_WRITES = {"create", "patch_expiry", "put_rotation_policy"}
HSM_READS, HSM_WRITES = {"role_assignments", "role_definitions"}, {"put_role_assignment"}


class Site:
    """Answers everything with its name."""

    def __getattr__(self, name: str) -> Any:
        return lambda *given: Site() if name in ("keys", "hsm") else name


class Sites:
    """Notes how a workspace was opened."""

    opened: dict[str, Any] = {}

    def workspace(self, ref: str, **how: Any) -> str:
        self.opened = {"ref": ref, **how}
        return "workspace"

    def subscription(self, id: str) -> Any:
        return Site()


def public(cls: type) -> set[str]:
    return {name for part in cls.__mro__[:-1] for name in vars(part) if not name.startswith("_")} - {
        "endpoints",
        "id",
    }


def test_every_method_is_on_one_side() -> None:
    assert public(Subscription) == SUBSCRIPTION_READS | SUBSCRIPTION_WRITES
    assert public(Vault) == VAULT_READS | VAULT_WRITES
    assert public(ManagedHsm) == VAULT_READS | VAULT_WRITES | HSM_READS | HSM_WRITES


def test_reads_pass_and_writes_do_not() -> None:
    subscription = ReadOnly(Sites()).subscription("s")
    for site, reads, writes in (
        (subscription, SUBSCRIPTION_READS - {"keys", "hsm"}, SUBSCRIPTION_WRITES),
        (subscription.keys("https://v/"), VAULT_READS, VAULT_WRITES),
        (subscription.hsm("https://h/"), VAULT_READS | HSM_READS, VAULT_WRITES | HSM_WRITES),
    ):
        for name in reads:
            assert getattr(site, name)() == name
        for name in writes:
            with pytest.raises(Fatal, match="only reading"):
                getattr(site, name)


def test_no_workspace_takes_a_write() -> None:
    sites = Sites()
    assert ReadOnly(sites).workspace("w", profile="p", source=False) == "workspace"
    assert sites.opened == {"ref": "w", "profile": "p", "source": False, "writes": False}
