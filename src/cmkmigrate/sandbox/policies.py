"""Azure Policy: what is assigned, what it would say (checkPolicyRestrictions), and the refusal of a PUT it denies.

Wire of checkPolicyRestrictions: the official specification and its examples, 2022-03-01 (effects: 2023-03-01). Of the
refusal: MicrosoftDocs' page of RequestDisallowedByPolicy, microsoft/vscode-apimanagement#348, and with reasons
Azure-Samples/azuresandbox#196. An estate places policies (`"policies"` of its arm.json); nothing else makes them here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cmkmigrate.sandbox.arm import action_of, api_version, page
from cmkmigrate.sandbox.cloud import Body, Cloud, guid
from cmkmigrate.sandbox.policy_rules import Seen, check, fields, filled, holds
from cmkmigrate.sandbox.rights import may
from cmkmigrate.sandbox.wire import Request, Response, Route, azure_error, json_response, route

ASSIGNMENTS = "/{scope:path}/providers/Microsoft.Authorization/policyAssignments"
DEFINITIONS = "/subscriptions/{subscription}/providers/Microsoft.Authorization/policyDefinitions"
CHECK = "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
EFFECTS = ("deny", "audit", "disabled")
EFFECTS_SINCE = "2023-03-01"  # the version that says which effect, and can be asked for audits


@dataclass(slots=True)
class Policy:
    """One definition and its one assignment."""

    name: str
    subscription: str  # of the definition
    scope: str
    rule: Any  # its "if", with parameters in it
    effect: str = "deny"
    display_name: str = ""
    message: str = ""  # what whoever is refused is told
    parameters: Body = field(default_factory=dict)
    not_scopes: tuple[str, ...] = ()
    enforced: bool = True

    @property
    def id(self) -> str:
        return f"{self.scope}/providers/Microsoft.Authorization/policyAssignments/{self.name}"

    @property
    def definition(self) -> str:
        return f"/subscriptions/{self.subscription}/providers/Microsoft.Authorization/policyDefinitions/{self.name}"

    def denies(self, resource: Body, seen: list[Seen] | None = None) -> bool:
        """Whether a resource is what the rule describes."""
        return holds(filled(self.rule, self.parameters), resource, seen)

    def over(self, path: str) -> bool:
        """Whether what is at this path is under the assignment."""
        return _inside(path, self.scope) and not any(_inside(path, one) for one in self.not_scopes)


def load(cloud: Cloud, subscription: str, scope: str, not_scopes: tuple[str, ...], told: Body) -> None:
    """A policy as arm.json says it. Raises KeyError and ValueError."""
    effect, enforcement = str(told.get("effect", "deny")).lower(), told.get("enforcement", "Default")
    if effect not in EFFECTS or enforcement not in ("Default", "DoNotEnforce"):
        raise ValueError(
            f"the effect of a policy is one of {', '.join(EFFECTS)}, its enforcement Default or DoNotEnforce"
        )
    name = str(told["name"])
    made = Policy(
        name, subscription, scope, told["if"], effect, str(told.get("display_name") or name),
        str(told.get("message") or ""), dict(told.get("parameters") or {}), not_scopes, enforcement == "Default",
    )  # fmt: skip
    check(filled(made.rule, made.parameters))
    cloud.policies.append(made)


def _inside(path: str, scope: str) -> bool:
    return f"{path.rstrip('/')}/".lower().startswith(f"{scope.rstrip('/')}/".lower())


def refusal(cloud: Cloud, request: Request, route: Route) -> Response | None:
    """The 403 of a PUT of a resource that a policy denies. A PATCH is not evaluated (docs/sandbox.md)."""
    if request.method != "PUT" or not cloud.policies:
        return None
    named = action_of(route, request.path)[0].rpartition("/")[0]
    asked, name = request.json(), request.path.rstrip("/").rsplit("/", 1)[-1]
    resource = {**(asked if isinstance(asked, dict) else {}), "type": named, "name": name, "id": request.path}
    for policy in cloud.policies:
        seen: list[Seen] = []
        if policy.enforced and policy.effect == "deny" and policy.over(request.path) and policy.denies(resource, seen):
            return _disallowed(policy, name, seen)
    return None


def _disallowed(policy: Policy, name: str, seen: list[Seen]) -> Response:
    whose = [
        {
            "policyAssignment": {"name": policy.display_name, "id": policy.id},
            "policyDefinition": {"name": policy.display_name, "id": policy.definition},
        }
    ]
    told = f"Policy identifiers: '{json.dumps(whose, separators=(',', ':'))}'."
    if policy.message:
        told = f"Reasons: '{policy.message}'. See error details for policy resource IDs."
    info = {
        "evaluationDetails": {"evaluatedExpressions": [_expression(one) for one in seen if one.held]},
        "policyDefinitionId": policy.definition,
        "policyDefinitionName": policy.name,
        "policyDefinitionDisplayName": policy.display_name,
        "policyDefinitionEffect": policy.effect,
        "policyAssignmentId": policy.id,
        "policyAssignmentName": policy.name,
        "policyAssignmentDisplayName": policy.display_name,
        "policyAssignmentScope": policy.scope,
        "policyAssignmentParameters": _values(policy.parameters),
    }
    error = {
        "code": "RequestDisallowedByPolicy",
        "target": name,
        "message": f"Resource '{name}' was disallowed by policy. {told}",
        "additionalInfo": [{"type": "PolicyViolation", "info": info}],
    }
    return json_response({"error": error}, 403)


def _expression(one: Seen) -> Body:
    return {
        "result": str(one.held),
        "expressionKind": "Field",
        "expression": one.field,
        "path": one.field,
        "expressionValue": one.found,
        "targetValue": one.wanted,
        "operator": one.operator[0].upper() + one.operator[1:],
    }


def _values(parameters: Body) -> Body:
    return {name: {"value": value} for name, value in parameters.items()}


@route("POST", "/subscriptions/{subscription}" + CHECK, reads=True)
@route("POST", "/subscriptions/{subscription}/resourceGroups/{group}" + CHECK, reads=True)
def check_restrictions(cloud: Cloud, request: Request) -> Response:
    """What policies would say of a resource that is not there yet, or only partly known. Changes nothing.

    A field that is pending is not held against the content; of its possible values those are told that are denied, and
    a tag without any that is required. Assumption: assignments that are not enforced say nothing here.
    """
    body, newer = request.json(), api_version(request) >= EFFECTS_SINCE
    details = body.get("resourceDetails") if isinstance(body, dict) else None
    content = details.get("resourceContent") if isinstance(details, dict) else None
    if not isinstance(details, dict) or not isinstance(content, dict):
        text = "The request content was invalid: resourceDetails.resourceContent is required."  # Assumption
        return azure_error(400, "InvalidRequestContent", text)
    pending = body.get("pendingFields") or []
    wanted = ("deny", "audit") if newer and body.get("includeAuditEffect") is True else ("deny",)
    at = request.path[: -len(CHECK)]
    where = f"{details.get('scope') or at}/providers/{content.get('type', '')}/{content.get('name', '')}"
    evaluations: list[Body] = []
    restrictions: dict[str, list[Body]] = {}
    for policy in cloud.policies:
        if not policy.enforced or policy.effect not in wanted or not policy.over(where):
            continue
        effect = {"policyEffect": policy.effect.capitalize()} if newer else {}
        looked = fields(filled(policy.rule, policy.parameters))
        open_ones = [one for one in pending if _concerns(one, looked)]
        seen: list[Seen] = []
        if not open_ones and policy.denies(content, seen):
            evaluations.append(
                {
                    "policyInfo": _reference(policy),
                    "evaluationResult": "NonCompliant",
                    "evaluationDetails": {"evaluatedExpressions": [_expression(one) for one in seen if one.held]},
                    **({"effectDetails": effect} if effect else {}),
                }
            )
        for one in open_ones:
            for name, found in _restricted(policy, one, looked, content):
                restrictions.setdefault(name, []).append({**found, "policy": _reference(policy), **effect})
    return json_response(
        {
            "fieldRestrictions": [{"field": name, "restrictions": found} for name, found in restrictions.items()],
            "contentEvaluationResult": {"policyEvaluations": evaluations},
        }
    )


def _reference(policy: Policy) -> Body:
    return {"policyDefinitionId": policy.definition, "policyAssignmentId": policy.id}


def _concerns(pending: Any, looked: set[str]) -> bool:
    """Whether a policy looks at a pending field; "tags" is every tag."""
    name = str(pending.get("field", "")).lower()
    return name in looked or (name == "tags" and any(one.startswith("tags") for one in looked))


def _restricted(policy: Policy, pending: Body, looked: set[str], content: Body) -> list[tuple[str, Body]]:
    """What a policy says of one pending field: its name as it is told, and the restriction."""
    name = str(pending["field"])
    bad = [one for one in pending.get("values") or () if policy.denies(_with(content, name, one))]
    if bad:
        return [(name, {"result": "Deny", "values": bad})]
    if not pending.get("values") and policy.denies(content):
        needed = [one for one in sorted(looked) if one.startswith("tags")] if name.lower() == "tags" else [name]
        return [(one.replace("['", ".").replace("']", ""), {"result": "Required"}) for one in needed]
    return []


def _with(content: Body, name: str, value: Any) -> Body:
    """The content with a field set: a plain one, a tag, or an alias, which is put below the properties."""
    if name.lower().startswith("tags."):
        return {**content, "tags": {**(content.get("tags") or {}), name[5:]: value}}
    if "/" not in name:
        return {**content, name: value}
    path = name[len(str(content.get("type", ""))) + 1 :].replace("/", ".").split(".")
    properties = json.loads(json.dumps(content.get("properties") or {}))
    at = properties
    for word in path[:-1]:
        at = at.setdefault(word, {})
    at[path[-1]] = value
    return {**content, "properties": properties}


@route("GET", ASSIGNMENTS)
def list_assignments(cloud: Cloud, request: Request) -> Response:
    """At, above and below the scope; `$filter=atScope()` leaves out those below.

    One above that the caller has no right to read is not among them (MicrosoftDocs/azure-docs#110373).
    """
    scope, who = "/" + request.params["scope"].strip("/"), request.principal
    assert who is not None, "ARM's routes want a token"
    above_only = "atscope()" in request.arg("$filter").lower()
    found = [
        one
        for one in cloud.policies
        if (_inside(scope, one.scope) or (_inside(one.scope, scope) and not above_only))
        and may(cloud, who.id, "Microsoft.Authorization/policyAssignments/read", one.scope)
    ]
    return page(cloud, request, [_assignment(one) for one in found])


@route("GET", ASSIGNMENTS + "/{name}")
def get_assignment(cloud: Cloud, request: Request) -> Response:
    wanted = f"/{request.params['scope'].strip('/')}/providers/Microsoft.Authorization/policyAssignments/"
    wanted += request.params["name"]
    found = next((one for one in cloud.policies if one.id.lower() == wanted.lower()), None)
    if found is None:
        text = f"The policy assignment '{request.params['name']}' is not found."
        return azure_error(404, "PolicyAssignmentNotFound", text)
    return json_response(_assignment(found))


def _assignment(policy: Policy) -> Body:
    properties: Body = {
        "displayName": policy.display_name,
        "policyDefinitionId": policy.definition,
        "scope": policy.scope,
        "notScopes": [*policy.not_scopes],
        "parameters": _values(policy.parameters),
        "metadata": {},
        "enforcementMode": "Default" if policy.enforced else "DoNotEnforce",
        "instanceId": guid("policy", policy.id),
    }
    if policy.message:
        properties["nonComplianceMessages"] = [{"message": policy.message}]
    return {
        "properties": properties,
        "id": policy.id,
        "type": "Microsoft.Authorization/policyAssignments",
        "name": policy.name,
    }


@route("GET", DEFINITIONS)
def list_definitions(cloud: Cloud, request: Request) -> Response:
    here = request.params["subscription"].lower()
    return page(cloud, request, [_definition(one) for one in cloud.policies if one.subscription == here])


@route("GET", DEFINITIONS + "/{name}")
def get_definition(cloud: Cloud, request: Request) -> Response:
    found = next((one for one in cloud.policies if one.definition.lower() == request.path.lower()), None)
    if found is None:
        text = f"The policy definition '{request.params['name']}' could not be found."
        return azure_error(404, "PolicyDefinitionNotFound", text)
    return json_response(_definition(found))


def _definition(policy: Policy) -> Body:
    types = {str: "String", bool: "Boolean", int: "Integer", float: "Float", list: "Array", dict: "Object"}
    return {
        "properties": {
            "displayName": policy.display_name,
            "policyType": "Custom",
            "mode": "All",
            "metadata": {},
            "parameters": {name: {"type": types[type(value)]} for name, value in policy.parameters.items()},
            "policyRule": {"if": policy.rule, "then": {"effect": policy.effect}},
        },
        "id": policy.definition,
        "type": "Microsoft.Authorization/policyDefinitions",
        "name": policy.name,
    }
