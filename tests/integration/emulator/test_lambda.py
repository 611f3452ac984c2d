from __future__ import annotations

import base64
import contextlib
import hashlib
import json

import pytest
from botocore.exceptions import ClientError

from emulator.testing import EmulatorServer

from .lambda_account import Functions, eventually, zipped


@pytest.fixture
def functions(emulator: EmulatorServer) -> Functions:
    return Functions(emulator)


def test_a_function_runs_its_code_and_writes_its_log(functions: Functions) -> None:
    made = functions.make("echo")
    assert made["State"] == "Pending"
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(zipped()).digest()).decode()
    assert functions.client.get_function_configuration(FunctionName="f")["State"] == "Active"
    result, error = functions.invoke({"a": "値"})
    assert error is None
    assert result["event"] == {"a": "値"}
    assert 0 < result["remaining"] <= 20_000
    assert result["arn"] == made["FunctionArn"]
    start, told, end, report = functions.log()
    assert start.startswith("START RequestId: ")
    assert told == 'got {"a": "\\u5024"}'
    assert end.startswith("END RequestId: ")
    assert report.startswith("REPORT RequestId: ")


def test_failures_are_answered_as_lambda_answers_them(functions: Functions) -> None:
    for handler in ("fail", "leave", "unserializable", "nothing"):
        functions.make(handler, name=handler)
    functions.make("sleep", name="sleep", Timeout=1)
    result, error = functions.invoke(name="fail")
    assert (error, result["errorType"], result["errorMessage"]) == ("Unhandled", "ValueError", "no good")
    assert 'raise ValueError("no good")' in result["stackTrace"][0]
    assert functions.invoke(name="leave")[0]["errorType"] == "Runtime.ExitError"
    assert functions.invoke(name="unserializable")[0]["errorType"] == "Runtime.MarshalError"
    assert functions.invoke(name="nothing")[0]["errorType"] == "Runtime.HandlerNotFound"
    assert "timed out after 1.00 seconds" in functions.invoke(name="sleep")[0]["errorMessage"]


def test_functions_call_the_account_that_they_run_in(functions: Functions) -> None:
    functions.make("account")
    assert functions.invoke() == (functions.emulator.account_id, None)


def test_new_code_is_in_use_after_the_update(functions: Functions) -> None:
    functions.make("echo")
    functions.invoke()
    functions.emulator.set_delays({"lambda_function.updating": 60})
    code = zipped("def echo(event, context):\n    return 'new'\n")
    assert functions.client.update_function_code(FunctionName="f", ZipFile=code)["LastUpdateStatus"] == "InProgress"
    with pytest.raises(ClientError, match="An update is in progress"):
        functions.client.update_function_configuration(FunctionName="f", MemorySize=256)
    functions.emulator.set_delays({})
    assert functions.client.get_function_configuration(FunctionName="f")["LastUpdateStatus"] == "Successful"
    assert functions.invoke() == ("new", None)


def test_settings_are_kept_and_told(functions: Functions) -> None:
    functions.make("echo", LoggingConfig={"LogFormat": "Text", "LogGroup": "/elsewhere"})
    functions.client.update_function_configuration(
        FunctionName="f", TracingConfig={"Mode": "Active"}, MemorySize=256, Environment={"Variables": {"AA": "1"}}
    )
    told = functions.client.get_function_configuration(FunctionName="f")
    assert told["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/elsewhere"}
    assert told["TracingConfig"] == {"Mode": "Active"}
    assert (told["MemorySize"], told["Environment"]) == (256, {"Variables": {"AA": "1"}})
    functions.invoke()
    assert functions.log("/elsewhere")


def test_what_lambda_refuses(functions: Functions) -> None:
    with pytest.raises(ClientError, match="reserved keys"):
        functions.make("echo", Environment={"Variables": {"AWS_REGION": "x1"}})
    with pytest.raises(ClientError, match="does not exist"):
        functions.make("echo", VpcConfig={"SubnetIds": ["subnet-0123"], "SecurityGroupIds": ["sg-0123"]})
    with pytest.raises(ClientError, match="does not have permissions to call SendMessage on SQS"):
        functions.make("echo", DeadLetterConfig={"TargetArn": functions.arn(functions.queue())})
    functions.make("echo")
    permission = {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction"}
    functions.client.add_permission(**permission, Principal="sns.amazonaws.com")
    with pytest.raises(ClientError, match="already exists"):
        functions.client.add_permission(**permission, Principal="sns.amazonaws.com")


def test_reserved_concurrency_holds(functions: Functions) -> None:
    functions.make("echo")
    functions.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        functions.invoke()
    functions.client.delete_function_concurrency(FunctionName="f")
    assert functions.invoke()[1] is None


def test_an_asynchronous_invocation_is_tried_three_times_and_then_kept(functions: Functions) -> None:
    got, dead, failed = (functions.queue(name) for name in ("got", "dead", "failed"))
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}}
    functions.emulator.client("iam").put_role_policy(
        RoleName="r", PolicyName="send", PolicyDocument=json.dumps(document)
    )
    functions.make(
        "collect",
        Environment={"Variables": {"QUEUE_URL": got}},
        DeadLetterConfig={"TargetArn": functions.arn(dead)},
    )
    functions.client.put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnFailure": {"Destination": functions.arn(failed)}}
    )
    functions.invoke({"n": "fine"}, InvocationType="Event")
    assert json.loads(functions.received(got)[0]["Body"]) == {"n": "fine"}
    functions.invoke({"n": "fail"}, InvocationType="Event")
    assert [json.loads(each["Body"]) for each in functions.received(got, 3)] == [{"n": "fail"}] * 3
    [kept] = functions.received(dead)
    assert json.loads(kept["Body"]) == {"n": "fail"}
    assert kept["MessageAttributes"]["ErrorMessage"]["StringValue"] == "asked to fail"
    record = json.loads(functions.received(failed)[0]["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorType"] == "RuntimeError"


class Rotation:
    def __init__(self, functions: Functions) -> None:
        self.secrets = functions.emulator.client("secretsmanager")
        self.lambda_ = functions.client
        self.arn = self.secrets.create_secret(Name="s", SecretString="old")["ARN"]
        self.function = functions.make("rotate")["FunctionArn"]

    def permit(self) -> None:
        self.lambda_.add_permission(
            FunctionName="f",
            StatementId="rotation",
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
            SourceArn=self.arn,
            SourceAccount="427979936961",
        )

    def rotate(self) -> None:
        rules = {"ScheduleExpression": "rate(30 days)", "Duration": "2h"}
        self.secrets.rotate_secret(SecretId="s", RotationLambdaARN=self.function, RotationRules=rules)

    def value(self) -> str:
        return str(self.secrets.get_secret_value(SecretId="s")["SecretString"])

    def stages(self) -> list[list[str]]:
        return sorted(self.secrets.describe_secret(SecretId="s")["VersionIdsToStages"].values())


@pytest.fixture
def rotation(functions: Functions) -> Rotation:
    return Rotation(functions)


def test_a_rotation_runs_its_four_steps(rotation: Rotation, functions: Functions) -> None:
    with pytest.raises(ClientError, match="Ensure that the function policy grants access"):
        rotation.rotate()
    rotation.permit()
    rotation.rotate()
    eventually(lambda: rotation.value() == "new")
    told = eventually(lambda: "LastRotatedDate" in (told := rotation.secrets.describe_secret(SecretId="s")) and told)
    assert told["RotationRules"] == {"ScheduleExpression": "rate(30 days)", "Duration": "2h"}
    assert rotation.stages() == [["AWSPENDING", "AWSCURRENT"], ["AWSPREVIOUS"]]
    said = [line for line in functions.log() if line.endswith("Secret")]
    assert said == ["createSecret", "setSecret", "testSecret", "finishSecret"]


@pytest.mark.parametrize("step", ["createSecret", "testSecret"])
def test_a_failed_step_leaves_the_pending_version_and_is_tried_again(
    rotation: Rotation, functions: Functions, step: str
) -> None:
    rotation.permit()
    variables = {"Variables": {"FAIL_AT": step}}
    rotation.lambda_.update_function_configuration(FunctionName="f", Environment=variables)
    rotation.rotate()
    eventually(lambda: any(f"{step} is asked to fail" in line for line in functions.log()))
    assert rotation.value() == "old"
    assert rotation.stages() == [["AWSCURRENT"], ["AWSPENDING"]]
    rotation.lambda_.update_function_configuration(FunctionName="f", Environment={"Variables": {}})
    with pytest.raises(ClientError, match="A previous rotation isn't complete"):
        rotation.rotate()

    def again() -> bool:
        with contextlib.suppress(ClientError):
            rotation.rotate()
        return rotation.value() == "new"

    eventually(again)
