"""Functions of tests, and what they do to the account."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

from emulator.testing import EmulatorServer

CODE = """
import json, os, sys, time

def echo(event, context):
    print("got", json.dumps(event))
    return {"event": event, "remaining": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn}

def fail(event, context):
    raise ValueError("no good")

def sleep(event, context):
    time.sleep(30)

def leave(event, context):
    os._exit(3)

def unserializable(event, context):
    return {1, 2}

def account(event, context):
    import boto3
    return boto3.client("sts").get_caller_identity()["Account"]

def collect(event, context):
    import boto3
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(event))
    if "fail" in json.dumps(event):
        raise RuntimeError("asked to fail")

def rotate(event, context):
    import boto3
    step, secret, token = event["Step"], event["SecretId"], event["ClientRequestToken"]
    client = boto3.client("secretsmanager")
    print(step)
    if step == os.environ.get("FAIL_AT"):
        raise RuntimeError(f"{step} is asked to fail")
    if step == "createSecret":
        if "AWSPENDING" not in client.describe_secret(SecretId=secret)["VersionIdsToStages"][token]:
            raise ValueError("not pending")
        try:
            client.get_secret_value(SecretId=secret, VersionId=token, VersionStage="AWSPENDING")
        except client.exceptions.ResourceNotFoundException:
            client.put_secret_value(
                SecretId=secret, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
            )
    if step == "finishSecret":
        stages = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        client.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""


def zipped(code: str = CODE) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), code)
    return content.getvalue()


def eventually(look: Callable[[], Any]) -> Any:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")


class Functions:
    def __init__(self, emulator: EmulatorServer) -> None:
        self.emulator = emulator
        self.client = emulator.client("lambda")
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        self.role = emulator.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=policy)["Role"]["Arn"]

    def make(self, handler: str, name: str = "f", **options: Any) -> dict[str, Any]:
        request = {"Runtime": "python3.13", "Role": self.role, "Handler": f"app.{handler}", "Timeout": 20}
        made: dict[str, Any] = self.client.create_function(
            **{"FunctionName": name, "Code": {"ZipFile": zipped()}, **request, **options}
        )
        return made

    def invoke(self, event: Any = None, name: str = "f", **options: Any) -> tuple[Any, str | None]:
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **options)
        body = answer["Payload"].read()
        return (json.loads(body) if body else None), answer.get("FunctionError")

    def queue(self, name: str = "q", **attributes: str) -> str:
        url = self.emulator.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return str(url)

    def arn(self, queue_url: str) -> str:
        attributes = self.emulator.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        return str(attributes["Attributes"]["QueueArn"])

    def received(self, queue_url: str, count: int = 1) -> list[dict[str, Any]]:
        sqs, found = self.emulator.client("sqs"), []

        def enough() -> bool:
            got = sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=600,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
            found.extend(got.get("Messages", []))
            return len(found) >= count

        eventually(enough)
        return found

    def log(self, group: str = "/aws/lambda/f") -> list[str]:
        logs = self.emulator.client("logs")
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return []
        return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
