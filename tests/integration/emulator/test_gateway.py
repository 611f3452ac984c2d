"""Faults, validation, unserved calls and the call log, over HTTP and for every protocol."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

# A read call of each wire protocol.
PROTOCOLS = {
    "ec2": ("ec2", "describe_vpcs", "DescribeVpcs"),
    "query": ("iam", "list_users", "ListUsers"),
    "json": ("dynamodb", "list_tables", "ListTables"),
    "rest-json": ("lambda", "list_functions", "ListFunctions"),
    "rest-xml": ("route53", "list_hosted_zones", "ListHostedZones"),
    "s3": ("s3", "list_buckets", "ListBuckets"),
    "json or query": ("cloudwatch", "describe_alarms", "DescribeAlarms"),
}


@pytest.fixture(params=PROTOCOLS)
def call(request: pytest.FixtureRequest, emulator: Any) -> tuple[str, str, Any]:
    """(service, operation, the call itself)"""
    service, method, operation = PROTOCOLS[request.param]
    return service, operation, getattr(emulator.client(service), method)


def _refusal(call: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


# --- faults -----------------------------------------------------------------------------------------------------------

THROTTLED = {
    "cloudwatch": ("ThrottlingException", 400),
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "ec2": ("RequestLimitExceeded", 503),
    "iam": ("Throttling", 400),
    "lambda": ("TooManyRequestsException", 429),
    "route53": ("Throttling", 400),
    "s3": ("SlowDown", 503),
}


def test_throttling(emulator: Any, call: Any) -> None:
    service, operation, make = call
    emulator.set_faults([{"service": service, "operation": operation, "error": "throttle", "times": 1}])
    code, status, message = _refusal(make)
    assert (code, status) == THROTTLED[service]
    assert message == "Rate exceeded"
    make()
    assert [c["error"] for c in emulator.calls()] == [code, None]
    assert [c["injected"] for c in emulator.calls()] == [f"refuse:{code}", None]


def test_an_error_of_one_s_own(emulator: Any, call: Any) -> None:
    service, _, make = call
    emulator.set_faults([{"service": service, "error": "MyError", "status": 418, "message": "a teapot"}])
    assert _refusal(make) == ("MyError", 418, "a teapot")


def test_access_denied(emulator: Any, call: Any) -> None:
    service, operation, make = call
    emulator.set_faults([{"error": "access_denied"}])
    code, _, message = _refusal(make)
    assert code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
    assert message.endswith(f"{service}:{operation}")


def test_a_lost_answer(emulator: Any, ec2: Any) -> None:
    emulator.set_faults([{"operation": "CreateVpc", "effect": "drop_after", "times": 1}])
    with pytest.raises(ConnectionClosedError):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    own = [vpc for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    assert len(own) == 1
    lost = emulator.calls()[0]
    assert (lost["operation"], lost["status"], lost["injected"]) == ("CreateVpc", None, "drop_after")


def test_a_call_done_but_answered_with_an_error(emulator: Any, ec2: Any) -> None:
    fault = {"operation": "CreateVpc", "effect": "drop_after", "error": "InternalError", "times": 1}
    emulator.set_faults([fault])
    assert _refusal(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16"))[:2] == ("InternalError", 500)
    assert len(ec2.describe_vpcs()["Vpcs"]) == 2


def test_a_refused_call_is_not_done(emulator: Any, ec2: Any) -> None:
    emulator.set_faults([{"operation": "CreateVpc", "match": {"CidrBlock": "10.1.0.0/16"}, "error": "throttle"}])
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    _refusal(lambda: ec2.create_vpc(CidrBlock="10.1.0.0/16"))
    assert len(ec2.describe_vpcs()["Vpcs"]) == 2


def test_a_delayed_call(emulator: Any, ec2: Any) -> None:
    emulator.set_faults([{"operation": "DescribeVpcs", "delay_ms": 20}])
    ec2.describe_vpcs()
    [made] = emulator.calls()
    assert made["injected"] == "delay"
    assert made["duration_ms"] >= 20


def test_every_fifth_call_with_retries(emulator: Any) -> None:
    import boto3

    emulator.set_faults([{"error": "throttle", "every": 5}])
    ec2 = boto3.client("ec2", region_name=emulator.region, endpoint_url=emulator.url, **_KEYS)
    for _ in range(9):
        ec2.describe_regions()
    assert [c["injected"] is not None for c in emulator.calls()].count(True) == 2
    assert len(emulator.calls()) == 11


_KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


def test_a_bad_faults_file_says_so_in_every_answer(emulator: Any, call: Any) -> None:
    emulator.set_faults([{"evry": 5}])
    code, _, message = _refusal(call[2])
    assert code == "EmulatorConfiguration"
    assert "faults.json: rule 1: unknown key 'evry'" in message


# --- validation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "method", "params", "code", "status"),
    [
        ("ec2", "create_nat_gateway", {"ConnectivityType": "x"}, "InvalidParameterValue", 400),
        ("iam", "create_user", {"UserName": "a b"}, "ValidationError", 400),
        ("dynamodb", "list_tables", {"ExclusiveStartTableName": "a b"}, "ValidationException", 400),
        ("lambda", "get_function", {"FunctionName": "a b"}, "ValidationException", 400),
        ("route53", "get_hosted_zone", {"Id": "Z" * 40}, "InvalidInput", 400),
        ("s3", "put_bucket_acl", {"Bucket": "files", "ACL": "x"}, "InvalidArgument", 400),
        ("cloudwatch", "describe_alarms", {"StateValue": "MAYBE"}, "ValidationError", 400),
        ("secretsmanager", "get_secret_value", {"SecretId": "a" * 2049}, "ValidationException", 400),
        (
            "logs",
            "put_retention_policy",
            {"logGroupName": "a b", "retentionInDays": 1},
            "InvalidParameterException",
            400,
        ),
    ],
)
def test_what_aws_refuses(
    emulator: Any, service: str, method: str, params: dict[str, Any], code: str, status: int
) -> None:
    make = getattr(emulator.client(service, parameter_validation=False), method)
    assert _refusal(lambda: make(**params))[:2] == (code, status)
    assert emulator.calls()[-1]["error"] == code


def test_a_lambda_variable_that_moto_would_take(emulator: Any) -> None:
    role = emulator.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    variables = {"9LIVES": "x"}
    code, _, message = _refusal(
        lambda: emulator.client("lambda").create_function(
            FunctionName="f",
            Role=role,
            Runtime="python3.12",
            Handler="h.h",
            Code={"ZipFile": b"PK"},
            Environment={"Variables": variables},
        )
    )
    assert code == "ValidationException"
    assert "Map keys must satisfy constraint" in message


def test_missing_parameters_are_named(emulator: Any) -> None:
    code, _, message = _refusal(emulator.client("kms", parameter_validation=False).create_alias)
    assert code == "ValidationException"
    assert message.startswith("2 validation errors detected: ")
    assert "'targetKeyId'" in message


# --- what is not served -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "method", "params", "name"),
    [
        ("ec2", "describe_address_transfers", {}, "ec2:DescribeAddressTransfers"),
        ("rds", "describe_source_regions", {}, "rds:DescribeSourceRegions"),
        ("auditmanager", "list_assessments", {}, "auditmanager:ListAssessments"),
    ],
)
def test_unserved_calls_are_named_and_not_retried(
    emulator: Any, service: str, method: str, params: dict[str, Any], name: str
) -> None:
    code, status, message = _refusal(lambda: getattr(emulator.client(service), method)(**params))
    assert status == 501
    assert f"the embedded AWS does not serve {name}" in message
    assert emulator.calls()[-1]["status"] == 501
    assert code in ("EmulatorNotImplemented", "501")


def test_an_unreadable_body_is_an_error_of_the_service(emulator: Any) -> None:
    authorization = "AWS4-HMAC-SHA256 Credential=testing/20260101/ap-northeast-1/dynamodb/aws4_request"
    headers = {
        "Authorization": authorization,
        "X-Amz-Target": "DynamoDB_20120810.DescribeTable",
        "Content-Type": "application/x-amz-json-1.0",
    }
    request = urllib.request.Request(emulator.url, data=b"[1, 2]", headers=headers, method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as response:
        assert response.status == 400
        assert "SerializationException" in json.loads(response.read())["__type"]


# --- the call log -----------------------------------------------------------------------------------------------------


def test_calls_are_logged(emulator: Any) -> None:
    emulator.client("secretsmanager").create_secret(Name="a", SecretString="hunter2")
    emulator.client("ec2", region_name="eu-west-1").describe_vpcs(VpcIds=[])
    first, second = emulator.calls()
    assert (first["service"], first["operation"], first["status"], first["error"]) == (
        "secretsmanager",
        "CreateSecret",
        200,
        None,
    )
    assert first["params"]["Name"] == "a"
    assert first["params"]["SecretString"] == "********"
    assert first["access_key"] == "testing"
    assert "Boto3" in first["user_agent"]
    assert (first["region"], second["region"]) == ("ap-northeast-1", "eu-west-1")
    assert first["time"] < second["time"]
    assert set(first) == set(second)


def test_binary_objects_pass_unchanged(emulator: Any) -> None:
    s3, body = emulator.client("s3"), bytes(range(256)) * 1000
    s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": emulator.region})
    s3.put_object(Bucket="files", Key="a/b c+d.bin", Body=body)
    assert s3.get_object(Bucket="files", Key="a/b c+d.bin")["Body"].read() == body
    put = next(call for call in emulator.calls() if call["operation"] == "PutObject")
    assert put["params"]["Key"] == "a/b c+d.bin"
