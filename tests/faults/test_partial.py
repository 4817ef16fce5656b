"""R16: half of what is imported fails, and an access list is not set: what is left is said, and done alone."""

from __future__ import annotations

import pytest

from tests.faults.azure import INCOMPLETE, Move
from tests.harness import Launcher, Sandbox

pytestmark = pytest.mark.ci
HALF = 15
IMPORT = {"method": "POST", "host": "adb-*", "path": "/api/2.0/workspace/import"}
ACL = {"method": "PUT", "host": "adb-*", "path": "/api/2.0/permissions/jobs/*"}
NO = {"error_code": "INVALID_STATE", "message": "not now"}


def test_half_of_a_folder_and_an_access_list(
    small: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one = Move(small, launcher, tmp_path_factory.mktemp("partial"), "p-half")
    one.box.faults(
        {"match": IMPORT, "offset": 1, "count": HALF, "action": "refuse", "status": 400, "body": NO},
        {"match": ACL, "action": "refuse", "status": 400, "body": NO},
    )
    done = one.apply("-o", "json")
    assert done.code == INCOMPLETE, done
    failed = [each for each in done.json["problems"] if each["reason"].startswith("400")]
    assert len(failed) == HALF + 1, failed
    (acl,) = [each for each in failed if each["kind"] == "permissions"]
    verified = one.place("verify", str(one.run))
    assert verified.code == INCOMPLETE and f"* permissions {acl['key']}: failed" in verified.out, verified
    missing = [each for each in failed if each["kind"] != "permissions"]
    assert all(f"! {each['kind']} {each['key']}: failed" in verified.out for each in missing), verified
    one.box.faults()
    one.box.forget()
    again = one.resume("--retry-failed", "-o", "json")
    assert not [each for each in again.json["problems"] if "not now" in each["reason"]], again
    target = small.host_of(one.name)
    writes = [each["path"] for each in one.box.writes(target)]
    assert sum(path == IMPORT["path"] for path in writes) == HALF + 1, "those, and the run's marker"
    assert any(path.startswith("/api/2.0/permissions/jobs/") for path in writes)
    nothing = one.resume()
    one.box.forget()
    assert nothing.code == INCOMPLETE and one.box.writes() == []
    verified = one.place("verify", str(one.run))
    assert "all that was moved is equal" in verified.out, verified
