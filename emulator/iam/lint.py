"""What is wrong with a policy document, though AWS would take it: actions, resources and conditions that never match, a
resource that is wider than it has to be, a service that anybody can send.

It is held against service_authorization.json, as parliament does (https://github.com/duo-labs/parliament), and asks for
more: no action has a wildcard, every statement a name, and no service comes in but on this account's behalf.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.iam.evaluation import Document, many, operator_of
from emulator.iam.requests import kinds_of, reference

# Of the types of resources that they always need one is enough: what the request is about.
EITHER = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
# Services that do not say on whose behalf they come, for these actions. What is theirs can be closed in no other way.
NAMELESS: Mapping[str, tuple[str, ...]] = {
    # "You can't use Condition blocks in Amazon SNS topic policies for EventBridge", and a key's policy takes neither
    # aws:SourceAccount nor aws:SourceArn for its way to an encrypted topic. A queue's policy does take them.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    "events.amazonaws.com": ("kms:Decrypt", "kms:GenerateDataKey", "sns:Publish"),
}
# Where AWS does not document that the service names its source, the condition holds if it does. A function takes on no
# role of another account, as handing it over (iam:PassRole) ends at the account; nor does a backup plan.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
MAY_BE_NAMELESS = ("backup.amazonaws.com", "events.rds.amazonaws.com", "lambda.amazonaws.com")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_EVERYWHERE = re.compile(
    r"aws:(CalledVia\w*|CurrentTime|EpochTime|MultiFactorAuth\w+|Principal(Account|Arn|Is\w+|Org\w+|Service\w*|Type)|"
    r"RequestedRegion|Resource(Account|Org\w+)|SecureTransport|Source(Account|Arn|Identity|Ip|Org\w+|Vpc\w*)|ViaAWSService|"
    r"Vpc\w+)|aws:PrincipalTag/.+",
    re.IGNORECASE,
)
_SOURCES = {"aws:sourceaccount", "aws:sourcearn"}
_TYPES: Mapping[str, tuple[str, ...]] = {
    "Arn": ("ARN", "Arn"),
    "Bool": ("Bool",),
    "Date": ("Date",),
    "Numeric": ("Numeric", "Long"),
    # An ARN compared as text is exact, which CloudTrail's documentation asks for.
    "String": ("String", "ArrayOfString", "ARN", "Arn", "ArrayOfARN"),
}


def findings(document: Document) -> list[str]:
    """What is wrong with a whole document, a line each, beginning with the statement's name."""
    found = [f"the document has {key}" for key in sorted(set(document) - {"Version", "Id", "Statement"})]
    if document.get("Version") != "2012-10-17":
        found.append("the version is not 2012-10-17")
    held = many(document.get("Statement", []))
    if not held:
        found.append("there is no statement")
    names = [statement.get("Sid") for statement in held]
    found += [f"{name} stands twice" for name in sorted({str(name) for name in names if names.count(name) > 1})]
    return found + [line for statement in held for line in statement_findings(statement)]


def statement_findings(statement: Document) -> list[str]:
    """The same of one statement, of an identity's policy, of a resource's or of a role's trust, by its form."""
    name = statement.get("Sid")
    return [f"{name}: {problem}" for problem in (*_form(statement), *_content(statement))]


def _form(statement: Document) -> Iterator[str]:
    if not re.fullmatch(r"[0-9A-Za-z]+", str(statement.get("Sid", ""))):
        yield "Sid is not a name of letters and digits"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"Effect is {statement.get('Effect')}"
    unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Principal", "Condition"}
    if unknown:  # NotAction, NotResource and NotPrincipal are about what nobody has listed
        yield f"has {', '.join(sorted(unknown))}"
    if not many(statement.get("Action", [])):
        yield "has no action"
    if "Principal" not in statement and not many(statement.get("Resource", [])):
        yield "has no resource"


def _content(statement: Document) -> Iterator[str]:
    allows = statement.get("Effect") == "Allow"
    actions = [str(action) for action in many(statement.get("Action", []))]
    known = []
    for action in actions:
        if "*" in action or "?" in action:
            if allows:
                yield f"{action} has a wildcard"
        elif kinds_of(action) is None:
            yield f"there is no action {action}"
        else:
            known.append(action)
    yield from _resources(statement, known, allows)
    for operator, tests in statement.get("Condition", {}).items():
        yield from _condition(statement, operator, tests, known)
    if "Principal" in statement:
        yield from _principal(statement, actions, allows)


# -- resources -------------------------------------------------------------------------------------------------------


def _resources(statement: Document, actions: list[str], allows: bool) -> Iterator[str]:
    held = [str(resource) for resource in many(statement.get("Resource", []))]
    for resource in held:
        if resource != "*" and not re.fullmatch(r"arn:aws[\w-]*:[\w*-]+:[\w*-]*:[\d*]*:.+", resource):
            yield f"{resource} is no ARN"
    if "Principal" in statement:  # what a key's policy is about is the key
        if "*" in held and allows and not all(action.startswith("kms:") for action in actions):
            yield "the resource is *, and it has a name"
        return
    for action in actions:
        needed = _forms(action)
        if "*" in held:
            if needed and allows:
                yield f"{action} could name {', '.join(sorted(needed))} instead of *"
        elif held and not needed:
            yield f"{action} takes no resource but *"
        elif held:
            yield from _unmet(action, needed, held)
    if actions:
        all_forms = [form for action in actions for form in _forms(action).values()]
        for resource in held:
            if resource != "*" and not any(meets(resource, form) for form in all_forms):
                yield f"{resource} is no resource of its actions"


def _unmet(action: str, forms: Mapping[str, str], held: list[str]) -> Iterator[str]:
    """Types that the action always needs and no resource is of; one of any type, where it needs none always."""
    always = {kind: form for kind, form in forms.items() if kind.endswith("*") and action not in EITHER}
    met = {kind for kind, form in forms.items() if any(meets(resource, form) for resource in held)}
    missing = set(always) - met
    if missing:
        yield f"{action} also needs {', '.join(sorted(kind.rstrip('*') for kind in missing))}"
    elif not met:
        yield f"{action} takes none of its resources"


def _forms(action: str) -> dict[str, str]:
    """``{"cluster*": "arn:aws:ecs:*:*:cluster/*"}``"""
    prefix, held = action.partition(":")[0], kinds_of(action) or []
    forms = reference()[prefix]["resources"]
    return {kind: re.sub(r"\$\{\w+\}", "*", forms[kind.rstrip("*")]) for kind in held}


def meets(one: str, other: str) -> bool:
    """Whether some ARN fits both, part by part."""
    parts = one.split(":", 5), other.split(":", 5)
    return len(parts[0]) == len(parts[1]) and all(map(overlap, *parts))


@functools.lru_cache(maxsize=4096)
def overlap(one: str, other: str) -> bool:
    """Whether some text fits both patterns of ``*`` and ``?``."""

    @functools.cache
    def rest(i: int, j: int) -> bool:
        if i == len(one) or j == len(other):
            return not (one[i:] + other[j:]).strip("*")
        if "*" in (one[i], other[j]):
            return rest(i + 1, j) or rest(i, j + 1)
        return (one[i] == other[j] or "?" in (one[i], other[j])) and rest(i + 1, j + 1)

    return rest(0, 0)


# -- conditions ------------------------------------------------------------------------------------------------------


def _condition(statement: Document, operator: str, tests: Mapping[str, Any], actions: list[str]) -> Iterator[str]:
    name = operator_of(operator)
    if name is None:
        yield f"there is no condition operator {operator}"
        return
    for key in tests:
        for action in actions:
            kind = _key_type(statement, action, key)
            if kind is None:
                yield f"{action} knows no condition key {key}"
            elif kind and name != "Null" and not _fits(name, kind):
                yield f"{operator} compares {key}, which is {kind}"


def _fits(operator: str, kind: str) -> bool:
    return any(operator.startswith(prefix) and kind in kinds for prefix, kinds in _TYPES.items())


def _key_type(statement: Document, action: str, key: str) -> str | None:
    """The type of a key that the action knows; empty where AWS names none; None for a key that it does not know."""
    if _EVERYWHERE.fullmatch(key):
        return {"aws:sourcearn": "ARN", "aws:securetransport": "Bool"}.get(key.lower(), "")
    principal = statement.get("Principal")
    if isinstance(principal, Mapping) and action == "sts:AssumeRoleWithWebIdentity":
        hosts = [str(name).partition("oidc-provider/")[2] for name in many(principal.get("Federated", []))]
        return "String" if key.rpartition(":")[0] in hosts else None
    prefix, _colon, name = action.partition(":")
    service = reference()[prefix]
    of_action = {form for form, names in service["conditions"].items() if name in names.split()}
    of_resources = {
        form for kind in kinds_of(action) or [] for form in service["resource_conditions"][kind.rstrip("*")].split()
    }
    for form in of_action | of_resources:
        if re.fullmatch(re.sub(r"\\\$\\\{\w+\\\}|<\w+>", ".+", re.escape(form)), key, re.IGNORECASE):
            return str(service["condition_types"].get(form, ""))
    return None


# -- principals ------------------------------------------------------------------------------------------------------


def _principal(statement: Document, actions: list[str], allows: bool) -> Iterator[str]:
    principal = statement["Principal"]
    if not isinstance(principal, Mapping) or principal.get("AWS") == "*":
        if allows or principal not in ("*", {"AWS": "*"}):
            yield "everyone is allowed"
        return
    for kind, names in principal.items():
        for name in many(names):
            if not re.fullmatch(_PRINCIPALS.get(kind, r"(?!)"), str(name)):
                yield f"{kind} {name} is no principal"
    if allows and not _names_source(statement, actions, {str(name) for name in many(principal.get("Service", []))}):
        yield "the service comes on anybody's behalf"


_PRINCIPALS = {
    "AWS": r"\d{12}|arn:aws[\w-]*:(iam|sts)::\d{12}:(root|(user|role|assumed-role)/.+)",
    "Federated": r"arn:aws[\w-]*:iam::\d{12}:(oidc|saml)-provider/.+",
    "Service": r"[a-z0-9.-]+\.amazonaws\.com",
}


def _names_source(statement: Document, actions: list[str], services: set[str]) -> bool:
    """Whether the condition ties each service to an account or a resource.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    conditions: Mapping[str, Any] = statement.get("Condition", {})
    strict = {key.lower() for operator, tests in conditions.items() if "IfExists" not in operator for key in tests}
    loose = {key.lower() for tests in conditions.values() for key in tests}
    return all(
        strict & _SOURCES
        or (service in MAY_BE_NAMELESS and loose & _SOURCES)
        or (service in NAMELESS and set(actions) <= set(NAMELESS[service]))
        for service in services
    )
