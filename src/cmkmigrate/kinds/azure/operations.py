"""Long-running operations of workspaces: waiting for them, and telling a refusal that passes from one that does not."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.errors import Blocked, CallError, Denied, NotFound, NotYet, Refused, Stopped, Ungranted
from cmkmigrate.kinds.azure import key_use
from cmkmigrate.model import Body, Made

FAILED: Final = frozenset({"Failed", "Canceled"})
ENDED: Final = FAILED | {"Succeeded", "Ready", "Created", "Deleted"}
# Texts with which users have reported that a key may not be used (yet); the codes of these failures are not recorded.
_KEY: Final = re.compile(
    r"Invalid permissions on the specified KeyVault|Unable to access key vault|keys (get|wrap\w*|unwrap\w*) permission"
    r"|authentication issue on the key ?vault|KeyVaultAccessForbidden|KeyVaultEncryptionKeyNotFound"
    r"|Caller is not authorized to perform action on resource|ForbiddenByRbac|AccessDenied",
    re.IGNORECASE,
)
# What writing workspaces takes for true and nobody has confirmed.
UNVERIFIED: Final = (
    "that a workspace is written and shown at api-version 2026-01-01 as recorded at 2024-05-01 (selftest: bodies)",
    "that a failed operation says why in error.code and error.message, and that the words of users' error reports "
    "tell a key that may not be used yet (selftest: services-without-grant)",
    "whether a key for disks is checked when it is set, or only when compute starts (selftest: "
    "disk-without-grant, start-without-grant)",
    "that disks cannot be taken from under their key again (selftest: disk-dropped, disk-to-default)",
    "what a storage firewall needs, where the old workspace has one (selftest: storage-firewall)",
    "that complianceStandards of NONE mean that none was asked for (selftest: values)",
)
_BUSY: Final = re.compile(r"being (modified|updated|created)|another operation", re.IGNORECASE)


def state_of(body: Mapping[str, Any]) -> str:
    """The provisioning state in the GET body of a resource; "Succeeded" where it names none."""
    return str((body.get("properties") or {}).get("provisioningState") or "Succeeded")


def at_rest(name: str, body: Mapping[str, Any]) -> None:
    """Raises Blocked for a workspace that was in `Failed` before the run, or that something else is changing: what is
    sent to it then can make it worse (azure-powershell#21324)."""
    if busy(body):
        raise Blocked(
            f"the workspace is in the state {state_of(body)}, and nothing is sent to it",
            subject=name,
            why="another operation on it is going on",
            next="wait until it has ended, then the same command again",
        )
    if state_of(body) in FAILED:
        raise Blocked(
            f"the workspace is in the state {state_of(body)}, and nothing is sent to it",
            subject=name,
            why="something else left it so",
            next="see why: az monitor activity-log list, or ask the vendor's support",
        )


def busy(body: Mapping[str, Any]) -> bool:
    """Whether an operation on the resource is going on."""
    return state_of(body) not in ENDED


def refusal(error: CallError) -> CallError:
    """`error`; an Ungranted where it says that a key may not be used, a NotYet where another operation is going on."""
    if isinstance(error, Refused) and _KEY.search(f"{error.code} {error.message}"):
        return Ungranted(error.message, status=error.status, code=error.code)
    if isinstance(error, Refused) and error.status == 409 and _BUSY.search(f"{error.code} {error.message}"):
        return NotYet(error.message, status=error.status, code=error.code)
    return error


def refused(site: Subscription, arm_id: str, error: CallError, *bodies: Mapping[str, Any]) -> CallError:
    """`refusal`, which says of a key who needs which right on it. bodies: what was sent, where it is known.

    Raises Stopped where the key cannot be used by anybody."""
    found = refusal(error)
    return key_use.explained(site, arm_id, found, *bodies) if isinstance(found, Ungranted) else found


def finish(site: Subscription, arm_id: str, made: Made, sent: Body | None = None) -> Body:
    """Wait for the operation of `made`, and until the workspace itself says that it has ended; gives its GET body.
    sent: the body that began it, where it is known.

    Raises Ungranted when it failed because a key may not be used, Refused with the service's text for any other
    failure, Stopped when it does not end within the time allowed (`--lro-timeout`), or a key cannot be used any more.
    """
    until = time.monotonic() + site.operation_s
    while made.operation_url:
        try:
            status = site.poll(made.operation_url)
        except NotFound:  # the service forgets its operations after a while; the resource still says how it is
            break
        if status["status"] in ENDED:
            if status["status"] in FAILED:
                raise refused(site, arm_id, _failure(status.get("error") or {}), sent or {})
            break
        _wait(site, until, arm_id, float(status.get("retry_after") or 0))
    body = idle(site, arm_id, until)
    if state_of(body) in FAILED:
        raise Refused(f"the workspace is in the state {state_of(body)}; its operation's error is not known any more")
    return body


def idle(site: Subscription, arm_id: str, until: float = 0.0) -> Body:
    """Wait until no operation on the workspace goes on, however it ended; gives its GET body. Raises Stopped."""
    until = until or time.monotonic() + site.operation_s
    while busy(body := site.workspace(arm_id)):
        _wait(site, until, arm_id, 0)
    return body


def covers(want: Any, have: Any) -> bool:
    """Whether `have` is as `want` says, as far as it says anything."""
    if isinstance(want, dict) and isinstance(have, dict):
        return all(name in have and covers(value, have[name]) for name, value in want.items())
    return bool(want == have)


def _failure(error: Mapping[str, Any]) -> CallError:
    return Refused(str(error.get("message") or "the operation failed"), code=str(error.get("code") or ""))


def _wait(site: Subscription, until: float, arm_id: str, asked: float) -> None:
    pause = asked or site.poll_s
    if time.monotonic() + pause > until:
        raise Stopped(
            "a long-running operation does not end",
            subject=arm_id,
            why=f"it has gone on for more than {site.operation_s:.0f} s",
            next="cmkmigrate resume waits for the same one again; --lro-timeout says how long",
        )
    time.sleep(pause)


def wait_for_key(error: Denied) -> Ungranted:
    """The Ungranted that a 403 of a vault is: it passes where the right was given a moment ago (role assignments take
    minutes)."""
    return Ungranted(error.message, status=error.status, code=error.code, request_id=error.request_id)
