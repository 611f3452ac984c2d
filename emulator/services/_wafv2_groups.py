"""AWS's managed rule groups for a regional web ACL: capacity and rules, as AWS lists them.

https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "Version_1.0"


@dataclass(frozen=True)
class Group:
    capacity: int
    label: str
    rules: tuple[str, ...]
    versioned: bool = True


def _at(name: str, *places: str) -> tuple[str, ...]:
    return tuple(f"{name}_{place}" for place in places)


_ANYWHERE = ("QUERYARGUMENTS", "BODY", "URIPATH")

GROUPS: dict[str, Group] = {
    "AWSManagedRulesCommonRuleSet": Group(
        700,
        "core-rule-set",
        (
            "NoUserAgent_HEADER",
            "UserAgent_BadBots_HEADER",
            *_at("SizeRestrictions", "QUERYSTRING", "Cookie_HEADER", "BODY", "URIPATH"),
            *_at("EC2MetaDataSSRF", "COOKIE", *_ANYWHERE),
            *_at("GenericLFI", *_ANYWHERE),
            *_at("RestrictedExtensions", "URIPATH", "QUERYARGUMENTS"),
            *_at("GenericRFI", *_ANYWHERE),
            *_at("CrossSiteScripting", "COOKIE", *_ANYWHERE),
        ),
    ),
    "AWSManagedRulesAdminProtectionRuleSet": Group(100, "admin-protection", ("AdminProtection_URIPATH",)),
    "AWSManagedRulesKnownBadInputsRuleSet": Group(
        200,
        "known-bad-inputs",
        (
            *_at("JavaDeserializationRCE", "HEADER", "BODY", "URIPATH", "QUERYSTRING"),
            "Host_localhost_HEADER",
            "PROPFIND_METHOD",
            "ExploitablePaths_URIPATH",
            *_at("Log4JRCE", "HEADER", "QUERYSTRING", "BODY", "URIPATH"),
        ),
    ),
    "AWSManagedRulesSQLiRuleSet": Group(
        200,
        "sql-database",
        (
            *_at("SQLi", "QUERYARGUMENTS", "BODY", "COOKIE", "URIPATH"),
            *_at("SQLiExtendedPatterns", "QUERYARGUMENTS", "BODY"),
        ),
    ),
    "AWSManagedRulesLinuxRuleSet": Group(200, "linux-os", _at("LFI", "URIPATH", "QUERYSTRING", "HEADER")),
    "AWSManagedRulesUnixRuleSet": Group(
        100, "posix-os", _at("UNIXShellCommandsVariables", "QUERYSTRING", "BODY", "HEADER")
    ),
    "AWSManagedRulesAmazonIpReputationList": Group(
        25,
        "amazon-ip-list",
        ("AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList"),
        versioned=False,
    ),
    "AWSManagedRulesAnonymousIpList": Group(
        50, "anonymous-ip-list", ("AnonymousIPList", "HostingProviderIPList"), versioned=False
    ),
}
