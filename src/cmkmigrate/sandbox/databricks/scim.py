"""SCIM 2.0 as the workspace speaks it: lists with 1-based paging, filters, PATCH operations. Shared by three services.

Sources: RFC 7644 sections 3.4.2 and 3.5.2; which of it the workspace knows is said in the vendor's SDK (filter: eq, co,
sw, ne with and/or; sortBy, sortOrder, attributes, excludedAttributes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from cmkmigrate.sandbox.databricks.refusals import scim_refusal
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import BadBody, Request, Response, json_response

ROOT = "/api/2.0/preview/scim/v2"
LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PAGE = 100  # resources a list gives when `count` is not said, and at most

_TERM = re.compile(r'\s*([\w.$]+)\s+(eq|ne|co|sw)\s+("(?:[^"\\]|\\.)*"|true|false|\d+)\s*', re.IGNORECASE)
_MEMBER = re.compile(r'(\w+)\[\s*value\s+eq\s+"([^"]*)"\s*\]')


def resource(request: Request) -> Body:
    """The body of a write. Raises a 400 in SCIM's shape when it is no object."""
    try:
        body = request.json()
    except BadBody as error:
        raise scim_refusal(400, f"Request is unparsable: {error}", "invalidSyntax") from error
    if not isinstance(body, dict):
        raise scim_refusal(400, "Request is unparsable.", "invalidSyntax")
    return body


def memberships(state: WorkspaceState) -> dict[str, list[Body]]:
    """By member id: the groups it is directly in, as `groups` of a resource shows them."""
    found: dict[str, list[Body]] = {}
    for id, group in state.groups.items():
        shown = {"display": group["displayName"], "type": "direct", "value": id, "$ref": f"Groups/{id}"}
        for member in group["members"]:
            found.setdefault(member, []).append(shown)
    return found


def _values(body: Body, attribute: str) -> list[Any]:
    """What a dotted attribute names, without case; lists are gone through."""
    here: list[Any] = [body]
    for name in attribute.split("."):
        below: list[Any] = []
        for one in here:
            if isinstance(one, dict):
                below += [value for key, value in one.items() if key.lower() == name.lower()]
        here = [item for value in below for item in (value if isinstance(value, list) else [value])]
    return [one["value"] if isinstance(one, dict) and "value" in one else one for one in here]


def _holds(body: Body, attribute: str, operator: str, wanted: str) -> bool:
    values = [str(value).lower() for value in _values(body, attribute)]
    wanted = wanted.lower()
    if operator == "eq":
        return wanted in values
    if operator == "ne":
        return wanted not in values
    return any(wanted in value if operator == "co" else value.startswith(wanted) for value in values)


def matcher(text: str) -> Callable[[Body], bool]:
    """A filter as a function. Raises a 400 for what is not understood."""
    alternatives: list[list[tuple[str, str, str]]] = [[]]
    at = 0
    while True:
        term = _TERM.match(text, at)
        if term is None:
            raise scim_refusal(400, f"Given filter is not supported: {text}", "invalidFilter")
        value = term[3]
        plain = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        alternatives[-1].append((term[1], term[2].lower(), plain))
        at = term.end()
        if at == len(text):
            break
        word = re.compile(r"(and|or)\b", re.IGNORECASE).match(text, at)
        if word is None:
            raise scim_refusal(400, f"Given filter is not supported: {text}", "invalidFilter")
        if word[1].lower() == "or":
            alternatives.append([])
        at = word.end()
    return lambda body: any(all(_holds(body, *term) for term in terms) for terms in alternatives)


def _number(request: Request, name: str, default: int) -> int:
    text = request.arg(name)
    if not text:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise scim_refusal(400, f"{name} must be a number.", "invalidValue") from error


def _cut(body: Body, keep: set[str], drop: set[str]) -> Body:
    always = {"id", "schemas"}
    if keep:
        return {name: value for name, value in body.items() if name.lower() in keep | always}
    return {name: value for name, value in body.items() if name.lower() not in drop - always}


def listing(request: Request, bodies: Iterable[Body]) -> Response:
    """A page of resources: filtered, sorted, cut to attributes."""
    found = list(bodies)
    if request.arg("filter"):
        found = list(filter(matcher(request.arg("filter")), found))
    order = request.arg("sortBy")
    if order:
        down = request.arg("sortOrder", "ascending").lower() == "descending"
        found.sort(key=lambda body: [str(value).lower() for value in _values(body, order)], reverse=down)
    start = max(1, _number(request, "startIndex", 1))
    count = max(0, min(PAGE, _number(request, "count", PAGE)))
    page = found[start - 1 : start - 1 + count]
    keep = {name.strip().split(".")[0].lower() for name in request.arg("attributes").split(",") if name.strip()}
    drop = {name.strip().lower() for name in request.arg("excludedAttributes").split(",") if name.strip()}
    counts = {"totalResults": len(found), "startIndex": start, "itemsPerPage": len(page)}
    answer: Body = {"schemas": [LIST_SCHEMA], **counts}
    if page:
        answer["Resources"] = [_cut(body, keep, drop) for body in page]
    return json_response(answer)


def one(request: Request, body: Body, status: int = 200) -> Response:
    """One resource, cut to attributes."""
    keep = {name.strip().split(".")[0].lower() for name in request.arg("attributes").split(",") if name.strip()}
    drop = {name.strip().lower() for name in request.arg("excludedAttributes").split(",") if name.strip()}
    return json_response(_cut(body, keep, drop), status)


def _items(value: Any, path: str) -> list[Any]:
    """The list that an operation's value stands for: a list, one element, or {path: list}."""
    if isinstance(value, dict) and path in value:
        value = value[path]
    items = value if isinstance(value, list) else [value]
    return [one if isinstance(one, dict) else {"value": str(one)} for one in items]


def _list_operation(body: Body, verb: str, path: str, value: Any) -> None:
    have: list[Body] = list(body.get(path, []))
    if verb == "remove":
        gone = {str(one.get("value")) for one in _items(value, path)} if value is not None else None
        have = [one for one in have if gone is not None and str(one.get("value")) not in gone]
    else:
        if verb == "replace":
            have = []
        known = {str(one.get("value")) for one in have}
        have += [one for one in _items(value, path) if str(one.get("value")) not in known]
    body[path] = have


LISTS = frozenset({"members", "entitlements", "roles", "emails", "groups"})


def patched(body: Body, operations: Any) -> Body:
    """`body` after PATCH operations. Raises a 400 for what is not understood."""
    if not isinstance(operations, list):
        raise scim_refusal(400, "Request is missing Operations.", "invalidSyntax")
    body = {name: list(value) if isinstance(value, list) else value for name, value in body.items()}
    for operation in operations:
        verb = str(operation.get("op", "")).lower()
        path, value = str(operation.get("path") or ""), operation.get("value")
        if verb not in ("add", "remove", "replace"):
            raise scim_refusal(400, f"Unknown operation: {verb}", "invalidSyntax")
        single = _MEMBER.fullmatch(path)
        if single is not None:
            if verb != "remove":
                raise scim_refusal(400, f"Unsupported path: {path}", "invalidPath")
            _list_operation(body, "remove", single[1], [{"value": single[2]}])
        elif path in LISTS:
            _list_operation(body, verb, path, value)
        elif path:
            if verb == "remove":
                body.pop(path, None)
            else:
                body[path] = value
        elif isinstance(value, dict) and verb != "remove":
            for name, part in value.items():
                if name in LISTS:
                    _list_operation(body, verb, name, part)
                elif name not in ("id", "schemas", "meta"):
                    body[name] = part
        else:
            raise scim_refusal(400, "Operation has neither a path nor a value.", "invalidPath")
    return body
