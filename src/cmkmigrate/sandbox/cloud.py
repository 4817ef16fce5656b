"""The state of one sandbox: a tenant, a subscription, what is in it, and the workspaces that are served.

Ids are derived from names, not drawn: two sandboxes that were asked the same end in the same state.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cmkmigrate.sandbox.hosts import HSM, Names, Place
from cmkmigrate.sandbox.roles import Role
from cmkmigrate.sandbox.settings import Settings
from cmkmigrate.sandbox.tokens import DATABRICKS_APPLICATION, Tokens
from cmkmigrate.sandbox.wire import Clock, Directory, Principal

NAMESPACE = uuid.UUID("6d9ab1a2-35f3-5c2e-9d0e-0d5f7c1e0a55")
TENANT = "7b1e0d3c-5a64-4f0e-9f43-2f8f0c6f7d10"
SUBSCRIPTION = "3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911"
OPERATOR_APPLICATION = "c0ffee00-2d4b-4a7e-8f21-5b9e3d1c7a60"
# One first-party principal manages the resource groups of all workspaces of all tenants (recorded traffic).
MANAGER = "9a74af6f-d153-4348-988a-e2672920bee9"
MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

Body = dict[str, Any]


def guid(*parts: str) -> str:
    """The id that belongs to these words."""
    return str(uuid.uuid5(NAMESPACE, "/".join(parts).lower()))


def digest(*parts: str) -> str:
    """Hex digits that belong to these words (64 of them)."""
    return hashlib.sha256("/".join(parts).lower().encode()).hexdigest()


def iso(seconds: float) -> str:
    """A time as ARM writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Key:
    """A key: its versions, oldest first, each a dict of what the data plane says of it (without the vault's name)."""

    name: str
    versions: list[Body] = field(default_factory=list)
    policy: Body = field(default_factory=dict)  # how it is rotated, as it was put

    def version(self, version: str = "") -> Body | None:
        """The version of that id, the newest for ""."""
        if not version:
            return self.versions[-1] if self.versions else None
        return next((one for one in self.versions if one["version"] == version.lower()), None)


@dataclass(slots=True)
class Vault:
    """A vault. `properties` are those of ARM without vaultUri, which depends on the cloud that asks."""

    name: str
    subscription: str
    group: str
    location: str
    properties: Body
    tags: Body = field(default_factory=dict)
    created: float = 0.0
    modified: float = 0.0
    keys: dict[str, Key] = field(default_factory=dict)
    deleted_keys: dict[str, Key] = field(default_factory=dict)
    deleted_at: float = 0.0

    @property
    def id(self) -> str:
        return resource_id(self.subscription, self.group, "Microsoft.KeyVault/vaults", self.name)

    def uri(self, names: Names) -> str:
        """Where its data plane is, for the cloud that asks; without a slash at the end."""
        return f"https://{self.name}.{names.vault}"

    @property
    def purge_protected(self) -> bool:
        return bool(self.properties.get("enablePurgeProtection"))

    @property
    def retention_days(self) -> int:
        return int(self.properties.get("softDeleteRetentionInDays", 90))


@dataclass(slots=True)
class Hsm(Vault):
    """A managed HSM: as a vault, with local roles in place of Azure's. `local`: their assignments by lower-case id."""

    active: bool = True  # whether its security domain was downloaded
    local: dict[str, Assignment] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return resource_id(self.subscription, self.group, "Microsoft.KeyVault/managedHSMs", self.name)

    def uri(self, names: Names) -> str:
        return f"https://{self.name}.{names.hsm}"


@dataclass(slots=True)
class Assignment:
    """A role assignment; `since` is when it was made, it takes effect later."""

    name: str
    scope: str
    role: str
    principal: str
    principal_type: str
    since: float
    description: str = ""
    updated: float = 0.0

    @property
    def id(self) -> str:
        return f"{self.scope}/providers/Microsoft.Authorization/roleAssignments/{self.name}"


def resource_id(subscription: str, group: str, kind: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{name}"


class Cloud:
    """Everything in one sandbox. Keys of the dictionaries are lower-case, as ARM does not look at case."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.clock, self.directory = Clock(), Directory()
        self.settings = settings or Settings()
        self.tenant_id, self.subscription_id = TENANT, SUBSCRIPTION
        self.subscriptions = {SUBSCRIPTION: "cmkmigrate sandbox"}  # id -> name; an estate may bring more
        self.tokens = Tokens(self.tenant_id, self.clock)
        self.applications: dict[str, tuple[str, Principal]] = {}  # client id -> secret, principal
        self.secret = digest("operator", str(uuid.uuid4()))[:40]
        self.operator = self.service_principal(OPERATOR_APPLICATION, "cmkmigrate-operator")
        self.applications[OPERATOR_APPLICATION] = (self.secret, self.operator)
        self.databricks_principal = self.service_principal(DATABRICKS_APPLICATION, "AzureDatabricks")
        self.groups: dict[str, Body] = {}  # lower-case name -> resource group
        self.workspaces: dict[str, Any] = {}  # lower-case ARM id -> arm_databricks.Workspace
        self.vaults: dict[str, Vault] = {}  # lower-case name
        self.deleted_vaults: dict[str, Vault] = {}
        self.hsms: dict[str, Hsm] = {}  # lower-case name
        self.taken_vault_names: set[str] = set()  # held by other tenants
        self.assignments: dict[str, Assignment] = {}  # lower-case id
        self.custom_roles: dict[str, Role] = {}  # by lower-case id, beside the built-in ones
        self.locks: dict[str, Body] = {}  # lower-case id
        self.networks: dict[str, Body] = {}  # lower-case id -> as a GET shows it
        self.security_groups: dict[str, Body] = {}
        self.policies: list[Any] = []  # policies.Policy
        self.resources: dict[str, Body] = {}  # lower-case id -> what an estate or a PUT brought, as ARM shows it
        self.under_way: dict[str, list[float]] = {}  # id of a resource -> since when, looks at it
        self.born: Body | None = None  # what workspaces that are created from now on are born with
        self.operations: dict[str, Any] = {}  # id -> arm_operations.Operation
        self.data_resources: dict[str, Body] = {}  # lower-case id -> storage account or access connector of an estate
        self.activity: list[Any] = []  # activity_log.Written, oldest first
        self.open_workspace: Callable[[Any], None] = lambda workspace: None  # makes a created workspace answer
        self.left_behind: dict[str, list[Body]] = {}  # lower-case managed group -> what a deleted workspace left in it
        self.served: dict[str, Any] = {}  # "adb-<id>.<n>" -> the Databricks package's WorkspaceState

    def service_principal(self, application: str, name: str) -> Principal:
        """A service principal of the tenant, made when it is not there. Its object id differs from the app id."""
        known = self.directory.find("service_principal", application)
        return known or self.directory.add(
            Principal("service_principal", guid(TENANT, "sp", application), application, name)
        )

    def identity(self, *of: str) -> str:
        """The object id of a managed identity, which from now on exists in the tenant."""
        application, name = guid("app", *of), "-".join(of[-1].rsplit("/", 1)[-1:])
        return self.directory.add(Principal("service_principal", guid("identity", *of), application, name)).id

    def group(self, name: str, location: str, managed_by: str = "", subscription: str = "") -> Body:
        """The resource group of that name, made when it is not there. Names are there once in all subscriptions."""
        made: Body = {
            "id": f"/subscriptions/{subscription or self.subscription_id}/resourceGroups/{name}",
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": location,
            "properties": {"provisioningState": "Succeeded"},
        }
        if managed_by:
            made["managedBy"] = managed_by
        return self.groups.setdefault(name.lower(), made)

    def find_vault(self, uri_name: str) -> Vault | None:
        return self.vaults.get(uri_name.lower())

    def key_home(self, place: Place | None) -> Vault | None:
        """The vault or managed HSM at a place, None when there is none."""
        if place is None:
            return None
        return self.hsms.get(place.label.lower()) if place.kind == HSM else self.find_vault(place.label)

    def state(self, names: Names) -> Body:
        """Everything in ARM, the vaults and their keys: canonical, without times, so that two states compare."""
        from cmkmigrate.sandbox import canonical

        return canonical.of(self, names)
