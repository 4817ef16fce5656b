"""Secrets where people put them although they should not: the configuration of compute, scripts, notebooks; and an
estate that has them. What moves keeps them; what is said, logged and kept on the way must not."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

from tests.estates import HEADER, Estate

# Each by what it is; in no two places the same, so that a hit says where it came from.
CANARIES: Final[dict[str, str]] = {
    "signature of a SAS": "Q4n4ryS1gn4tur3%2BAbCdEfGhIjKlMnOpQrStUv%3D",
    "personal access token": "dapi0c4a4a15f00dfeedbeefcafe12345678",
    "account key": base64.b64encode(b"canary of a storage account, which has sixty-four bytes in it ...").decode()[:86]
    + "==",
    "client secret": "c4n8Q~canaryOfAnApplicationInEntra.01234",
    "refresh token": "0.AXkAcanary-refresh-token-of-somebody-0123456789",
    "password": "correct horse canary staple",
    "JSON Web Token": "eyJ0eXAiOiJKV1QiLCJhbGciOi.eyJjYW5hcnkiOiJ5ZXMiLCJu.c2lnbmF0dXJlLWNhbmFyeQ",
    "password of a job": "canary-of-a-job-331122",
    "token of a policy": "canary-of-a-policy-224411",
    "token of a pipeline": "canary-of-a-pipeline-665577",
    "token in an init script": "canary-in-an-init-script-557788",
    "password in a notebook": "canary-in-a-notebook-889900",
    "credential in a file": "canary-in-a-file-112200",
}
SAS: Final = f"https://ferry.blob.core.example/raw?sv=2022-11-02&sp=rl&sig={CANARIES['signature of a SAS']}"
SPARK: Final = {
    "spark.databricks.delta.preview.enabled": "true",
    "fs.azure.sas.fixed.token.ferry.dfs.core.example": SAS.partition("?")[2],
    "fs.azure.account.key.ferry.dfs.core.example": CANARIES["account key"],
    "fs.azure.account.oauth2.client.secret": CANARIES["client secret"],
}
VARIABLES: Final = {
    "DATABRICKS_TOKEN": CANARIES["personal access token"],
    "REFRESH_TOKEN": CANARIES["refresh token"],
    "DB_PASSWORD": CANARIES["password"],
    "LANDING": SAS,
    "BEARER": f"Bearer {CANARIES['JSON Web Token']}",
    "PYSPARK_PYTHON": "/databricks/python3/bin/python3",
}
SCRIPT: Final = f"#!/bin/bash\nexport API_TOKEN='{CANARIES['token in an init script']}'\necho ready\n"
CODE: Final = f"db.connect(user='a', password='{CANARIES['password in a notebook']}')\n"


def values() -> dict[str, bytes]:
    """What is searched for."""
    return {name: value.encode() for name, value in CANARIES.items()}


def build(folder: Path) -> Path:
    """The estate in `folder`."""
    made = Estate(folder, "leaky", 7405600000004444, "eva@leaky.example")
    made.people()
    made.folders()
    made.notebook("/Shared/connects", HEADER + CODE.encode())
    made.node("/Shared/init.sh", "FILE", SCRIPT.encode())
    made.node("/Shared/rc", "FILE", f"user = a\ncredential = {CANARIES['credential in a file']}\n".encode())
    script = {"workspace": {"destination": "/Shared/init.sh"}}
    for number in range(3):
        made.cluster(number, spark_conf=SPARK, spark_env_vars=VARIABLES, init_scripts=[script])
    new = {"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 1}
    new |= {"spark_conf": SPARK, "spark_env_vars": VARIABLES}
    task = {"notebook_path": "/Shared/connects", "base_parameters": {"password": CANARIES["password of a job"]}}
    for number in range(3):
        tasks = [{"task_key": "a", "notebook_task": task, "new_cluster": new}]
        made.job(number, {"name": f"leaks {number}", "tasks": tasks})
    fixed = {"spark_env_vars.POLICY_TOKEN": {"type": "fixed", "value": CANARIES["token of a policy"]}}
    policy = {"policy_id": "AA00000000000009", "name": "leaks", "definition": json.dumps(fixed)}
    made.put("policies/AA00000000000009.json", policy | {"creator_user_name": made.owner, "created_at_timestamp": 1})
    id = "8c5d1f7e-2a34-4b6c-9d01-7e6f5a4b3c99"
    spec = {"id": id, "name": "leaks", "libraries": [{"notebook": {"path": "/Shared/connects"}}]}
    spec |= {"configuration": {"pipeline.token": CANARIES["token of a pipeline"]}, "continuous": False}
    pipeline = {"pipeline_id": id, "name": "leaks", "spec": spec, "state": "IDLE", "health": "HEALTHY"}
    made.put(f"pipelines/{id}.json", pipeline | {"creator_user_name": made.owner, "run_as_user_name": made.owner})
    return made.done()
