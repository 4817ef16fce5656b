"""prowler, a scanner that others wrote, finds the workspace without a key of its own, and the migrated one with it.

    python3 -m venv PROWLER && PROWLER/bin/pip install prowler
    CMKMIGRATE_PROWLER_BIN=PROWLER/bin pytest -m foreign -n 0 tests/foreign/test_prowler.py

It signs in as the service principal of the sandbox's env file, through `HTTPS_PROXY` and with a CA file; nothing else
of it is set. Its check reads one of the three features, the key of managed disks. What it asks for and the sandbox does
not have is in `UNANSWERED`: the checks that are run do not need it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foreign.programs import SERVICE_PRINCIPAL, Program, ended, found
from tests.harness import Commands, Launcher, Sandbox, params_of

pytestmark = pytest.mark.foreign

CMK = "databricks_workspace_cmk_encryption_enabled"
PURGE, RBAC = "keyvault_recoverable", "keyvault_rbac_enabled"
SOURCE, TARGET, VAULT = "small", "small-scanned", "kv-scanned"
FAILED = 3  # prowler's exit code where a check fails
UNANSWERED = (
    "graph.microsoft.com/v1.0/domains 404",  # the tenant's domain, for its heading
    "/providers/Microsoft.Insights/diagnosticSettings 404",
    "/providers/Microsoft.Insights/activityLogAlerts 404",
    f"/vaults/{VAULT}/secrets 404",
    "/keys/databricks-cmk/rotationpolicy 404",
)

Found = dict[tuple[str, str], str]  # (check, name of the resource) -> PASS or FAIL


class Prowler(Program):
    """prowler, with a folder of its own for what it writes."""

    def __call__(self, *checks: str) -> Found:
        """What these checks say of everything in the subscription."""
        written = self.folder / f"output-{len([*self.folder.glob('output-*')])}"
        words = ("azure", "--sp-env-auth", "--checks", *checks, "--output-formats", "json-ocsf", "--no-banner")
        result = self.run(*words, "--output-directory", str(written))
        assert result.returncode in (0, FAILED), ended(result)
        (file,) = written.glob("*.ocsf.json")
        said = json.loads(file.read_text())
        return {
            (one["metadata"]["event_code"], resource["name"]): one["status_code"]
            for one in said
            for resource in one["resources"]
        }


@pytest.fixture(scope="module")
def path() -> str:
    return found("prowler", "CMKMIGRATE_PROWLER_BIN")


@pytest.fixture(scope="module")
def sandbox(path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("prowler-sandbox"), "small")
    yield made
    made.close()


@pytest.fixture(scope="module")
def prowler(path: str, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Prowler:
    own = {name: sandbox.env[name] for name in SERVICE_PRINCIPAL}
    return Prowler(path, tmp_path_factory.mktemp("prowler"), sandbox, own)


@pytest.fixture(scope="module")
def before(prowler: Prowler) -> Found:
    return prowler(CMK)


@pytest.fixture(scope="module")
def after(before: Found, prowler: Prowler, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What it says once the workspace is migrated."""
    migrate(sandbox, tmp_path_factory.mktemp("migrated"))
    return prowler(CMK, PURGE, RBAC)


def migrate(sandbox: Sandbox, folder: Path) -> None:
    launcher = Launcher()
    try:
        params = params_of(sandbox, folder / "params.yaml", target_name=TARGET, vault_name=VAULT)
        words = ("apply", "cmk-migration", "--params", str(params), "--run", str(folder / "run"), "--auto-approve")
        applied = Commands(launcher, folder / "commands", sandbox.env)(*words)
        assert applied.code in (0, 3), applied  # 3: something of this estate cannot be moved, and is reported
    finally:
        launcher.close()


def test_before(before: Found) -> None:
    assert before == {(CMK, SOURCE): "FAIL"}


def test_after(after: Found) -> None:
    """The new workspace passes, and so does the vault; the old one is there still, and fails as before."""
    assert after == {(CMK, SOURCE): "FAIL", (CMK, TARGET): "PASS", (PURGE, VAULT): "PASS", (RBAC, VAULT): "PASS"}


def test_what_it_asked_for_and_did_not_get(after: Found, prowler: Prowler) -> None:
    assert prowler.hosts >= {"management.azure.com", "login.microsoftonline.com", f"{VAULT}.vault.azure.net"}
    assert not [host for host in prowler.hosts if host.endswith(".test")]
    assert prowler.unanswered(*UNANSWERED) == []
