"""The data plane of a vault, or of a managed HSM: its challenge, and its keys.

Contract: api-version 2025-07-01 (azure-keyvault-keys 4.11.3); bodies and headers as in recorded traffic. Key material
belongs to nobody: it is made of names, and wrapping and signing are not offered.
"""

from __future__ import annotations

import base64
import hashlib

from cmkmigrate.sandbox.arm import names_of
from cmkmigrate.sandbox.cloud import Body, Cloud, Hsm, Key, Vault, digest
from cmkmigrate.sandbox.hosts import HSM, Names, place_of
from cmkmigrate.sandbox.rights import blocked_by_network, data_action, may_use_key
from cmkmigrate.sandbox.wire import Failure, Request, Response, azure_error, json_response, route

OPERATIONS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
TYPES = ("RSA", "RSA-HSM", "EC", "EC-HSM")
SIZES = (2048, 3072, 4096)


def headers_of(vault: Vault) -> dict[str, str]:
    if isinstance(vault, Hsm):
        return {}
    return {
        "x-ms-keyvault-region": vault.location,
        "x-ms-keyvault-service-version": "1.9.1864.2",
        "x-ms-keyvault-network-info": "conn_type=Ipv4;addr=203.0.113.10;act_addr_fam=InterNetwork;",
    }


def challenge(cloud: Cloud, request: Request) -> Response:
    """What a request without a valid token is told: where to get one, and for which resource."""
    place = place_of(request.host)
    assert place is not None
    names = place.cloud
    headers = {
        "www-authenticate": f'Bearer authorization="https://{names.login}/{cloud.tenant_id}", '
        f'resource="https://{names.hsm if place.kind == HSM else names.vault}"'
    }
    vault = cloud.key_home(place)
    if vault is not None:
        headers |= headers_of(vault)
    if "authorization" in request.headers:
        text = "AKV10032: Invalid issuer, audience or signature of the token."  # Assumption: the text
    else:
        text = "AKV10000: Request is missing a Bearer or PoP token."
    return azure_error(401, "Unauthorized", text, headers=headers)


def _vault(cloud: Cloud, request: Request) -> Vault:
    vault = cloud.key_home(place_of(request.host))
    if vault is None:  # the front does not let this happen: the name of such a vault does not resolve
        raise Failure(azure_error(404, "VaultNotFound", f"There is no vault at {request.host}."))
    return vault


def not_open(cloud: Cloud, vault: Vault) -> None:
    """Fail with 403 where the network rules keep the caller out, or an HSM was not activated (text: Assumption)."""
    if isinstance(vault, Hsm) and not vault.active:
        text = f"The managed HSM {vault.name} is not activated: download its security domain first."
        raise Failure(azure_error(403, "Forbidden", text, "HsmNotActivated"))
    blocked = blocked_by_network(cloud, vault, trusted=False)
    if blocked == "firewall":
        text = (
            f"Client address ({cloud.settings.client_address}) is not authorized and caller is not a trusted service. "
            f"Vault: {vault.name};location={vault.location}"
        )
        raise Failure(azure_error(403, "Forbidden", text, "ForbiddenByFirewall", headers_of(vault)))
    if blocked:  # Assumption: the text
        text = f"Public network access is disabled and request is not from a trusted service. Vault: {vault.name}"
        raise Failure(azure_error(403, "Forbidden", text, "ForbiddenByConnection", headers_of(vault)))


def allowed(cloud: Cloud, request: Request, key: str, action: str) -> Vault:
    """The vault of the request, when the caller may do this. Fails with 403 in the shapes of the service."""
    vault, caller = _vault(cloud, request), request.principal
    assert caller is not None, "the dispatcher has answered with the challenge"
    not_open(cloud, vault)
    if may_use_key(cloud, caller.id, vault, key, action):
        inner, text = denial(cloud, vault, caller.name, caller.id, action)
        raise Failure(azure_error(403, "Forbidden", text, inner, headers_of(vault)))
    return vault


def denial(cloud: Cloud, vault: Vault, application: str, principal: str, action: str) -> tuple[str, str]:
    """Inner code and text of a refusal. The RBAC wording is an assumption, the other was seen by users."""
    who = f"appid={application};oid={principal};iss=https://sts.windows.net/{cloud.tenant_id}/"
    if isinstance(vault, Hsm) or vault.properties.get("enableRbacAuthorization"):
        return "ForbiddenByRbac", (
            "Caller is not authorized to perform action on resource. If role assignments, deny assignments or role "
            f"definitions were changed recently, please observe propagation time. Caller: {who} "
            f"Action: '{data_action(action)}' Vault: {vault.name};location={vault.location}"
        )
    return "AccessDenied", (
        f"The user, group or application '{who}' does not have keys {action} permission on key vault "
        f"'{vault.name};location={vault.location}'."
    )


def bundle(vault: Vault, key: Key, version: Body, names: Names) -> Body:
    """A key version as the data plane shows it."""
    kid = f"{vault.uri(names)}/keys/{key.name}/{version['version']}"
    shown: Body = {"key": {"kid": kid, **version["key"]}, "attributes": attributes_of(vault, version)}
    if version["tags"]:
        shown["tags"] = version["tags"]
    return shown


def attributes_of(vault: Vault, version: Body) -> Body:
    """Recovery level without `Purgeable` proves purge protection; `Customized` means fewer than 90 days."""
    level = "Recoverable" if vault.retention_days == 90 else "CustomizedRecoverable"
    level += "" if vault.purge_protected else "+Purgeable"
    hsm = version["key"]["kty"].endswith("-HSM")
    return {
        **version["attributes"],
        "recoveryLevel": level,
        "recoverableDays": vault.retention_days,
        "exportable": False,
        "hsmPlatform": "2" if hsm else "0",
    }


def make_version(cloud: Cloud, vault: Vault, key: Key, given: Body) -> Body:
    """Add a version to a key. `given` is the body of a create. Fails with 400."""
    kty, size = str(given.get("kty", "")), given.get("key_size") or 2048
    if kty not in TYPES or (kty.startswith("RSA") and size not in SIZES):
        text = f"Invalid key type or size: kty '{kty}', key_size {size}."  # Assumption: the text
        raise Failure(azure_error(400, "BadParameter", text, headers=headers_of(vault)))
    if isinstance(vault, Hsm):
        if not kty.endswith("-HSM"):  # documented: HSM-protected keys alone; the text: Assumption
            raise Failure(azure_error(400, "BadParameter", f"A managed HSM holds no keys of the type {kty}."))
    elif kty.endswith("-HSM") and vault.properties["sku"]["name"] != "premium":
        text = f"HSM keys are not supported in vaults of the standard SKU. Vault: {vault.name}"  # Assumption: the text
        raise Failure(azure_error(400, "BadParameter", text, headers=headers_of(vault)))
    version = digest("version", vault.name, key.name, str(len(key.versions)))[:32]
    material = hashlib.shake_256(f"{vault.name}/{key.name}/{version}".encode()).digest(size // 8)
    modulus = bytes([material[0] | 0x80]) + material[1:-1] + bytes([material[-1] | 1])
    now = int(cloud.clock.now())
    wanted = given.get("attributes") or {}
    attributes: Body = {"enabled": wanted.get("enabled", True), "created": now, "updated": now}
    attributes |= {name: wanted[name] for name in ("exp", "nbf") if wanted.get(name) is not None}
    public: Body = {"kty": kty, "key_ops": given.get("key_ops") or list(OPERATIONS)}
    if kty.startswith("RSA"):
        public |= {"n": base64.urlsafe_b64encode(modulus).rstrip(b"=").decode(), "e": "AQAB"}
    else:
        public |= {"crv": given.get("crv") or "P-256"}
    made = {"version": version, "key": public, "attributes": attributes, "tags": given.get("tags") or {}, "size": size}
    key.versions.append(made)
    return made


def missing(vault: Vault, name: str) -> Failure:
    text = (
        f"A key with (name/id) {name} was not found in this key vault. If you recently deleted this key you may be "
        "able to recover it using the correct recovery command."
    )
    return Failure(azure_error(404, "KeyNotFound", text, headers=headers_of(vault)))


def answer(request: Request, vault: Vault, key: Key, version: Body) -> Response:
    return json_response(bundle(vault, key, version, names_of(request)), headers=headers_of(vault))


@route("POST", "/keys/{name}/create")
def create_key(cloud: Cloud, request: Request) -> Response:
    """A new key, or a new version of one that is there. A soft-deleted key holds its name."""
    name = request.params["name"]
    vault = allowed(cloud, request, name, "create")
    if name.lower() in vault.deleted_keys:
        text = f"Key {name} is currently in a deleted but recoverable state, and its name cannot be reused."
        return azure_error(409, "Conflict", text, "ObjectIsDeletedButRecoverable", headers_of(vault))
    key = vault.keys.get(name.lower()) or Key(name)
    version = make_version(cloud, vault, key, request.json())
    vault.keys[name.lower()] = key
    return answer(request, vault, key, version)


@route("GET", "/keys/{name}")
@route("GET", "/keys/{name}/")
@route("GET", "/keys/{name}/{version}")
def get_key(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"]
    vault = allowed(cloud, request, name, "get")
    key = vault.keys.get(name.lower())
    version = key.version(request.params.get("version", "")) if key else None
    if key is None or version is None:
        wanted = request.params.get("version")
        raise missing(vault, f"{name}/{wanted}" if wanted else name)
    return answer(request, vault, key, version)


@route("GET", "/keys/{name}/versions")
def list_versions(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"]
    vault = allowed(cloud, request, name, "list")
    key, names = vault.keys.get(name.lower()), names_of(request)
    shown = [_item(vault, key, version, names, f"/{version['version']}") for version in key.versions] if key else []
    return json_response({"value": shown}, headers=headers_of(vault))


@route("GET", "/keys")
def list_keys(cloud: Cloud, request: Request) -> Response:
    vault, names = allowed(cloud, request, "", "list"), names_of(request)
    shown = [_item(vault, key, key.versions[-1], names, "") for key in vault.keys.values()]
    return json_response({"value": shown}, headers=headers_of(vault))


def _item(vault: Vault, key: Key, version: Body, names: Names, suffix: str) -> Body:
    item: Body = {"kid": f"{vault.uri(names)}/keys/{key.name}{suffix}"}
    item["attributes"] = attributes_of(vault, version)
    return item | ({"tags": version["tags"]} if version["tags"] else {})


@route("PATCH", "/keys/{name}")
@route("PATCH", "/keys/{name}/")
@route("PATCH", "/keys/{name}/{version}")
def update_key(cloud: Cloud, request: Request) -> Response:
    """Attributes (enabled, exp, nbf), operations and tags of one version."""
    name = request.params["name"]
    vault, body = allowed(cloud, request, name, "update"), request.json()
    key = vault.keys.get(name.lower())
    version = key.version(request.params.get("version", "")) if key else None
    if key is None or version is None:
        raise missing(vault, name)
    for field, value in (body.get("attributes") or {}).items():
        if field in ("enabled", "exp", "nbf") and value is not None:
            version["attributes"][field] = value
    if body.get("key_ops") is not None:
        version["key"]["key_ops"] = body["key_ops"]
    if body.get("tags") is not None:
        version["tags"] = body["tags"]
    version["attributes"]["updated"] = int(cloud.clock.now())
    return answer(request, vault, key, version)


@route("DELETE", "/keys/{name}")
def delete_key(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"]
    vault = allowed(cloud, request, name, "delete")
    key = vault.keys.pop(name.lower(), None)
    if key is None:
        raise missing(vault, name)
    vault.deleted_keys[name.lower()] = key
    return _deleted(cloud, request, vault, key)


def _deleted(cloud: Cloud, request: Request, vault: Vault, key: Key) -> Response:
    names, now = names_of(request), int(cloud.clock.now())
    shown = bundle(vault, key, key.versions[-1], names)
    shown["recoveryId"] = f"{vault.uri(names)}/deletedkeys/{key.name}"
    shown |= {"deletedDate": now, "scheduledPurgeDate": now + vault.retention_days * 86400}
    return json_response(shown, headers=headers_of(vault))


@route("GET", "/deletedkeys/{name}")
def get_deleted_key(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"]
    vault = allowed(cloud, request, name, "get")
    if name.lower() not in vault.deleted_keys:
        raise missing(vault, name)
    return _deleted(cloud, request, vault, vault.deleted_keys[name.lower()])


@route("POST", "/deletedkeys/{name}/recover")
def recover_key(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"]
    vault = allowed(cloud, request, name, "recover")
    key = vault.deleted_keys.pop(name.lower(), None)
    if key is None:
        raise missing(vault, name)
    vault.keys[name.lower()] = key
    return answer(request, vault, key, key.versions[-1])
