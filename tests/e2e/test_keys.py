"""Keys from anywhere: three keys in three vaults, a managed HSM, a private vault, a rotated key; and what is refused.

Each migration and each remedy ends in an audit that agrees; each refusal comes from `plan` and from `apply`, with the
reason and without one write.
"""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import ROOT, Commands, Launcher, Result, Sandbox
from tests.kinds.world import targets_estate

BLOCKED = 6
OTHER = "aaaaaaaa-0000-4000-8000-00000000000b"  # a second subscription, of which the operator is Owner
UNSEEN = "aaaaaaaa-0000-4000-8000-00000000000c"  # and one that he does not see
FEATURES = ("managed_services", "managed_disks", "dbfs_root")
NAMES = ("three", "hsm", "closed", "rotated", "one-here", "refused")
READING = ("Microsoft.KeyVault/vaults/keys/read", "Microsoft.KeyVault/vaults/keys/versions/read")
SOON = 3_000_000_000  # beyond every horizon


def vault(name: str, *keys: dict[str, Any], where: str = "", location: str = "westeurope", **told: Any) -> Any:
    properties = {"enablePurgeProtection": True, **told}
    made = {"name": name, "location": location, "properties": properties, "keys": [*keys]}
    return made | {"resource_group": f"rg-{name}"} | ({"subscription": where} if where else {})


def key(name: str = "cmk", version: str = "", **told: Any) -> dict[str, Any]:
    return {"name": name, "key_size": told.pop("key_size", 3072), "versions": [told.pop("attributes", {})], **told}


VAULTS = [
    vault("kv-here", key(), key("second")),
    vault("kv-there", key(), where=OTHER),
    vault("kv-abroad", key(), location="eastus"),
    vault("kv-unseen", key(), where=UNSEEN),
    vault("kv-purgeable", key(), enablePurgeProtection=False),
    vault(
        "kv-private",
        key(),
        enableRbacAuthorization=False,
        publicNetworkAccess="Disabled",
        networkAcls={"defaultAction": "Deny", "bypass": "AzureServices"},
        accessPolicies=[{"objectId": "11111111-2222-3333-4444-555555555555", "permissions": {"keys": ["get"]}}],
    ),
    vault("kv-empty", networkAcls={"defaultAction": "Deny", "bypass": "AzureServices"}),
    vault("kv-walled", key(), networkAcls={"defaultAction": "Deny", "bypass": "None"}),
    vault("kv-perimeter", key(), publicNetworkAccess="SecuredByPerimeter"),
    vault(
        "kv-odd",
        key("disabled", attributes={"enabled": False}),
        key("expired", attributes={"exp": 1_600_000_000}),
        key("early", attributes={"nbf": SOON}),
        key("elliptic", kty="EC"),
        key("signs", key_ops=["sign", "verify"]),
    ),
]
LOCAL = [
    {"role": "Managed HSM Crypto User", "principal": "operator"},
    {"role": "Managed HSM Policy Administrator", "principal": "operator", "scope": "/"},
]
HSMS = [
    {"name": "hsm-ready", "location": "westeurope", "roles": LOCAL, "keys": [key()]},
    {"name": "hsm-new", "location": "westeurope", "roles": LOCAL, "keys": [key()], "activated": False},
    {"name": "hsm-roleless", "location": "westeurope", "keys": [key()]},
    {"name": "hsm-purgeable", "roles": LOCAL, "keys": [key()], "properties": {"enablePurgeProtection": False}},
]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("keys")
    estate = targets_estate(folder / "estate", NAMES)
    told = json.loads((estate / "arm.json").read_text())
    told["subscriptions"] = [{"id": OTHER, "role": "Owner"}, {"id": UNSEEN}]
    (estate / "arm.json").write_text(json.dumps({**told, "vaults": VAULTS, "managed_hsms": HSMS}))
    made = Sandbox(folder / "sandbox", estate)
    yield made
    made.close()


@pytest.fixture
def place(box: Sandbox, launcher: Launcher, tmp_path: Path) -> Commands:
    return Commands(launcher, tmp_path, box.env)


@pytest.fixture
def migrate(box: Sandbox, place: Commands) -> Callable[..., Result]:
    """`apply cmk-migration` (or `plan`) of the estate's workspace into one of a name."""

    def run(name: str, command: str = "apply", **params: Any) -> Result:
        given = {"source": box.params["source"], "target_name": name} | params
        words = [word for param, value in given.items() for word in ("-p", f"{param}={value}")]
        run = ["--run", str(place.folder / "run"), "--auto-approve"] if command == "apply" else []
        return place(command, "cmk-migration", *words, *run, "-o", "json")

    return run


def kid(box: Sandbox, home: str, name: str = "cmk", *, version: bool = True) -> str:
    """The id of a key that the estate has."""
    arm, suffix = box.arm(), "vault"
    found = arm["vaults"].get(home)
    if found is None:
        found, suffix = arm["managedHsms"][home], "managedhsm"
    tail = f"/{found['keys'][name][-1]['version']}" if version else ""
    return f"https://{home}.{suffix}.azure.test/keys/{name}{tail}"


def resource(box: Sandbox, name: str) -> dict[str, Any]:
    found = next(one for one in box.arm()["workspaces"].values() if one["name"] == name)
    return dict(found["properties"])


def keys_of(properties: dict[str, Any]) -> dict[str, str]:
    """feature -> the key it is under, as the service has it."""
    found = {}
    for feature, name in (("managed_services", "managedServices"), ("managed_disks", "managedDisk")):
        one = ((properties.get("encryption") or {}).get("entities") or {}).get(name)
        if one:
            told = one["keyVaultProperties"]
            found[feature] = f"{told['keyVaultUri']}keys/{told['keyName']}/{told['keyVersion']}"
    root = ((properties.get("parameters") or {}).get("encryption") or {}).get("value") or {}
    if root.get("keySource") == "Microsoft.Keyvault":
        found["dbfs_root"] = f"{root['keyvaulturi']}keys/{root['KeyName']}/{root['keyversion']}"
    return found


def audited(box: Sandbox, place: Commands, name: str) -> dict[str, dict[str, Any]]:
    """feature -> its row in the audit of all workspaces."""
    seen = place("audit", "--runs", str(place.folder), "-o", "json", "--exit-zero")
    assert seen.code == 0, seen
    return {one["feature"]: one for one in seen.json["rows"] if one["workspace"].endswith(f"/{name}")}


def agrees(rows: dict[str, dict[str, Any]]) -> None:
    """All three features are under a healthy key, and have been since the first day."""
    assert {name: rows[name]["verdict"] for name in FEATURES} == dict.fromkeys(FEATURES, "cmk"), rows


def users(box: Sandbox, home: str) -> dict[str, set[str]]:
    """Who was given what on the keys of a vault: scope (below the vault) -> object ids."""
    found: dict[str, set[str]] = {}
    for one in box.arm()["roleAssignments"]:
        _, slash, below = one["scope"].partition(f"/vaults/{home}/")
        if slash:
            found.setdefault(below, set()).add(one["principal"])
    return found


def identities(box: Sandbox, name: str) -> tuple[str, str, str]:
    """Object ids of AzureDatabricks, of the disks and of the storage."""
    told = resource(box, name)
    found = box.call(
        "graph.microsoft.test", "GET", "/v1.0/servicePrincipals?$filter=displayName%20eq%20'AzureDatabricks'"
    )
    return (
        str(found["value"][0]["id"]),
        str(told["managedDiskIdentity"]["principalId"]),
        str(told["storageAccountIdentity"]["principalId"]),
    )


def test_three_keys_in_three_vaults(box: Sandbox, place: Commands, migrate: Callable[..., Result]) -> None:
    """One of them in another subscription, one in another region, which disks alone do not take."""
    services, disks, root = kid(box, "kv-there"), kid(box, "kv-here"), kid(box, "kv-abroad")
    given = {"services_key_id": services, "disks_key_id": disks, "root_key_id": root}
    box.forget()
    planned = migrate("moved-three", "plan", **given)
    assert planned.code == 0 and box.writes() == [], planned
    done = migrate("moved-three", **given)
    assert done.code == 0, done
    assert keys_of(resource(box, "moved-three")) == dict(zip(FEATURES, (services, disks, root), strict=True))
    databricks, disk, storage = identities(box, "moved-three")
    assert users(box, "kv-there") == {"keys/cmk": {databricks}}
    assert users(box, "kv-here") == {"keys/cmk": {databricks, disk}}
    assert users(box, "kv-abroad") == {"keys/cmk": {storage}}, "the service has no right on the key of the root"
    assert "vaults" not in {one["path"].split("/")[-2] for one in box.writes() if one["method"] == "PUT"}
    rows = audited(box, place, "moved-three")
    agrees(rows)


def test_one_key_for_all_in_another_subscription(box: Sandbox, place: Commands, migrate: Callable[..., Result]) -> None:
    """Its id alone, without a version, is enough."""
    done = migrate("moved-one", key_id=kid(box, "kv-there", version=False))
    assert done.code == 0, done
    assert set(keys_of(resource(box, "moved-one")).values()) == {kid(box, "kv-there")}
    rows = audited(box, place, "moved-one")
    agrees(rows)


def test_an_owner_plans_without_a_right_on_the_content(box: Sandbox, migrate: Callable[..., Result]) -> None:
    """Resource Manager shows the key; where it may not, the right that is missing is named."""
    box.forget()
    planned = migrate("never", "plan", key_id=kid(box, "kv-here"))
    assert planned.code == 0 and box.writes() == [], planned
    assert not [one for one in box.requests() if one["host"].startswith("kv-here.")]
    box.control("PUT", "settings", {"operator_lacks": " ".join(READING)})
    try:
        refused = migrate("never", "plan", key_id=kid(box, "kv-here"))
    finally:
        box.control("PUT", "settings", {"operator_lacks": ""})
    assert refused.code == BLOCKED and "the key may not be read" in refused.err, refused
    assert "az role assignment create --role Reader" in refused.err and "resume" not in refused.err, refused


def test_a_managed_hsm(box: Sandbox, place: Commands, migrate: Callable[..., Result]) -> None:
    id = kid(box, "hsm-ready")
    done = migrate("moved-hsm", key_id=id)
    assert done.code == 0, done
    assert set(keys_of(resource(box, "moved-hsm")).values()) == {id}
    given = [one for one in box.arm()["managedHsms"]["hsm-ready"]["roleAssignments"] if one["scope"] == "/keys/cmk"]
    assert {one["principal"] for one in given} == set(identities(box, "moved-hsm"))
    assert {one["role"] for one in given} == {"Managed HSM Crypto Service Encryption User"}
    rows = audited(box, place, "moved-hsm")
    agrees(rows)
    assert {rows[name]["vault_uri"].rstrip("/") for name in FEATURES} == {id.split("/keys/")[0]}, rows


def test_a_key_made_in_a_managed_hsm(box: Sandbox, migrate: Callable[..., Result]) -> None:
    hsm = next(one["id"] for one in box.arm()["managedHsms"].values() if one["id"].endswith("/hsm-ready"))
    done = migrate("moved-hsm-made", vault_id=hsm, key_name="made-here")
    assert done.code == 0, done
    (made,) = box.arm()["managedHsms"]["hsm-ready"]["keys"]["made-here"]
    assert made["key"]["kty"] == "RSA-HSM"
    assert set(keys_of(resource(box, "moved-hsm-made")).values()) == {kid(box, "hsm-ready", "made-here")}


def test_a_private_vault_with_access_policies(box: Sandbox, place: Commands, migrate: Callable[..., Result]) -> None:
    """The operator cannot reach it, the services can, and nothing is asked of it; its policies are added to."""
    before = box.arm()["vaults"]["kv-private"]["properties"]["accessPolicies"]
    box.forget()
    done = migrate("moved-private", key_id=kid(box, "kv-private"))
    assert done.code == 0, done
    assert [one for one in box.requests() if one["host"].startswith("kv-private.")] == []
    after = {one["objectId"]: one for one in box.arm()["vaults"]["kv-private"]["properties"]["accessPolicies"]}
    assert all(after[one["objectId"]] == one for one in before), "what was there stays"
    for principal in identities(box, "moved-private"):
        assert after[principal]["permissions"]["keys"] == ["get", "wrapKey", "unwrapKey"]
    rows = audited(box, place, "moved-private")
    agrees(rows)


def test_a_key_made_in_a_vault_that_is_closed_here(box: Sandbox, migrate: Callable[..., Result]) -> None:
    arm_id = box.arm()["vaults"]["kv-empty"]["id"]
    box.forget()
    done = migrate("moved-closed", vault_id=arm_id)
    assert done.code == 0, done
    assert [one for one in box.requests() if one["host"].startswith("kv-empty.")] == [], (
        "through Resource Manager alone"
    )
    assert len(box.arm()["vaults"]["kv-empty"]["keys"]["cmk-databricks"]) == 1


def test_an_expiry_and_a_rotation(box: Sandbox, place: Commands, migrate: Callable[..., Result]) -> None:
    given = {"vault_name": "kv-rotated", "key_expiry": "P2Y", "key_rotation": "P60D", "disks_follow_key": "true"}
    done = migrate("moved-rotated", **given)
    assert done.code == 0, done
    made = box.arm()["vaults"]["kv-rotated"]
    (version,) = made["keys"]["cmk-databricks"]
    assert 729 * 86_400 < version["attributes"]["exp"] - time.time() < 732 * 86_400
    policy = made["rotationPolicies"]["cmk-databricks"]
    assert policy["lifetimeActions"] == [{"trigger": {"timeBeforeExpiry": "P60D"}, "action": {"type": "Rotate"}}]
    assert policy["attributes"]["expiryTime"] == "P2Y"
    disk = resource(box, "moved-rotated")["encryption"]["entities"]["managedDisk"]
    assert disk["rotationToLatestKeyVersionEnabled"] is True
    rows = audited(box, place, "moved-rotated")
    agrees(rows)
    box.forget()
    again = migrate("moved-rotated", **given)
    assert again.code == 0 and box.writes() == [], again
    agrees(audited(box, place, "moved-rotated"))  # a later pass does not take from what the first one made


def test_in_place_with_keys_of_their_own(box: Sandbox, place: Commands) -> None:
    services, disks, root = kid(box, "kv-there"), kid(box, "kv-here", "second"), kid(box, "kv-private")
    given = {"services_key_id": services, "disks_key_id": disks, "root_key_id": root, "disks_follow_key": "true"}
    given["workspace"] = next(one["id"] for one in box.arm()["workspaces"].values() if one["name"] == "one-here")
    words = [word for param, value in given.items() for word in ("-p", f"{param}={value}")]
    gates = [word for step in ("services", "disks") for word in ("--confirm", f"{step}=one-here")]
    run = ["--run", str(place.folder / "run"), "--auto-approve", "-o", "json"]
    done = place("apply", "enable-in-place", *words, *run, *gates)
    assert done.code == 0, done
    assert keys_of(resource(box, "one-here")) == dict(zip(FEATURES, (services, disks, root), strict=True))
    rows = audited(box, place, "one-here")
    assert {name: rows[name]["verdict"].removesuffix("-future-writes-only") for name in FEATURES} == dict.fromkeys(
        FEATURES, "cmk"
    ), rows


REFUSED: dict[str, tuple[dict[str, tuple[str, str]], str]] = {
    # what -> parameter -> (vault or HSM, key); words of the reason
    "a vault that cannot be found": ({"key_id": ("kv-unseen", "cmk")}, "vault of the key is not found"),
    "disks with a vault of another region": ({"disks_key_id": ("kv-abroad", "cmk")}, "another region"),
    "a vault that can be purged": ({"key_id": ("kv-purgeable", "cmk")}, "not purge-protected"),
    "a vault that keeps the services out": ({"key_id": ("kv-walled", "cmk")}, "keeps out the services"),
    "a vault in a perimeter": ({"key_id": ("kv-perimeter", "cmk")}, "perimeter"),
    "a disabled key": ({"key_id": ("kv-odd", "disabled")}, "it is disabled"),
    "an expired key": ({"key_id": ("kv-odd", "expired")}, "it has expired"),
    "a key of tomorrow": ({"key_id": ("kv-odd", "early")}, "it is not valid yet"),
    "an elliptic key": ({"key_id": ("kv-odd", "elliptic")}, "of the type EC"),
    "a key for signing": ({"key_id": ("kv-odd", "signs")}, "not for wrapKey and unwrapKey"),
    "an HSM that is not activated": ({"key_id": ("hsm-new", "cmk")}, "not activated"),
    "an HSM that can be purged": ({"key_id": ("hsm-purgeable", "cmk")}, "not purge-protected"),
    "an HSM without a local role": ({"key_id": ("hsm-roleless", "cmk")}, "may not be read"),
    "a feature without a key": ({"services_key_id": ("kv-here", "cmk")}, "no key for managed_disks"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_early(what: str, box: Sandbox, migrate: Callable[..., Result]) -> None:
    """Before the first write, and by plan as well."""
    told, words = REFUSED[what]
    given = {param: kid(box, *where) for param, where in told.items()}
    if "disks_key_id" in given:
        given["key_id"] = kid(box, "kv-here")
    box.forget()
    for command in ("plan", "apply"):
        refused = migrate("never", command, **given)
        assert refused.code == BLOCKED and words in refused.err, refused
    assert box.writes() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"key_expiry": "P27D"}, "expire too soon"),
        ({"key_expiry": "P2Y", "key_rotation": "P6D"}, "rotated too late"),
        ({"key_rotation": "P30D"}, "without an expiry"),
        ({"key_id": "kv-here", "key_expiry": "P2Y"}, "for a key that is made"),
    ],
)
def test_a_profile_that_is_refused(
    given: dict[str, str], words: str, box: Sandbox, migrate: Callable[..., Result]
) -> None:
    given = {name: kid(box, value) if name == "key_id" else value for name, value in given.items()}
    box.forget()
    refused = migrate("never", vault_name="kv-never", **given)
    assert refused.code == BLOCKED and words in refused.err, refused
    assert box.writes() == []


def test_the_commands_of_the_page(box: Sandbox, place: Commands) -> None:
    """docs/keys.md: every command, with the hosts of the sandbox in place of the public cloud's."""
    page = (ROOT / "docs" / "keys.md").read_text("utf-8")
    blocks = "".join(re.findall(r"^```bash\n(.*?)^```", page, re.MULTILINE | re.DOTALL)).replace("\\\n", " ")
    lines = [line for line in blocks.splitlines() if line.startswith("cmkmigrate ")]
    assert len(lines) == 4
    given = {"source": box.params["source"], "target_name": "of-the-page"}
    (place.work / "analytics.yaml").write_text(json.dumps(given))
    box.forget()
    for line in lines:
        planned = place(*shlex.split(re.sub(r"(vault|managedhsm)\.azure\.net", r"\1.azure.test", line))[1:])
        assert planned.code == 0, planned
    assert box.writes() == []
