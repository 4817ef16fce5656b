"""PF06: Azure Policy. The service is asked what it would say; where that is not allowed, what is assigned is listed.

https://learn.microsoft.com/rest/api/policyinsights/policy-restrictions/check-at-resource-group-scope (2022-03-01): a
POST that evaluates and writes nothing. It answers with policies that would deny what is sent as it is (`NonCompliant`,
or the name of an error), and with what a policy does to fields. Its action ends in `read` (the vendor's page of the
operations of Microsoft.PolicyInsights), so that a Reader may ask, though it is a POST. Whether exemptions count in the
answer is not in these pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cmkmigrate.errors import Denied, OperatorError
from cmkmigrate.model import KNOWN_AFTER_APPLY
from cmkmigrate.preflight import rights
from cmkmigrate.preflight.ground import VAULTS, WORKSPACES, Ahead, Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown, warned

_RESTRICTIONS: Final = "2022-03-01"
_ASSIGNMENTS: Final = "2022-06-01"
_VERSIONS: Final = {VAULTS: "2023-07-01", WORKSPACES: "2026-01-01"}  # that the content is written for
_ASK: Final = "Microsoft.PolicyInsights/checkPolicyRestrictions/read"
_GONE: Final = object()


def restrictions(ground: Ground) -> Iterable[Seen]:
    """PF06."""
    seen: list[Seen] = []
    for group, resource in _wanted(ground):
        try:
            seen += _asked(ground, group, resource)
        except Denied:
            seen.append(_listed(ground, group, str(resource["type"])))
    return seen or [passed("does not apply: no resource is made or changed")]


def _wanted(ground: Ground) -> Iterator[tuple[str, dict[str, Any]]]:
    """(resource group, what would be PUT there), as far as it is known before."""
    for one in ground.of("key_vaults"):
        if not one.settings.get("existing"):
            yield from ((vault.group_id, _resource(ground, one, VAULTS, {})) for vault in ground.vaults())
    target = ground.workspace()
    if target is None or not (target.resource is None or ground.in_place):
        return
    base = ground.resource().resource or {}
    if ground.in_place:
        whole: Any = {name: base[name] for name in ("location", "sku", "tags", "properties") if base.get(name)}
        for one in ground.of("entity_encryption"):
            whole = _over(whole, _resource(ground, one, WORKSPACES, base))
        yield target.group_id, whole | {"type": WORKSPACES, "name": target.name}
        return
    for one in ground.of("workspaces"):
        yield target.group_id, _resource(ground, one, WORKSPACES, base)


def _resource(ground: Ground, one: Ahead, type: str, base: Mapping[str, Any]) -> dict[str, Any]:
    try:
        asset = next(iter(ground.wanted(one)), None)
    except OperatorError:  # it cannot be planned, which PLAN tells: judged by what is certain
        asset = None
    content: Any = _plain(dict(asset.body or {})) if asset else {}
    content.setdefault("location", one.settings.get("location") or base.get("location") or ground.source().location)
    return {**content, "type": type, "name": (asset.name if asset else str(one.settings.get("name") or ""))}


def _plain(value: Any) -> Any:
    """Without what is known only after apply."""
    if isinstance(value, dict):
        kept = {name: _plain(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each is not _GONE}
    return _GONE if value == KNOWN_AFTER_APPLY else value


def _over(base: Any, change: Any) -> Any:
    if isinstance(base, dict) and isinstance(change, dict):
        return {**base, **{name: _over(base.get(name), each) for name, each in change.items()}}
    return change


def _asked(ground: Ground, group: str, resource: dict[str, Any]) -> Iterator[Seen]:
    type, name = str(resource["type"]), str(resource["name"])
    body = {"resourceDetails": {"resourceContent": resource, "apiVersion": _VERSIONS[type]}}
    path = f"{group}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
    found = ground.subscription_of(group).ask(path, _RESTRICTIONS, body)
    judged = list((found.get("contentEvaluationResult") or {}).get("policyEvaluations") or ())
    seen = [_evaluated(one, group, f"{type} {name}") for one in judged]
    for field in found.get("fieldRestrictions") or ():
        for one in field.get("restrictions") or ():
            seen.append(_restricted(str(field.get("field") or ""), one, group, resource))
    yield from seen
    if not any(one.fix or one.advice for one in seen):
        yield passed(f"no policy refuses {type} {name}")


def _evaluated(one: Mapping[str, Any], group: str, what: str) -> Seen:
    policy, result = _policy(one.get("policyInfo")), str(one.get("evaluationResult") or "")
    effect = str((one.get("effectDetails") or {}).get("policyEffect") or "deny").lower()  # later versions say it
    if result.lower() != "noncompliant":
        return unknown(f"the policy assignment {policy} could not be judged for {what}: {result}", advice="read it")
    if effect != "deny":
        return warned(f"the policy assignment {policy} is not kept by {what}; its effect is {effect}", advice="read it")
    return failed(f"the policy assignment {policy} refuses {what}", _exemption(policy, group), _OWNER)


def _restricted(field: str, one: Mapping[str, Any], group: str, resource: Mapping[str, Any]) -> Seen:
    """A field that a policy wants, takes away or denies, against what is sent."""
    policy, result = _policy(one.get("policy")), str(one.get("result") or "")
    values = [str(each).lower().replace(" ", "") for each in one.get("values") or ()]
    value = _value(resource, field)
    known = value is not _GONE
    fits = str(value).lower().replace(" ", "") in values if values else known
    if result == "Required":
        if known and fits:
            return passed(f"{field} is as the policy assignment {policy} wants it")
        if one.get("defaultValue") is not None and not known:
            text = f"the policy assignment {policy} sets {field} to {one['defaultValue']}"
            return warned(text, advice="nothing, if that is right")
        text = f"the policy assignment {policy} wants {field}" + (
            f" to be one of {', '.join(values)}" if values else ""
        )
    elif result == "Deny":
        if known and values and not fits:
            return passed(f"{field} is none of what the policy assignment {policy} denies")
        text = f"the policy assignment {policy} denies {field}" + (f" {', '.join(values)}" if values else "")
        if not known:
            return unknown(f"{text}; whether that is met is not known", _exemption(policy, group), _OWNER)
    else:
        return warned(f"the policy assignment {policy} takes {field} away", advice="nothing, if that is right")
    return failed(text, _exemption(policy, group), _OWNER)


def _value(resource: Mapping[str, Any], field: str) -> Any:
    """A field as policies name it (`location`, `tags.team`, `tags['team']`); an alias of a type is not looked up."""
    if field in ("name", "type", "location"):
        return resource.get(field) or _GONE
    if field.startswith("tags") and len(field) > 4:
        tag = field[4:].strip(".[]'\"")
        return (resource.get("tags") or {}).get(tag, _GONE)
    return _GONE


_OWNER: Final = "whoever owns the policy decides; or meet it"


def _policy(info: Any) -> str:
    return str((info or {}).get("policyAssignmentId") or "(without an id)")


def _exemption(policy: str, group: str) -> str:
    return (
        f"az policy exemption create --name cmkmigrate --policy-assignment {policy} --exemption-category Waiver"
        f" --scope {group}"
    )


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
    fix = f'az role assignment create --assignee {rights.asked(ground)} --role "Reader" --scope {group}'
    return unknown(f"{text} without {_ASK}", fix, f"or read them: az policy assignment list --scope {group}")


CHECKS = (Check("PF06", "No policy refuses it", restrictions),)
