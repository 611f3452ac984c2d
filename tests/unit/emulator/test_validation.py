from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from emulator import model_errata, validation
from emulator.model_errata import Waiver
from emulator.protocol import AwsError
from tests.unit.emulator.ordinary_calls import CALLS
from tests.unit.emulator.sample import sample
from tests.unit.emulator.wire import SERVICES, examples, model, received, request

# Examples of AWS that AWS would not take: typing slips and ids of a made-up form.
BROKEN_EXAMPLES = {
    ("ec2", "ModifySpotFleetRequest"),
    ("kms", "CreateCustomKeyStore"),
    ("kms", "UpdateCustomKeyStore"),
    ("lambda", "UpdateEventSourceMapping"),
    ("s3", "PutBucketCors"),
}
# Operations that botocore keeps under an old name beside the new one, with the same request on the wire.
SAME_REQUEST = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}


def found(service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
    return [str(violation) for violation in validation.violations(*received(service, operation, params))]


def refusal(service: str, operation: str, params: Mapping[str, Any]) -> AwsError:
    identified, parsed = received(service, operation, params)
    error = validation.refusal(identified, request(service, operation, params), parsed)
    assert error is not None
    return error


# --- what AWS takes is taken ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_can_be_called(service: str) -> None:
    """A request that fills in every member is recognized, read and found to fit (but for made-up patterns)."""
    for name in model(service).operation_names:
        operation_model = model(service).operation_model(name)
        if operation_model.has_event_stream_input:
            continue
        params = sample(operation_model.input_shape) if operation_model.input_shape else {}
        operation, parsed = received(service, name, params)
        assert operation.name == SAME_REQUEST.get(name, name)
        violations = [v for v in validation.violations(operation, parsed) if v.kind != validation.PATTERN]
        assert violations == [], name
        assert validation.unknown_parameter(operation, request(service, name, params)) is None


def test_examples_of_aws() -> None:
    counted = 0
    for service in SERVICES:
        for operation, cases in examples(service).items():
            if (service, operation) in BROKEN_EXAMPLES:
                continue
            for case in cases:
                assert found(service, operation, case.get("input") or {}) == [], (service, operation)
                counted += 1
    assert counted > 700


@pytest.mark.parametrize(("service", "operation", "params"), CALLS, ids=[f"{s}-{o}" for s, o, _ in CALLS])
def test_ordinary_calls(service: str, operation: str, params: dict[str, Any]) -> None:
    assert found(service, operation, params) == []


# --- what AWS refuses is refused, in its words ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "operation", "params", "message"),
    [
        (
            "dynamodb",
            "DescribeTable",
            {},
            "Value null at 'tableName' failed to satisfy constraint: Member must not be null",
        ),
        (
            "elbv2",
            "CreateLoadBalancer",
            {"Name": "a", "Scheme": "foo"},
            (
                "Value 'foo' at 'scheme' failed to satisfy constraint: "
                "Member must satisfy enum value set: [internet-facing, internal]"
            ),
        ),
        (
            "logs",
            "CreateLogGroup",
            {"logGroupName": "a b"},
            (
                "Value 'a b' at 'logGroupName' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"
            ),
        ),
        (
            "iam",
            "CreateUser",
            {"UserName": "a" * 65},
            (
                f"Value '{'a' * 65}' at 'userName' failed to satisfy constraint: "
                "Member must have length less than or equal to 64"
            ),
        ),
        (
            "ssm",
            "DescribeParameters",
            {"MaxResults": 51},
            "Value '51' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50",
        ),
        (
            "kms",
            "CreateKey",
            {"Tags": [{"TagKey": "", "TagValue": "a"}]},
            (
                "Value '' at 'tags.1.member.tagKey' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            ),
        ),
        (
            "cloudwatch",
            "DescribeAlarms",
            {"AlarmTypes": ["MetricAlarm", "FireAlarm"]},
            (
                "Value '[MetricAlarm, FireAlarm]' at 'alarmTypes' failed to satisfy constraint: Member must satisfy "
                "constraint: [Member must satisfy enum value set: [CompositeAlarm, MetricAlarm, LogAlarm]]"
            ),
        ),
        (
            "lambda",
            "UpdateFunctionConfiguration",
            {"FunctionName": "f", "Environment": {"Variables": {"9A": "x"}}},
            (
                "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: "
                "[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"
            ),
        ),
    ],
)
def test_wording(service: str, operation: str, params: dict[str, Any], message: str) -> None:
    assert message in found(service, operation, params)


def test_types_of_json() -> None:
    operation, _ = received("dynamodb", "DescribeTable", {"TableName": "abc"})
    [violation] = validation.violations(operation, {"TableName": 1})
    assert (violation.kind, violation.path) == (validation.TYPE, "tableName")


def test_secrets_are_not_repeated() -> None:
    [message] = found("rds", "ModifyDBInstance", {"MasterUserPassword": "hunter2"})
    assert "hunter2" not in message
    too_long = {"Name": "a", "SecretString": "hunter2" * 10_000}
    assert not any("hunter2" in message for message in found("secretsmanager", "CreateSecret", too_long))


# --- each service's own form ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "message"),
    [
        ("dynamodb", "DescribeTable", {}, "ValidationException", "1 validation error detected: Value null at"),
        ("iam", "CreateUser", {}, "ValidationError", "1 validation error detected: Value null at 'userName'"),
        ("sns", "Subscribe", {}, "ValidationError", "2 validation errors detected: "),
        ("ec2", "CreateNatGateway", {"AvailabilityMode": "x"}, "InvalidParameterValue", "availabilityMode is invalid"),
        ("ec2", "DeleteVpc", {}, "MissingParameter", "The request must contain the parameter vpcId"),
        ("rds", "DeleteDBInstance", {}, "MissingParameter", "The request must contain the parameter dBInstance"),
        ("logs", "CreateLogGroup", {"logGroupName": "a b"}, "InvalidParameterException", "1 validation error"),
        (
            "ecr",
            "CreateRepository",
            {"repositoryName": "Airas"},
            "InvalidParameterException",
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '",
        ),
        ("ecs", "PutAccountSetting", {"name": "x", "value": "y"}, "InvalidParameterException", "1 validation error"),
        ("route53", "GetHostedZone", {"Id": "Z" * 33}, "InvalidInput", "1 validation error detected"),
        (
            "s3",
            "PutBucketVersioning",
            {"Bucket": "files", "VersioningConfiguration": {"Status": "Maybe"}},
            "MalformedXML",
            "did not validate against our published schema",
        ),
        ("s3", "PutBucketAcl", {"Bucket": "files", "ACL": "x"}, "InvalidArgument", "Invalid argument 'aCL'"),
        ("lambda", "GetFunction", {"FunctionName": "a b"}, "ValidationException", "1 validation error detected"),
    ],
)
def test_error_form(service: str, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    error = refusal(service, operation, params)
    assert error.code == code
    assert message in error.message


def test_ec2_refuses_parameters_that_it_does_not_know() -> None:
    identified, parsed = received("ec2", "DescribeVpcs", {"VpcIds": ["vpc-1"]})
    sent = request("ec2", "DescribeVpcs", {"VpcIds": ["vpc-1"]})
    assert validation.refusal(identified, sent, parsed) is None
    other = request("ec2", "DescribeSubnets", {"SubnetIds": ["subnet-1"]})
    error = validation.refusal(identified, other, parsed)
    assert error is not None
    assert (error.code, error.message) == ("UnknownParameter", "The parameter SubnetId.1 is not recognized")


# --- errata -----------------------------------------------------------------------------------------------------------


def test_open_enumerations_take_new_values_of_their_form_only() -> None:
    launch = {"MinCount": 1, "MaxCount": 1}
    assert found("ec2", "RunInstances", {**launch, "InstanceType": "t99x.2xlarge"}) == []
    assert found("ec2", "RunInstances", {**launch, "InstanceType": "anything"}) != []


def test_waivers(monkeypatch: pytest.MonkeyPatch) -> None:
    user = {"UserName": "a" * 65}
    waiver = Waiver("iam", "CreateUserRequest", "UserName", validation.LENGTH, "for this test")
    monkeypatch.setattr(model_errata, "WAIVERS", (waiver,))
    assert found("iam", "CreateUser", user) == []
    assert found("iam", "CreateUser", {}) != []


@pytest.mark.parametrize("entry", [*model_errata.OPEN_ENUMS, *model_errata.WAIVERS], ids=str)
def test_errata_name_what_exists(entry: Any) -> None:
    shapes = model(entry.service).shape_names
    assert any(re.fullmatch(entry.shape.replace("*", ".*"), shape) for shape in shapes)
    assert entry.reason


# --- Java's patterns --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$", "日本 a-1_@x", True),
        (r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$", "a<b>", False),
        (r"\p{Print}+", "a b~", True),
        (r"\p{Print}+", "a\tb", False),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "😀 é\t", True),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "a\nb", False),
        (r"[\w-_/]+", "a-_/", True),
        (r"[\w-_/]+", "a.", False),
        (r"[a-z]+", "abcD", False),
        (r"\w+", "é", False),
        (r"[a-z]+$", "abc\n", False),
    ],
)
def test_patterns(pattern: str, value: str, expected: bool) -> None:
    assert validation.matches(pattern, value) is expected


def test_patterns_that_python_cannot_read_are_counted_and_let_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "UNTRANSLATED", {})
    assert validation.matches("a(?i)b[c&&[d]]", "anything") is True
    assert list(validation.UNTRANSLATED) == ["a(?i)b[c&&[d]]"]


def test_patterns_of_this_stack_are_readable() -> None:
    patterns = {
        shape["pattern"]
        for service in SERVICES
        for shape in model(service)._service_description["shapes"].values()
        if "pattern" in shape
    }
    for pattern in patterns:
        validation.matches(pattern, "a")
    # One of budgets', with a flag in its middle.
    assert [pattern for pattern in patterns if pattern in validation.UNTRANSLATED] == [
        r"^(?![^:\\]*/action/|(?i).*<script>.*</script>.*)[^:\\]+$"
    ]
