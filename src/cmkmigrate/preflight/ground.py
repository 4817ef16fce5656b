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

from cmkmigrate.clients import permissions
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.engine.migration import Migration, Outputs
from cmkmigrate.engine.observe import Board
from cmkmigrate.engine.preview import Preview
from cmkmigrate.errors import CallError, NotFound, OperatorError
from cmkmigrate.kinds.azure.features import key_is_wanted
from cmkmigrate.kinds.azure.key_rules import is_hsm
from cmkmigrate.model import KNOWN_AFTER_APPLY, Action, Asset, Do
from cmkmigrate.preflight.sites import Patient
from cmkmigrate.run import locks
from cmkmigrate.run.ledger import Ledger, Where

T = TypeVar("T")
VAULTS = "Microsoft.KeyVault/vaults"
WORKSPACES = "Microsoft.Databricks/workspaces"


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
    shared: bool = False  # the run is, or will be, in the shared state, and `directory` is its name
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
        at_work = any(self.migration.kinds[one.kind].at == "workspace" for one in self.ahead)
        return at_work and not self.migration.playbook.in_place

    @property
    def starts_compute(self) -> bool:
        """Whether clusters are created, which start: those that are moved, or one that probes the disks' key."""
        return self.moves or any(one.makes for one in self.of("disk_probe"))

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
        known = {id.lower() for id in found}
        found |= {one.id: True for one in self.key_homes().values() if one and one.id.lower() not in known}
        return {id: existing for id, existing in found.items() if f"/{VAULTS}/".lower() in id.lower()}

    def kids(self) -> dict[str, set[str]]:
        """The keys that exist and are used as they are, with the features that each is for ("" for a step of all)."""
        found: dict[str, set[str]] = {}
        for one in self.of("keys"):
            given = [known(each) for each in (one.settings.get("existing"), *(one.settings.get("first_of") or ()))]
            if key_is_wanted(one.settings) and (kid := next((each for each in given if each), "")):
                found.setdefault(kid, set()).add(str(one.settings.get("feature") or ""))
        return found

    def key_homes(self) -> dict[str, Thing | None]:
        """kid -> the vault or managed HSM that it is in; None where no subscription that can be listed has it."""
        return {kid: self.once(f"home {kid}", partial(self._home, kid)) for kid in self.kids()}

    def hsm_ids(self) -> list[str]:
        """The ARM ids of the managed HSMs that are used, as far as they are named or found."""
        named = [known(one.settings.get("existing")) for one in self.of("key_vaults")]
        named += [known(one.settings.get("vault")) for one in self.of("keys")]
        named += [one.id for one in self.key_homes().values() if one]
        return list({id.lower(): id for id in named if is_hsm(id)}.values())

    def hsms(self) -> list[Thing]:
        """The managed HSMs that are used. Raises CallError."""
        return [self.once(f"hsm {id.lower()}", partial(self._thing, id, self.site.home)) for id in self.hsm_ids()]

    @staticmethod
    def made(one: Ahead) -> bool:
        """Whether a step of keys makes one, and does not name one that exists or that another step makes."""
        return bool(known(one.settings.get("name"))) and not one.settings.get("existing")

    def features_of(self, home: Thing) -> set[str]:
        """The features whose key is, or will be, in a vault or HSM."""
        kids = self.kids()
        of = [kids[kid] for kid, one in self.key_homes().items() if one and one.id.lower() == home.id.lower()]
        made = any(self._id(one, VAULTS).lower() == home.id.lower() for one in self.of("key_vaults"))
        return self.features if made or any("" in each for each in of) else set().union(*of)

    def _home(self, kid: str) -> Thing | None:
        try:
            found: Mapping[str, Any] = self.site.home_of(kid)
        except (CallError, OperatorError):
            return None
        return Thing(str(found["id"]), str(found.get("name") or ""), found)

    def vaults(self) -> list[Thing]:
        """The vaults that are used or made. Raises CallError."""
        return [self.once(f"vault {id.lower()}", partial(self._vault, id)) for id in self.vault_ids()]

    def granting(self) -> list[Thing]:
        """The vaults on which a grant is made; all, while it is not known on which. Raises CallError."""
        named = {scope.partition("/keys/")[0].lower() for scope in self.grant_scopes()}
        return [one for one in self.vaults() if one.id.lower() in named or "" in named]

    def grant_scopes(self) -> list[str]:
        """The vaults and keys on which a grant is made, "" for one that is known only after apply. A feature that is
        left out has none (the empty string in `keys`)."""
        found: list[str] = []
        for one in self.of("key_access"):
            scopes = one.settings.get("keys")
            given = [one.settings.get("vault")] if scopes is None else [scope for scope in scopes if scope != ""]
            found += [known(scope) for scope in given if one.makes]
        return found

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
        return list(self.subscription_of(at).listing(permissions.path(at), permissions.VERSION))

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


def survey(migration: Migration, like: Ledger | None, where: Where) -> Ground:
    """Plan what is provisioned, and open what is there. like: the run that exists, whose names are taken up.
    where: it is, or would be made.

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
        shared = not isinstance(where, Path)
        return Ground(reader, board.outputs, ahead, problems, refused, Path(str(where)), run, held, shared)


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
