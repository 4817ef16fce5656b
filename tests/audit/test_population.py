"""Who was looked at: what cannot be listed, what may be cut, what was left behind."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.audit import population
from cmkmigrate.errors import CallError, Denied, Mistake, NotFound, Unknown

READER = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
W = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"
GONE = W + "-gone"


class Site:
    def __init__(self, **given: Any) -> None:
        self.given: dict[str, Any] = {
            "workspaces": [{"id": W}],
            "role_assignments": [{"properties": {"roleDefinitionId": READER}}],
            "resource_groups": [{"name": "m", "managedBy": W.upper()}, {"name": "plain"}],
            "workspace": NotFound("gone"),
            "subscriptions": [],
        } | given

    def subscription(self, _: str) -> Site:
        return self

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any, **__: Any) -> Any:
            found = self.given[name]
            if isinstance(found, CallError):
                raise found
            return found

        return call


def look(**given: Any) -> population.Seen:
    return population.look(Site(**given), "s", "name", lambda: "me")


def test_a_whole_listing() -> None:
    found = look()
    assert (found.population.workspaces, found.population.problem, found.population.cut) == (1, "", "")
    assert found.orphans == ()


@pytest.mark.parametrize("error", [Denied("no", status=403), Unknown("?"), NotFound("?")])
def test_what_cannot_be_listed_is_said(error: CallError) -> None:
    found = look(workspaces=error)
    assert found.population.problem and found.population.workspaces == 0


def test_a_listing_may_be_cut() -> None:
    assert "no role on the subscription" in look(role_assignments=[]).population.cut
    assert "could not be read" in look(role_assignments=Denied("no")).population.cut

    def nobody() -> str:
        raise Denied("the token does not name its owner")

    assert population.look(Site(), "s", "", nobody).population.cut


@pytest.mark.parametrize(("said", "sure"), [(NotFound("x"), True), (Denied("x"), False), (Unknown("x"), False)])
def test_leftovers(said: CallError, sure: bool) -> None:
    groups = [{"name": "left", "managedBy": GONE, "location": "l"}, {"name": "aks", "managedBy": "/x/y"}]
    (orphan,) = look(resource_groups=groups, workspace=said).orphans
    assert (orphan.group, orphan.workspace, orphan.location, orphan.sure) == ("left", GONE, "l", sure)


def test_a_workspace_that_is_there_after_all() -> None:
    assert look(resource_groups=[{"name": "g", "managedBy": GONE}], workspace={"id": GONE}).orphans == ()


def test_which_subscriptions() -> None:
    seen = [{"subscriptionId": "a", "displayName": "A"}, {"displayName": "without"}]
    assert population.named(Site(subscriptions=seen), ()) == [("a", "A")]
    assert population.named(Site(), ["b", "b", "c"]) == [("b", ""), ("c", "")]
    with pytest.raises(Mistake, match="no subscription"):
        population.named(Site(), ())
    with pytest.raises(Denied):
        population.named(Site(subscriptions=Denied("no")), ())


def test_one_subscription_in_two_spellings_is_one() -> None:
    """Otherwise each of its workspaces would be counted twice."""
    assert len(population.named(Site(), ["AAAA", "aaaa", "b"])) == 2
