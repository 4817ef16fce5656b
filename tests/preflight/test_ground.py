"""What the checks look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.engine.migration import Migration
from cmkmigrate.errors import CallError, Fatal, NotAllowed, NotFound
from cmkmigrate.preflight.ground import known, survey
from cmkmigrate.preflight.sites import Closed, Patient
from cmkmigrate.run.ledger import Ledger
from tests.preflight.fakes import GROUP, KID, NEW, OLD, SUBSCRIPTION, VAULT, Sites, Stage, denied, vault, workspace


def test_what_is_asked_for(stage: Stage) -> None:
    move, place, contents = (stage.ground(name) for name in ("cmk-migration", "enable-in-place", "contents-only"))
    assert (move.moves, move.in_place, move.makes_workspace) == (True, False, True)
    assert (place.moves, place.in_place, place.makes_workspace) == (False, True, False)
    assert (contents.moves, contents.in_place, contents.makes_workspace) == (True, False, False)
    assert move.features == place.features == {"managed_services", "managed_disks", "dbfs_root"}
    assert contents.features == set()


def test_a_workspace_that_is_used_as_it_is_gets_no_key(stage: Stage) -> None:
    ground = stage.there(workspace("new")).ground(existing_target=NEW)
    assert ground.features == set() and ground.vaults() == [] and not ground.makes_workspace
    target = ground.workspace()
    assert target is not None and target.resource is not None


def test_things_that_are_there_and_not(stage: Stage) -> None:
    ground = stage.ground()
    (made,) = ground.vaults()
    assert (made.id, made.name, made.resource, made.properties) == (VAULT, "kv1", None, {})
    assert made.group_id == GROUP
    target = ground.workspace()
    assert target is not None and (target.id, target.resource) == (NEW, None)
    stage.there(vault())
    assert stage.ground(vault_id=VAULT).vaults()[0].resource is not None
    assert ground.vaults()[0].resource is None, "each thing is read once"


def test_what_cannot_be_read_is_raised_every_time(stage: Stage) -> None:
    stage.azure.things[VAULT.lower()] = denied()
    ground = stage.ground()
    for _ in range(2):
        with pytest.raises(CallError):
            ground.vaults()
    assert ground.vault_ids() == {VAULT: False}


def test_permissions_come_from_above_where_nothing_is_there(stage: Stage) -> None:
    ground = stage.ground()
    suffix = "/providers/Microsoft.Authorization/permissions"
    for missing in (VAULT, GROUP):
        stage.azure.put(missing + suffix, NotFound("no"))
    stage.azure.put(f"/subscriptions/{SUBSCRIPTION}{suffix}", [{"actions": ["x"]}])
    assert ground.permissions(VAULT) == [{"actions": ["x"]}]
    stage.azure.put(f"/subscriptions/{SUBSCRIPTION}{suffix}", NotFound("no"))
    with pytest.raises(NotFound):
        stage.ground().permissions(VAULT)


def test_a_workspace_that_lets_nobody_in(stage: Stage) -> None:
    sites = Sites(stage.azure, NotAllowed("no"), stage.target)
    closed = Patient(_Writable(sites)).workspace(OLD, source=True)
    assert isinstance(closed, Closed) and (closed.name, closed.location) == ("old", "westeurope")
    with pytest.raises(NotAllowed):
        closed.read("/api/2.0/clusters/list")
    with pytest.raises(NotAllowed):
        Patient(_Writable(sites)).workspace("https://adb-1.1.azuredatabricks.test", source=True)
    stage.azure.things[OLD.lower()] = denied()
    with pytest.raises(NotAllowed):
        Patient(_Writable(sites)).workspace(OLD, source=True)


class _Writable:
    """Sites as the reading ones open them."""

    def __init__(self, sites: Sites) -> None:
        self._sites_ = sites
        self.paces = sites.paces

    def subscription(self, id: str) -> Any:
        return self._sites_.subscription(id)

    def workspace(self, ref: str, *, profile: str = "", source: bool = False, writes: bool | None = None) -> Any:
        assert writes is False
        return self._sites_.workspace(ref, source=source)


def surveyed(stage: Stage, name: str = "cmk-migration", like: Ledger | None = None, **params: Any) -> Any:
    made = stage.ground(name, **params).migration
    sites = _Writable(made.sites)  # type: ignore[arg-type]
    return survey(Migration(made.playbook, made.params, made.kinds, sites), like, stage.directory)  # type: ignore[arg-type]


def test_a_survey(stage: Stage) -> None:
    stage.source.resource = workspace("old")
    ground = surveyed(stage)
    assert not ground.problems and not ground.refused
    makes = {one.step: one.makes for one in ground.of("key_vaults", "keys", "workspaces")}
    assert makes["vault"] and makes["key"] and makes["workspace"]
    assert (ground.run, ground.held) == ("", "")
    with pytest.raises(Fatal):
        ground.site.put_workspace(OLD, {})


def test_a_survey_tells_all_that_cannot_be_planned(stage: Stage) -> None:
    stage.source.resource = workspace("old", sku="standard")
    stage.azure.taken = "AlreadyExists"
    ground = surveyed(stage)
    assert {"vault", "workspace"} <= {*ground.problems, *(one.step for one in ground.refused)}, ground.problems


def test_what_is_there_already_is_not_made(stage: Stage) -> None:
    stage.source.resource = workspace("old")
    ground = surveyed(stage.there(vault()), vault_id=VAULT)
    assert [one.makes for one in ground.of("key_vaults")] == [False]
    assert [one.name for one in ground.granting()] == ["kv1"]


def test_a_run_that_is_there(stage: Stage, tmp_path: Path) -> None:
    stage.source.resource = workspace("old")
    ledger = Ledger.create(tmp_path / "ledger", {"run": "r-1"})
    assert (surveyed(stage, like=ledger).run, surveyed(stage, like=ledger).held) == ("r-1", "")


def test_known() -> None:
    assert (known(None), known("(known after apply)"), known(KID)) == ("", "", KID)
