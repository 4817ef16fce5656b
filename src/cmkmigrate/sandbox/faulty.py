"""Carrying out a fault: what happens to the request that a rule of `faults` holds for, and what its sender sees."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import signal
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from email.utils import formatdate
from typing import Any, Final

from cmkmigrate.sandbox import arm_operations, paged, strangers
from cmkmigrate.sandbox.cloud import Cloud
from cmkmigrate.sandbox.faults import ANSWERS, MARK, Fault
from cmkmigrate.sandbox.hosts import DATABRICKS, HSM, LOGIN, VAULT
from cmkmigrate.sandbox.wire import Request, Response, azure_error, databricks_error, json_response

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Work = Callable[[Request], Response]

PAGE: Final = b"<html><head><title>Bad Gateway</title></head><body><h1>The service is unavailable.</h1></body></html>"
ABSURD_S: Final = 365 * 86_400
SAID: Final = "The service at this time is unavailable."
# status -> the code of a refusal that names none, by the class of the host
DATABRICKS_CODES: Final = {429: "REQUEST_LIMIT_EXCEEDED", 500: "INTERNAL_ERROR", 403: "PERMISSION_DENIED"}
AZURE_CODES: Final = {429: "TooManyRequests", 500: "InternalServerError", 403: "Forbidden", 409: "Conflict"}
LINKS: Final = ("azure-asyncoperation", "location")


async def carry_out(fault: Fault, kind: str, cloud: Cloud, request: Request, work: Work) -> Response | None:
    """The answer to a request that the fault holds for; None where there is to be none. `work` asks the service."""
    if fault.action == "delay":
        await asyncio.sleep(fault.number("seconds", 0.0))
        return work(request)
    if fault.before:
        return None if fault.drops else _instead(fault, kind, cloud)
    response = _worked(fault, cloud, request, work)
    if fault.drops:
        return None
    if fault.action in ANSWERS:
        return _instead(fault, kind, cloud)
    if fault.action == "page":
        response = _led_back(request, response)
    elif fault.action == "foreign":
        to = fault.next_of("to", "operations.example.com")
        if fault.rule.get("every"):
            strangers.sent_away(request, response, to)
        else:
            _sent_away(response, to)
    response.headers[MARK] = fault.action
    return response


def _worked(fault: Fault, cloud: Cloud, request: Request, work: Work) -> Response:
    """The service's answer, with what the fault changes while it works."""
    if fault.action == "skew":
        seconds = fault.number("seconds", 0.0)
        cloud.clock.offset += seconds
        try:
            response = work(request)
            response.headers["date"] = formatdate(cloud.clock.now(), usegmt=True)
        finally:
            cloud.clock.offset -= seconds
        return response
    if fault.action == "token":
        usual, cloud.tokens.lifetime_s = cloud.tokens.lifetime_s, int(fault.number("seconds", 0.0))
        try:
            return work(request)
        finally:
            cloud.tokens.lifetime_s = usual
    if fault.action == "page" and request.arg("startIndex"):  # SCIM has no tokens: every page is the first one
        query = re.sub(r"(^|&)startIndex=[^&]*", "", request.query_string).lstrip("&")
        return work(Request(request.method, request.host, request.raw_path, query, request.headers, request.body))
    if fault.action == "moved":
        query = paged.moved(request.query_string, str(fault.rule["how"]), int(fault.number("rows", 0)))
        return work(Request(request.method, request.host, request.raw_path, query, request.headers, request.body))
    if fault.action == "operation":
        arm_operations.doom(cloud, request.raw_path, **_fate(fault))
        response = work(request)
        for name in LINKS:
            arm_operations.doom(cloud, response.headers.get(name, ""), **_fate(fault))
        return response
    return work(request)


def _fate(fault: Fault) -> dict[str, str]:
    code = str(fault.rule.get("code", "ApplianceProvisioningFailed"))
    return {"fate": fault.rule["how"], "code": code, "message": str(fault.rule.get("message", "The operation failed."))}


def _instead(fault: Fault, kind: str, cloud: Cloud) -> Response:
    """The answer that takes the place of the real one."""
    rule, body = fault.rule, fault.rule.get("body")
    if fault.action == "html":
        made = Response(int(rule.get("status", 502)), PAGE, {"content-type": "text/html"})
    elif isinstance(body, str):
        made = Response(int(rule.get("status", 503)), body.encode(), {"content-type": "text/plain; charset=utf-8"})
    elif body is not None:
        made = json_response(body, int(rule.get("status", 503)))
    else:
        made = _refusal(kind, int(rule.get("status", 503)))
    if "retry_after" in rule:
        made.headers["retry-after"] = retry_after(rule["retry_after"], cloud.clock.now())
    made.headers |= {str(name).lower(): str(value) for name, value in (rule.get("headers") or {}).items()}
    made.headers[MARK] = fault.action
    return made


def retry_after(asked: Any, now: float) -> str:
    """The value of a Retry-After header: seconds, a date so long from `now` (5 s), an absurd one, or text as it is."""
    word, _, seconds = str(asked).partition(":")
    if word == "date":
        return formatdate(now + float(seconds or 5), usegmt=True)
    return str(ABSURD_S) if word == "absurd" else str(asked)


def _refusal(kind: str, status: int) -> Response:
    """A refusal in the shape of the service. Assumption: its code, where the rule says none."""
    if kind == DATABRICKS:
        return databricks_error(status, DATABRICKS_CODES.get(status, "TEMPORARILY_UNAVAILABLE"), SAID)
    if kind == LOGIN:
        text = f"AADSTS90033: {SAID}"
        return json_response({"error": "temporarily_unavailable", "error_description": text}, status)
    code = "Throttled" if kind in (VAULT, HSM) and status == 429 else AZURE_CODES.get(status, "ServiceUnavailable")
    return azure_error(status, code, SAID)


def _led_back(request: Request, response: Response) -> Response:
    """A page of a listing whose next page is the same again; any other answer as it is."""
    try:
        body = json.loads(response.body or b"null")
    except ValueError:
        return response
    if response.status != 200 or not isinstance(body, dict):
        return response
    if "totalResults" in body:
        body["totalResults"] = int(request.arg("startIndex", "1") or 1) + 2 * len(body.get("Resources") or [0])
    elif isinstance(body.get("value"), list):
        body["nextLink"] = f"https://{request.host}{request.raw_path}?{request.query_string}"
    else:
        body["next_page_token"] = request.arg("page_token") or request.arg("next_page_token") or "0"
        if "has_more" in body:
            body["has_more"] = True
    return json_response(body, response.status, {k: v for k, v in response.headers.items() if k != "content-type"})


def _sent_away(response: Response, to: str) -> None:
    """Let the links of an answer lead to another host."""
    for name in LINKS:
        if name in response.headers:
            response.headers[name] = re.sub(r"^https://[^/]+", f"https://{to}", response.headers[name])
    response.body = re.sub(rb'("nextLink":\s*"https://)[^/"]+', rb"\g<1>" + to.encode(), response.body)


async def deliver(fault: Fault, response: Response | None, wire: MutableMapping[str, Any], send: Send) -> None:
    """Send an answer in the way of the fault; `wire` is what `front.Connection` lets one do to the connection."""
    if response is None:
        if fault.action.startswith("kill"):
            with suppress(ProcessLookupError):
                os.kill(int(fault.rule["pid"]), signal.SIGKILL)
        if fault.action != "hang":
            wire["drop"]()
        await _gone(wire)
        return
    if fault.action == "gzip":
        packed = gzip.compress(response.body)
        response.body = packed[: min(int(fault.number("bytes", len(packed) // 2)), len(packed) - 1)]
        response.headers["content-encoding"] = "gzip"
    body, said = response.body, len(response.body)
    if fault.action == "length":
        said = max(0, said + int(fault.number("bytes", 10)))
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.status != 204:
        headers.append((b"content-length", str(said).encode()))
    if "date" in response.headers:
        wire["undated"]()
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if fault.action == "cut":
        size = min(int(fault.number("bytes", said // 2)), said - 1)
        await send({"type": "http.response.body", "body": body[: max(size, 0)], "more_body": True})
        wire["close"]()
        await _gone(wire)
    elif said > len(body):  # what was promised never comes: the client waits until it gives up
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await _gone(wire)
    else:
        if fault.action == "slow":
            await _drip(fault, body, wire, send)
            body = b""
        await send({"type": "http.response.body", "body": body[:said]})
        if body[said:]:
            wire["write"](body[said:])  # past the end of the answer, where the next one should begin


async def _drip(fault: Fault, body: bytes, wire: MutableMapping[str, Any], send: Send) -> None:
    size = max(1, int(fault.number("bytes", 1)))
    for at in range(0, len(body), size):
        if wire["gone"]():
            return
        await send({"type": "http.response.body", "body": body[at : at + size], "more_body": True})
        await asyncio.sleep(fault.number("seconds", 0.05))


async def _gone(wire: MutableMapping[str, Any]) -> None:
    """Wait until the connection is no more."""
    while not wire["gone"]():
        await asyncio.sleep(0.001)
