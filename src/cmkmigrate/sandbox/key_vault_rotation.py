"""How keys are rotated: their rotation policies, on the data plane of vaults and of managed HSMs.

Contract: KeyRotationPolicy of Key Vault keys 7.5. Least periods: the pages on autorotation (vaults: seven days from the
making and before the expiry; HSMs: 28 days between two versions), the specification (28 days to the expiry). The policy
of a key without one is that of nagyesta/lowkey-vault, an independent copy of the service. Texts: Assumption. Nothing
rotates by itself here; `rotate` gives the new version the expiry of the policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cmkmigrate.sandbox.arm import names_of
from cmkmigrate.sandbox.cloud import Body, Cloud, Hsm, Key, Vault
from cmkmigrate.sandbox.key_vault_keys import allowed, answer, headers_of, make_version, missing
from cmkmigrate.sandbox.wire import Failure, Request, Response, azure_error, json_response, route

LEAST_EXPIRY_DAYS, LEAST_DAYS, LEAST_HSM_DAYS = 28, 7, 28


def days_of(period: str) -> int:
    """The days of an ISO 8601 period of years, months and days (a month has 30). Raises ValueError."""
    found = re.fullmatch(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?", period)
    if found is None:
        raise ValueError(f"{period!r} is not a period")
    years, months, days = (int(part or 0) for part in found.groups())
    return years * 365 + months * 30 + days


def default_policy(vault: Vault) -> Body:
    if isinstance(vault, Hsm):
        return {"lifetimeActions": [], "attributes": {}}
    notify = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
    return {"lifetimeActions": [notify], "attributes": {}}


def problem(vault: Vault, key: Key, policy: Body) -> str:
    """Why the service refuses a policy; "" when it takes it."""
    try:
        expiry = days_of(str((policy.get("attributes") or {}).get("expiryTime") or "P0D"))
        triggers = [(one["action"]["type"].lower(), one.get("trigger") or {}) for one in policy["lifetimeActions"]]
        spans = [
            (action, days_of(str(trigger.get("timeAfterCreate") or "P0D")),
             days_of(str(trigger.get("timeBeforeExpiry") or "P0D")))
            for action, trigger in triggers
        ]  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        return f"The rotation policy is not valid: {error}"
    if 0 < expiry < LEAST_EXPIRY_DAYS:
        return f"The expiryTime of a rotation policy must be at least {LEAST_EXPIRY_DAYS} days."
    least = LEAST_HSM_DAYS if isinstance(vault, Hsm) else LEAST_DAYS
    for action, after, before in spans:
        if action == "notify":
            continue
        if before and not (expiry and key.versions[-1]["attributes"].get("exp")):
            return "timeBeforeExpiry needs an expiryTime on the policy and an expiry date on the key."
        if before and (before < LEAST_DAYS or expiry - before < least):
            return f"A key is rotated at least {LEAST_DAYS} days before it expires, and {least} after it was made."
        if not before and (after < least or (expiry and expiry - after < LEAST_DAYS)):
            return f"A key is rotated at least {least} days after it was made, and {LEAST_DAYS} before it expires."
    return ""


def _found(cloud: Cloud, request: Request, action: str) -> tuple[Vault, Key]:
    name = request.params["name"]
    vault = allowed(cloud, request, name, action)
    key = vault.keys.get(name.lower())
    if key is None:
        raise missing(vault, name)
    return vault, key


def _shown(vault: Vault, key: Key, request: Request) -> Response:
    of = {"id": f"{vault.uri(names_of(request))}/keys/{key.name}/rotationpolicy"}
    return json_response({**of, **(key.policy or default_policy(vault))}, headers=headers_of(vault))


def spelt(policy: Body, how: Callable[[str], str]) -> Body:
    """Its actions spelt as on the data plane (`Rotate`), or as in ARM (`rotate`); both by specification."""
    actions = [{**one, "action": {"type": how(str((one.get("action") or {}).get("type")))}} for one in
               policy["lifetimeActions"]]  # fmt: skip
    return {**policy, "lifetimeActions": actions}


def put(cloud: Cloud, vault: Vault, key: Key, given: Body) -> None:
    """Set the policy of a key. Fails with 400."""
    policy: Body = {"lifetimeActions": given.get("lifetimeActions") or [], "attributes": given.get("attributes") or {}}
    policy = spelt(policy, str.capitalize)
    if why := problem(vault, key, policy):
        raise Failure(azure_error(400, "BadParameter", why, headers=headers_of(vault)))
    now = int(cloud.clock.now())
    created = (key.policy.get("attributes") or {}).get("created", now)
    key.policy = {**policy, "attributes": {**policy["attributes"], "created": created, "updated": now}}


@route("GET", "/keys/{name}/rotationpolicy")
def get_policy(cloud: Cloud, request: Request) -> Response:
    vault, key = _found(cloud, request, "getrotationpolicy")
    return _shown(vault, key, request)


@route("PUT", "/keys/{name}/rotationpolicy")
def put_policy(cloud: Cloud, request: Request) -> Response:
    vault, key = _found(cloud, request, "setrotationpolicy")
    put(cloud, vault, key, request.json())
    return _shown(vault, key, request)


@route("POST", "/keys/{name}/rotate")
def rotate_key(cloud: Cloud, request: Request) -> Response:
    """A new version like the last one, with the expiry that the policy gives to new ones."""
    name = request.params["name"]
    vault = allowed(cloud, request, name, "rotate")
    key = vault.keys.get(name.lower())
    last = key.version() if key else None
    if key is None or last is None:
        raise missing(vault, name)
    public = last["key"]
    given = {"kty": public["kty"], "key_size": last["size"], "key_ops": public["key_ops"], "tags": last["tags"]}
    if isinstance(vault, Hsm) and not key.policy:  # documented: a policy comes first; the text: Assumption
        text = f"Key {name} has no rotation policy, which a rotation needs."
        raise Failure(azure_error(400, "BadParameter", text))
    if expiry := (key.policy.get("attributes") or {}).get("expiryTime"):
        given["attributes"] = {"exp": int(cloud.clock.now()) + days_of(expiry) * 86400}
    return answer(request, vault, key, make_version(cloud, vault, key, given))
