"""The references that every description of compute may hold: of a cluster, and of the clusters inside a job."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.model import Reference

WORKSPACE_FILES = ("files", "git_folders")
IN_SECRET = r"\{\{secrets/([^/}]+)/[^}]+\}\}"  # `{{secrets/SCOPE/KEY}}`: the scope
PRINCIPALS = ("users", "service_principals", "groups")


def compute_refs(root: str) -> Iterator[Reference]:
    """References of a cluster that is at `root` ("" for the body itself, else a path that ends in a dot).

    Destinations in cloud storage, volumes and DBFS are no kinds of this tool and are not declared.
    """
    for pool in ("instance_pool_id", "driver_instance_pool_id"):
        yield Reference(f"{root}{pool}", ("instance_pools",))
    yield Reference(f"{root}policy_id", ("cluster_policies",))
    yield Reference(f"{root}single_user_name", PRINCIPALS, "key")
    yield Reference(f"{root}init_scripts[*].workspace.destination", WORKSPACE_FILES, "prefix", missing="warn")
    for secret in ("spark_conf.*", "spark_env_vars.*", "docker_image.basic_auth.*"):
        yield Reference(f"{root}{secret}", ("secret_scopes",), "key", within=IN_SECRET, missing="warn")


def library_refs(path: str) -> Iterator[Reference]:
    """References of the list of libraries at `path`. Only paths in the workspace tree count (`dbfs:`, volumes and
    storage addresses are not in it)."""
    for form in ("jar", "whl", "egg", "requirements"):
        yield Reference(
            f"{path}[*].{form}", WORKSPACE_FILES, "prefix", within=r"^(/(?!Volumes/|dbfs/).+)", missing="warn"
        )
