"""Every request checked against botocore's service model, as AWS's own front end does before the service sees it.

botocore checks on the client side only that required members are there, their types and lower bounds. AWS also refuses
values outside an enumeration, a pattern, a length or a range, which moto lets pass. Where the model is known to
differ from the live service, `model_errata` says so. What cannot be decided is let through: refusing what AWS takes
would be worse than missing a refusal.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.model import Shape
from moto.core.request import Request

from emulator import model_errata
from emulator.protocol import AwsError, Operation

REQUIRED, TYPE, ENUM, PATTERN, LENGTH, RANGE = "required", "type", "enum", "pattern", "length", "range"


@dataclass(frozen=True)
class Violation:
    """A member that does not fit: `path` in AWS's spelling (tags.1.member.key), `constraint` in AWS's words."""

    kind: str
    path: str
    value: Any
    constraint: str
    sensitive: bool = False

    def __str__(self) -> str:
        if self.kind == REQUIRED:
            shown = "Value null at"
        elif self.sensitive:
            shown = "Value at"
        else:
            shown = f"Value '{_shown(self.value)}' at"
        return f"{shown} '{self.path}' failed to satisfy constraint: {self.constraint}"


def violations(operation: Operation, params: Mapping[str, Any]) -> list[Violation]:
    """What of `params` AWS would refuse, in the order of the model; empty if it would take them."""
    shape = operation.model.input_shape
    return list(_structure(operation, shape, params, "")) if shape is not None else []


def refusal(operation: Operation, request: Request, params: Mapping[str, Any]) -> AwsError | None:
    """The service's error for a request that does not fit the model, or None."""
    unknown = unknown_parameter(operation, request)
    if unknown:
        return AwsError("UnknownParameter", f"The parameter {unknown} is not recognized")
    found = violations(operation, params)
    return _as_error(operation, found) if found else None


# --- walking shapes ---------------------------------------------------------------------------------------------------


def _structure(operation: Operation, shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[Violation]:
    if shape.metadata.get("document") or getattr(shape, "is_document_type", False):
        return
    if not isinstance(value, Mapping):
        yield Violation(TYPE, path, value, "Member must be a structure")
        return
    required = shape.metadata.get("required", [])
    for name, member in shape.members.items():
        member_path = _join(path, _lower_first(name))
        present = value.get(name)
        if present is None:
            if name in required and not model_errata.waived(operation.service, shape.name, name, REQUIRED):
                yield Violation(REQUIRED, member_path, None, "Member must not be null")
            continue
        for violation in _value(operation, member, present, member_path):
            if not model_errata.waived(operation.service, shape.name, name, violation.kind):
                yield violation


def _value(operation: Operation, shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    if shape.type_name == "structure":
        yield from _structure(operation, shape, value, path)
    elif shape.type_name == "list":
        yield from _list(operation, shape, value, path)
    elif shape.type_name == "map":
        yield from _map(operation, shape, value, path)
    else:
        sensitive = bool(shape.metadata.get("sensitive"))
        for kind, constraint in _scalar(operation.service, shape, value):
            yield Violation(kind, path, value, constraint, sensitive)


def _list(operation: Operation, shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        yield Violation(TYPE, path, value, "Member must be a list")
        return
    yield from _sized(shape, value, path)
    if shape.member.type_name in ("structure", "list", "map"):
        for number, item in enumerate(value, start=1):
            if item is not None:
                yield from _value(operation, shape.member, item, f"{path}.{number}.member")
        return
    problems = _distinct(problem for item in value for problem in _scalar(operation.service, shape.member, item))
    if problems:
        constraint = ", ".join(constraint for _, constraint in problems)
        yield Violation(problems[0][0], path, value, f"Member must satisfy constraint: [{constraint}]")


def _map(operation: Operation, shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, Mapping):
        yield Violation(TYPE, path, value, "Member must be a map")
        return
    yield from _sized(shape, value, path)
    sensitive = any(bool(s.metadata.get("sensitive")) for s in (shape, shape.key, shape.value))
    problems = _distinct(problem for key in value for problem in _scalar(operation.service, shape.key, key))
    if problems:
        constraint = ", ".join(constraint for _, constraint in problems)
        text = f"Map keys must satisfy constraint: [{constraint}]"
        yield Violation(problems[0][0], path, value, text, sensitive)
    if shape.value.type_name in ("structure", "list", "map"):
        for key, item in value.items():
            yield from _value(operation, shape.value, item, f"{path}.{key}.member")
        return
    problems = _distinct(
        problem for item in value.values() for problem in _scalar(operation.service, shape.value, item)
    )
    if problems:
        constraint = ", ".join(constraint for _, constraint in problems)
        text = f"Map value must satisfy constraint: [{constraint}]"
        yield Violation(problems[0][0], path, value, text, sensitive)


def _sized(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    for constraint in _length(shape, len(value)):
        yield Violation(LENGTH, path, value, constraint)


def _scalar(service: str, shape: Shape, value: Any) -> Iterator[tuple[str, str]]:
    """(kind, constraint in AWS's words) for each way in which a scalar does not fit its shape."""
    if shape.type_name in ("string", "character"):
        if not isinstance(value, str):
            yield TYPE, "Member must be a string"
            return
        enum = shape.metadata.get("enum")
        if enum and value not in enum and not model_errata.open_enum(service, shape.name, value):
            yield ENUM, f"Member must satisfy enum value set: [{', '.join(enum)}]"
        for constraint in _length(shape, len(value)):
            yield LENGTH, constraint
        pattern = shape.metadata.get("pattern")
        if pattern and not matches(pattern, value):
            yield PATTERN, f"Member must satisfy regular expression pattern: {pattern}"
    elif shape.type_name == "blob":
        if isinstance(value, (bytes, bytearray)):
            for constraint in _length(shape, len(value)):
                yield LENGTH, constraint
    elif shape.type_name in ("integer", "long", "float", "double", "byte", "short"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield TYPE, "Member must be a number"
            return
        if "min" in shape.metadata and value < shape.metadata["min"]:
            yield RANGE, f"Member must have value greater than or equal to {_number(shape.metadata['min'])}"
        if "max" in shape.metadata and value > shape.metadata["max"]:
            yield RANGE, f"Member must have value less than or equal to {_number(shape.metadata['max'])}"
    elif shape.type_name == "boolean" and not isinstance(value, bool):
        yield TYPE, "Member must be a boolean"


def _length(shape: Shape, length: int) -> Iterator[str]:
    if length < shape.metadata.get("min", 0):
        yield f"Member must have length greater than or equal to {_number(shape.metadata['min'])}"
    if "max" in shape.metadata and length > shape.metadata["max"]:
        yield f"Member must have length less than or equal to {_number(shape.metadata['max'])}"


def _distinct(problems: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(problems))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _shown(value: Any) -> str:
    """As Java prints it, which is what AWS's messages carry."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return str(value)


# --- Java's regular expressions ---------------------------------------------------------------------------------------

UNTRANSLATED: dict[str, str] = {}
"""Patterns that Python cannot compile, with its reason; values are not checked against them."""

# Characters outside ASCII are taken as members of every Unicode class: it is their categories that Python's re lacks,
# and a refusal must never rest on a guess.
_BEYOND_ASCII = "\\u0080-\\U0010ffff"
_PUNCTUATION = "!-#%-*,-/:;?@\\[-\\]_{}"
_SYMBOLS = "$+<=>^`|~"
_CLASSES = {
    "ASCII": "\\x00-\\x7f",
    "Alnum": "A-Za-z0-9",
    "Alpha": "A-Za-z",
    "Digit": "0-9",
    "Graph": "!-~",
    "L": f"A-Za-z{_BEYOND_ASCII}",
    "Lower": "a-z",
    "M": _BEYOND_ASCII,
    "N": f"0-9{_BEYOND_ASCII}",
    "P": f"{_PUNCTUATION}{_BEYOND_ASCII}",
    "Print": " -~",
    "Punct": f"{_PUNCTUATION}{_SYMBOLS}",
    "S": f"{_SYMBOLS}{_BEYOND_ASCII}",
    "Space": " \\t\\n\\x0b\\f\\r",
    "Upper": "A-Z",
    "Z": f" {_BEYOND_ASCII}",
    "Zs": f" {_BEYOND_ASCII}",
}
_SURROGATES = re.compile(r"\\u[dD]800\\u[dD][cC]00-\\u[dD][bB][fF]{2}\\u[dD][fF]{3}")
_TOKEN = re.compile(r"\\p\{(?:Is)?(\w+)\}|\\.|\[\^?|\]|[^\\\[\]]+", re.DOTALL)


def translated(pattern: str) -> str:
    """A Java pattern in Python's syntax, as far as the two differ in the models."""
    out: list[str] = []
    inside = after_class = False
    for token in _TOKEN.finditer(_SURROGATES.sub(r"\\U00010000-\\U0010ffff", pattern)):
        text, name = token.group(0), token.group(1)
        if name is not None:
            if name not in _CLASSES:
                raise re.error(f"unknown character class \\p{{{name}}}")
            out.append(_CLASSES[name] if inside else f"[{_CLASSES[name]}]")
        elif inside and after_class and text.startswith("-"):
            out.append(f"\\{text}")  # Java reads [\w-_] as a class and two characters, Python as a bad range
        else:
            out.append(text)
        inside = inside if text not in ("[", "[^", "]") else text != "]"
        after_class = name is not None or text in (r"\w", r"\d", r"\s")
    return "".join(out)


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        with warnings.catch_warnings():
            # A FutureWarning marks set syntax that Java reads otherwise ([a[b]], [a&&b]).
            warnings.simplefilter("error", FutureWarning)
            return re.compile(translated(pattern), re.ASCII)
    except (re.error, FutureWarning) as error:
        UNTRANSLATED[pattern] = str(error)
        return None


def matches(pattern: str, value: str) -> bool:
    """Whether all of `value` matches, as Java's Matcher.matches() decides; True for a pattern Python cannot read."""
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


# --- the service's own words ------------------------------------------------------------------------------------------

# Services that do not say ValidationException (JSON, REST-JSON) or ValidationError (query).
_CODE = {
    "cloudwatch": "ValidationError",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "route53": "InvalidInput",
}
_EC2_STYLE = frozenset({"ec2", "elasticache", "rds"})
_MALFORMED_XML = "The XML you provided was not well-formed or did not validate against our published schema"


def _as_error(operation: Operation, found: Sequence[Violation]) -> AwsError:
    if operation.service in _EC2_STYLE:
        return _ec2_error(found[0])
    if operation.service in ("s3", "s3control"):
        return _s3_error(operation, found[0])
    if operation.service == "ecr":
        return AwsError("InvalidParameterException", _ecr_message(found[0]))
    noun = "error" if len(found) == 1 else "errors"
    message = f"{len(found)} validation {noun} detected: " + "; ".join(map(str, found))
    default = "ValidationError" if operation.protocol == "query" else "ValidationException"
    return AwsError(_CODE.get(operation.service, default), message)


def _ec2_error(violation: Violation) -> AwsError:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
    leaf = violation.path.split(".")[-1]
    if violation.kind == REQUIRED:
        return AwsError("MissingParameter", f"The request must contain the parameter {leaf}")
    shown = "" if violation.sensitive else f"({_shown(violation.value)}) "
    return AwsError(
        "InvalidParameterValue", f"Value {shown}for parameter {violation.path} is invalid. {violation.constraint}"
    )


def _s3_error(operation: Operation, violation: Violation) -> AwsError:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
    if violation.path == "bucket" or violation.path.startswith("bucket."):
        return AwsError("InvalidBucketName", "The specified bucket is not valid.")
    member = operation.model.input_shape.members.get(_upper_first(violation.path.split(".")[0]))
    if member is not None and "location" not in member.serialization:
        return AwsError("MalformedXML", _MALFORMED_XML)
    return AwsError("InvalidArgument", f"Invalid argument '{violation.path}': {violation.constraint}")


def _ecr_message(violation: Violation) -> str:
    constraint = violation.constraint.replace("Member must", "must", 1)
    constraint = constraint.replace("must satisfy regular expression pattern: ", "must satisfy regular expression '")
    closing = "'" if "regular expression '" in constraint else ""
    return f"Invalid parameter at '{violation.path}' failed to satisfy constraint: '{constraint}{closing}'"


def _upper_first(name: str) -> str:
    return name[:1].upper() + name[1:]


def malformed(operation: Operation) -> AwsError:
    """The service's error for a body that is not in its wire format."""
    if operation.protocol == "rest-xml":
        return AwsError("MalformedXML", _MALFORMED_XML)
    if operation.protocol in ("query", "ec2"):
        return AwsError("MalformedInput", "The request could not be parsed")
    return AwsError("SerializationException", "The request body does not match the operation's input")


# --- EC2 refuses parameters that it does not know ---------------------------------------------------------------------

_QUERY_COMMON = re.compile(r"Action|Version|AWSAccessKeyId|Signature.*|Timestamp|Expires|SecurityToken|X-Amz-.*")


def unknown_parameter(operation: Operation, request: Request) -> str | None:
    """The first parameter on the wire that the operation does not have, where its service refuses such (EC2)."""
    if operation.protocol != "ec2" or operation.model.input_shape is None:
        return None
    known = {_ec2_name(name, member) for name, member in operation.model.input_shape.members.items()}
    for key in request.values:
        top = key.split(".", 1)[0]
        if top not in known and not _QUERY_COMMON.fullmatch(top):
            return key
    return None


def _ec2_name(name: str, member: Shape) -> str:
    """The name on the wire: https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html"""
    return str(member.serialization.get("queryName") or _upper_first(member.serialization.get("name", name)))
