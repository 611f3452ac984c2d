# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether the account is ready for what the inventory asks for. Reads only, and reports all that it finds.

What can be told from the inventory alone is told even where AWS cannot be reached.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._aws import Aws, AwsError, tags_of
from .._ecs.task_definition import size_problem
from .._reconcile import PlatformError
from .addresses import check_blocks, parse_block
from .findings import Finding, nearest, numbered

# "EC2-VPC Elastic IPs": https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
ELASTIC_IPS_QUOTA = {"ServiceCode": "ec2", "QuotaCode": "L-0263D0A3"}
ELASTIC_IPS_DEFAULT = 5
# "Concurrent executions", of which Lambda keeps 100 for functions that reserve none; new accounts begin with 10.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
CONCURRENCY_QUOTA = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384"}
CONCURRENCY_DEFAULT = 1000
UNRESERVED = 100

_UNREACHABLE = {
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "HTTPClientError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "SSLError",
}
_NONE = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "SSOTokenLoadError", "UnauthorizedSSOTokenError"}
_INVALID = {
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


def check(aws: Aws, params: Mapping[str, Any]) -> dict[str, Any]:
    """The module's result; raises L(PlatformError) with every finding."""
    findings = list(_check_inventory(params))
    reading = Reading(aws, params)
    findings += reading.findings()
    if findings:
        raise PlatformError(numbered(findings))
    return {"changed": False, "notes": reading.notes}


def _check_inventory(params: Mapping[str, Any]) -> Iterator[Finding]:
    if params["vpc_cidr"]:
        yield from check_blocks(params["vpc_cidr"], params["subnets"], "network_vpc_cidr")
    zones = params["availability_zones"]
    for zone in sorted({zone for zone in zones if zones.count(zone) > 1}):
        yield Finding("network_availability_zones", f"{zone} stands there twice.", "Name each zone once.")
    for variable, blocks in params["subnets"].items():
        if len(blocks) != len(zones):
            problem = f"it has {len(blocks)} blocks, and there are {len(zones)} zones (network_availability_zones)."
            yield Finding(variable, problem, "Give one block for each zone.")
    for prefix, size in params["fargate_tasks"].items():
        if unfit := size_problem(int(size["cpu"]), int(size["memory"])):
            yield Finding(f"{prefix}_cpu_units, {prefix}_memory_mib", *unfit)


class Reading:
    """The checks that ask AWS: first who the caller is, then, if that is the right account, everything else at once."""

    def __init__(self, aws: Aws, params: Mapping[str, Any]) -> None:
        self._aws = aws
        self._params = params
        self.notes: list[str] = []

    def findings(self) -> list[Finding]:
        return self._attempt(self._caller) or self._attempt(self._region) or self._everything_else()

    def _everything_else(self) -> list[Finding]:
        checks = (self._zones, self._other_networks, self._elastic_ips, self._concurrency)
        found = self._aws.gather(functools.partial(self._attempt, check) for check in checks)
        return [finding for findings in found for finding in findings]

    def _attempt(self, check: Callable[[], list[Finding]]) -> list[Finding]:
        """A call that fails is a finding like any other, so that it does not hide the rest."""
        try:
            return check()
        except AwsError as error:
            return [call_failed(error, self._aws.region)]

    def _ask(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """One call that gives up at once unless it was throttled: a person waits, and nothing has been started yet."""
        return self._aws.create(service, operation, **params)

    def _caller(self) -> list[Finding]:
        actual, wanted = self._ask("sts", "get_caller_identity")["Account"], self._params["account_id"]
        return [] if actual == wanted else [foreign_account(actual, wanted)]

    def _region(self) -> list[Finding]:
        region = self._aws.region
        found = self._ask("ec2", "describe_regions", RegionNames=[region], AllRegions=True)["Regions"]
        if all(item.get("OptInStatus") != "not-opted-in" for item in found):
            return []
        return [Finding("aws_region", f"{region} is not enabled in this account.", _enable(region))]

    def _zones(self) -> list[Finding]:
        if not (wanted := self._params["availability_zones"]):
            return []
        answer = self._aws.call("ec2", "describe_availability_zones")
        return list(unusable_zones(wanted, answer["AvailabilityZones"], self._aws.region))

    def _other_networks(self) -> list[Finding]:
        block, _problem, _mend = parse_block(self._params["vpc_cidr"] or "")
        if not block:
            return []
        filters = [{"Name": "tag:Project", "Values": [self._params["project"]]}]
        found = self._aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=filters)
        others = [vpc for vpc in found if tags_of(vpc).get("Environment") != self._params["environment"]]
        return list(overlapping_networks(self._params["vpc_cidr"], others))

    def _elastic_ips(self) -> list[Finding]:
        if not self._params["elastic_ips"]:
            return []
        # What AWS manages itself, for load balancers and regional NAT gateways, is left out: never refuse wrongly.
        found = self._aws.pages("ec2", "describe_addresses", "Addresses")
        addresses = [address for address in found if not address.get("ServiceManaged")]
        tags = {"Project": self._params["project"], "Environment": self._params["environment"]}
        ours = [address for address in addresses if tags.items() <= tags_of(address).items()]
        missing = self._params["elastic_ips"] - len(ours)
        if missing <= 0:
            return []
        quota, note = self._quota(ELASTIC_IPS_QUOTA, "Elastic IPs", ELASTIC_IPS_DEFAULT)
        if len(addresses) + missing <= quota:
            return []
        return [too_few_addresses(missing, len(addresses), quota, self._aws.region, note)]

    def _concurrency(self) -> list[Finding]:
        wanted = {variable: count for variable, count in self._params["reserved_concurrency"].items() if count}
        if not wanted:
            return []
        quota, _note = self._quota(CONCURRENCY_QUOTA, "concurrent executions of functions", CONCURRENCY_DEFAULT)
        if quota - sum(wanted.values()) >= min(UNRESERVED, quota):
            return []
        return [too_little_concurrency(wanted, quota, self._aws.region)]

    def _quota(self, key: Mapping[str, str], what: str, default: int) -> tuple[int, str]:
        """The quota, and a note if it is only assumed."""
        try:
            return int(self._aws.call("service-quotas", "get_service_quota", **key)["Quota"]["Value"]), ""
        except AwsError as error:
            unread = f"The quota of {what} could not be read ({error.code})"
            note = f"{unread}; AWS's default of {default} is assumed."
            self.notes.append(note)
            return default, note


def known_regions() -> set[str]:
    """The regions that the installed botocore knows; AWS may have newer ones."""
    import botocore.session

    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    return {region for partition in partitions for region in session.get_available_regions("ec2", partition)}


def unknown_region(region: str) -> Finding:
    near = nearest(region, known_regions())
    return Finding("aws_region", f"there is no region {region}.", f"Write {near}." if near else "Correct it.")


def _enable(region: str) -> str:
    return f"Enable it (aws account enable-region --region-name {region}), or choose another."


def foreign_account(actual: str, wanted: str) -> Finding:
    return Finding(
        "aws_account_id",
        f"the credentials are of account {actual}, and the inventory is for account {wanted}.",
        "Use that account's credentials (AWS_PROFILE), or choose another inventory (-i).",
    )


def unusable_zones(wanted: list[str], described: list[Mapping[str, Any]], region: str) -> Iterator[Finding]:
    """Zones that this account cannot put a subnet, NAT gateway or database into."""
    zones = {zone["ZoneName"]: zone for zone in described}
    usable = sorted(
        name
        for name, zone in zones.items()
        if zone["State"] == "available" and zone.get("ZoneType", "availability-zone") == "availability-zone"
    )
    for name in sorted(set(wanted) - set(usable)):
        problem = f"{name} is {_unusable(zones.get(name), region)}."
        yield Finding("network_availability_zones", problem, f"Choose among {', '.join(usable)}.")


def _unusable(zone: Mapping[str, Any] | None, region: str) -> str:
    if zone is None:
        return f"no availability zone of {region} in this account"
    return f"in the state {zone['State']}" if zone["State"] != "available" else f"a {zone['ZoneType']}"


def overlapping_networks(vpc_cidr: str, others: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """VPCs of the project's other environments that could never be connected to this one."""
    block, _problem, _mend = parse_block(vpc_cidr)
    for vpc in others:
        associated = [item["CidrBlock"] for item in vpc.get("CidrBlockAssociationSet") or [vpc]]
        for text in associated:
            other, _problem, _mend = parse_block(text)
            if block and other and block.overlaps(other):
                name = tags_of(vpc).get("Name", "without a name")
                problem = f"{block} overlaps {other} of {vpc['VpcId']} ({name}), another environment of the project."
                yield Finding("network_vpc_cidr", problem, "Choose a block of its own for each environment.")


def too_few_addresses(missing: int, used: int, quota: int, region: str, note: str) -> Finding:
    return Finding(
        "network_nat_mode",
        f"it needs {missing} more Elastic IPs, and the account has {used} of at most {quota} in {region}."
        + (f" {note}" if note else ""),
        "Release unused ones, or ask for more: aws service-quotas request-service-quota-increase --service-code ec2 "
        f"--quota-code {ELASTIC_IPS_QUOTA['QuotaCode']} --desired-value {used + missing} --region {region}",
    )


def too_little_concurrency(wanted: Mapping[str, int], quota: int, region: str) -> Finding:
    total = sum(wanted.values())
    return Finding(
        ", ".join(sorted(wanted)),
        f"it reserves {total} of the {quota} concurrent executions of the account in {region}, and Lambda keeps "
        f"{min(UNRESERVED, quota)} of them unreserved.",
        "Set it to 0, or ask for more: aws service-quotas request-service-quota-increase --service-code lambda "
        f"--quota-code {CONCURRENCY_QUOTA['QuotaCode']} --desired-value {CONCURRENCY_DEFAULT} --region {region}",
    )


def call_failed(error: AwsError, region: str) -> Finding:
    """One clear line for each way in which the first calls fail."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if error.code in _NONE:
        mend = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        return Finding("credentials", "there are no AWS credentials.", mend)
    if error.code in _EXPIRED:
        mend = "Renew them (aws sso login, or a new assume-role session)."
        return Finding("credentials", f"the AWS credentials have expired ({error.code}).", mend)
    if error.code in _INVALID:
        # A region that is not enabled does not know the account's keys.
        mend = f"Correct them. If they work in other regions, {region} is not enabled: {_enable(region)}"
        return Finding("credentials", f"AWS in {region} refuses these credentials ({error.code}).", mend)
    if endpoint and error.code in _UNREACHABLE:
        mend = "Start it, or correct or unset AWS_ENDPOINT_URL."
        return Finding("connection", f"{endpoint} (AWS_ENDPOINT_URL) cannot be reached.", mend)
    if error.code == "NotAws" or error.code.isdigit():  # an error without AWS's body has its HTTP status for a code
        mend = "Correct or unset AWS_ENDPOINT_URL, or check the proxy."
        return Finding("connection", f"what answers at {endpoint or 'the endpoint'} is not AWS.", mend)
    if region not in known_regions():
        return unknown_region(region)  # its endpoints have no address, which looks like a broken network
    if error.code in _UNREACHABLE:
        return Finding("connection", f"AWS in {region} cannot be reached.", "Check the network and the proxy.")
    return Finding(error.call, error.problem, error.mend)
