"""Keys of a Managed HSM: its state, its keys and its local roles, and what nobody can tell of them."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from cmkmigrate.audit.hsms import allows, shown, state_of
from cmkmigrate.audit.keys import Keys
from cmkmigrate.clients.managed_hsm import CRYPTO_SERVICE_ENCRYPTION_USER, CRYPTO_USER
from cmkmigrate.errors import CallError, Denied, NotFound, Refused, Unknown
from tests.audit.test_health import NOW, V1, V2
from tests.audit.test_keys import services

HSM = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/h"
URI = "https://h.managedhsm.azure.net/"
USER, WIDER = CRYPTO_SERVICE_ENCRYPTION_USER[1], CRYPTO_USER[1]
OFFICER, AUDITOR = "515eb02d-2335-4d2d-92f2-b1cbdf9c3778", "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"
OWN = "99999999-0000-4000-8000-000000000000"
DENIED, LOST = Denied("no", status=403), Unknown("?")
NAME = services()[0].key_name
MODULUS = base64.urlsafe_b64encode(b"\x80" * 384).decode().rstrip("=")


def home(**properties: Any) -> dict[str, Any]:
    active = {"hsmUri": URI, "enablePurgeProtection": True, "provisioningState": "Succeeded"}
    active["securityDomainProperties"] = {"activationStatus": "Active"}  # type: ignore[assignment]
    return {"id": HSM, "name": "h", "location": "westeurope", "properties": active | properties}


def bundle(
    version: str = V1, kty: str = "RSA-HSM", operations: Any = ("wrapKey", "unwrapKey"), **attributes: Any
) -> Any:
    key = {"kid": f"{URI}keys/{NAME}/{version}", "kty": kty, "n": MODULUS, "key_ops": list(operations)}
    return {"key": key, "attributes": {"enabled": True, "created": 1_600_000_000, **attributes}}


def listed(*versions: str, **attributes: Any) -> list[dict[str, Any]]:
    told = {"enabled": True, "created": 1_600_000_000, **attributes}
    return [{"kid": f"{URI}keys/{NAME}/{one}", "attributes": told} for one in versions]


def local(principal: str = "databricks", role: str = USER, scope: str = "/keys") -> dict[str, Any]:
    definition = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"properties": {"roleDefinitionId": definition, "principalId": principal, "scope": scope}}


def role(*actions: str) -> dict[str, Any]:
    data = [f"Microsoft.KeyVault/managedHsm/keys/{one}/action" for one in actions]
    return {"name": OWN, "properties": {"permissions": [{"dataActions": data}]}}


class Site:
    """A subscription that sees one HSM, and the HSM itself. What is an error is raised; every call is counted."""

    def __init__(self, **given: Any) -> None:
        self.given: dict[str, Any] = {
            "vaults": [],
            "subscriptions": [],
            "home_of": home(),
            "key": bundle(),
            "versions": listed(V1),
            "role_assignments": [local()],
            "role_definitions": [],
            "azure_databricks_object_id": "databricks",
        } | given
        self.calls: Counter[str] = Counter()

    def subscription(self, _: str) -> Site:
        return self

    def hsm(self, _: str) -> Site:
        found = self.given.get("hsm")
        if isinstance(found, CallError):
            raise found
        return self

    def key(self, name: str, version: str = "") -> Any:
        return self._said(f"key {version}" if f"key {version}" in self.given else "key")

    def _said(self, name: str) -> Any:
        self.calls[name] += 1
        found = self.given[name]
        if isinstance(found, CallError):
            raise found
        return found

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self._said(name)


def codes(site: Site, version: str = V1, known: tuple[str, ...] = ("me",)) -> list[str]:
    row, body = services(URI)
    keys = Keys(site, NOW, 90)
    named = replace(row, key_version=version)
    keys.read([named], ["s1"], known)
    return [cause.code for cause in keys.causes(named, keys.holder(named, body), False)]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, []),
        # the HSM itself
        ({"home_of": home(enablePurgeProtection=False)}, ["no-purge-protection"]),
        ({"home_of": home(networkAcls={"defaultAction": "Deny", "bypass": "None"})}, ["firewall"]),
        ({"home_of": home(securityDomainProperties={"activationStatus": "NotActivated"})}, ["hsm-inactive"]),
        ({"home_of": home(securityDomainProperties={"activationStatus": "Unknown"})}, ["hsm"]),
        ({"home_of": NotFound("in none", status=404)}, ["vault-not-seen"]),
        ({"home_of": DENIED}, ["vault-not-seen"]),
        # the key
        ({"key": bundle(enabled=False), "versions": listed(V1, enabled=False)}, ["key-disabled"]),
        ({"key": bundle(exp=1)}, ["key-expired"]),
        ({"key": bundle(exp=int(NOW) + 86_400)}, ["key-expires-soon"]),
        ({"key": bundle(nbf=int(NOW) + 86_400)}, ["key-not-yet-valid"]),
        ({"key": bundle(kty="EC-HSM")}, ["key-unfit"]),
        ({"key": bundle(operations=["sign"])}, ["key-unfit"]),
        ({"key": NotFound("no", status=404)}, ["key-missing"]),
        ({"key": bundle(V2), "versions": listed(V1, V2), f"key {V1}": bundle()}, ["version-behind"]),
        ({"key": bundle(V2), "versions": listed(V2)}, ["key-missing"]),
        # what may not be read
        ({"key": DENIED}, ["hsm"]),
        ({"versions": LOST}, ["hsm"]),
        ({"key": DENIED, "role_assignments": DENIED}, ["hsm", "hsm"]),
        ({"role_assignments": DENIED}, ["hsm"]),
        ({"hsm": Refused("not of this cloud", code="ForeignHost")}, ["hsm"]),
        # who may use it
        ({"role_assignments": []}, ["no-grant"]),
        ({"role_assignments": [local(role=WIDER, scope="/")]}, []),
        ({"role_assignments": [local(scope=f"/keys/{NAME}")]}, []),
        ({"role_assignments": [local(role=AUDITOR)]}, ["no-grant"]),
        ({"role_assignments": [local(role=OWN)], "role_definitions": DENIED}, ["hsm"]),
    ],
)
def test_what_is_read(given: dict[str, Any], wanted: list[str]) -> None:
    assert codes(Site(**given)) == wanted


def test_a_version_that_is_pinned_is_read_itself() -> None:
    """A listing tells neither of its type nor of its operations."""
    both = {"key": bundle(V2), "versions": listed(V1, V2)}
    assert codes(Site(**both, **{f"key {V1}": bundle(operations=["sign"])})) == ["key-unfit", "version-behind"]
    assert codes(Site(**both, **{f"key {V1}": DENIED})) == ["hsm"]
    assert codes(Site(**both), V2) == []


def test_an_hsm_that_is_not_at_work_is_not_asked() -> None:
    site = Site(home_of=home(securityDomainProperties={"activationStatus": "NotActivated"}))
    codes(site)
    assert not site.calls.keys() & {"key", "versions", "role_assignments"}


def test_one_that_arm_does_not_show_is_judged_all_the_same() -> None:
    """What is known to be wrong outweighs what is not known."""
    assert codes(Site(home_of=DENIED, key=bundle(exp=1), role_assignments=[])) == [
        "vault-not-seen",
        "key-expired",
        "no-grant",
    ]


def test_each_hsm_is_looked_for_once() -> None:
    site, row = Site(home_of=DENIED), services(URI)[0]
    others = [replace(row, key_name=name) for name in ("a", "b", "c")]
    Keys(site, NOW, 90).read(others, ["s1"])
    assert site.calls["home_of"] == 1 and site.calls["key"] == 3


@pytest.mark.parametrize(
    ("assigned", "said"),
    [
        ([local()], "yes"),
        ([local(scope="/")], "yes"),
        ([local(scope=f"/KEYS/{NAME.upper()}")], "yes"),
        ([local(scope="/keys/other")], "no"),
        ([local(scope=f"/keys/{NAME}more")], "no"),
        ([local("DATABRICKS")], "yes"),
        ([local("me")], "no"),  # the caller is no group
        ([local("somebody")], "somebody has the right, and the HSM does not say whether that is a group"),
        ([local("somebody", AUDITOR), local("x", OFFICER)], "no"),
        ([local("somebody"), local()], "yes"),
        ([local(role=OFFICER)], "no"),
        ([local(role=OWN)], "yes"),
        ([local("somebody", OWN)], "somebody has the right, and the HSM does not say whether that is a group"),
    ],
)
def test_who_may(assigned: list[dict[str, Any]], said: str) -> None:
    own = {OWN: role("read", "wrap", "unwrap")}
    assert allows(assigned, NAME, "databricks", {"me"}, lambda: own) == said


def test_a_role_of_ones_own_that_is_too_small() -> None:
    assert allows([local(role=OWN)], NAME, "databricks", set(), lambda: {OWN: role("read", "wrap")}) == "no"
    assert allows([local(role=OWN)], NAME, "databricks", set(), lambda: {}) == "no", "one that is gone"
    assert allows([local("x", OWN)], NAME, "databricks", set(), lambda: {OWN: role("read")}) == "no"
    assert codes(Site(role_assignments=[local(role=OWN)], role_definitions=[role("wrap", "read", "unwrap")])) == []


def test_roles_of_others_that_may_not_be_read() -> None:
    site = Site(role_assignments=[local("somebody", OWN)], role_definitions=DENIED)
    assert codes(site) == ["grants-unreadable"], "a group with a role that nobody can judge"


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        ("Active", "Succeeded", ""),
        ("Active", "Failed", ""),  # the last change of it failed, and it is at work
        ("Active", "Deleting", "hsm-inactive"),
        ("Failed", "Succeeded", "hsm-inactive"),
        ("", "Succeeded", ""),
        ("", "Activated", ""),
        ("", "", ""),
        ("", "Provisioning", "hsm-inactive"),
        ("", "SecurityDomainRestore", "hsm-inactive"),
        ("", "Restoring", "hsm"),
        ("Unknown", "Succeeded", "hsm"),
    ],
)
def test_its_state(status: str, state: str, code: str) -> None:
    one = home(securityDomainProperties={"activationStatus": status}, provisioningState=state)
    assert [cause.code for cause in state_of(one)] == ([code] if code else [])


def test_a_bundle_is_shown_as_arm_shows_keys() -> None:
    told = shown(bundle())
    assert told["name"] == V1
    assert (told["properties"]["kty"], told["properties"]["keySize"]) == ("RSA-HSM", 3072)
    assert "kty" not in shown(listed(V1)[0])["properties"], "what a listing does not tell is not made up"
