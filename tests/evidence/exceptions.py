"""What is let through, each with its reason. A run of everything fails when one of them is no longer needed.

The lists may only shrink: something new that does not conform is mended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.evidence.exchange import Finding


@dataclass(frozen=True)
class Exempt:
    """A finding that is let through: `operation` and `at` may have `*` for anything."""

    operation: str
    side: str
    rule: str
    at: str
    reason: str

    @property
    def name(self) -> str:
        return f"{self.operation}: {self.side}: {self.rule}: {self.at}"

    def holds(self, one: Finding) -> bool:
        return (
            self.side == one.side
            and self.rule == one.rule
            and like(self.operation, one.operation)
            and like(self.at, one.at)
        )


def like(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern says, in which * is anything."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


SDK = "databricks-sdk 0.156 does not know it yet, and later releases do (shared/facts/databricks.md 5.31)"
FEDRAMP = "the service returns it and no specification has it (shared/specs/README.md, Known gaps)"
FAILED = "no failed operation is recorded; code and message are those of ARM's contract for asynchronous operations"
DISALLOWED = "ARM refuses by a policy before a provider is asked, with fields of its own (the page of that error)"
PINNED = "the integration tests of a public PowerShell client (Get-DatabricksClusterPinStatus) read it from a workspace"
ADMINS = "admins have CAN_MANAGE on tokens and must keep it, which the enumeration of the SDK leaves out (facts 5.34)"
TOKEN = (
    "the service takes it (64 characters at most) and the SDK has no parameter for it (shared/facts/databricks.md 5.19)"
)
CASE = "a test asks for a right in capital letters, as ARM knows no case; the answer repeats it"
DELETED = "the models spell the type as its path; the official example and the service do not"
OPEN = (
    "an open enumeration (modelAsString); for vaults of fewer than 90 days the data plane's definition and recordings "
    "have the Customized values, which ARM's definition of the same attribute was never given"
)
LOCAL = "an open enumeration (modelAsString); the pages on local roles of Managed HSM have /keys/NAME and rotate too"
LEVEL = "access_control_list[].all_permissions[].permission_level"

EXEMPT: tuple[Exempt, ...] = (
    Exempt("ARM Workspaces_*", "answer", "name", "*properties.parameters.enableFedRampCertification", FEDRAMP),
    Exempt("Vault RoleAssignments_*", "answer", "value", "*properties.scope", LOCAL),
    Exempt("Vault RoleDefinitions_List", "answer", "value", "*permissions[].dataActions[]", LOCAL),
    Exempt("ARM Keys_*", "answer", "value", "properties.attributes.recoveryLevel", OPEN),
    Exempt("ARM operationStatuses", "answer", "name", "error*", FAILED),
    Exempt("ARM *_CreateOrUpdate", "answer", "name", "error.target", DISALLOWED),
    Exempt("ARM *_CreateOrUpdate", "answer", "name", "error.additionalInfo", DISALLOWED),
    Exempt("ARM Vaults_CreateOrUpdate", "answer", "value", "properties.accessPolicies[].permissions.keys[]", CASE),
    Exempt("ARM Vaults_GetDeleted", "answer", "value", "type", DELETED),
    Exempt("GET /api/2.1/clusters/*", "answer", "name", "*pinned_by_user_name", PINNED),
    Exempt("POST /api/2.1/clusters/create", "request", "name", "idempotency_token", TOKEN),
    Exempt("* /api/2.2/jobs/*", "answer", "name", "*settings.trigger.job_completion", SDK),
    Exempt("POST /api/2.2/jobs/*", "request", "name", "*trigger.job_completion", SDK),
    Exempt("* /api/2.0/permissions/authorization/tokens", "answer", "value", LEVEL, ADMINS),
)

# Planted by tests, to see that the product carries what it does not know: a field's name, or a value.
PLANTED: dict[str, str] = {
    "field_of_tomorrow": "the built-in estate `small` and the estate of oddities: an unknown field must not be lost",
    "FASTER_THAN_KNOWN": "the built-in estate `small`: an unknown value of an enumeration must not be lost",
    "new_field": "the tests of the sandbox's services: what is not known is kept",
}

# Operations that no definition here knows, and why they are called all the same.
RESOURCES = "Microsoft.Resources is not in shared/specs"
LOCKS = "locks are not in shared/specs; the preflight reads them, and a test puts one that must stop the product"
POLICY = "Azure Policy is not in shared/specs; the calls are those of its public specification (2022-03-01, 2022-06-01)"
NETWORK = (
    "Microsoft.Network is not in shared/specs; the shapes are those of the official examples of 2024-05-01 "
    "(Azure/azure-rest-api-specs: PrivateEndpointCreate, the zone groups of the SDKs' documentation)"
)
ELSEWHERE = "firewalls of other services: not in shared/specs; the fields are those of their public specifications"
INSIGHTS = "shared/specs has the schema of a PUT of diagnostic settings (judged), and no operations"
UNDEFINED: dict[str, str] = {
    "login *": "Entra ID: no definition in shared/specs; the calls are those of azure-identity",
    "GET /subscriptions": RESOURCES,
    "GET /subscriptions/{}": RESOURCES,
    "GET /subscriptions/{}/resourceGroups": RESOURCES,
    "* /subscriptions/{}/resourceGroups/{}": RESOURCES,
    "GET /subscriptions/{}/resourceGroups/{}/resources": RESOURCES,
    "GET /subscriptions/{}/providers/Microsoft.*": RESOURCES,
    "GET /subscriptions/{}/locations": RESOURCES,
    "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.Storage/*": (
        "storage accounts are not in shared/specs; their fields are those of the REST reference"
    ),
    "GET /subscriptions/{}/providers": RESOURCES,
    "POST /subscriptions/{}/providers/Microsoft.*/register": RESOURCES,
    "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/*": (
        "Microsoft.Network is not in shared/specs; recorded reads of it are replayed by test_recordings"
    ),
    "*}/providers/Microsoft.Authorization/locks*": LOCKS,
    "POST *}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions": POLICY,
    "GET *}/providers/Microsoft.Authorization/policy*": POLICY,
    "GET *}/providers/Microsoft.Authorization/permissions": (
        "defined for a resource group and for a child of a resource; a subscription and a resource answer alike"
    ),
    "PUT /subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/*": NETWORK,
    "DELETE /subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/*": NETWORK,
    "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.Sql/*": ELSEWHERE,
    "*/workspaces/{}/providers/Microsoft.Insights/diagnosticSettings*": INSIGHTS,
    "graph POST /v1.0/directoryObjects/getByIds": "Microsoft Graph has no schema in shared/specs; az asks for names",
    "* /api/2.0/preview/permissionassignments*": "the SDK has it for accounts alone (shared/facts/databricks.md 5.1)",
    "* /api/2.1/jobs/*": "an older version of an operation, for other tools; the SDK has 2.2",
    "* /api/2.0/jobs/*": "an older version of an operation, for other tools; the SDK has 2.2",
    "* /api/2.0/clusters/*": "an older version of an operation, for other tools; the SDK has 2.1",
    "* /api/2.0/preview/permissions/*": "the older path of 2.0/permissions, for other tools",
    "* /api/2.0/permissions/sql/warehouses/*": "the older spelling of permissions/warehouses",
}

# The same, of what only foreign programs ask (`pytest -m foreign`): a run without them does not miss it.
SCANNER = "prowler asks for it; nothing in the sandbox answers, and shared/specs has no definition"
FOREIGN: dict[str, str] = {
    "GET /tenants": RESOURCES,
    "GET /subscriptions/{}*/providers/Microsoft.Insights/*": SCANNER,
    "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.KeyVault/vaults/{}/secrets": SCANNER,
}


def excepted(one: Finding) -> str:
    """The name of the exception that lets a finding through; "" when none does."""
    return next((known.name for known in EXEMPT if known.holds(one)), "")


def planted(one: Finding) -> str:
    """What of PLANTED a finding is about; "" when nothing."""
    return next((word for word in PLANTED if word in one.at.split(".") or repr(word) in one.text), "")


def undefined(operation: str) -> str:
    """The entry of UNDEFINED or FOREIGN for an operation; "" when there is none."""
    return next((pattern for pattern in (*UNDEFINED, *FOREIGN) if like(pattern, operation)), "")


def names() -> set[str]:
    """Everything that is let through, by name."""
    return {one.name for one in EXEMPT} | PLANTED.keys() | UNDEFINED.keys()
