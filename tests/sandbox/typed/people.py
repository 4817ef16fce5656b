"""Users, groups and service principals, by typed calls of both classes that the SDK has for each."""

from __future__ import annotations

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service import iam

ADD = [iam.PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]
ServicePrincipals = iam.ServicePrincipalsAPI | iam.ServicePrincipalsV2API
RIGHT = iam.ComplexValue(value="allow-cluster-create")


def _renamed(name: str) -> list[iam.Patch]:
    return [iam.Patch(op=iam.PatchOp.REPLACE, path="displayName", value=name)]


def me(client: WorkspaceClient) -> None:
    assert client.current_user.me().user_name in {one.application_id for one in client.service_principals.list()}


def by_host(client: WorkspaceClient) -> None:
    """A client that is told the host asks the host what it is; the first one asked Resource Manager for it."""
    config = client.config
    other = WorkspaceClient(
        host=config.host,
        azure_tenant_id=config.azure_tenant_id,
        azure_client_id=config.azure_client_id,
        azure_client_secret=config.azure_client_secret,
    )
    assert other.current_user.me() == client.current_user.me()


def users(client: WorkspaceClient) -> None:
    both: tuple[iam.UsersAPI | iam.UsersV2API, ...] = (client.users, client.users_v2)
    for number, api in enumerate(both):
        name = f"typed.{number}@ferry.example"
        made = str(api.create(user_name=name, display_name="typed").id)
        api.patch(made, operations=_renamed("patched"), schemas=ADD)
        assert (api.get(made).user_name, api.get(made).display_name) == (name, "patched")
        api.update(made, user_name=name, display_name="updated", entitlements=[RIGHT])
        (found,) = (one for one in api.list(filter=f'userName eq "{name}"'))
        assert (found.id, found.display_name) == (made, "updated")
        assert [one.value for one in found.entitlements or []] == [RIGHT.value]
        api.delete(made)
        with pytest.raises(NotFound):
            api.get(made)


def groups(client: WorkspaceClient) -> None:
    member = next(str(one.id) for one in client.users.list())
    both: tuple[iam.GroupsAPI | iam.GroupsV2API, ...] = (client.groups, client.groups_v2)
    for number, api in enumerate(both):
        name = f"typed {number}"
        made = str(api.create(display_name=name, members=[iam.ComplexValue(value=member)]).id)
        assert [one.value for one in api.get(made).members or []] == [member]
        api.patch(made, operations=[iam.Patch(op=iam.PatchOp.REMOVE, path="members")], schemas=ADD)
        assert not api.get(made).members
        api.update(made, display_name=name, entitlements=[RIGHT])
        (found,) = (one for one in api.list(filter=f'displayName eq "{name}"'))
        assert [one.value for one in found.entitlements or []] == [RIGHT.value]
        api.delete(made)
        with pytest.raises(NotFound):
            api.get(made)


def service_principals(client: WorkspaceClient) -> None:
    both: tuple[ServicePrincipals, ...] = (client.service_principals, client.service_principals_v2)
    for number, api in enumerate(both):
        application = f"5e1f0c3a-0d2b-4a53-9f0e-3f1d6f7f0b0{number}"
        made = str(api.create(application_id=application, display_name="typed").id)
        api.patch(made, operations=_renamed("patched"), schemas=ADD)
        assert (api.get(made).application_id, api.get(made).display_name) == (application, "patched")
        api.update(made, application_id=application, display_name="updated")
        assert {one.display_name for one in api.list() if one.application_id == application} == {"updated"}
        api.delete(made)
        with pytest.raises(NotFound):
            api.get(made)


PLAYS = (me, by_host, users, groups, service_principals)
