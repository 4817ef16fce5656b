"""The change as code: read by Terraform's own parser, and held against the vendor's schema."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from cmkmigrate.render import code
from tests.evidence.definitions import SPECS

ARM_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/dbw"
KEYS = {
    name: {"key_uri": "https://kv.vault.azure.net/", "key_name": f"cmk-{at}", "key_version": f"{at}" * 32}
    for at, name in enumerate(("managed_services", "managed_disks", "dbfs_root"))
}
SCHEMA = SPECS / "arm-schemas" / "schemas" / code.API / "Microsoft.Databricks.json"


def some(*names: str) -> dict[str, Any]:
    return {name: KEYS[name] for name in names}


ALL = some(*KEYS)
SUBSETS = [ALL, some("managed_services"), some("managed_disks", "dbfs_root"), some("dbfs_root")]


def test_nothing_is_said_where_no_code_owns_it() -> None:
    assert code.text("none", ARM_ID, ALL) == code.text("", ARM_ID, ALL) == code.text("bicep", ARM_ID, {}) == ""


@pytest.mark.parametrize("keys", SUBSETS)
def test_terraform_reads_it_and_would_write_it_so(keys: dict[str, Any]) -> None:
    terraform = shutil.which("terraform") or shutil.which("tofu")
    if terraform is None:
        pytest.skip("there is no terraform here, whose parser this needs")
    said = code.text("terraform", ARM_ID, keys)
    shown = subprocess.run([terraform, "fmt", "-"], input=said, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == said
    broken = subprocess.run([terraform, "fmt", "-"], input=said + "}", capture_output=True, text=True, timeout=60)
    assert broken.returncode != 0, "the parser takes anything"


def test_terraforms_arguments() -> None:
    said = code.text("terraform", ARM_ID, ALL)
    arguments = dict(re.findall(r"^  (\w+) += (.*)$", said, re.MULTILINE))
    assert arguments == {
        "customer_managed_key_enabled": "true",
        "managed_services_cmk_key_vault_key_id": f'"https://kv.vault.azure.net/keys/cmk-0/{"0" * 32}"',
        "managed_disk_cmk_key_vault_key_id": f'"https://kv.vault.azure.net/keys/cmk-1/{"1" * 32}"',
        "workspace_id": "azurerm_databricks_workspace.this.id",
        "key_vault_key_id": f'"https://kv.vault.azure.net/keys/cmk-2/{"2" * 32}"',
        "to": "azurerm_databricks_workspace_root_dbfs_customer_managed_key.this",
        "id": f'"{ARM_ID}"',
    }
    assert "root_dbfs" not in code.text("terraform", ARM_ID, some("managed_disks"))


@pytest.mark.parametrize("keys", SUBSETS)
@pytest.mark.parametrize("owner", ["arm", "bicep"])
def test_the_vendors_schema_knows_every_name(owner: str, keys: dict[str, Any]) -> None:
    if not SCHEMA.is_file():
        pytest.skip("the vendor's schemas are not here (../shared/specs)")
    said = code.text(owner, ARM_ID, keys)
    body = json.loads(said) if owner == "arm" else read_bicep(said)
    whole = json.loads(SCHEMA.read_text())
    workspace = whole["resourceDefinitions"]["workspaces"]["properties"]
    given = {name: value for name, value in body.items() if name not in ("type", "apiVersion")}
    assert list(unknown(whole, workspace, given)) == []
    given["properties"]["encryption" if "managed_disks" in keys else "parameters"] = {"wrong": 1}
    assert list(unknown(whole, workspace, given)), "the schema takes anything"


def test_what_a_plan_does_not_know_is_said_so() -> None:
    later = {"managed_disks": {"key_uri": code.LATER, "key_name": "cmk", "key_version": code.LATER}}
    assert f'"{code.LATER}"' in code.text("terraform", ARM_ID, later)


def test_a_name_cannot_break_out() -> None:
    odd = {"managed_disks": {"key_uri": "https://kv/", "key_name": "a'${b}\"", "key_version": "v"}}
    assert '$${b}\\"' in code.text("terraform", ARM_ID, odd)
    assert read_bicep(code.text("bicep", ARM_ID, odd))["properties"] == code.properties(odd)


def unknown(whole: dict[str, Any], names: dict[str, Any], given: dict[str, Any], at: str = "") -> Any:
    """The fields, and the values of enumerations, that the schema does not have."""
    for name, value in given.items():
        if name not in names:
            yield f"{at}{name}"
            continue
        for definition in alternatives(whole, names[name]):
            if isinstance(value, dict) and "properties" in definition:
                yield from unknown(whole, definition["properties"], value, f"{at}{name}.")
            if isinstance(value, str) and "enum" in definition and value not in definition["enum"]:
                yield f"{at}{name}={value}"


def alternatives(whole: dict[str, Any], definition: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for one in definition.get("oneOf") or [definition]:
        if "$ref" in one and one["$ref"].startswith("#/definitions/"):
            found.append(whole["definitions"][one["$ref"].rpartition("/")[2]])
        elif "$ref" not in one:
            found.append(one)
    return found


def read_bicep(said: str) -> dict[str, Any]:
    """The object of a Bicep resource, where it has only objects, strings and true."""
    body = said[said.index("= {") + 2 :]
    tokens = re.findall(r"\{|\}|[A-Za-z]\w*(?=:)|'(?:\\.|[^'\\])*'|true|false", body)

    def read() -> Any:
        token = tokens.pop(0)
        if token == "{":
            found = {}
            while tokens[0] != "}":
                name = tokens.pop(0)
                found[name] = read()
            tokens.pop(0)
            return found
        return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith("'") else token == "true"

    result: dict[str, Any] = read()
    assert tokens == []
    return result
