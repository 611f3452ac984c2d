# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Policy documents compared by what they allow, not by how they are written.

The same policy has many spellings: one action or a list of it, statements in any order, ``true`` or ``"true"``, an
account id or the ARN of its root. AWS stores some as they came and rewrites others. Both sides of a comparison go
through L(normalised); statements are keyed by their Sid there, so that a plan names the statement that changes.

A principal that has been deleted comes back from AWS as its unique id (``AROA...``): that is a difference, and a real
one, because a new role of the same name does not get the old one's permissions.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from ._reconcile import PlatformError

Document = Mapping[str, Any]

# What a document means that names no version.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
OLD_VERSION = "2008-10-17"

_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_ROOT_ARN = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")


# -- reading ---------------------------------------------------------------------------------------------------------


def normalised(document: Document | str | None) -> dict[str, Any]:
    """One form for all spellings: ``{"Version": ..., "Statement": {sid: {element: ...}}}``; ``{}`` for no policy.

    Actions, resources, principals and condition values become sorted lists of strings. A statement without a Sid is
    keyed by its effect and actions. The document's Id means nothing to AWS and is dropped.
    """
    parsed = _parsed(document)
    if not parsed:
        return {}
    statements = [(_key(statement), _statement(statement)) for statement in _many(parsed.get("Statement"))]
    keyed: dict[str, Any] = {}
    for key, statement in sorted(statements, key=lambda item: (item[0], json.dumps(item[1], sort_keys=True))):
        keyed[_free(key, keyed)] = statement
    return {"Version": str(parsed.get("Version") or OLD_VERSION), "Statement": keyed}


def unordered(pattern: Any) -> Any:
    """An event pattern or a filter policy with its lists, which are alternatives, in one order."""
    if isinstance(pattern, Mapping):
        return {key: unordered(value) for key, value in pattern.items()}
    if isinstance(pattern, list):
        return sorted((unordered(item) for item in pattern), key=lambda item: json.dumps(item, sort_keys=True))
    return pattern


def to_json(document: Document) -> str:
    """The document as it is sent: compact, because AWS limits its length."""
    return json.dumps(document, separators=(",", ":"))


def _parsed(document: Document | str | None) -> Document:
    if not isinstance(document, str):
        return document or {}
    # IAM answers in RFC 3986 encoding. A JSON document starts with a brace, which that encoding never leaves as it is.
    text = document if document.lstrip().startswith("{") else unquote(document)
    return json.loads(text) if text.strip() else {}


def _free(key: str, taken: Mapping[str, Any]) -> str:
    number, candidate = 1, key
    while candidate in taken:
        number += 1
        candidate = f"{key} #{number}"
    return candidate


def _key(statement: Document) -> str:
    if statement.get("Sid"):
        return str(statement["Sid"])
    actions = statement.get("Action") or statement.get("NotAction")
    return " ".join((str(statement.get("Effect")), *_strings(actions)))


def _statement(statement: Document) -> dict[str, Any]:
    elements = [element for element in statement if element != "Sid"]
    return {element: _ELEMENT_FORMS[element](statement[element]) for element in elements if element in _ELEMENT_FORMS}


def _actions(value: Any) -> list[str]:
    return sorted({_service_lowered(action) for action in _strings(value)})


def _principals(value: Any) -> dict[str, list[str]]:
    # "Principal": "*" and {"AWS": "*"} are the same.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-anonymous
    by_kind = value if isinstance(value, Mapping) else {"AWS": value}
    return {
        kind: sorted({_ROOT_ARN.sub(r"\1", principal) for principal in _strings(principals)})
        for kind, principals in by_kind.items()
    }


def _conditions(value: Any) -> dict[str, dict[str, list[str]]]:
    return {
        operator: {_service_lowered(key): _strings(values) for key, values in tests.items()}
        for operator, tests in value.items()
    }


def _service_lowered(name: str) -> str:
    """``SNS:Publish`` -> ``sns:Publish``: services and the prefixes of condition keys are named in any case."""
    prefix, colon, rest = name.partition(":")
    return f"{prefix.lower()}{colon}{rest}"


def _strings(value: Any) -> list[str]:
    return sorted({_string(item) for item in _many(value)})


def _string(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _many(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, (list, tuple)) else (value,)


_ELEMENT_FORMS: dict[str, Callable[[Any], Any]] = {
    "Effect": str,
    "Principal": _principals,
    "NotPrincipal": _principals,
    "Action": _actions,
    "NotAction": _actions,
    "Resource": _strings,
    "NotResource": _strings,
    "Condition": _conditions,
}


# -- checking --------------------------------------------------------------------------------------------------------


def checked(document: Any, where: str, resource: str = "") -> Document:
    """The document of an option, or a L(PlatformError) that names the element which AWS would call malformed."""
    if problem := next(_problems(document), None):
        raise PlatformError(
            f"{where}: {problem}.",
            mend="See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
            resource=resource,
        )
    parsed: Document = document
    return parsed


def _problems(document: Any) -> Iterator[str]:
    if not isinstance(document, Mapping):
        yield f"a policy is a mapping with Version and Statement, not {document!r}"
        return
    if unknown := sorted(set(document) - {"Version", "Id", "Statement"}):
        yield f"unknown element {unknown[0]!r}; a policy has Version, Id and Statement"
    if document.get("Version", OLD_VERSION) not in ("2012-10-17", OLD_VERSION):
        yield f"Version {document['Version']!r} does not exist; the current one is 2012-10-17"
    statements = _many(document.get("Statement"))
    if not statements:
        yield "it has no Statement"
    sids = [statement.get("Sid") for statement in statements if isinstance(statement, Mapping)]
    for number, statement in enumerate(statements, start=1):
        for problem in _statement_problems(statement, sids):
            yield f"statement {_label(statement, number)}: {problem}"


def _statement_problems(statement: Any, sids: Sequence[Any]) -> Iterator[str]:
    if not isinstance(statement, Mapping):
        yield f"a statement is a mapping, not {statement!r}"
        return
    if unknown := sorted(set(statement) - _ELEMENTS):
        yield f"unknown element {unknown[0]!r}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"Effect is Allow or Deny, not {statement.get('Effect')!r}"
    if bool(statement.get("Action")) == bool(statement.get("NotAction")):
        yield "it needs either Action or NotAction"
    if statement.get("Sid") and sids.count(statement["Sid"]) > 1:
        yield "another statement has the same Sid"


def _label(statement: Any, number: int) -> str:
    return str((isinstance(statement, Mapping) and statement.get("Sid")) or number)
