"""What the checks look at: the playbook as it would be carried out now, and both sides, each thing read once.

The steps that provision are planned as in a dry run. Where one cannot be, that is kept, and the others are planned all
the same: a preflight says all that is wrong at once. A workspace that lets nobody in is looked at from Resource Manager
alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.clients.pace import Paces
from cmkmigrate.engine.migration import Migration, Outputs
from cmkmigrate.engine.observe import Board
from cmkmigrate.engine.preview import Preview
from cmkmigrate.engine.reading import ReadOnly
from cmkmigrate.errors import CallError, NotAllowed, NotFound, OperatorError
from cmkmigrate.model import KNOWN_AFTER_APPLY, Action, Asset, Do
from cmkmigrate.run import locks
from cmkmigrate.run.ledger import Ledger

T = TypeVar("T")
VAULTS = "Microsoft.KeyVault/vaults"
WORKSPACES = "Microsoft.Databricks/workspaces"


class Closed:
    """A workspace as Resource Manager shows it, where the workspace itself lets the caller not in."""

    def __init__(self, arm_id: str, resource: Mapping[str, Any], why: NotAllowed, arm: Reads) -> None:
        self.arm_id, self.resource, self._why, self.arm = arm_id, dict(resource), why, arm
        self.name, self.location = str(resource.get("name") or ""), str(resource.get("location") or "")
        self.url, self.org_id = "", ""
        self.cache: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        raise self._why


class Patient:
    """Opens every site for reading; a workspace that lets nobody in is given as `Closed`."""

    def __init__(self, sites: Any) -> None:
        self._sites = ReadOnly(sites)

    @property
    def paces(self) -> Paces:
        """How fast each family of endpoints may be called."""
        found: Paces = self._sites.paces
        return found

    def share_source(self, factor: float) -> bool:
        """Call sources at this part of their limits from now on; whether that is a change."""
        return self._sites.share_source(factor)

    def subscription(self, id: str) -> Any:
        """A Subscription that refuses to write."""
        return self._sites.subscription(id)

    def workspace(self, ref: str, *, profile: str = "", source: bool = False) -> Any:
        """A Workspace that refuses to write, or Closed. Raises as clients.cloud.Cloud does for what is not there."""
        try:
            return self._sites.workspace(ref, profile=profile, source=source)
        except NotAllowed as error:
            if not ref.lower().startswith("/subscriptions/"):
                raise
            try:
                site = self.subscription(ResourceId.parse(ref).subscription)
                resource = site.workspace(ref)
            except CallError:
                raise error from None
            return Closed(ref, resource, error, Reads(site.read, site.listing))


@dataclass(frozen=True, slots=True)
class Ahead:
    """A step that is not left out, with its settings as far as they are known now."""

    step: str
    kind: str
    settings: Mapping[str, Any]
    makes: bool = True  # whether it has something to write, as far as can be seen now


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource that the playbook uses or makes. resource: its JSON, None where it is not there yet."""

    id: str
    name: str
    resource: Mapping[str, Any] | None

    @property
    def properties(self) -> Mapping[str, Any]:
        found = (self.resource or {}).get("properties")
        return found if isinstance(found, dict) else {}

    @property
    def group_id(self) -> str:
        """The ARM id of its resource group."""
        return "/".join(self.id.split("/")[:5])


@dataclass
class Ground:
    """Safe to use from many threads. directory: of the run that is there or would be made. now: Unix seconds.

    problems: step -> why it could not be planned. refused: what cannot go well in steps that could. run: the id of the
    run that is there, "" for none; held: who is at work on it now, "" for nobody.
    """

    migration: Migration
    outputs: Outputs
    ahead: list[Ahead]
    problems: dict[str, OperatorError | CallError]
    refused: list[Action]
    directory: Path
    run: str = ""
    held: str = ""
    now: float = field(default_factory=time.time)
    _kept: dict[str, Any] = field(default_factory=dict)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # --- what is asked for

    def of(self, *kinds: str) -> list[Ahead]:
        """The steps ahead that drive one of these kinds."""
        return [one for one in self.ahead if one.kind in kinds]

    @property
    def moves(self) -> bool:
        """Whether contents are moved from one workspace into another."""
        return any(self.migration.kinds[one.kind].at == "workspace" for one in self.ahead)

    @property
    def features(self) -> set[str]:
        """The features that are to be put under a key; a workspace that is used as it is gets none."""
        put = [one for one in self.ahead if one.kind != "workspaces" or not one.settings.get("existing")]
        return {str(name) for one in put for name in one.settings.get("features") or ()}

    @property
    def in_place(self) -> bool:
        """Whether a workspace that exists is changed."""
        return bool(self.of("entity_encryption"))

    @property
    def makes_workspace(self) -> bool:
        """Whether a workspace is made."""
        return any(not one.settings.get("existing") for one in self.of("workspaces"))

    # --- both sides

    @property
    def source_id(self) -> str:
        """The ARM id of the source, "" where it was given by URL."""
        ref = self.migration.source_ref
        return ref if ref.lower().startswith("/subscriptions/") else ""

    @property
    def site(self) -> Any:
        """The Subscription of the source (or of any, where it was given by URL), which refuses to write."""
        id = ResourceId.parse(self.source_id).subscription if self.source_id else ""
        return self.migration.sites.subscription(id)

    def subscription_of(self, arm_id: str) -> Any:
        """The Subscription that an ARM id is in."""
        return self.migration.sites.subscription(arm_id.split("/")[2])

    def resource(self) -> Thing:
        """The source as Resource Manager has it. Raises CallError."""
        return self.once("source", lambda: self._thing(self.source_id, self.site.workspace))

    def source(self) -> Any:
        """The source Workspace, open. Raises OperatorError."""
        return self.migration.source()

    def target(self) -> Any | None:
        """The target Workspace, open; None while it is to be made, or is the source. Raises OperatorError."""
        if self.in_place:
            return None
        return self.once("target", lambda: self.migration.target(self.outputs))

    @property
    def workspace_id(self) -> str:
        """The ARM id of the target, "" where no step names one."""
        return next((id for one in self.of("workspaces") if (id := self._id(one, WORKSPACES))), "")

    def workspace(self) -> Thing | None:
        """The target as Resource Manager has it; None where no step names one. Raises CallError."""
        id = self.workspace_id
        return self.once(f"workspace {id}", partial(self._workspace, id)) if id else None

    def vault_ids(self) -> dict[str, bool]:
        """The ARM ids of the vaults that are used or made, and whether each is used as it is."""
        found = {self._id(one, VAULTS): bool(one.settings.get("existing")) for one in self.of("key_vaults")}
        return {id: existing for id, existing in found.items() if f"/{VAULTS}/".lower() in id.lower()}

    def vaults(self) -> list[Thing]:
        """The vaults that are used or made. Raises CallError."""
        return [self.once(f"vault {id.lower()}", partial(self._vault, id)) for id in self.vault_ids()]

    def granting(self) -> list[Thing]:
        """The vaults on which a grant is made. Raises CallError."""
        named = {known(one.settings.get("vault")).lower() for one in self.of("key_access") if one.makes}
        return [one for one in self.vaults() if one.id.lower() in named or "" in named]

    def _id(self, one: Ahead, type: str) -> str:
        """The ARM id of what a step uses or makes, "" where it is not known."""
        existing, name = known(one.settings.get("existing")), known(one.settings.get("name"))
        if existing or not name or not self.source_id:
            return existing
        home = ResourceId.parse(self.source_id)
        return str(ResourceId(home.subscription, known(one.settings.get("resource_group")) or home.group, type, name))

    def wanted(self, one: Ahead) -> list[Asset]:
        """What a step would have, as it would be sent, as far as it is known. Raises OperatorError."""
        kind = self.migration.kinds[one.kind]
        return [each for each in kind.desired(self.source(), one.settings, lambda name: ()) if isinstance(each, Asset)]

    # --- reading once

    def once(self, what: str, read: Callable[[], T]) -> T:
        """What `read` gives, kept under `what`; what it raises is raised every time."""
        with self._lock:
            lock = self._locks.setdefault(what, threading.Lock())
        with lock:
            if what not in self._kept:
                try:
                    self._kept[what] = read()
                except (CallError, OperatorError) as error:
                    self._kept[what] = error
            kept: T = self._kept[what]
        if isinstance(kept, CallError | OperatorError):
            raise kept
        return kept

    def permissions(self, scope: str) -> list[dict[str, Any]]:
        """What the caller may do at a scope, or at the nearest one above it that is there. Raises CallError.

        https://learn.microsoft.com/rest/api/authorization/permissions (2022-04-01); listing them is itself a read.
        """
        parts = scope.strip("/").split("/")
        while True:
            at = "/" + "/".join(parts)
            try:
                return self.once(f"permissions {at.lower()}", partial(self._permissions, at))
            except NotFound:
                if len(parts) <= 2:
                    raise
                parts = parts[: 4 if len(parts) > 4 else 2]

    def _permissions(self, at: str) -> list[dict[str, Any]]:
        path = f"{at}/providers/Microsoft.Authorization/permissions"
        return list(self.subscription_of(at).listing(path, "2022-04-01"))

    def _workspace(self, id: str) -> Thing:
        return self._thing(id, self.subscription_of(id).workspace)

    def _vault(self, id: str) -> Thing:
        return self._thing(id, self.subscription_of(id).vault)

    @staticmethod
    def _thing(id: str, get: Callable[[str], Mapping[str, Any]]) -> Thing:
        try:
            resource: Mapping[str, Any] | None = get(id)
        except NotFound:
            resource = None
        return Thing(id, id.rstrip("/").rpartition("/")[2], resource)


def survey(migration: Migration, like: Ledger | None, directory: Path) -> Ground:
    """Plan what is provisioned, and open what is there. like: the run that exists, whose names are taken up.

    Raises OperatorError where the source cannot even be found, or signing in fails.
    """
    reader = replace(migration, sites=Patient(migration.sites), _open={})
    with Ledger.scratch(like=like) as scratch:
        preview = Preview(Board(reader, scratch, {}, preview=True))
        problems = preview.rehearse()
        actions = list(preview.actions())
        refused = [one for one in actions if one.do is Do.BLOCK]
        kept = {step.id for step in reader.playbook.steps if step.id not in problems}
        kept -= {one.step for one in actions if one.do is not Do.KEEP}
        board = preview.board
        ahead = [
            Ahead(step.id, name, _settings(reader, step, board.outputs), step.id not in kept)
            for step in reader.playbook.steps
            if step.id not in preview.skipped
            for name in _kinds(reader, step)
        ]
        run, held = (like.meta().get("run", ""), locks.holder(like.engine)) if like else ("", "")
        return Ground(reader, board.outputs, ahead, problems, refused, directory, run, held)


def known(value: Any) -> str:
    """A setting as text; "" while it is known only after apply."""
    return "" if value in (None, KNOWN_AFTER_APPLY) else str(value)


def _kinds(reader: Migration, step: Any) -> list[str]:
    from cmkmigrate.playbook import step_kinds

    return step_kinds(step, reader.kinds)


def _settings(reader: Migration, step: Any, outputs: Outputs) -> dict[str, Any]:
    try:
        return reader.settings(step, outputs)
    except (OperatorError, CallError):
        return {}
