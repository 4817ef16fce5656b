"""The SDK's core comes without its services, and the whole SDK is there for whoever asks for it."""

from __future__ import annotations

import subprocess
import sys

START = "import sys; from cmkmigrate.clients import sdk; core = sdk.core(); "


def printed(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", START + code], capture_output=True, text=True, check=True).stdout


def test_no_service_is_imported() -> None:
    services = "[name for name in sys.modules if name.startswith('databricks.sdk.service.')]"
    loaded = int(printed(f"print(len({services}))"))
    assert loaded < 5, "the core imports a few of its own; all of them are forty"


def test_the_sdk_is_whole_afterwards() -> None:
    code = "from databricks.sdk import WorkspaceClient; import databricks.sdk.service.jobs as jobs; "
    code += "import databricks.sdk as all; "
    assert printed(code + "print(WorkspaceClient.__name__, jobs.__name__, all.core is core, sdk.core() is core)") == (
        "WorkspaceClient databricks.sdk.service.jobs True True\n"
    )


def test_a_submodule_does_not_run_the_package() -> None:
    code = "from databricks.sdk import useragent; print('databricks.sdk.service.catalog' in sys.modules)"
    assert printed(code) == "False\n"


def test_an_import_of_the_sdk_before_is_used() -> None:
    code = "import databricks.sdk; from cmkmigrate.clients import sdk; print(sdk.core() is databricks.sdk.core)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_what_is_not_there() -> None:
    code = "import databricks.sdk\ntry: databricks.sdk.nothing\nexcept AttributeError as error: print(error)"
    assert "nothing" in printed("\n" + code)
