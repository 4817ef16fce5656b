"""A playbook with its parameters and its sites: what plan, apply and verify are given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cmkmigrate import playbook as language
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.errors import Mistake
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import KNOWN_AFTER_APPLY
from cmkmigrate.playbook import Playbook, Step

Outputs = dict[str, dict[str, Any]]  # step id -> name -> value


class Sites(Protocol):
    """Opens sites (clients.cloud.Cloud)."""

    def workspace(self, ref: str, *, profile: str = "", source: bool = False, writes: bool | None = None) -> Any: ...

    def subscription(self, subscription_id: str) -> Any: ...

    def share_source(self, factor: float) -> bool: ...

    def source_share(self) -> float: ...


@dataclass
class Migration:
    """What is to be done, between which sites. Sites are opened when they are first needed, and kept."""

    playbook: Playbook
    params: dict[str, Any]
    kinds: Mapping[str, Kind]
    sites: Sites
    _open: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def source_ref(self) -> str:
        return str(language.fill(self.playbook.document.source, self._param))

    @property
    def identity(self) -> str:
        """Tells this migration from every other: the playbook's name, source and target as the operator named them."""
        target = language.fill(self.playbook.document.target, lambda hole: self._known(hole) or hole)
        names = ("existing_target", "target", "target_name", "target_url")
        named = [str(self.params[name]) for name in sorted(self.params) if name in names]
        text = "\n".join(
            [self.playbook.name, self.source_ref.rstrip("/").lower(), str(target).rstrip("/").lower(), *named]
        )
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def check(self) -> None:
        """Raises Mistake for names, ids and settings that are never right, as far as the parameters alone say it. Opens
        no site and sends nothing."""
        for given in (self.playbook.document.source, self.playbook.document.target):
            ref = str(language.fill(given, self._early))
            if ref.lower().startswith("/subscriptions/") and KNOWN_AFTER_APPLY not in ref:
                ResourceId.given(ref)
        for step in self.playbook.steps:
            left_out = step.unless and language.fill(step.unless, self._early)
            asked_for = not step.when or language.fill(step.when, self._early) not in ("", False, [], KNOWN_AFTER_APPLY)
            if step.kind and asked_for and not left_out:
                self.kinds[step.kind].check(dict(language.fill(step.settings, self._early)))

    def source(self) -> Any:
        """The source Workspace; it refuses writing."""
        return self._workspace(self.source_ref, "source", source=True)

    def target(self, outputs: Outputs) -> Any | None:
        """The target Workspace; None while an earlier step still has to make it (only in a preview)."""
        ref = str(language.fill(self.playbook.document.target, self._resolver(outputs)))
        if not ref or ref == KNOWN_AFTER_APPLY:
            return None
        if self.playbook.in_place:  # people work there: written, and at the pace of a source
            return self._workspace(ref, "source-written", source=True, writes=True)
        if ref.rstrip("/").lower() == self.source_ref.rstrip("/").lower():
            raise same(ref)
        target = self._workspace(ref, "target", source=False)
        if target.org_id and target.org_id == self.source().org_id:
            raise same(ref)
        return target

    def site(self, step: Step, kind: Kind, outputs: Outputs) -> Any | None:
        """Where a step writes things of this kind."""
        if kind.at == "arm":
            return self.subscription()
        if step.on == "source":
            return self._workspace(self.source_ref, "source-written", source=False)
        return self.target(outputs)

    def subscription(self) -> Any:
        """The Subscription of the source's ARM id. Mistake when the source was given by URL."""
        source = self.source()
        parts = source.arm_id.split("/")
        if len(parts) < 3:
            why = "a URL does not say in which subscription to provision"
            raise Mistake(
                "this playbook needs the source's ARM id",
                subject=self.source_ref,
                why=why,
                next="az databricks workspace list",
            )
        key = ("subscription", parts[2])
        if key not in self._open:
            self._open[key] = self.sites.subscription(parts[2])
        return self._open[key]

    def settings(self, step: Step, outputs: Outputs) -> dict[str, Any]:
        """`with:` of a step, filled."""
        return dict(language.fill(step.settings, self._resolver(outputs)))

    def skipped(self, step: Step, outputs: Outputs) -> str:
        """Why the step is left out ("" : it is not)."""
        resolve = self._resolver(outputs)
        if step.when and not language.fill(step.when, resolve):
            return f"{' and '.join(_names(step.when)) or 'it'} is not asked for"
        if not step.unless or not language.fill(step.unless, resolve):
            return ""
        names = [name for name in _names(step.unless) if resolve(f"params.{name}")]
        return f"{' and '.join(names) or 'unless'} {'are' if len(names) > 1 else 'is'} given"

    def gate(self, step: Step, outputs: Outputs) -> str:
        """The word that a person has to type before the step starts ("" : none)."""
        return str(language.fill(step.confirm, self._resolver(outputs)))

    def _workspace(self, ref: str, role: str, *, source: bool, writes: bool | None = None) -> Any:
        key = (role, ref)
        if key not in self._open:
            profile = str(self.params.get(f"{role.split('-')[0]}_profile", ""))
            more = {} if writes is None else {"writes": writes}
            self._open[key] = self.sites.workspace(ref, profile=profile, source=source, **more)
        return self._open[key]

    def _param(self, hole: str) -> Any:
        return self.params[hole.removeprefix("params.")]

    def _early(self, hole: str) -> Any:
        """A hole before any site is open."""
        return self._param(hole) if hole.startswith("params.") else KNOWN_AFTER_APPLY

    def _known(self, hole: str) -> Any:
        return self._param(hole) if hole.startswith("params.") else ""

    def _resolver(self, outputs: Outputs) -> Any:
        def resolve(hole: str) -> Any:
            head, _, rest = hole.partition(".")
            if head == "params":
                return self.params[rest]
            if head == "steps":
                step, _, name = rest.partition(".")
                return outputs.get(step, {}).get(name, KNOWN_AFTER_APPLY)
            return self._of_source(rest)

        return resolve

    def _of_source(self, name: str) -> Any:
        source = self.source()
        parts = source.arm_id.split("/")
        if name in ("subscription", "resource_group"):
            index = 2 if name == "subscription" else 4
            return parts[index] if len(parts) > index else ""
        if name == "tags":
            return dict(source.resource.get("tags") or {})
        return {"id": source.arm_id, "name": source.name, "location": source.location, "url": source.url}[name]


def _names(text: str) -> list[str]:
    """The parameters that a text has holes for."""
    return [hole.removeprefix("params.") for hole in language.HOLE.findall(text)]


def same(ref: str) -> Mistake:
    """The error for a target that is the source."""
    return Mistake("source and target are the same workspace", subject=ref, next="name another target")
