"""Signs that infrastructure-as-code owns a workspace. A sign is named with where it was seen; none seen proves nothing.

What tools write by themselves, or what their documentation proposes:

- Azure Developer CLI: the tag `azd-env-name` on what it deploys (vendor's page on its templates).
- Yor, which tags Terraform, CloudFormation and Bicep sources: `yor_trace`, `git_file`, `git_repo`, `git_commit`; the
  Terraform modules of Azure Verified Modules write them with the prefix `avm_`.
- Terraform, Pulumi and Bicep write no tag of their own on Azure; teams do: a tag such as managed-by, provisioner or iac
  whose value names the tool, or one that is called like the tool and is not false.
- ARM: `systemData.createdByType` is Application where a pipeline or another program made the resource.
- Databricks asset bundles: a job with `deployment.kind` BUNDLE, and a folder `.bundle` in a home. Seen only where the
  contents are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cmkmigrate.assess.model import Sign
from cmkmigrate.audit.encryption import mapping, text

_TOOLS: Final = {
    "terraform": "Terraform",
    "terragrunt": "Terraform",
    "opentofu": "Terraform",
    "tofu": "Terraform",
    "pulumi": "Pulumi",
    "bicep": "Bicep",
    "ansible": "Ansible",
    "crossplane": "Crossplane",
    "arm-template": "ARM template",
    "azd": "Azure Developer CLI",
}
_SAYS: Final = re.compile(
    r"(managed|created|provisioned|deployed|maintained)[-_ ]?(by|with|using|via|from)?|provisioner|iac([-_ ]?tool)?"
    r"|tool|source|deployment([-_ ]?(method|tool|type))?|orchestrator|automation"
)
_YOR: Final = re.compile(r"(avm_)?(yor_trace|yor_name|git_(file|repo|commit|org))")
_NO: Final = ("false", "no", "0", "none", "")


def of_resource(resource: Mapping[str, Any]) -> list[Sign]:
    """The signs on a workspace as ARM shows it."""
    found: list[Sign] = []
    for name, value in sorted(mapping(resource.get("tags")).items()):
        sign = _of_tag(str(name), str(value))
        if sign:
            found.append(Sign(sign, f"tag {name}: {value}"))
    system = mapping(resource.get("systemData"))
    if text(system.get("createdByType")).lower() == "application":
        found.append(
            Sign("an application", f"made by the application {text(system.get('createdBy')) or '?'} (systemData)")
        )
    return found


def _of_tag(name: str, value: str) -> str:
    low, said = name.lower(), value.strip().lower()
    if low == "azd-env-name":
        return _TOOLS["azd"]
    if _YOR.fullmatch(low):
        return "a tagger of sources (Yor)"
    if low.startswith("pulumi:"):
        return _TOOLS["pulumi"]
    words = set(re.split(r"[^a-z0-9]+", low))
    for word, tool in _TOOLS.items():
        if word in words and said not in _NO:
            return tool
    if _SAYS.fullmatch(low):
        names = set(re.split(r"[^a-z0-9]+", said)) | {said}
        return next((tool for word, tool in _TOOLS.items() if word in names), "")
    return ""


def of_contents(bundled_jobs: int, folders: Iterable[str]) -> list[Sign]:
    """The signs within a workspace. folders: paths of folders called `.bundle`."""
    found = (
        [Sign("Databricks asset bundle", f"{bundled_jobs} jobs with deployment.kind BUNDLE")] if bundled_jobs else []
    )
    return found + [Sign("Databricks asset bundle", f"the folder {path}") for path in sorted(folders)[:3]]
