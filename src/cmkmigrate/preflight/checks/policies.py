"""PF06: Azure Policy. The service is asked what it would say; where that is not allowed, what is assigned is listed.

https://learn.microsoft.com/rest/api/policy/policy-restrictions (2022-03-01): a POST that evaluates and writes nothing.
Its action is not in Reader (`*/read`), so the listing of assignments is what a Reader gets, and no policy is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from cmkmigrate.errors import Denied
from cmkmigrate.preflight.ground import VAULTS, WORKSPACES, Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown, warned

_RESTRICTIONS: Final = "2022-03-01"
_ASSIGNMENTS: Final = "2022-06-01"
_ASK: Final = "Microsoft.PolicyInsights/checkPolicyRestrictions/action"


def restrictions(ground: Ground) -> Iterable[Seen]:
    """PF06."""
    wanted = list(_wanted(ground))
    if not wanted:
        return [passed("does not apply: no resource is made or changed")]
    seen: list[Seen] = []
    for group, resource in wanted:
        try:
            seen += _asked(ground, group, resource)
        except Denied:
            seen.append(_listed(ground, group, str(resource["type"])))
    return seen


def _wanted(ground: Ground) -> Iterator[tuple[str, dict[str, Any]]]:
    """(resource group, what would be PUT there), as far as it is known before."""
    for vault in ground.vaults():
        if vault.resource is None:
            settings = next((one.settings for one in ground.of("key_vaults")), {})
            content = {
                "location": settings.get("location"),
                "properties": {"enablePurgeProtection": True, "enableRbacAuthorization": settings.get("rbac", True)},
            }
            yield vault.group_id, {"type": VAULTS, "name": vault.name, "content": content}
    target = ground.workspace()
    if target and (target.resource is None or ground.in_place):
        source = ground.resource().resource or {}
        content = {"location": source.get("location"), "sku": {"name": "premium"}, "tags": source.get("tags") or {}}
        yield target.group_id, {"type": WORKSPACES, "name": target.name, "content": content}


def _asked(ground: Ground, group: str, resource: dict[str, Any]) -> Iterator[Seen]:
    type, name = str(resource["type"]), str(resource["name"])
    body = {
        "resourceDetails": {
            "resourceContent": {"type": type, "name": name, **resource["content"]},
            "apiVersion": "2023-02-01",
        }
    }
    path = f"{group}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
    found = ground.subscription_of(group).ask(path, _RESTRICTIONS, body)
    denied = [
        one
        for one in (found.get("contentEvaluationResult") or {}).get("policyEvaluations") or ()
        if str(one.get("evaluationResult") or "").lower() == "noncompliant"
    ]
    for one in denied:
        info = one.get("policyInfo") or {}
        assignment = str(info.get("policyAssignmentId") or "")
        fix = (
            f"az policy exemption create --name cmkmigrate --policy-assignment {assignment} --exemption-category Waiver"
        )
        text = f"the policy assignment {assignment} refuses {type} {name}"
        effect = str((one.get("effectDetails") or {}).get("policyEffect") or "deny").lower()
        yield failed(text, f"{fix} --scope {group}") if effect == "deny" else warned(f"{text} (its effect is {effect})")
    if not denied:
        yield passed(f"no policy refuses {type} {name}")


def _listed(ground: Ground, group: str, type: str) -> Seen:
    path = f"{group}/providers/Microsoft.Authorization/policyAssignments"
    found = ground.once(
        f"policies {group.lower()}", lambda: ground.subscription_of(group).listing(path, _ASSIGNMENTS, "atScope()")
    )
    enforced = [
        one for one in found if (one.get("properties") or {}).get("enforcementMode", "Default") != "DoNotEnforce"
    ]
    if not enforced:
        return passed(f"no policy is assigned at {group} or above")
    names = ", ".join(str((one.get("properties") or {}).get("displayName") or one.get("name")) for one in enforced[:3])
    text = (
        f"{len(enforced)} policies are assigned at {group} or above ({names}): whether one refuses {type} is not known"
    )
    return unknown(text, f"a role with {_ASK} at {group}, or read them: az policy assignment list --scope {group}")


CHECKS = (Check("PF06", "No policy refuses it", restrictions),)
