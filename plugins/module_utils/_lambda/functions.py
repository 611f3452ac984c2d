# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lambda functions: their code, compared by its digest, their settings, and who may invoke them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws import Aws, AwsError
from .._reconcile import Operation, PlatformError, Resource, State, managed_tags
from . import package

MISSING = ["ResourceNotFoundException"]

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
TIMEOUT_S = range(1, 900 + 1)
MEMORY_MB = range(128, 10240 + 1)

# New accounts begin with 10, of which nothing can be reserved.
_MORE_CONCURRENCY = (
    "Ask for a higher value of the quota Concurrent executions (lambda/L-B99A9384) in Service Quotas, or leave "
    "reserved_concurrency out, and run again."
)

_CODE = ("code_sha256", "architecture")
_CONFIGURATION = (
    "role_arn",
    "runtime",
    "handler",
    "description",
    "timeout_s",
    "memory_mb",
    "environment",
    "subnet_ids",
    "security_group_ids",
    "dead_letter_arn",
    "log_group",
    "tracing",
)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The functions of the options."""
    present = params["state"] == "present"
    built = [package.build(_source(options)) if present else None for options in params["functions"]]
    found = aws.gather(partial(_find, aws, options["name"], params["tags"]) for options in params["functions"])
    return [
        _function(aws, options, before, _desired(options, code, params["tags"]) if code else None, code)
        for options, before, code in zip(params["functions"], found, built, strict=True)
    ]


def unready(error: AwsError) -> bool:
    """Whether Lambda may only not see the role, or what the role permits, yet."""
    return error.code == "InvalidParameterValueException" and any(
        text in str(error) for text in ("cannot be assumed by Lambda", "does not have permissions to call")
    )


def _source(options: Mapping[str, Any]) -> str:
    address = f"lambda_function/{options['name']}"
    for option in ("source", "role_arn"):
        if not options[option]:
            raise PlatformError(f"{option} is missing.", mend="A function that is present needs it.", resource=address)
    for option, allowed in (("timeout_s", TIMEOUT_S), ("memory_mb", MEMORY_MB)):
        if options[option] not in allowed:
            raise PlatformError(
                f"{option} is {options[option]}.",
                mend=f"AWS takes {allowed.start} to {allowed.stop - 1}.",
                resource=address,
            )
    return str(options["source"])


def _desired(options: Mapping[str, Any], code: package.Package, tags: Mapping[str, str]) -> dict[str, Any]:
    vpc = options["vpc_config"] or {}
    return {
        "code_sha256": code.sha256,
        "architecture": options["architecture"],
        **{key: options[key] for key in ("role_arn", "runtime", "handler", "description", "timeout_s", "memory_mb")},
        "environment": {key: str(value) for key, value in options["environment"].items()},
        "subnet_ids": sorted(vpc.get("subnet_ids", [])),
        "security_group_ids": sorted(vpc.get("security_group_ids", [])),
        "dead_letter_arn": options["dead_letter_arn"] or "",
        "log_group": options["log_group"] or f"/aws/lambda/{options['name']}",
        "tracing": "Active" if options["tracing"] else "PassThrough",
        "reserved_concurrency": options["reserved_concurrency"],
        "permissions": {
            permission["id"]: {
                "principal": permission["principal"],
                "action": permission["action"],
                "source_arn": permission["source_arn"] or "",
                "source_account": permission["source_account"] or "",
            }
            for permission in options["permissions"]
        },
        "tags": {**tags, "Name": options["name"]},
    }


# -- finding ---------------------------------------------------------------------------------------------------------


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    answer = aws.call_or_none("lambda", "get_function", MISSING, FunctionName=name)
    if answer is None:
        return None
    policy = aws.call_or_none("lambda", "get_policy", MISSING, FunctionName=name) or {}
    configuration = answer["Configuration"]
    vpc = configuration.get("VpcConfig") or {}
    return {
        **_described(configuration),
        "code_sha256": configuration["CodeSha256"],
        "architecture": (configuration.get("Architectures") or ["x86_64"])[0],
        "role_arn": configuration["Role"],
        "runtime": configuration.get("Runtime"),
        "handler": configuration.get("Handler"),
        "description": configuration.get("Description") or "",
        "timeout_s": configuration["Timeout"],
        "memory_mb": configuration["MemorySize"],
        "environment": (configuration.get("Environment") or {}).get("Variables") or {},
        "subnet_ids": sorted(vpc.get("SubnetIds") or []),
        "security_group_ids": sorted(vpc.get("SecurityGroupIds") or []),
        "dead_letter_arn": (configuration.get("DeadLetterConfig") or {}).get("TargetArn") or "",
        "log_group": (configuration.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}",
        "tracing": (configuration.get("TracingConfig") or {}).get("Mode") or "PassThrough",
        "reserved_concurrency": (answer.get("Concurrency") or {}).get("ReservedConcurrentExecutions"),
        "permissions": _permissions(policy.get("Policy")),
        "tags": managed_tags(answer.get("Tags") or {}, {**tags, "Name": name}),
    }


def _described(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """What only AWS can tell."""
    return {
        "arn": configuration["FunctionArn"],
        "state": configuration.get("State"),
        "state_reason": configuration.get("StateReason"),
        "last_update": configuration.get("LastUpdateStatus"),
        "last_update_reason": configuration.get("LastUpdateStatusReason"),
    }


def _permissions(policy: str | None) -> dict[str, Any]:
    """The statements of a resource policy, by their ids, in the form of the option."""
    statements = json.loads(policy)["Statement"] if policy else []
    return {statement["Sid"]: _permission(statement) for statement in statements}


def _permission(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Conditions that this module does not write are shown whole, so that they differ and are taken away."""
    principal, conditions = statement["Principal"], dict(statement.get("Condition") or {})
    arn = _only(conditions, "ArnLike", "AWS:SourceArn")
    account = _only(conditions, "StringEquals", "AWS:SourceAccount")
    found = {
        "principal": (principal.get("Service") or principal.get("AWS")) if isinstance(principal, dict) else principal,
        "action": statement["Action"],
        "source_arn": arn,
        "source_account": account,
    }
    return {**found, "condition": conditions} if conditions else found


def _only(conditions: dict[str, Any], operator: str, key: str) -> str:
    if set(conditions.get(operator, {})) != {key}:
        return ""
    return str(conditions.pop(operator)[key])


# -- changing --------------------------------------------------------------------------------------------------------


def _function(
    aws: Aws,
    options: Mapping[str, Any],
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    code: package.Package | None,
) -> Resource:
    name = options["name"]
    calls = _Calls(aws, name, after or {}, code)
    return Resource(
        "lambda_function",
        name,
        before=before,
        after=after,
        placeholders={"arn": aws.arn("lambda", f"function:{name}")},
        create=Operation("lambda:CreateFunction", calls.create, covers=(*_CODE, *_CONFIGURATION, "tags")),
        updates=(
            # Lambda takes one of them at a time, and none before the function is there.
            Operation("lambda:UpdateFunctionConfiguration", calls.configure, covers=_CONFIGURATION, settled_only=True),
            Operation("lambda:UpdateFunctionCode", calls.put_code, covers=_CODE, settled_only=True),
            Operation(
                "lambda:PutFunctionConcurrency", calls.reserve, covers=("reserved_concurrency",), settled_only=True
            ),
            Operation("lambda:AddPermission", calls.permit, covers=("permissions",), settled_only=True),
            Operation("lambda:TagResource", calls.tag, covers=("tags",)),
        ),
        delete=Operation("lambda:DeleteFunction", calls.delete),
        impacts={"delete": "outage"},
        settling=_settling if after is not None else lambda _known: None,
    )


def _settling(known: State) -> str | None:
    if known.get("state") == "Failed":
        raise PlatformError(
            f"AWS could not make it: {known.get('state_reason')}.",
            mend="Mend that, delete the function, and run again.",
            call="lambda:CreateFunction",
        )
    if known.get("last_update") == "Failed":
        raise PlatformError(
            f"AWS could not change it, and runs it as it was before: {known.get('last_update_reason')}.",
            mend="Mend that, and change the function or delete it, because AWS does not try again by itself.",
            call="lambda:UpdateFunctionConfiguration",
        )
    if known.get("state") == "Pending":
        return "Pending"
    return "updating" if known.get("last_update") == "InProgress" else None


@dataclass(frozen=True)
class _Calls:
    """The writes of one function; ``wanted`` is the normalised form of its options."""

    aws: Aws
    name: str
    wanted: Mapping[str, Any]
    code: package.Package | None

    def create(self, _known: dict[str, Any]) -> dict[str, Any]:
        assert self.code is not None
        request = {
            "FunctionName": self.name,
            "Code": {"ZipFile": self.code.content},
            "PackageType": "Zip",
            "Architectures": [self.wanted["architecture"]],
            **self._configuration(),
            "Tags": dict(self.wanted["tags"]),
        }
        if not self.wanted["dead_letter_arn"]:
            del request["DeadLetterConfig"]
        if not self.wanted["subnet_ids"]:
            del request["VpcConfig"]
        made = self.aws.once_consistent(lambda: self.aws.create("lambda", "create_function", **request), unready)
        return _described(made)

    def configure(self, _known: dict[str, Any]) -> dict[str, Any]:
        request = {"FunctionName": self.name, **self._configuration()}
        return _described(
            self.aws.once_consistent(
                lambda: self.aws.call("lambda", "update_function_configuration", **request), unready
            )
        )

    def put_code(self, _known: dict[str, Any]) -> dict[str, Any]:
        assert self.code is not None
        request = {
            "FunctionName": self.name,
            "ZipFile": self.code.content,
            "Architectures": [self.wanted["architecture"]],
        }
        return _described(self.aws.call("lambda", "update_function_code", **request))

    def reserve(self, known: dict[str, Any]) -> None:
        count = self.wanted["reserved_concurrency"]
        if count is not None:
            try:
                self.aws.call(
                    "lambda", "put_function_concurrency", FunctionName=self.name, ReservedConcurrentExecutions=count
                )
            except AwsError as error:
                if "UnreservedConcurrentExecution" in str(error):
                    error.mend = _MORE_CONCURRENCY
                raise
        elif known.get("reserved_concurrency") is not None:
            self.aws.call("lambda", "delete_function_concurrency", FunctionName=self.name)

    def permit(self, known: dict[str, Any]) -> None:
        """AWS has no call that changes a statement."""
        actual, wanted = known.get("permissions") or {}, self.wanted["permissions"]
        for identifier in sorted(actual):
            if actual[identifier] != wanted.get(identifier):
                self.aws.call("lambda", "remove_permission", FunctionName=self.name, StatementId=identifier)
        for identifier in sorted(wanted):
            if actual.get(identifier) != wanted[identifier]:
                self._add(identifier, wanted[identifier])

    def _add(self, identifier: str, permission: Mapping[str, str]) -> None:
        source = {"SourceArn": permission["source_arn"], "SourceAccount": permission["source_account"]}
        self.aws.call(
            "lambda",
            "add_permission",
            FunctionName=self.name,
            StatementId=identifier,
            Action=permission["action"],
            Principal=permission["principal"],
            **{key: value for key, value in source.items() if value},
        )

    def tag(self, known: dict[str, Any]) -> None:
        self.aws.call("lambda", "tag_resource", Resource=known["arn"], Tags=dict(self.wanted["tags"]))

    def delete(self, _known: dict[str, Any]) -> None:
        self.aws.call("lambda", "delete_function", FunctionName=self.name)

    def _configuration(self) -> dict[str, Any]:
        wanted = self.wanted
        return {
            "Role": wanted["role_arn"],
            "Runtime": wanted["runtime"],
            "Handler": wanted["handler"],
            "Description": wanted["description"],
            "Timeout": wanted["timeout_s"],
            "MemorySize": wanted["memory_mb"],
            "Environment": {"Variables": dict(wanted["environment"])},
            "VpcConfig": {"SubnetIds": wanted["subnet_ids"], "SecurityGroupIds": wanted["security_group_ids"]},
            "DeadLetterConfig": {"TargetArn": wanted["dead_letter_arn"]},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": wanted["log_group"]},
            "TracingConfig": {"Mode": wanted["tracing"]},
        }
