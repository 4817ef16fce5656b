"""A certificate that nobody vouches for is refused, whoever shows it: nothing is sent, and it is said what to do.

All hosts but one are the sandbox's; for that one an impostor answers, with a certificate signed by itself.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.harness import Commands, Launcher, Sandbox, params_of
from tests.security.impostor import Impostor

# Whom the impostor plays, with a command that asks them, and how it ends.
PLAYED = {
    "Entra": (r"login\..*", "audit"),
    "Resource Manager": (r"management\..*", "audit"),
    "a workspace": (r"adb-.*", "plan"),
    "a vault": (r"kv-.*\.vault\..*", "apply"),
    "the directory": (r"graph\..*", "apply"),
}


@pytest.mark.parametrize(
    "who", [pytest.param(who, marks=[pytest.mark.ci] if at > 2 else []) for at, who in enumerate(PLAYED)]
)
def test_a_certificate_that_nobody_vouches_for(who: str, small: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    hosts, command = PLAYED[who]
    front = urlsplit(small.env["HTTPS_PROXY"])
    impostor = Impostor(tmp_path, hosts, (str(front.hostname), int(front.port or 0)))
    try:
        place = Commands(
            launcher, tmp_path / "place", {**small.env, "HTTPS_PROXY": impostor.url, "https_proxy": impostor.url}
        )
        name = f"trusts-{list(PLAYED).index(who)}"
        params = str(params_of(small, tmp_path / "p.yaml", target_name=name, vault_name=f"kv-{name}"))
        words = {
            "audit": ("audit",),
            "plan": ("plan", "cmk-migration", "--params", params),
            "apply": ("apply", "cmk-migration", "--params", params, "--run", str(tmp_path / "run"), "--auto-approve"),
        }[command]
        done = place(*words)
        assert impostor.asked, done
        assert [one for one in impostor.said if one] == [], "something was sent"
        assert done.code == 5 and "cannot be trusted" in done.err, done
        assert "certificate" in done.err.lower() and "REQUESTS_CA_BUNDLE" in done.err and "Traceback" not in done.err, (
            done
        )
    finally:
        impostor.close()


def test_the_impostor_hears_who_believes_it(small: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    """Somebody who checks no certificate: what he says is kept, so the test above can fail."""
    import ssl
    import urllib.request

    front = urlsplit(small.env["HTTPS_PROXY"])
    impostor = Impostor(tmp_path, r"management\..*", (str(front.hostname), int(front.port or 0)))
    try:
        proxy = urllib.request.ProxyHandler({"https": impostor.url})
        tls = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
        request = urllib.request.Request("https://management.azure.test/", headers={"Authorization": "Bearer x"})
        with pytest.raises(OSError):
            urllib.request.build_opener(proxy, tls).open(request, timeout=30)
        assert b"Bearer x" in b"".join(impostor.said)
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.build_opener(proxy).open(request, timeout=30)
    finally:
        impostor.close()
