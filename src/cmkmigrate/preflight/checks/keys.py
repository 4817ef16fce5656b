"""PF11 and PF12: the key. A key that is to be made holds by what it is made as.

PF17 (the operator can unwrap) is for export bundles alone, of which there are none: there is no such check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cmkmigrate.audit import health
from cmkmigrate.errors import Blocked
from cmkmigrate.kinds.azure import key_homes
from cmkmigrate.kinds.azure.key_rules import is_hsm, vault_problems
from cmkmigrate.preflight.ground import Ground, Thing, known
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown, warned

HORIZON_DAYS: Final = 90.0
_OTHER: Final = "name another key or version, or let one be made"
_VAULT: Final = "name its vault too: vault_id, the ARM id of it"
SIZES: Final = (2048, 3072, 4096)  # the vendor's page on keys for disks


def _existing(ground: Ground) -> Iterator[tuple[str, Thing | None]]:
    """(kid, vault) of every key that is named, each once."""
    yield from sorted(ground.key_homes().items(), key=lambda pair: pair[0])


def fit(ground: Ground) -> Iterable[Seen]:
    """PF11."""
    if not ground.of("keys"):
        return [passed("does not apply: no key is used")]
    seen = [one for kid, vault in _existing(ground) for one in _fit(ground, kid, vault)]
    made = [one for one in ground.of("keys") if known(one.settings.get("name"))]
    text = "is made, or found as one that was made here: RSA of a size that disks take, for wrapping alone"
    seen += [passed(f"{known(one.settings.get('name')) or 'the key'} {text}") for one in made]
    return seen


def _fit(ground: Ground, kid: str, vault: Thing | None) -> Iterator[Seen]:
    if vault is not None and is_hsm(vault.id):
        yield from _of_hsm(ground, kid, vault)
        return
    found = _read(ground, kid, vault)
    if found is None:
        yield unknown(f"{kid} is in a vault that no step names, and is not seen", advice=_VAULT)
        return
    newest, versions = found
    if not newest:
        yield failed(f"there is no key {kid}", f"az keyvault key list --id {kid.partition('/keys/')[0]}/")
        return
    size = (newest.get("properties") or {}).get("keySize")
    if size is not None and size not in SIZES:
        yield failed(f"{kid} has {size} bits; disks take {', '.join(map(str, SIZES))}", advice=_OTHER)
    for cause in health.of_key(newest, versions, _version(kid), False, ground.now, HORIZON_DAYS):
        if cause.code == "key-expires-soon":
            fix = f"az keyvault key rotate --id {kid.rpartition('/')[0] if _version(kid) else kid}"
            yield warned(f"{kid}: {cause.text}; a workspace whose key has expired cannot start compute", fix, _OTHER)
        elif cause.code == "key-unreadable":
            yield unknown(f"{kid}: {cause.text}", f"az keyvault key show --id {kid}")
        elif cause.code == "key-disabled":
            fix = f"az keyvault key set-attributes --id {kid} --enabled true"
            yield failed(f"{kid}: {cause.text}", fix, "or name another version")
        elif cause.code != "version-behind":  # PF12
            yield failed(f"{kid}: {cause.text}", advice=_OTHER)
    yield passed(f"{kid} was read: {(newest.get('properties') or {}).get('kty')} of {size} bits")


def _of_hsm(ground: Ground, kid: str, hsm: Thing) -> Iterator[Seen]:
    """A key of a managed HSM, which only its data plane shows; a local role lets it be read."""
    if stopped := [one for one in vault_problems(hsm.resource or {}, ground.site.tenant_id) if one.check == "PF11"]:
        yield failed(f"{hsm.name}: {stopped[0].what}: {stopped[0].why}", stopped[0].fix)
        return
    try:
        _, facts, notes = key_homes.existing(ground.site, kid, hsm.id, "")
    except Blocked as error:
        yield failed(f"{kid}: {error.what}: {error.why}", error.next)
        return
    yield from (warned(f"{kid}: {note}", advice=_OTHER) for note in notes)
    yield passed(f"{kid} was read: {facts.type} of {facts.size} bits")


def newest(ground: Ground) -> Iterable[Seen]:
    """PF12. DBFS root and managed services keep the version that they were given; only disks can follow."""
    seen = []
    for kid, vault in _existing(ground):
        if vault is not None and is_hsm(vault.id):
            seen.append(passed(f"{kid} is of a managed HSM: its versions are looked at with the key (PF11)"))
            continue
        found = _read(ground, kid, vault)
        if not found or not found[0]:
            seen.append(unknown(f"{kid} could not be read (PF11)", advice=_VAULT))
            continue
        last, pinned = health.version_of(found[0]), _version(kid)
        if pinned and last and pinned.lower() != last.lower():
            seen.append(warned(f"{kid} is not the newest version, which is {last}", advice="name that, if you can"))
        else:
            seen.append(passed(f"{kid} is the newest version"))
    return seen or [passed("does not apply: no version is named")]


def _read(ground: Ground, kid: str, vault: Thing | None) -> tuple[Mapping[str, Any], list[dict[str, Any]]] | None:
    """(newest, versions) as Resource Manager shows them, for which no right on the vault's content is needed."""
    if vault is None:
        return None
    key = kid.partition("/keys/")[2].partition("/")[0]
    site = ground.subscription_of(vault.id)
    shown = ground.once(f"key {vault.id} {key}", lambda: site.vault_key(vault.id, key))
    versions = site.vault_key_versions(vault.id, key) if shown else []
    return (shown[0] if shown else {}), versions


def _version(kid: str) -> str:
    return kid.partition("/keys/")[2].partition("/")[2].strip("/")


CHECKS = (
    Check("PF11", "Key of the right kind, enabled and in time", fit),
    Check("PF12", "Version that is named against the newest", newest),
)
