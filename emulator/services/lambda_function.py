"""Lambda functions: their states, their settings, their resource policy, and what AWS refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.policy import Policy
from moto.awslambda.responses import LambdaResponse
from moto.core.utils import iso_8601_datetime_with_nanoseconds
from moto.iam.models import iam_backends

from emulator import delays, world
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._lambda_runtime import RESERVED_VARIABLES, log_group

API = "https://docs.aws.amazon.com/lambda/latest/api"
GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"

CREATING = delays.declare("lambda_function.creating", "CreateFunction until the function is Active")
UPDATING = delays.declare("lambda_function.updating", "A function is changed until the change is in use")

CONCURRENCY = world.declare_quota("lambda/L-B99A9384", "Concurrent executions", "AWS Lambda", 1000)
# What has to be left for functions without a reservation; accounts that begin with a quota of 10 have less.
_UNRESERVED = 100

_SETTINGS = ("DeadLetterConfig", "LoggingConfig", "TracingConfig", "KMSKeyArn")


def held(function: Any) -> dict[str, Any]:
    """The settings that moto does not keep, in the API's spelling."""
    settings: dict[str, Any] = vars(function).setdefault("_emulator_settings", {})
    return settings


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def _check(backend: Any, spec: Mapping[str, Any]) -> None:
    """What CreateFunction and UpdateFunctionConfiguration refuse."""
    variables = (spec.get("Environment") or {}).get("Variables") or {}
    if reserved := sorted(RESERVED_VARIABLES & set(variables)):
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(reserved)}"
        )
    if sum(len(key) + len(str(value)) for key, value in variables.items()) > 4096:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided exceeded the 4KB limit."
        )
    if vpc := spec.get("VpcConfig"):
        _vpc_of(backend, vpc)
    if target := (spec.get("DeadLetterConfig") or {}).get("TargetArn"):
        _check_dead_letter(backend, spec.get("Role"), target)


def _check_dead_letter(backend: Any, role: str | None, target: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    service = target.split(":")[2]
    action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}.get(service)
    if action is None:
        raise invalid(f"The provided target ARN {target} is invalid.")
    if role and not role_allows(backend, role, action):
        name, call = ("SQS", "SendMessage") if service == "sqs" else ("SNS", "Publish")
        raise invalid(f"The provided execution role does not have permissions to call {call} on {name}")


def role_allows(backend: Any, role_arn: str, action: str) -> bool:
    """Whether any policy of the role speaks of the action; resources and conditions are not looked at."""
    iam = iam_backends[backend.account_id]["aws"]
    role = iam.get_role_by_arn(role_arn)
    documents = [*role.policies.values(), *(policy.document for policy in role.managed_policies.values())]
    service = action.split(":", maxsplit=1)[0]
    for document in documents:
        parsed = json.loads(document) if isinstance(document, str) else document
        statements = parsed["Statement"] if isinstance(parsed["Statement"], list) else [parsed["Statement"]]
        for statement in statements:
            actions = statement.get("Action", [])
            actions = [actions] if isinstance(actions, str) else actions
            if {action.lower(), f"{service}:*", "*"} & {each.lower() for each in actions}:
                return True
    return False


def _vpc_of(backend: Any, vpc: Mapping[str, Any]) -> str:
    """The VPC of the subnets; raises what Lambda answers where one of them, or a security group, is not there."""
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[backend.account_id][backend.region_name]
    found = ""
    for subnet_id in vpc.get("SubnetIds") or []:
        subnets = [zone[subnet_id] for zone in ec2.subnets.values() if subnet_id in zone]
        if not subnets:
            raise invalid(
                "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: "
                f"The subnet ID '{subnet_id}' does not exist"
            )
        found = subnets[0].vpc_id
    for group_id in vpc.get("SecurityGroupIds") or []:
        if not any(group_id in groups for groups in ec2.groups.values()):
            raise invalid(
                "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error "
                f"Message: The security group '{group_id}' does not exist"
            )
    return found


@patch(LambdaBackend, "create_function", aws=f"{API}/API_CreateFunction.html")
def create_function(original: Any, self: Any, spec: dict[str, Any]) -> Any:
    """A function is Pending until it is Active, and its settings are checked."""
    _check(self, spec)
    function = original(self, spec=spec)
    held(function).update({key: spec[key] for key in _SETTINGS if spec.get(key)})
    held(function)["State"] = "Pending"
    delays.schedule(CREATING, lambda: held(function).pop("State", None))
    return function


def _begin_update(function: Any) -> None:
    if held(function).get("State") == "Pending":
        raise _conflict(f"The function is currently in the following state: Pending ({function.function_arn})")
    if held(function).get("LastUpdateStatus"):
        raise _conflict(f"An update is in progress for resource: {function.function_arn}")


def _conflict(reason: str) -> AwsError:
    return AwsError("ResourceConflictException", f"The operation cannot be performed at this time. {reason}", 409)


def _updated(function: Any) -> None:
    function.last_modified = iso_8601_datetime_with_nanoseconds()
    held(function)["LastUpdateStatus"] = "InProgress"
    delays.schedule(UPDATING, lambda: held(function).pop("LastUpdateStatus", None))


@patch(LambdaBackend, "update_function_configuration", aws=f"{API}/API_UpdateFunctionConfiguration.html")
def update_function_configuration(
    original: Any, self: Any, function_name: str, qualifier: str | None, body: dict[str, Any]
) -> Any:
    """Every setting can be changed, one update at a time."""
    function = self.get_function(function_name, qualifier)
    _begin_update(function)
    _check(self, {"Role": function.role, **body})
    if role := body.get("Role"):
        _check_role(self, role)
    original(self, function_name=function_name, qualifier=qualifier, body=body)
    held(function).update({key: body[key] for key in _SETTINGS if key in body})
    if "EphemeralStorage" in body:
        function.ephemeral_storage = body["EphemeralStorage"]["Size"]
    _updated(function)
    return function.get_configuration()


def _check_role(backend: Any, role: str) -> None:
    from moto.iam.exceptions import NotFoundException

    try:
        iam_backends[backend.account_id]["aws"].get_role_by_arn(role)
    except NotFoundException:
        raise invalid("The role defined for the function cannot be assumed by Lambda.") from None


@patch(LambdaBackend, "update_function_code", aws=f"{API}/API_UpdateFunctionCode.html")
def update_function_code(
    original: Any, self: Any, function_name: str, qualifier: str | None, body: dict[str, Any]
) -> Any:
    """New code, and the architecture that it is for, come one update at a time."""
    function = self.get_function(function_name, qualifier)
    _begin_update(function)
    answer = original(self, function_name=function_name, qualifier=qualifier, body=body)
    if body.get("DryRun"):
        return answer
    if architectures := body.get("Architectures"):
        function.architectures = architectures
    _updated(function)
    return function.get_configuration()


@patch(LambdaFunction, "get_configuration", aws=f"{API}/API_GetFunctionConfiguration.html")
def get_configuration(original: Any, self: Any, on_create: bool = False) -> dict[str, Any]:
    """A function tells its states, its VPC, and its logging, tracing and dead-letter settings."""
    answer: dict[str, Any] = original(self, on_create=on_create)
    settings = held(self)
    logging = settings.get("LoggingConfig") or {}
    answer["LoggingConfig"] = {"LogFormat": "Text", **logging, "LogGroup": log_group(self)}
    answer["TracingConfig"] = settings.get("TracingConfig") or {"Mode": "PassThrough"}
    answer["KMSKeyArn"] = settings.get("KMSKeyArn") or None
    if (settings.get("DeadLetterConfig") or {}).get("TargetArn"):
        answer["DeadLetterConfig"] = settings["DeadLetterConfig"]
    if settings.get("State") == "Pending":
        told = {"State": "Pending", "StateReasonCode": "Creating", "StateReason": "The function is being created."}
        answer.update(told)
        answer.pop("LastUpdateStatus", None)
    elif settings.get("LastUpdateStatus"):
        answer["LastUpdateStatus"] = settings["LastUpdateStatus"]
        answer["LastUpdateStatusReasonCode"] = "Creating"
        answer["LastUpdateStatusReason"] = "The function is being created."
    return {key: value for key, value in answer.items() if value is not None}


@patch(
    LambdaFunction,
    "vpc_config",
    aws=f"{GUIDE}/configuration-vpc.html",
    attribute=True,
)
def vpc_config(self: Any) -> dict[str, Any] | None:
    """A function in a VPC tells which one it is."""
    config = self._vpc_config
    if not config or not config.get("SubnetIds"):
        return None
    from moto.awslambda.models import lambda_backends

    vpc_id = _vpc_of(lambda_backends[self.account_id][self.region], config)
    return {"Ipv6AllowedForDualStack": False, **config, "VpcId": vpc_id}


@patch(LambdaFunction, "update_configuration", aws=f"{API}/API_UpdateFunctionConfiguration.html")
def update_configuration(original: Any, self: Any, config_updates: dict[str, Any]) -> Any:
    """An Environment without Variables takes all of them away."""
    if "Environment" in config_updates:
        variables = config_updates["Environment"].get("Variables") or {}
        config_updates = {**config_updates, "Environment": {"Variables": variables}}
    return original(self, config_updates=config_updates)


@patch(Policy, "add_statement", aws=f"{API}/API_AddPermission.html")
def add_statement(original: Any, self: Any, raw: Any, qualifier: str | None = None) -> Any:
    """A statement id stands once in a function's policy."""
    identifier = json.loads(raw).get("StatementId")
    if any(statement.get("Sid") == identifier for statement in self.statements):
        raise AwsError(
            "ResourceConflictException",
            f"The statement id ({identifier}) provided already exists. Please provide a new statement id, or remove "
            "the existing statement.",
            409,
        )
    return original(self, raw=raw, qualifier=qualifier)


@patch(LambdaResponse, "get_function_concurrency", aws=f"{API}/API_GetFunctionConcurrency.html")
def get_function_concurrency(_original: Any, self: Any) -> Any:
    """A function without reserved concurrency answers with nothing."""
    name = unquote(self.path.rsplit("/", 2)[-2])
    self.backend.get_function(name)
    reserved = self.backend.get_function_concurrency(name)
    return 200, {}, json.dumps({} if reserved is None else {"ReservedConcurrentExecutions": reserved})


@patch(LambdaBackend, "put_function_concurrency", aws=f"{GUIDE}/configuration-concurrency.html")
def put_function_concurrency(original: Any, self: Any, function_name: str, reserved_concurrency: Any) -> Any:
    """What functions reserve must leave some of the account's quota to the others."""
    quota = int(world.quota(CONCURRENCY))
    function, least = self.get_function(function_name), min(_UNRESERVED, quota)
    others = sum(int(each.reserved_concurrency or 0) for each in self.list_functions() if each is not function)
    if quota - others - int(reserved_concurrency) < least:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{least}]."
        )
    return original(self, function_name=function_name, reserved_concurrency=reserved_concurrency)
