# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The AWS edge: clients that retry throttling, one way to call and to page, errors that say what to do, and tags."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from ._reconcile import PlatformError

T = TypeVar("T")

# One retry budget for every call: with one call in five throttled, ten attempts fail once in ten million.
ATTEMPTS = 10
CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 60
MAX_BACKOFF_S = 20
# A change of IAM takes seconds, at times a minute, until every other service sees it.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
CONSISTENT_AFTER_S = 90
# From this many characters on, a piece of a secret in a message counts as the secret.
QUOTED_LENGTH = 12

_ACCESS_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedOperation",
}
_BAD_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_THROTTLED = {
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
}
# Services whose IAM prefix is not the name of their boto3 client.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_IAM_PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "application-autoscaling": "application-autoscaling",
    "elbv2": "elasticloadbalancing",
    "service-quotas": "servicequotas",
    "stepfunctions": "states",
}
# Operations that IAM knows by another name.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgetservice.html
_IAM_ACTIONS = {
    ("budgets", "create_budget"): "budgets:ModifyBudget",
    ("budgets", "create_notification"): "budgets:ModifyBudget",
    ("budgets", "create_subscriber"): "budgets:ModifyBudget",
    ("budgets", "delete_budget"): "budgets:ModifyBudget",
    ("budgets", "delete_notification"): "budgets:ModifyBudget",
    ("budgets", "delete_subscriber"): "budgets:ModifyBudget",
    ("budgets", "describe_budget"): "budgets:ViewBudget",
    ("budgets", "describe_notifications_for_budget"): "budgets:ViewBudget",
    ("budgets", "describe_subscribers_for_notification"): "budgets:ViewBudget",
    ("budgets", "update_budget"): "budgets:ModifyBudget",
    ("budgets", "update_subscriber"): "budgets:ModifyBudget",
    ("s3", "delete_bucket_lifecycle"): "s3:PutLifecycleConfiguration",
    ("s3", "delete_objects"): "s3:DeleteObjectVersion",
    ("s3", "delete_public_access_block"): "s3:PutBucketPublicAccessBlock",
    ("s3", "get_bucket_encryption"): "s3:GetEncryptionConfiguration",
    ("s3", "get_bucket_lifecycle_configuration"): "s3:GetLifecycleConfiguration",
    ("s3", "get_public_access_block"): "s3:GetBucketPublicAccessBlock",
    ("s3", "head_bucket"): "s3:ListBucket",
    ("s3", "list_object_versions"): "s3:ListBucketVersions",
    ("s3", "put_bucket_encryption"): "s3:PutEncryptionConfiguration",
    ("s3", "put_bucket_lifecycle_configuration"): "s3:PutLifecycleConfiguration",
    ("s3", "put_public_access_block"): "s3:PutBucketPublicAccessBlock",
    ("s3control", "delete_public_access_block"): "s3:PutAccountPublicAccessBlock",
    ("s3control", "get_public_access_block"): "s3:GetAccountPublicAccessBlock",
    ("s3control", "put_public_access_block"): "s3:PutAccountPublicAccessBlock",
    ("wafv2", "associate_web_acl"): "wafv2:AssociateWebACL",
    ("wafv2", "create_web_acl"): "wafv2:CreateWebACL",
    ("wafv2", "delete_web_acl"): "wafv2:DeleteWebACL",
    ("wafv2", "disassociate_web_acl"): "wafv2:DisassociateWebACL",
    ("wafv2", "get_web_acl"): "wafv2:GetWebACL",
    ("wafv2", "get_web_acl_for_resource"): "wafv2:GetWebACLForResource",
    ("wafv2", "list_resources_for_web_acl"): "wafv2:ListResourcesForWebACL",
    ("wafv2", "list_web_acls"): "wafv2:ListWebACLs",
    ("wafv2", "update_web_acl"): "wafv2:UpdateWebACL",
}


class AwsError(AnsibleAWSError, PlatformError):
    """A call that AWS refused or that never reached it; ``code`` is AWS's error code, or botocore's class name."""

    def __init__(self, message: str | None = None, exception: BaseException | None = None, **kwargs: Any) -> None:
        AnsibleAWSError.__init__(self, message, exception, **kwargs)
        self.code = error_code(exception)
        PlatformError.__init__(self, f"{message}: {exception}.", mend=_mend(self.code))

    __str__ = PlatformError.__str__


class NotAws(Exception):
    """Something answers at the endpoint, but not in AWS's form."""


class Withheld(Exception):
    """Stands for what AWS said, where that quotes a secret."""


class _AwsErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = AwsError


def error_code(exception: BaseException | None) -> str:
    response = getattr(exception, "response", None) or {}
    return response.get("Error", {}).get("Code") or type(exception).__name__


def _mend(code: str) -> str:
    if code in _ACCESS_DENIED:
        return "Allow the caller this action, or run as a role that has it."
    if code in _BAD_CREDENTIALS:
        return "Renew the credentials (aws sso login, a new assume-role session, or AWS_PROFILE) and run again."
    if code in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "CredentialRetrievalError"):
        return "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and run again."
    if code in (
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "ReadTimeoutError",
        "NotAws",
    ):
        return "Check the network, the region's name and AWS_ENDPOINT_URL, and run again."
    if code in _THROTTLED:
        return f"AWS throttled {ATTEMPTS} attempts in a row; run again when less goes on in the account."
    if code == "DependencyViolation":  # AWS does not say what
        return "Remove what still uses it and run again; the network interfaces in the VPC show what that is."
    return ""


def unquoted(run: Callable[[], T], *secrets: str) -> T:
    """The result of a call that carries secrets: AWS's words of a failure are left out if they quote a piece of one."""
    try:
        return run()
    except AwsError as error:
        if not any(_quotes(str(error), secret) for secret in secrets):
            raise
        refused = error
    # Out of the handler, so that this error does not have that one for its context.
    said = Withheld(f"{refused.code} (AWS's words quote the secret, and are left out)")
    withheld = AwsError(f"Failed to call {refused.call}", said)
    withheld.code, withheld.call, withheld.mend = refused.code, refused.call, refused.mend
    raise withheld


def _quotes(text: str, secret: str) -> bool:
    """Whether a piece of the secret that is long enough to be worth something is in the text."""
    length = min(len(secret), QUOTED_LENGTH)
    return any(secret[start : start + length] in text for start in range(len(secret) - length + 1))


def iam_action(service: str, operation: str) -> str:
    """``("ec2", "create_vpc")`` -> ``ec2:CreateVpc``, as policies and CloudTrail spell it."""
    if (service, operation) in _IAM_ACTIONS:
        return _IAM_ACTIONS[service, operation]
    words = "".join(word[:1].upper() + word[1:] for word in operation.split("_"))
    return f"{_IAM_PREFIXES.get(service, service)}:{words}"


class Aws:
    """The clients of one module call, made when first used; safe to call from the threads of L(Aws.gather)."""

    def __init__(self, module: AnsibleAWSModule, attempts: int = ATTEMPTS) -> None:
        self._module = module
        self._attempts = attempts
        self._clients: dict[tuple[str, int], Any] = {}
        self._lock = threading.Lock()

    @property
    def region(self) -> str:
        return self._module.region

    @property
    def account_id(self) -> str:
        return str(self._identity["Account"])

    @property
    def partition(self) -> str:
        return str(self._identity["Arn"]).split(":")[1]

    @cached_property
    def _identity(self) -> dict[str, Any]:
        return self.call("sts", "get_caller_identity")

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """The ARN that a resource of this account and region has, or will have once it is made."""
        parts = ("arn", self.partition, service, self.region if region else "", self.account_id if account else "")
        return ":".join((*parts, resource))

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """One call, retried on throttling and on passing faults; raises L(AwsError)."""
        return self._invoke(service, operation, params, self._attempts)

    def create(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """A call that would make a second thing if it were sent twice: retried only when AWS says it was throttled.

        botocore also resends after a lost answer, when the first request may have been carried out. Here that ends
        the module instead, and the next run finds the resource by its tags.
        """
        for attempt in range(1, self._attempts):
            try:
                return self._invoke(service, operation, params, 1)
            except AwsError as error:
                if error.code not in _THROTTLED:
                    raise
            time.sleep(random.uniform(0, min(2**attempt, MAX_BACKOFF_S)))
        return self._invoke(service, operation, params, 1)

    def once_consistent(self, run: Callable[[], T], unready: Callable[[AwsError], bool]) -> T:
        """The result of a call that names an IAM role (or its like) made a moment ago, which AWS may not see yet.

        ``unready`` recognises the refusal by its code and message; the call is repeated until it is another one or
        L(CONSISTENT_AFTER_S) are over, and the last refusal is raised.
        """
        started, pause = time.monotonic(), 1.0
        while True:
            try:
                return run()
            except AwsError as error:
                if not unready(error) or time.monotonic() - started + pause > CONSISTENT_AFTER_S:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, 10.0)

    def call_or_none(
        self, service: str, operation: str, missing: Sequence[str], /, **params: Any
    ) -> dict[str, Any] | None:
        """One call whose error codes in ``missing`` mean that there is nothing there."""
        try:
            return self.call(service, operation, **params)
        except AwsError as error:
            if error.code in missing:
                return None
            raise

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
        """All items under ``key`` of all pages of a describe or list call."""
        return self._pages(service, operation, key, params)

    def gather(self, calls: Iterable[Callable[[], T]]) -> list[T]:
        """The results of independent reads, made at the same time, in their order."""
        with ThreadPoolExecutor(max_workers=8) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]

    def _client(self, service: str, attempts: int) -> Any:
        with self._lock:  # making a client is not thread-safe, using one is
            if (service, attempts) not in self._clients:
                config = {
                    "retries": {"mode": "standard", "total_max_attempts": attempts},
                    "connect_timeout": CONNECT_TIMEOUT_S,
                    "read_timeout": READ_TIMEOUT_S,
                }
                client = self._module.client(service, config=config)
                client.meta.events.register("before-call.s3-control", _keep_ip_host)
                self._clients[service, attempts] = client
            return self._clients[service, attempts]

    def _invoke(self, service: str, operation: str, params: Mapping[str, Any], attempts: int) -> dict[str, Any]:
        return self._describing(service, operation, lambda client: getattr(client, operation)(**params), attempts)

    def _pages(self, service: str, operation: str, key: str, params: Mapping[str, Any]) -> list[Any]:
        def run(client: Any) -> list[Any]:
            if not client.can_paginate(operation):
                return list(getattr(client, operation)(**params).get(key) or ())
            pages = client.get_paginator(operation).paginate(**params)
            return [item for page in pages for item in page.get(key) or ()]

        return self._describing(service, operation, run, self._attempts)

    def _describing(self, service: str, operation: str, run: Callable[[Any], T], attempts: int) -> T:
        from botocore.parsers import ResponseParserError

        action = iam_action(service, operation)
        handled = _AwsErrorHandler.common_error_handler(f"call {action}")(lambda: run(self._client(service, attempts)))
        try:
            return handled()
        except AwsError as error:
            error.call = action
            raise
        except ResponseParserError as error:  # is none of botocore's client errors, and quotes the whole answer
            raise AwsError(f"Failed to call {action}", NotAws("what answers there is not AWS")) from error


def _keep_ip_host(params: dict[str, Any], **_event: Any) -> None:
    """S3 Control writes the account id before the endpoint's host name, where an IP address cannot carry it."""
    params["url"] = re.sub(r"^(https?://)\d{12}\.(\d+\.\d+\.\d+\.\d+[:/])", r"\1\2", params["url"])


# -- tags ------------------------------------------------------------------------------------------------------------


def tags_of(item: Mapping[str, Any], key: str = "Tags") -> dict[str, str]:
    """The tags of a described resource as a dict."""
    return boto3_tag_list_to_ansible_dict(item.get(key) or [])


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """``[{"Key": ..., "Value": ...}]``, sorted, as most services take them."""
    return ansible_dict_to_boto3_tag_list(dict(sorted(tags.items())))


def tag_specification(resource_type: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """EC2's TagSpecifications: a resource is tagged in the call that makes it, so that no run can lose sight of it."""
    return [{"ResourceType": resource_type, "Tags": tag_list(tags)}]


def is_ours(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether something that an account has only one of carries the ManagedBy of the wanted tags.

    What does not was there before: it is adopted, and its tags and its end are the business of whoever made it.
    """
    return "ManagedBy" in wanted and tags.get("ManagedBy") == wanted["ManagedBy"]


def by_name(items: Iterable[Mapping[str, Any]], kind: str, id_key: str) -> dict[str, Mapping[str, Any]]:
    """Described EC2 items by their Name tag; two of the same name are an error, because either could be meant."""
    found: dict[str, Mapping[str, Any]] = {}
    for item in items:
        name = tags_of(item).get("Name", "")
        if name in found and name:
            raise PlatformError(
                f"two of them carry this Name tag: {found[name][id_key]} and {item[id_key]}.",
                mend="Delete or rename the one that is not in use, and run again.",
                resource=f"{kind}/{name}",
            )
        found[name] = item
    return found
