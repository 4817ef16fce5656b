"""What the kinds have in common that carry what hangs on a workspace in Resource Manager and is not in its body."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.errors import Mistake, NotFound, Refused, Stopped
from cmkmigrate.kinds.azure.operations import FAILED, busy, refusal, state_of
from cmkmigrate.kinds.base import Kind, Settings, Site
from cmkmigrate.model import Asset, Body, Entry, Made


class Attached(Kind):
    """What hangs on a workspace and is known by its name there. Settings: workspace (ARM id of the new one)."""

    at = "arm"
    owns = ("properties",)
    settings: ClassVar[dict[str, type]] = {"workspace": str}
    api: ClassVar[str]  # its api-version

    @abstractmethod
    def asset(self, one: Body, at: str) -> Asset:
        """What is compared of a resource, and where it is or shall be."""

    def load(self, site: Subscription, entry: Entry) -> Asset:
        return self.asset(site.read(entry.id, self.api), entry.id)

    def fit(self, want: Body, have: Body) -> Body:
        fitted: Body = as_there(want, have)
        return fitted

    def create(self, site: Subscription, asset: Asset) -> Made:
        body = asset.body or {}
        return put(site, str(body["at"]), self.api, {"properties": body["properties"]})

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        return self.create(site, want)


def reads_of(source: Site) -> Reads:
    """Reads Resource Manager around the old workspace. Raises Mistake where that was given by URL."""
    if source.arm is None:
        raise Mistake(
            "this step needs the source's ARM id", subject=source.url, next="az databricks workspace list --query [].id"
        )
    found: Reads = source.arm
    return found


def target_of(settings: Settings) -> str:
    """ARM id of the new workspace, or what stands for one that is not there yet."""
    found = str(settings.get("workspace") or "")
    if not found:
        raise Mistake("on which workspace?", next="set `workspace` to its ARM id")
    return found


def there(listing: Callable[[], list[Body]]) -> Iterable[Body]:
    """What a listing holds; nothing where the thing that it is of is not there (any more)."""
    try:
        return listing()
    except NotFound:
        return []


def as_there(want: Any, have: Any) -> Any:
    """`want`, with every text that differs from the one in `have` by case alone spelt as there: ARM knows no case."""
    if isinstance(want, dict) and isinstance(have, dict):
        return {name: as_there(value, have.get(name)) for name, value in want.items()}
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        return [as_there(one, other) for one, other in zip(want, have, strict=True)]
    if isinstance(want, str) and isinstance(have, str) and want.lower() == have.lower():
        return have
    return want


def put(site: Subscription, arm_id: str, version: str, body: Body) -> Made:
    """ONE PUT. Raises NotYet where another operation on the same thing is going on."""
    try:
        answer = site.put_resource(arm_id, version, body)
    except Refused as error:
        raise refusal(error) from None
    return Made(str(answer.get("id") or arm_id))


def finished(site: Subscription, arm_id: str, version: str) -> Body:
    """Wait until a resource says that what goes on with it has ended; its GET body. Raises Refused, Stopped."""
    until = time.monotonic() + site.operation_s
    while busy(body := site.read(arm_id, version)):
        if time.monotonic() + site.poll_s > until:
            next = "cmkmigrate resume takes it up again"
            raise Stopped("a long-running operation does not end", subject=arm_id, next=next)
        time.sleep(site.poll_s)
    if state_of(body) in FAILED:
        raise Refused(f"{arm_id.rpartition('/')[2]} is in the state {state_of(body)}")
    return body
