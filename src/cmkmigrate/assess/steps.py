"""What is to be done for a remedy, in order, each with the command to type. Pure; asks nobody."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cmkmigrate.assess import mend
from cmkmigrate.assess.model import Remedy, Step, Want
from cmkmigrate.assess.remedy import to_switch_on
from cmkmigrate.audit import health
from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.audit.keys import Key
from cmkmigrate.audit.model import Row, Verdict
from cmkmigrate.audit.remedy import vault_name

_OLD: Final = (
    "the key covers what was written since it was put on. Accept the rest in the scope file, or write the contents "
    "anew in the workspace (docs/in-place.md says what that does not reach), or name the reason no-old-data and migrate"
)


def steps(
    rows: Sequence[Row],
    resource: Mapping[str, Any],
    remedy: Remedy,
    wanted: Iterable[Want],
    keys: Mapping[tuple[str, str], Key],
    vaults: Sequence[Mapping[str, Any]],
) -> tuple[Step, ...]:
    """The steps of one workspace. keys: by vault URI and name. vaults: those that hold keys of workspaces already."""
    found = []
    for row in rows:
        if row.verdict in (Verdict.DEGRADED, Verdict.UNKNOWN) and remedy is not Remedy.MIGRATE:
            found += mend.steps(row)
    if remedy is Remedy.IN_PLACE:
        if features := to_switch_on(rows):
            key, said = _key(rows, keys), []
            if key:
                said += [
                    f"-p vault_id={shlex.quote(text(key.vault.get('id')))}",
                    f"-p key_id={shlex.quote(key_id(key))}",
                ]
            else:
                said.append(_vault(resource, vaults))
            names = ",".join(features)
            command = (
                f"cmkmigrate plan enable-in-place -p workspace={_id(resource)} {' '.join(said)} -p features={names}"
            )
            found.append(Step("in-place", f"put {names} under the key, where the workspace is", command))
        if any(row.verdict is Verdict.FUTURE_WRITES for row in rows):
            found.append(Step("old-data", _OLD))
    elif remedy is Remedy.MIGRATE:
        found.append(Step("migrate", "move into a new workspace under the key", _migrate(resource, wanted, vaults)))
    elif remedy is Remedy.NOT_ELIGIBLE:
        found.append(
            Step("not-eligible", "accept it in the scope file, or move what needs the key to a classic workspace")
        )
    return mend.once(found)


def vault_for(resource: Mapping[str, Any], vaults: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """A vault that holds keys of workspaces and could hold this one's: in its subscription and region, protected
    against purging, open to Azure's services. The first by name, so that the answer is always the same, and an HSM only
    where there is no vault; None where one is to be made."""
    region = text(resource.get("location")).lower()
    home = "/".join(text(resource.get("id")).lower().split("/")[:3]) + "/"
    near = [one for one in vaults if text(one.get("id")).lower().startswith(home)]
    fit = [one for one in near if text(one.get("location")).lower() == region and not health.of_vault(one)]
    return min(fit, key=lambda one: (health.is_hsm(one), text(one.get("name"))), default=None)


def key_id(key: Key) -> str:
    """The id of a key's newest version."""
    return text(mapping(key.newest.get("properties")).get("keyUriWithVersion"))


def _key(rows: Iterable[Row], keys: Mapping[tuple[str, str], Key]) -> Key | None:
    """The healthy key that another feature of the workspace is under."""
    for row in rows:
        key = keys.get((row.vault_uri, row.key_name))
        if row.verdict in (Verdict.CMK, Verdict.FUTURE_WRITES) and key and key.vault and key_id(key):
            return key
    return None


def own_vault(rows: Iterable[Row], keys: Mapping[tuple[str, str], Key]) -> Mapping[str, Any] | None:
    """The vault of the healthy key that another feature of the workspace is under."""
    key = _key(rows, keys)
    return key.vault if key else None


def _vault(resource: Mapping[str, Any], vaults: Sequence[Mapping[str, Any]]) -> str:
    vault = vault_for(resource, vaults)
    if vault is not None:
        return f"-p vault_id={shlex.quote(text(vault.get('id')))}"
    return f"-p vault_name={vault_name(text(resource.get('id')))}"


def _migrate(resource: Mapping[str, Any], wanted: Iterable[Want], vaults: Sequence[Mapping[str, Any]]) -> str:
    parameters = mapping(mapping(resource.get("properties")).get("parameters"))
    said = [f"cmkmigrate plan cmk-migration -p source={_id(resource)}"]
    said += [f"-p target_name={shlex.quote(text(resource.get('name')) + '-cmk')}", _vault(resource, vaults)]
    if vault := vault_for(resource, vaults):
        said.append(f"-p vault_name={text(vault.get('name'))}")
    doubled = mapping(parameters.get("requireInfrastructureEncryption")).get("value") is True
    if doubled or Want.DOUBLE_ENCRYPTION in wanted:  # what it has is not to be lost by moving
        said.append("-p double_encryption=true")
    if text(mapping(parameters.get("customVirtualNetworkId")).get("value")):
        said.append("-p public_subnet=NAME -p private_subnet=NAME")
    return " ".join(said)


def _id(resource: Mapping[str, Any]) -> str:
    return shlex.quote(text(resource.get("id")))
