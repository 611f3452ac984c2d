"""An RDS instance, the functions of DATABASE_URL and their secret, made past Ansible, for tests of what renews it."""

from __future__ import annotations

import io
import json
import ssl
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pg8000.native

from emulator.testing import EmulatorServer

SOURCE = Path(__file__).parents[2] / "functions" / "database_url_rotation"
SECRET = "airas-dev/database-url"
ROTATION, BOOTSTRAP = "airas-dev-database-url-rotation", "airas-dev-database-bootstrap"
FUNCTION_ARN = f"arn:aws:lambda:ap-northeast-1:427979936961:function:{ROTATION}"
INSTANCE = {
    "DBInstanceIdentifier": "airas-dev-db",
    "Engine": "postgres",
    "EngineVersion": "16",
    "DBInstanceClass": "db.t3.small",
    "AllocatedStorage": 20,
    "MasterUsername": "airas_admin",
    "ManageMasterUserPassword": True,
    "DBName": "airas",
}


def make_instance(emulator: EmulatorServer) -> dict[str, Any]:
    """The instance as it is described once it is available."""
    rds = emulator.client("rds")
    rds.create_db_instance(**INSTANCE)
    [found] = rds.describe_db_instances(DBInstanceIdentifier=INSTANCE["DBInstanceIdentifier"])["DBInstances"]
    return dict(found)


class DatabaseUrlStack:
    """What the roles make around DATABASE_URL, and a connection as the application opens it."""

    def __init__(self, emulator: EmulatorServer) -> None:
        self.emulator = emulator
        self.secrets = emulator.client("secretsmanager")
        self.trusted = ssl.create_default_context(cafile=str(emulator.database_ca))

    def build(self) -> None:
        found = make_instance(self.emulator)
        self.secrets.create_secret(Name=SECRET)
        environment = {
            "DATABASE_HOST": found["Endpoint"]["Address"],
            "DATABASE_PORT": str(found["Endpoint"]["Port"]),
            "DATABASE_NAME": "airas",
            "DATABASE_GROUP": "airas_app",
            "DATABASE_USERS": "airas_app_a,airas_app_b",
            "DATABASE_MASTER_SECRET": found["MasterUserSecret"]["SecretArn"],
            "DATABASE_URL_SECRET": SECRET,
            "ECS_CLUSTER": "airas-dev-cluster",
            "ECS_SERVICES": "airas-dev-backend",
        }
        functions = self.emulator.client("lambda")
        trust = {"Version": "2012-10-17", "Statement": []}
        role = self.emulator.client("iam").create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(trust))
        for name, handler in ((ROTATION, "handler.handler"), (BOOTSTRAP, "bootstrap.handler")):
            functions.create_function(
                FunctionName=name,
                Handler=handler,
                Runtime="python3.13",
                Role=role["Role"]["Arn"],
                Timeout=50,
                Code={"ZipFile": _zipped()},
                Environment={"Variables": environment},
            )
        functions.add_permission(
            FunctionName=ROTATION,
            StatementId="rotation",
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
            SourceAccount=self.emulator.account_id,
        )

    def url(self) -> Any:
        return urlsplit(self.secrets.get_secret_value(SecretId=SECRET)["SecretString"])

    def connect(self, url: Any) -> pg8000.native.Connection:
        return pg8000.native.Connection(
            url.username,
            password=unquote(url.password),
            host=url.hostname,
            port=url.port,
            database=url.path[1:],
            ssl_context=self.trusted,
            timeout=10,
        )


def _zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in sorted(SOURCE.glob("*.py")):
            archive.write(file, file.name)
    return content.getvalue()
