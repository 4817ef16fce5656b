"""Who was looked at: subscriptions, whether their listing is whole, and managed groups whose workspace is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.audit.model import Orphan, Population
from cmkmigrate.audit.roles import sees_all
from cmkmigrate.errors import CallError, Denied, Mistake, NotFound

WORKSPACES: Final = "/providers/microsoft.databricks/workspaces/"


@dataclass(frozen=True, slots=True)
class Seen:
    """One subscription, its workspaces as ARM lists them, and what was left behind in it."""

    population: Population
    workspaces: tuple[Mapping[str, Any], ...] = ()
    orphans: tuple[Orphan, ...] = ()


def named(cloud: Any, subscriptions: Iterable[str]) -> list[tuple[str, str]]:
    """Id and name of the subscriptions to look at: those given, or all that the caller sees. Raises Mistake where
    there is none, CallError where they cannot be listed."""
    given = list({id.lower(): (id, "") for id in subscriptions}.values())  # one in two spellings is one
    if not given:
        seen = [
            (str(one.get("subscriptionId") or ""), str(one.get("displayName") or "")) for one in cloud.subscriptions()
        ]
        given = [(id, name) for id, name in seen if id]
    if not given:
        raise Mistake(
            "there is no subscription to look into", why="the signed-in identity sees none", next="az account list"
        )
    return given


def look(cloud: Any, id: str, name: str, caller: Callable[[], str]) -> Seen:
    """List one subscription. caller: gives the object id of whoever is signed in. Raises nothing of a CallError."""
    site = cloud.subscription(id)
    try:
        found = site.workspaces()
    except CallError as error:
        return Seen(Population(id, name, problem=str(error)))
    found = sorted(found, key=lambda one: str(one.get("id") or "").lower())
    return Seen(Population(id, name, len(found), cut=_cut(site, id, caller)), tuple(found), _orphans(site, id, found))


def _cut(site: Any, id: str, caller: Callable[[], str]) -> str:
    """Why the listing may lack workspaces; "" where a role on the subscription itself lets all of them be read.

    Assumption: a listing by somebody with rights on some groups alone leaves the others out without a word; so rights
    are asked for (`assignedTo` counts those of groups too: specification of role assignments), and not the listing.
    """
    try:
        assigned = site.role_assignments(f"/subscriptions/{id}", assigned_to=caller())
        whole = sees_all(assigned, site.role_definition)
    except CallError as error:
        return f"whether you may see all of it could not be read: {error}"
    return (
        "" if whole else "you have no role on the subscription itself that reads workspaces: some may be out of sight"
    )


def _orphans(site: Any, id: str, workspaces: Iterable[Mapping[str, Any]]) -> tuple[Orphan, ...]:
    """Resource groups that a workspace manages, or managed, which is not there any more."""
    here = {text(one.get("id")).lower() for one in workspaces}
    try:
        groups = site.resource_groups()
    except CallError:
        return ()  # whoever lists workspaces and no groups sees none of them; `limits` says so
    found = []
    for group in groups:
        owner = text(group.get("managedBy"))
        if WORKSPACES not in owner.lower() or owner.lower() in here:
            continue
        sure = True
        try:
            site.workspace(owner)
            continue  # made, or moved, while we looked
        except NotFound:
            pass
        except (Denied, CallError, Mistake):
            sure = False
        found.append(Orphan(id, text(group.get("name")), owner, text(group.get("location")), sure))
    return tuple(found)


def created(resource: Mapping[str, Any]) -> str:
    """When a workspace was made, as ARM says it."""
    own = text(mapping(resource.get("properties")).get("createdDateTime"))
    return own or text(mapping(resource.get("systemData")).get("createdAt"))
