"""All the questions in their order, what no run of this kind can settle, and what it says before it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from cmkmigrate.cli.live import conformance, vaults, workspaces
from cmkmigrate.cli.live.check import Check, NotSettled, Result, Verdict, judged
from cmkmigrate.cli.live.ground import RETENTION_DAYS, Ground
from cmkmigrate.errors import CallError, Mistake, OperatorError

# Walls go last: the vault that they are put around is used by the others.
CHECKS: Final = (*vaults.CHECKS, *workspaces.BEFORE, *conformance.CHECKS, *workspaces.AFTER)

# The points, or parts of them, that are not asked, and why.
NOT_ASKED: Final = (
    (1, "a vault of another tenant: it would have to be made there"),
    (
        7,
        "the version that a GET shows after a key rotated: services take hours to follow a rotation",
    ),
    (9, "AuthorizationFailed: it takes somebody without the right, and who runs this has it"),
    (11, "Authorization_RequestDenied: likewise; without the right the questions to the directory show it"),
    (12, "whether blobs that were there are covered: nobody outside of the service can look at them"),
    (13, "whether the old access connector is deleted: it takes a network of your own"),
    (14, "that lost keys cannot be recovered: nothing that is asked can show it"),
    (15, "complianceStandards where a profile was asked for: it cannot be switched off again"),
    (16, "codes of DBFS after a revocation: nothing says how long the storage goes on with a key that it holds"),
)

PRICES: Final = "https://azure.microsoft.com/en-us/pricing/details"
BILLED: Final = (
    ("NAT gateway of each workspace, by the hour it exists", f"{PRICES}/azure-nat-gateway/"),
    ("public IP address of each workspace, by the hour it exists", f"{PRICES}/ip-addresses/"),
    ("storage account of each workspace, by what is in it", f"{PRICES}/storage/blobs/"),
    ("operations on keys, by their number", f"{PRICES}/key-vault/"),
)
BILLED_COMPUTE: Final = (
    ("a virtual machine, while a cluster is there", f"{PRICES}/virtual-machines/linux/"),
    ("its disks, likewise", f"{PRICES}/managed-disks/"),
    ("Databricks units, likewise", f"{PRICES}/databricks/"),
)


def asked(second: str, compute: bool, only: Sequence[str] = ()) -> tuple[Check, ...]:
    """The questions that can be put with what was allowed; only: their ids, all where empty. Raises Mistake."""
    known = [check.id for check in CHECKS]
    for id in only:
        if id not in known:
            raise Mistake(f"there is no question {id!r}", subject="--only", why=f"there are: {', '.join(known)}")
    has = {"": True, "compute": compute, "second location": bool(second)}
    found = tuple(check for check in CHECKS if has[check.needs] and (not only or check.id in only))
    if not found:
        raise Mistake("nothing is left to ask", why="what --only names needs --compute or --second-location")
    return found


def not_asked(checks: tuple[Check, ...]) -> list[tuple[int, str]]:
    """(point, why) of what is left open: by its nature, and because it was left out or not allowed."""
    left = [(one.point, f"{one.id}: {_why(one)}") for one in CHECKS if one not in checks]
    return sorted((*NOT_ASKED, *left))


def _why(check: Check) -> str:
    return f"it needs --{check.needs.replace(' ', '-')}" if check.needs else "it was left out with --only"


def announcement(group: str, delete: str, checks: tuple[Check, ...], *, whole: bool, compute: bool) -> Iterator[str]:
    """What will be made, what it costs and for how long, what stays behind.

    delete: what a person types to delete the group. whole: all of the checks are asked.
    """
    need = "" if whole else ", as far as the questions that are asked rest on it"
    yield f"It makes the resource group {group} and, in it, for one question after the other{need}:"
    for check in checks:
        if check.makes != "nothing":
            yield f"  {check.id:<28} {check.makes}"
    yield "Azure bills it to your subscription, as long as it exists. What it costs is on these pages:"
    for what, page in (*BILLED, *(BILLED_COMPUTE if compute else ())):
        yield f"  {what}"
        yield f"      {page}"
    yield "How long: two workspaces exist from their creation to the end. In recorded traffic a creation took 2 to 3"
    yield "minutes and a deletion 2 to 12; grants take minutes. Our estimate: one to two hours. Watch it end."
    yield "At the end, however it ends, all of it is deleted, but for this:"
    yield f"  a purge-protected key vault is held, deleted, for {RETENTION_DAYS} days. Nobody can purge it before, and"
    yield "  its name is taken that long: that is what purge protection is."
    if any(check.needs == "second location" for check in checks):
        yield "  So is the one in the second region."
    yield f"If this process is killed, type: {delete}"


def put(ground: Ground, checks: tuple[Check, ...], tell: Callable[[str], None]) -> Iterator[Result]:
    """Put the questions, one after the other. What one of them meets does not stop the next."""
    for check in checks:
        tell(f"{check.id}: {check.question}")
        try:
            yield judged(check, ground.scrub.value(check.ask(ground)))
        except (NotSettled, CallError, OperatorError) as error:
            yield Result(check, Verdict.OPEN, why=ground.scrub.text(str(error)))
