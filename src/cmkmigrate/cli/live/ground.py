"""The ground that the questions are put on: a resource group of its own, what is made in it, and taking it away again.

Whatever could be made is written down before the request that makes it leaves, and is deleted by that id and no other.
Vaults, keys, grants and workspaces are made when the first check asks for them.
"""

from __future__ import annotations

import copy
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cmkmigrate.cli.live.check import NotSettled, Seen
from cmkmigrate.cli.live.scrub import Scrub
from cmkmigrate.cli.live.wire import Answer, Wire
from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.clients.cloud import Cloud
from cmkmigrate.errors import CallError, Denied, NotFound, OperatorError, Refused
from cmkmigrate.kinds.azure.key_access import KeyAccess
from cmkmigrate.kinds.azure.workspaces import merged, sendable
from cmkmigrate.model import Asset

WORKSPACES: Final = "2026-01-01"  # api-versions, those of the tool's own clients
VAULTS: Final = "2026-05-15"
GROUPS: Final = "2021-04-01"
ASSIGNMENTS: Final = "2022-04-01"
GRANT_S: Final = 900.0  # Azure documents minutes for a grant to take effect
FAILED: Final = ("Failed", "Canceled")
ENDED: Final = ("Succeeded", *FAILED)
RETENTION_DAYS: Final = 7  # the least that a vault takes


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a PUT of a workspace: the first answer, and the last of its operation ({} where there was none)."""

    answer: Answer
    operation: dict[str, Any]

    def seen(self) -> Seen:
        """Status; how the operation ended; code and text of a refusal or a failure."""
        found: Seen = self.answer.seen()
        if self.operation:
            found["operation"] = str(self.operation.get("status"))
            error = self.operation.get("error")
            if isinstance(error, dict):
                found |= {"code": str(error.get("code") or ""), "text": str(error.get("message") or "")}
        return found


class Ground:
    """compute: whether clusters may be started. second: another region, "" for none."""

    def __init__(self, cloud: Cloud, subscription: str, location: str, second: str = "", compute: bool = False) -> None:
        self.cloud, self.location, self.second, self.compute = cloud, location, second, compute
        self.site: Subscription = cloud.subscription(subscription)
        self.wire = Wire(cloud.credential, cloud.endpoints)
        self.tag = secrets.token_hex(4)
        self.group = f"rg-cmkmigrate-selftest-{self.tag}"
        self.delete = f"az group delete --name {self.group} --subscription {subscription}"  # what a person types
        self.group_id = f"/subscriptions/{subscription}/resourceGroups/{self.group}"
        self.left: list[str] = []  # what could not be cleaned up, and what to type
        self.ends: list[Callable[[], object]] = []  # called at the end: what was opened on this machine
        self._vaults: dict[str, bool] = {}  # ARM id -> whether it is purge-protected
        self._workspaces: list[str] = []
        self._made: dict[str, Any] = {}
        ends = cloud.endpoints
        known = {self.group: "GROUP", self.tag: "TAG", subscription: "SUBSCRIPTION", location: "REGION"}
        known |= {second: "SECOND-REGION", ends.vault_suffix: "VAULTS", ends.databricks_suffix: "WORKSPACES"}
        self.scrub = Scrub(known)
        for url, word in ((ends.arm, "ARM"), (ends.graph, "GRAPH"), (ends.authority, "LOGIN")):
            self.scrub.learn([(url.removeprefix("https://"), word)])

    # --- made once

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives; it is called once. What it raised is raised again as NotSettled."""
        if name not in self._made:
            try:
                self._made[name] = make()
            except (CallError, OperatorError) as error:
                self._made[name] = NotSettled(f"{name} could not be made: {self.scrub.text(str(error))}")
        if isinstance(self._made[name], NotSettled):
            raise self._made[name]
        return self._made[name]

    def begin(self) -> None:
        """Make the resource group. Raises CallError, and Refused where the name is taken."""
        if self.wire.arm("GET", self.group_id, GROUPS).status != 404:
            raise Refused(f"{self.group} is there already, or may not be looked for")
        self._made["group"] = True
        body = {"location": self.location, "tags": {"made-by": "cmkmigrate selftest"}}
        answer = self.wire.arm("PUT", self.group_id, GROUPS, body)
        if answer.status >= 300:
            self._made["group"] = answer.status >= 500
            raise Denied(str(answer.seen().get("text")), status=answer.status, code=str(answer.seen().get("code")))

    def vault(self, protected: bool = False, location: str = "") -> str:
        """ARM id of a vault that goes by roles; nobody has a right on its content yet."""
        location = location or self.location
        name = f"kvst{self.tag}{'p' if protected else 'o'}{'' if location == self.location else '2'}"
        return str(self.once(f"the vault {name}", lambda: self._vault(name, protected, location)))

    def _vault(self, name: str, protected: bool, location: str) -> str:
        arm_id = f"{self.group_id}/providers/Microsoft.KeyVault/vaults/{name}"
        properties = {
            "tenantId": self.site.tenant_id,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": RETENTION_DAYS,
        }
        if protected:
            properties["enablePurgeProtection"] = True
        self._vaults[arm_id] = protected
        self.scrub.learn([(name, "VAULT")])
        self.site.put_vault(arm_id, {"location": location, "properties": properties})
        self.until(lambda: self._ready(arm_id), f"{name} is not ready")
        return arm_id

    def _ready(self, vault: str) -> bool:
        return (self.site.vault(vault).get("properties") or {}).get("provisioningState") != "RegisteringDns"

    def key(self, vault: str, name: str) -> tuple[str, str, str]:
        """URI of the vault, name and version of a key. Made through Resource Manager: that needs no right on keys."""

        def make() -> tuple[str, str, str]:
            wanted = {"kty": "RSA", "keySize": 3072, "keyOps": ["wrapKey", "unwrapKey"]}
            answer = self.wire.arm("PUT", f"{vault}/keys/{name}", VAULTS, {"properties": wanted})
            if answer.status >= 300:
                raise Refused(str(answer.seen().get("text")), status=answer.status)
            uri, _, rest = str(answer.body["properties"]["keyUriWithVersion"]).partition("/keys/")
            return f"{uri}/", name, rest.rpartition("/")[2]

        self.scrub.learn([(name, "KEY")])
        found: tuple[str, str, str] = self.once(f"the key {name} of {vault.rpartition('/')[2]}", make)
        return found

    def grant(self, vault: str, key: str, principal: str, role: str = "crypto_service_encryption_user") -> None:
        """A role on a key, or on a whole vault, by the kind that does it for a migration."""
        settings = {"vault": vault, "key": key, "principals": [principal], "role": role}
        for asset in KeyAccess().desired(None, settings, lambda kind: ()):
            assert isinstance(asset, Asset)
            self.once(f"the grant to {principal} on {vault}/{key}", partial(KeyAccess().create, self.site, asset))

    def officer(self) -> str:
        """ARM id of the vault without purge protection, once the operator may do everything with its keys."""
        vault = self.vault()

        def make() -> str:
            self.grant(vault, "", "operator", "crypto_officer")
            self.until(lambda: self._may_create(vault), "the grant does not take effect")
            return vault

        return str(self.once("a right on the keys", make))

    def _may_create(self, vault: str) -> bool:
        try:
            self.site.keys(self.site.vault_uri(vault)).create("probe-key", "RSA", 2048)
        except Denied:
            return False
        return True

    # --- workspaces

    def workspace_id(self, name: str) -> str:
        """The ARM id of a workspace of the ground; it is deleted in the end, whether it came to be or not."""
        arm_id = f"{self.group_id}/providers/Microsoft.Databricks/workspaces/selftest-{self.tag}-{name}"
        if arm_id not in self._workspaces:
            self._workspaces.append(arm_id)
            self.scrub.learn([(f"selftest-{self.tag}-{name}", "WORKSPACE")])
        return arm_id

    def body(self, arm_id: str, sku: str = "premium", **properties: Any) -> dict[str, Any]:
        """What creates a workspace, and nothing beside it that is not asked for."""
        name = arm_id.rpartition("/")[2]
        subscription = ResourceId.parse(arm_id).subscription
        managed = f"/subscriptions/{subscription}/resourceGroups/databricks-{name}"
        given = {"computeMode": "Hybrid", "managedResourceGroupId": managed, **properties}
        return {"location": self.location, "sku": {"name": sku}, "properties": given}

    def put(self, arm_id: str, body: Mapping[str, Any]) -> Written:
        """PUT a workspace and wait for what it starts. Raises CallError, NotSettled."""
        answer = self.wire.arm("PUT", arm_id, WORKSPACES, body)
        url = answer.headers.get("azure-asyncoperation") or answer.headers.get("location") or ""
        if answer.status >= 300 or not url:
            return Written(answer, {})
        last = self._operation(url)
        self._settled(arm_id)
        return Written(answer, last)

    def _operation(self, url: str) -> dict[str, Any]:
        """The last answer of an operation. Raises CallError, NotSettled."""
        last: dict[str, Any] = {}

        def ended() -> bool:
            nonlocal last
            last = self.site.poll(url)
            return last.get("status") in ENDED

        self.until(ended, "the operation does not end", self.site.operation_s)
        last.pop("retry_after", None)
        return last

    def change(self, arm_id: str, change: Mapping[str, Any], drop: str = "") -> Written:
        """PUT what a workspace is, `change` laid over its properties; drop: an encryption entity that is left out.

        What it was is PUT again after a failure, which may leave behind what could not be carried out.
        """
        before = sendable(self.site.workspace(arm_id))
        body = copy.deepcopy(before)
        if drop:
            body["properties"].get("encryption", {}).get("entities", {}).pop(drop, None)
        written = self.put(arm_id, merged(body, {"properties": dict(change)}))
        if written.operation.get("status") in FAILED:
            self.put(arm_id, before)
        return written

    def _settled(self, arm_id: str) -> None:
        """Wait until nothing goes on in a workspace. Raises CallError, NotSettled."""
        self.until(lambda: self._state(arm_id) in ENDED, "the workspace stays busy", self.site.operation_s)

    def _state(self, arm_id: str) -> str:
        try:
            return str((self.site.workspace(arm_id).get("properties") or {}).get("provisioningState"))
        except NotFound:
            return "Failed"

    def until(self, done: Callable[[], bool], why: str, seconds: float = GRANT_S) -> None:
        """Ask until it is so. Raises NotSettled after so many seconds."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise NotSettled(f"{why} within {seconds:.0f} s")
            time.sleep(self.site.poll_s)

    # --- taking it away

    def clean(self) -> Iterator[str]:
        """Delete all of it, as far as that can be done; says what it does. What stays is in `left`. Raises nothing."""
        for end in self.ends:
            end()
        if not self._made.get("group"):
            return
        for arm_id in self._workspaces:
            yield f"deleting the workspace {arm_id.rpartition('/')[2]}"
            with suppress(CallError, OperatorError, NotSettled):  # one that is being made cannot be deleted
                self._settled(arm_id)
            self._gone(arm_id, WORKSPACES, "&forceDeletion=true")
        for vault, protected in self._vaults.items():
            yield f"deleting the vault {vault.rpartition('/')[2]}"
            ended = self._gone(vault, VAULTS)
            if ended == "deleted" and not protected:
                self._purge(vault)
            elif ended == "deleted":
                self.left.append(
                    f"the deleted vault {vault.rpartition('/')[2]} is held for {RETENTION_DAYS} days: it is "
                    "purge-protected, and nobody can purge it"
                )
        yield f"deleting the resource group {self.group}"
        if self._gone(self.group_id, GROUPS) == "failed":
            self.left.append(f"delete what is left: {self.delete}")

    def _purge(self, vault: str) -> None:
        name = vault.rpartition("/")[2]
        where = self.location if not name.endswith("2") else self.second
        path = f"/subscriptions/{self.site.id}/providers/Microsoft.KeyVault/locations/{where}/deletedVaults/{name}"
        try:
            answer = self.wire.arm("POST", f"{path}/purge", VAULTS)
        except (CallError, OperatorError):
            answer = Answer(0, {}, {})
        if not 200 <= answer.status < 300:
            self.left.append(f"the deleted vault {name} could not be purged: az keyvault purge --name {name}")

    def _gone(self, arm_id: str, version: str, more: str = "") -> str:
        """Delete one thing and wait until a read says 404: "deleted", "absent" where it never was, or "failed", which
        is noted in `left`."""
        try:
            if self.wire.arm("GET", arm_id, version).status == 404:
                return "absent"
            answer = self.wire.arm("DELETE", arm_id, f"{version}{more}")
            if answer.status >= 300 and answer.status != 404:
                raise Refused(str(answer.seen().get("text")), status=answer.status)
            if "providers/Microsoft.Databricks/" in answer.headers.get("location", ""):  # it answers in JSON
                self._operation(answer.headers["location"])
            self.until(
                lambda: self.wire.arm("GET", arm_id, version).status == 404,
                "it is still there",
                self.site.operation_s,
            )
        except (CallError, OperatorError, NotSettled) as error:
            self.left.append(f"{arm_id.rpartition('/')[2]} could not be deleted: {self.scrub.text(str(error))}")
            return "failed"
        return "deleted"
