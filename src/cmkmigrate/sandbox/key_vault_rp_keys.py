"""Microsoft.KeyVault/vaults/keys: keys through ARM, which creates them where they are absent and does no more.

Contract: api-version 2026-05-15 (azure-mgmt-keyvault 14.1.0). The control plane passes by a vault's firewall.
"""

from __future__ import annotations

from cmkmigrate.sandbox import key_vault_rotation
from cmkmigrate.sandbox.arm import RESOURCE, names_of, page
from cmkmigrate.sandbox.cloud import Body, Cloud, Key, Vault
from cmkmigrate.sandbox.hosts import Names
from cmkmigrate.sandbox.key_vault_keys import attributes_of, make_version
from cmkmigrate.sandbox.key_vault_rp import find
from cmkmigrate.sandbox.wire import Request, Response, azure_error, json_response, route

ATTRIBUTES = ("enabled", "nbf", "exp", "created", "updated", "recoveryLevel")
ARM_KEY = RESOURCE + "Microsoft.KeyVault/vaults/{name}/keys"


def arm_shown(vault: Vault, key: Key, version: Body, names: Names, *, alone: bool = False) -> Body:
    """A key as ARM shows it; `alone` a version of it, which is a resource below the key (OpenAPI example)."""
    uri = f"{vault.uri(names)}/keys/{key.name}"
    attributes = attributes_of(vault, version)
    public = version["key"]
    properties: Body = {
        "attributes": {name: attributes[name] for name in ATTRIBUTES if name in attributes},
        "kty": public["kty"],
        "keyOps": public["key_ops"],
        "keySize": version["size"],
        "keyUri": uri,
        "keyUriWithVersion": f"{uri}/{version['version']}",
    }  # fmt: skip
    if key.policy and not alone:
        properties["rotationPolicy"] = key_vault_rotation.spelt(key.policy, str.lower)
    id, name, type = f"{vault.id}/keys/{key.name}", key.name, "Microsoft.KeyVault/vaults/keys"
    if alone:
        id, name, type = f"{id}/versions/{version['version']}", str(version["version"]), f"{type}/versions"
    return {"id": id, "name": name, "type": type, "location": vault.location, "tags": version["tags"],
            "properties": properties}  # fmt: skip


@route("PUT", ARM_KEY + "/{key}")
def put_arm_key(cloud: Cloud, request: Request) -> Response:
    """Create-if-absent through the control plane: no firewall, no data-plane right. An existing key stays as it is."""
    vault, name = find(cloud, request), request.params["key"]
    body = request.json()
    given = body.get("properties") or {}
    key = vault.keys.get(name.lower())
    if key is None:
        if name.lower() in vault.deleted_keys:
            text = f"Key {name} is currently in a deleted but recoverable state, and its name cannot be reused."
            return azure_error(409, "Conflict", text, "ObjectIsDeletedButRecoverable")
        key = Key(name)
        wanted = {"kty": given.get("kty"), "key_size": given.get("keySize"), "key_ops": given.get("keyOps"),
                  "attributes": given.get("attributes"), "tags": body.get("tags")}  # fmt: skip
        make_version(cloud, vault, key, wanted)
        if given.get("rotationPolicy"):
            key_vault_rotation.put(cloud, vault, key, given["rotationPolicy"])
        vault.keys[name.lower()] = key
    return json_response(arm_shown(vault, key, key.versions[-1], names_of(request)))


@route("GET", ARM_KEY)
def list_arm_keys(cloud: Cloud, request: Request) -> Response:
    vault, names = find(cloud, request), names_of(request)
    return page(cloud, request, [arm_shown(vault, key, key.versions[-1], names) for key in vault.keys.values()])


@route("GET", ARM_KEY + "/{key}")
@route("GET", ARM_KEY + "/{key}/versions/{version}")
def get_arm_key(cloud: Cloud, request: Request) -> Response:
    vault, name = find(cloud, request), request.params["key"]
    key = vault.keys.get(name.lower())
    version = key.version(request.params.get("version", "")) if key else None
    if key is None or version is None:
        return azure_error(404, "KeyNotFound", f"A key with (name/id) {name} was not found in this key vault.")
    return json_response(arm_shown(vault, key, version, names_of(request), alone="version" in request.params))


@route("GET", ARM_KEY + "/{key}/versions")
def list_arm_versions(cloud: Cloud, request: Request) -> Response:
    vault, names = find(cloud, request), names_of(request)
    key = vault.keys.get(request.params["key"].lower())
    found = key.versions if key else []
    return page(cloud, request, [arm_shown(vault, key, one, names, alone=True) for one in found if key])
