"""A field that a kind wrongly calls the server's is lost without the product seeing it; the comparer must.

One migration with such a mistake in every kind: apply does not send the field, verify does not miss it, and the
comparer turns red for each kind at that field.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cmkmigrate.kinds import discover
from tests.comparer.compare import Difference, compare
from tests.harness import Commands, Sandbox, params_of

# kind -> (what is called the server's, how the comparer names the place)
MISTAKES = {
    "users": ("entitlements", "entitlements"),
    "groups": ("members", "members"),
    "secret_acls": ("items[*]", ""),
    "instance_pools": ("max_capacity", "max_capacity"),
    "cluster_policies": ("max_clusters_per_user", "max_clusters_per_user"),
    "clusters": ("spark_conf", "spark_conf"),
    "jobs": ("schedule", "schedule"),
    "permissions": ("access_control_list[*]", ""),
}
WITHOUT_A_FIELD = {
    "directories": "a folder has nothing but its path",
    "files": "the body is the path; bytes are content, and what is the server's is said of bodies alone",
    "notebooks": "path, format and language: without one of them the service refuses the notebook, aloud",
    "secrets": "scope and key; the value is content",
    "service_principals": "no source object has a field that the account does not own; the code is that of users",
    "git_folders": "URL, provider, branch: all of them are asked for when it is made; a lost branch is seen below",
    "secret_scopes": "name and backend: without one of them the service refuses the scope, aloud",
}


@pytest.fixture(scope="module")
def found(small: Sandbox, commands: Callable[[Sandbox, str], Commands]) -> tuple[list[Difference], list[str]]:
    """The comparer's differences, and the kinds in which verify saw any."""
    place = commands(small, "mutation")
    params = params_of(small, place.folder / "p.yaml", target_name="mutation", vault_name="kv-mutation")
    run = str(place.folder / "run")
    patch = "server_owned:" + ",".join(f"{kind}={field}" for kind, (field, _) in MISTAKES.items())
    words = ("apply", "cmk-migration", "--params", str(params), "--run", run, "--auto-approve", "-o", "json")
    apply = place(*words, patch=patch)
    assert apply.code in (0, 3), apply
    verify = place("verify", run, "-o", "json", patch=patch)
    seen = [one["kind"] for one in verify.json["findings"] if one["what"] in ("differs", "missing")]
    left_out = [(one["kind"], one["key"]) for one in apply.json["problems"]]
    source, target = small.source_host, small.host_of("mutation")
    exports = small.exports(source, target)
    differences = compare(
        small.state(source), small.state(target), left_out=left_out, operator=small.operator, exports=exports
    )
    return differences, seen


@pytest.mark.parametrize("kind", MISTAKES)
def test_the_comparer_turns_red(kind: str, found: tuple[list[Difference], list[str]]) -> None:
    differences, seen = found
    place = MISTAKES[kind][1]
    assert [one for one in differences if one.kind == kind and one.path.startswith(place)]
    assert kind not in seen, "the product's own verify is blind to this; if it is not, the test shows nothing"


def test_nothing_else_turns_red(found: tuple[list[Difference], list[str]]) -> None:
    assert [str(one) for one in found[0] if one.kind not in MISTAKES] == []


def test_every_moved_kind_has_its_mistake() -> None:
    moved = {
        name
        for name, kind in discover().items()
        if kind.at == "workspace" and not (kind.unsupported or kind.alone or kind.writes_source)
    }
    assert moved == MISTAKES.keys() | WITHOUT_A_FIELD.keys()
