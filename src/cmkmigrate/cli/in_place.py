"""What only a playbook that changes a workspace in place has to show: its change as code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmkmigrate.model import KNOWN_AFTER_APPLY
from cmkmigrate.render import code

if TYPE_CHECKING:
    from cmkmigrate.engine.migration import Migration, Outputs

_PARTS = ("key_uri", "key_name", "key_version")


def change_as_code(migration: Migration, outputs: Outputs) -> str:
    """The change, as text for the code that owns the workspace; "" where nobody said that code owns it.

    outputs: of the steps, as far as they are known.
    """
    if not migration.playbook.in_place:
        return ""
    owner, keys = "", dict[str, code.Key]()
    for step in migration.playbook.steps:
        if step.kind not in ("entity_encryption", "root_encryption") or migration.skipped(step, outputs):
            continue
        settings = migration.settings(step, outputs)
        owner = owner or str(settings.get("iac") or "")
        feature = str(settings.get("feature") or "dbfs_root")
        wanted = settings.get("features")
        if settings.get("key_name") and (wanted is None or feature in wanted):
            keys[feature] = {name: _known(settings.get(name)) for name in _PARTS}
    return code.text(owner, migration.source_ref, keys)


def _known(value: object) -> str:
    return code.LATER if value in (None, "", KNOWN_AFTER_APPLY) else str(value)
