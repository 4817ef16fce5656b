"""Clusters, policies, pools, libraries and commands, by typed calls."""

from __future__ import annotations

import json
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, ResourceDoesNotExist
from databricks.sdk.service import compute
from databricks.sdk.service._internal import Wait

NODE, RUNTIME = "Standard_DS3_v2", "15.4.x-scala2.12"


def policies(client: WorkspaceClient) -> None:
    family = next(iter(client.policy_families.list()))
    assert client.policy_families.get(str(family.policy_family_id)).name == family.name
    definition = json.dumps({"spark_version": {"type": "fixed", "value": RUNTIME}})
    made = str(client.cluster_policies.create(name="typed", definition=definition).policy_id)
    client.cluster_policies.edit(made, name="typed again", definition=definition, max_clusters_per_user=2)
    shown = client.cluster_policies.get(made)
    assert (shown.name, shown.definition, shown.max_clusters_per_user) == ("typed again", definition, 2)
    assert made in {one.policy_id for one in client.cluster_policies.list()}
    client.cluster_policies.delete(made)
    with pytest.raises(NotFound):
        client.cluster_policies.get(made)


def pools(client: WorkspaceClient) -> None:
    on_demand = compute.InstancePoolAzureAttributesAvailability.ON_DEMAND_AZURE
    attributes = compute.InstancePoolAzureAttributes(availability=on_demand)
    made = str(client.instance_pools.create("typed", NODE, azure_attributes=attributes).instance_pool_id)
    client.instance_pools.edit(made, "typed again", NODE, min_idle_instances=0, max_capacity=3)
    shown = client.instance_pools.get(made)
    assert (shown.instance_pool_name, shown.max_capacity, shown.node_type_id) == ("typed again", 3, NODE)
    assert shown.azure_attributes and shown.azure_attributes.availability is on_demand
    assert made in {one.instance_pool_id for one in client.instance_pools.list()}
    client.instance_pools.delete(made)
    assert made not in {one.instance_pool_id for one in client.instance_pools.list()}
    assert list(client.instance_profiles.list()) == []


def clusters(client: WorkspaceClient) -> None:
    versions = {one.key for one in client.clusters.spark_versions().versions or []}
    nodes = {one.node_type_id for one in client.clusters.list_node_types().node_types or []}
    assert RUNTIME in versions and NODE in nodes
    assert client.clusters.list_zones() is not None
    made = str(client.clusters.create(RUNTIME, cluster_name="typed", node_type_id=NODE, num_workers=1).cluster_id)
    shown = client.clusters.get(made)
    assert (shown.cluster_name, shown.spark_version, shown.num_workers) == ("typed", RUNTIME, 1)
    client.clusters.delete(made).result()
    client.clusters.edit(made, RUNTIME, cluster_name="typed again", node_type_id=NODE, num_workers=2)
    client.clusters.update(made, "custom_tags", cluster=compute.UpdateClusterResource(custom_tags={"a": "b"}))
    client.clusters.pin(made)
    client.clusters.unpin(made)
    shown = client.clusters.get(made)
    assert (shown.cluster_name, shown.num_workers, shown.custom_tags) == ("typed again", 2, {"a": "b"})
    owner = next(str(one.user_name) for one in client.users.list() if one.user_name != shown.creator_user_name)
    client.clusters.change_owner(made, owner)
    client.clusters.start(made)
    assert made in {one.cluster_id for one in client.clusters.list()}
    client.clusters.permanent_delete(made)
    with pytest.raises((BadRequest, ResourceDoesNotExist)):
        client.clusters.get(made)


def libraries(client: WorkspaceClient) -> None:
    found = {str(one.cluster_id): one for one in client.libraries.all_cluster_statuses()}
    id, status = next((id, one) for id, one in found.items() if one.library_statuses)
    assert [*client.libraries.cluster_status(id)] == status.library_statuses


def _id(started: Wait[Any]) -> str:
    answer: Any = started.response  # the SDK calls its type `any`, which is a function
    return str(answer.id)


def commands(client: WorkspaceClient) -> None:
    python = compute.Language.PYTHON
    cluster = str(client.clusters.create(RUNTIME, node_type_id=NODE, num_workers=0).result().cluster_id)
    context = _id(client.command_execution.create(cluster_id=cluster, language=python))
    assert client.command_execution.context_status(cluster, context).status is compute.ContextStatus.RUNNING
    words = {"cluster_id": cluster, "context_id": context}
    ran = _id(client.command_execution.execute(**words, language=python, command="print(1)"))
    status = client.command_execution.command_status(cluster, context, ran)
    assert status.status is compute.CommandStatus.FINISHED
    client.command_execution.cancel(**words, command_id=ran)
    client.command_execution.destroy(cluster, context)
    with pytest.raises(BadRequest):
        client.command_execution.context_status(cluster, context)
    client.clusters.permanent_delete(cluster)


def scripts(client: WorkspaceClient) -> None:
    (found,) = client.global_init_scripts.list()
    assert client.global_init_scripts.get(str(found.script_id)).name == found.name


PLAYS = (policies, pools, clusters, libraries, commands, scripts)
