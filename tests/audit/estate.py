"""An estate with every kind of workspace that an audit can meet, and the verdict that each must get.

Built as an `arm.json` for the sandbox. The expectations are written by hand beside what is built, from the definition
of the verdicts and not from the code that gives them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

OTHER = "aaaaaaaa-0000-4000-8000-000000000001"  # a second subscription that can be read
DENIED = "aaaaaaaa-0000-4000-8000-000000000002"  # seen for a right on one group, and not readable
HIDDEN = "aaaaaaaa-0000-4000-8000-000000000003"  # not even seen
OWN = "3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911"
CREATED = "2026-01-10T08:00:00.0000000Z"
BORN, OLD, YOUNG = "2026-01-10", 1_767_000_000, 1_770_000_000  # a day; seconds before and after that moment
PAST, FAR = 1_600_000_000, 4_000_000_000
V1, V2 = "a" * 32, "b" * 32
FEATURES = ("managed_services", "managed_disks", "dbfs_root")
ROLE = "Key Vault Crypto Service Encryption User"
SUFFIX, HSMS = "vault.azure.test", "managedhsm.azure.test"
LOCAL_ROLE = "Managed HSM Crypto Service Encryption User"


def workspace(name: str, on: Iterable[bool], vault: str = "kv-good", key: str = "good", **more: Any) -> dict[str, Any]:
    """A workspace with these of the three features under a key."""
    services, disks, root = on
    suffix = HSMS if vault.startswith("hsm-") else SUFFIX
    uri, version = f"https://{vault}.{suffix}/", more.pop("version", V1)
    key_fields = {"keyVaultUri": uri, "keyName": key, "keyVersion": version}
    block = {"keySource": "Microsoft.Keyvault", "keyVaultProperties": key_fields}
    entities: dict[str, Any] = {}
    if services:
        entities["managedServices"] = block
    if disks:
        entities["managedDisk"] = block | {"rotationToLatestKeyVersionEnabled": more.pop("rotates", False)}
    parameters: dict[str, Any] = {"prepareEncryption": {"value": True}}
    if root:
        value = {"keySource": "Microsoft.Keyvault", "KeyName": key, "keyversion": version, "keyvaulturi": uri}
        parameters["encryption"] = {"value": value}
    properties: dict[str, Any] = {"createdDateTime": CREATED, "parameters": parameters}
    if entities:
        properties["encryption"] = {"entities": entities}
    properties |= more.pop("properties", {})
    return {"name": name, "resource_group": f"rg-{name}", "properties": properties, **more}


def vault(name: str, *keys: dict[str, Any], roles: bool = True, **properties: Any) -> dict[str, Any]:
    """A vault with purge protection, unless `properties` say otherwise."""
    told = {"enablePurgeProtection": True, "enableRbacAuthorization": roles, **properties}
    return {"name": name, "resource_group": "rg-keys", "location": "westeurope", "properties": told, "keys": list(keys)}


def key(name: str, *versions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "versions": [{"version": V1, "created": OLD, **one} for one in versions or ({},)], **more}


ALL, NONE, CMK = (True, True, True), (False, False, False), ("cmk", "cmk", "cmk")
# name of the case -> vault, key, the code that must be named, on which features
BROKEN: dict[str, tuple[str, str, str]] = {
    "disabled": ("kv-good", "disabled", "key-disabled"),
    "expired": ("kv-good", "expired", "key-expired"),
    "soon": ("kv-good", "soon", "key-expires-soon"),
    "early": ("kv-good", "early", "key-not-yet-valid"),
    "gone": ("kv-good", "gone", "key-missing"),
    "version-gone": ("kv-good", "moved", "key-missing"),
    "elliptic": ("kv-good", "elliptic", "key-unfit"),
    "signs-only": ("kv-good", "signs", "key-unfit"),
    "dead-vault": ("kv-dead", "good", "vault-deleted"),
    "no-purge": ("kv-nopurge", "good", "no-purge-protection"),
    "no-grant": ("kv-nogrant", "good", "no-grant"),
    "no-policy": ("kv-nopolicy", "good", "no-grant"),
    "firewall": ("kv-closed", "good", "firewall"),
    "perimeter": ("kv-perimeter", "good", "firewall"),
    "hsm-disabled": ("hsm-good", "disabled", "key-disabled"),
    "hsm-gone": ("hsm-good", "gone", "key-missing"),
    "hsm-signs": ("hsm-good", "signs", "key-unfit"),
    "hsm-new": ("hsm-new", "good", "hsm-inactive"),
    "hsm-no-purge": ("hsm-nopurge", "good", "no-purge-protection"),
    "hsm-no-grant": ("hsm-nogrant", "good", "no-grant"),
    "hsm-walled": ("hsm-walled", "good", "firewall"),
}


class Estate:
    """What is built, and `expected`: workspace -> verdict of each feature; `codes`: workspace -> what must be named."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.workspaces: list[dict[str, Any]] = []
        self.expected: dict[str, tuple[str, str, str]] = {}
        self.codes: dict[str, tuple[str, ...]] = {}
        self.excepted: list[dict[str, Any]] = []
        self.attested: list[str] = []
        self._build()

    def add(self, one: dict[str, Any], *verdicts: str, code: str = "", attest: bool = True) -> None:
        self.workspaces.append(one)
        self.expected[one["name"]] = (verdicts[0], verdicts[1], verdicts[2])
        self.codes[one["name"]] = tuple(code for verdict in verdicts if code and verdict not in ("cmk", "platform-key"))
        if attest and one["properties"].get("encryption", {}).get("entities", {}).get("managedServices"):
            self.attested.append(self.id(one["name"], one.get("subscription", OWN)))

    @staticmethod
    def id(name: str, subscription: str = OWN) -> str:
        group = f"rg-{name}"
        return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Databricks/workspaces/{name}"

    def _build(self) -> None:
        for on in itertools.product((False, True), repeat=3):
            mark = "".join("x" if here else "o" for here in on)
            self.add(workspace(f"well-{mark}", on), *("cmk" if here else "platform-key" for here in on))
            ill = ("cmk-degraded" if here else "platform-key" for here in on)
            self.add(workspace(f"ill-{mark}", on, key="disabled"), *ill, code="key-disabled")
            plain = ("unknown" if here else "not-eligible" for here in on)
            self.add(workspace(f"standard-{mark}", on, sku="standard"), *plain)
        for name, (where, which, code) in BROKEN.items():
            one = workspace(f"broken-{name}", ALL, where, which)
            self.add(one, "cmk-degraded", "cmk-degraded", "cmk-degraded", code=code)
        degraded = "cmk-degraded"
        one = workspace("pinned", ALL, key="rotated", rotates=True)
        self.add(one, degraded, "cmk", degraded, code="version-behind")
        self.add(workspace("by-policy", ALL, "kv-policy"), *CMK)
        self.add(workspace("far-vault", ALL, "kv-far"), *CMK)
        self.add(workspace("key-grant", ALL, "kv-keygrant"), *CMK)
        self.add(workspace("trusted", ALL, "kv-bypass"), *CMK)
        unseen = ("unknown", "unknown", "unknown")
        self.add(workspace("lost", ALL, "kv-lost"), *unseen, code="vault-not-seen")
        self.add(workspace("in-hsm", ALL, "hsm-good"), *CMK)
        self.add(workspace("in-hsm-widely", ALL, "hsm-wide"), *CMK)
        one = workspace("hsm-pinned", ALL, "hsm-good", "rotated", rotates=True)
        self.add(one, degraded, "cmk", degraded, code="version-behind")
        self.add(workspace("hsm-shut", ALL, "hsm-shut"), *unseen, code="hsm")
        self.add(workspace("hsm-half", ALL, "hsm-half"), *unseen, code="hsm")
        self.add(workspace("hsm-lost", ALL, "hsm-lost"), *unseen, code="vault-not-seen")
        group = workspace("hsm-group", ALL, "hsm-group")
        self.add(group, *unseen, code="grants-unreadable")
        failed = workspace("failed", ALL, properties={"provisioningState": "Failed"})
        self.add(failed, *unseen, code="state")
        self.add(workspace("since-when", ALL), "unknown", "cmk", "cmk", code="since", attest=False)
        late = workspace("late", ALL, key="young")
        self.add(late, "cmk-future-writes-only", "cmk", "cmk", code="later", attest=False)
        serverless = workspace("serverless", NONE, properties={"computeMode": "Serverless"})
        self.add(serverless, "platform-key", "not-eligible", "not-eligible")
        elsewhere = workspace("elsewhere", ALL, subscription=OTHER)
        self.add(elsewhere, *CMK)
        self.add(workspace("accepted", NONE), "excepted", "platform-key", "excepted")
        self._except("accepted", "2099-12-31", "managed_services", "dbfs_root")
        self.add(workspace("accepted-once", NONE), "platform-key", "platform-key", "platform-key")
        self._except("accepted-once", "2020-01-01")

    def _except(self, name: str, expires: str, *features: str) -> None:
        entry = {"workspace": self.id(name), "owner": "data platform", "reason": "goes away", "expires": expires}
        self.excepted.append(entry | ({"features": list(features)} if features else {}))

    def vaults(self) -> list[dict[str, Any]]:
        now = int(self.now)
        # Beside the pinned V1 of `moved` nothing is left but V2.
        good = [
            key("good", {"exp": FAR}),
            key("disabled", {"enabled": False}),
            key("expired", {"exp": PAST}),
            key("soon", {"exp": now + 30 * 86_400}),
            key("early", {"nbf": FAR}),
            key("gone", deleted=True),
            key("moved", {"version": V2}),
            key("elliptic", kty="EC"),
            key("signs", key_ops=["sign", "verify"]),
            key("rotated", {}, {"version": V2, "created": YOUNG - 10_000_000 + 1}),
            key("young", {"created": YOUNG}),
        ]
        closed: dict[str, Any] = {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}
        policies = [
            {"objectId": who, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
            for who in ("databricks", "storage:by-policy", "disks:by-policy")
        ]
        fewer = [
            {"objectId": who, "permissions": {"keys": ["get", "list", "wrapKey"]}}
            for who in ("databricks", "storage:broken-no-policy", "disks:broken-no-policy")
        ]
        return [
            vault("kv-good", *good),
            vault("kv-policy", key("good"), roles=False, accessPolicies=policies),
            vault("kv-nopolicy", key("good"), roles=False, accessPolicies=fewer),
            vault("kv-nopurge", key("good"), enablePurgeProtection=False),
            vault("kv-nogrant", key("good")),
            vault("kv-keygrant", key("good")),
            vault("kv-closed", key("good"), **closed),
            vault("kv-perimeter", key("good"), publicNetworkAccess="SecuredByPerimeter"),
            vault("kv-bypass", key("good"), publicNetworkAccess="Disabled", networkAcls={"bypass": "AzureServices"}),
            {**vault("kv-dead", key("good")), "deleted": True},
            {**vault("kv-far", key("good")), "subscription": OTHER, "resource_group": "rg-far"},
        ]

    def hsms(self) -> list[dict[str, Any]]:
        """Managed HSMs; the operator may read keys and roles (Crypto Auditor) where it is not said otherwise."""

        def give(principal: str, role: str = LOCAL_ROLE, scope: str = "/keys") -> dict[str, Any]:
            return {"role": role, "principal": principal, "scope": scope}

        def users(name: str, **more: Any) -> list[dict[str, Any]]:
            host = f"{name}.{HSMS}/"
            mine = [one["name"] for one in self.workspaces if host in json.dumps(one["properties"])]
            who = ["databricks", *(f"{kind}:{one}" for one in mine for kind in ("storage", "disks"))]
            return [give(one, **more) for one in who]

        def hsm(name: str, *keys: dict[str, Any], roles: Any = None, reads: Any = None, **told: Any) -> dict[str, Any]:
            auditor = [give("operator", "Managed HSM Crypto Auditor")] if reads is None else reads
            given = users(name) if roles is None else roles
            properties = told.pop("properties", {})
            return {"name": name, "resource_group": "rg-keys", "keys": [*keys], "properties": properties,
                    "roles": [*auditor, *given], "location": "westeurope", **told}  # fmt: skip

        good = [
            key("good", {"exp": FAR}),
            key("disabled", {"enabled": False}),
            key("gone", deleted=True),
            key("signs", key_ops=["sign", "verify"]),
            key("rotated", {}, {"version": V2, "created": YOUNG - 10_000_000 + 1}),
        ]
        one = key("good", {"exp": FAR})
        walls = {"networkAcls": {"defaultAction": "Deny", "bypass": "None", "ipRules": [{"value": "203.0.113.0/24"}]}}
        wide = [give("databricks", "Managed HSM Crypto User", "/"), *users("hsm-wide", scope="/keys/good")[1:]]
        somebody = "0a0a0a0a-0000-4000-8000-000000000001"  # a group, for all that the HSM says
        return [
            hsm("hsm-good", *good),
            hsm("hsm-wide", one, roles=wide, subscription=OTHER, resource_group="rg-far"),
            hsm("hsm-new", one, activated=False),
            hsm("hsm-nopurge", one, properties={"enablePurgeProtection": False}),
            hsm("hsm-nogrant", one, roles=[give("databricks", "Managed HSM Crypto Officer", "/")]),
            hsm("hsm-walled", one, properties=walls),
            hsm("hsm-shut", one, reads=[]),
            hsm("hsm-half", one, reads=[give("operator", "Managed HSM Policy Administrator", "/")]),
            hsm("hsm-group", one, roles=[give(somebody)]),
        ]

    def grants(self) -> list[dict[str, Any]]:
        def give(scope: str, principal: str) -> dict[str, Any]:
            return {"scope": scope, "role": ROLE, "principal": principal}

        found = []
        for one in self.workspaces:
            uses = json.dumps(one["properties"])
            for name in ("kv-good", "kv-nopurge", "kv-closed", "kv-perimeter", "kv-bypass", "kv-far", "kv-keygrant"):
                scope = f"vaults/{name}/keys/good" if name == "kv-keygrant" else f"vaults/{name}"
                if f"{name}." not in uses:
                    continue
                found.append(give(scope, "databricks"))
                found.append(give(scope, f"storage:{one['name']}"))
                if "managedDisk" in uses:
                    found.append(give(scope, f"disks:{one['name']}"))
        return [one for number, one in enumerate(found) if one not in found[:number]]

    def arm(self) -> dict[str, Any]:
        gone = f"/subscriptions/{OWN}/resourceGroups/rg-x/providers/Microsoft.Databricks/workspaces/deleted-long-ago"
        reader = {
            "scope": f"/subscriptions/{DENIED}/resourceGroups/rg-there",
            "role": "Key Vault Crypto User",  # a Reader of the group would get a listing, cut to it
            "principal": "operator",
        }
        return {
            "subscriptions": [
                {"id": OTHER, "name": "other", "role": "Reader"},
                {"id": DENIED, "name": "denied"},
                {"id": HIDDEN, "name": "hidden"},
            ],
            "resource_groups": [
                {"name": "databricks-rg-left-behind", "location": "westeurope", "managed_by": gone},
                {"name": "rg-there", "location": "westeurope", "subscription": DENIED},
                {"name": "rg-aks", "managed_by": f"/subscriptions/{OWN}/resourceGroups/g/providers/M.C/clusters/c"},
            ],
            "workspaces": self.workspaces,
            "vaults": self.vaults(),
            "managed_hsms": self.hsms(),
            "grants": [*self.grants(), reader],
        }

    def scope(self) -> dict[str, Any]:
        attested = [{"workspace": id, "since": BORN, "by": "data platform"} for id in self.attested]
        return {"version": 1, "excepted": self.excepted, "attested": attested}

    def write(self, folder: Path) -> Path:
        """The estate's folder, with `scope.yaml` beside it."""
        folder.mkdir(parents=True)
        host = "https://adb-1234567890123456.16.azuredatabricks.net"
        told = {"name": "own", "region": "westeurope", "workspace_id": 1234567890123456, "workspace_url": host}
        (folder / "estate.json").write_text(json.dumps(told))
        (folder / "arm.json").write_text(json.dumps(self.arm()))
        return folder
