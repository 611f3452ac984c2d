"""IAM Access Analyzer, which moto lacks: the analyzers of an account. They find nothing."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from moto.core.utils import utcnow

from emulator import hooks
from emulator.extensions import Place, serve
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/access-analyzer/latest/APIReference"

Params = Mapping[str, Any]
Analyzer = dict[str, Any]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-quotas.html
_OF_AN_ACCOUNT = 1
_OF_AN_ORGANIZATION = 5
_UNUSED_AFTER_DAYS = 90

_analyzers: dict[Place, dict[str, Analyzer]] = {}
hooks.on_reset(_analyzers.clear)


def _all(place: Place) -> dict[str, Analyzer]:
    return _analyzers.setdefault(place, {})


def _of_name(place: Place, params: Params) -> Analyzer:
    if params["analyzerName"] not in _all(place):
        raise AwsError("ResourceNotFoundException", f"Analyzer {params['analyzerName']} was not found", 404)
    return _all(place)[params["analyzerName"]]


def _of_arn(place: Place, params: Params) -> Analyzer:
    for analyzer in _all(place).values():
        if analyzer["arn"] == params["resourceArn"]:
            return analyzer
    raise AwsError("ResourceNotFoundException", f"Resource {params['resourceArn']} was not found", 404)


def _configuration(kind: str, asked: Params | None) -> dict[str, Any]:
    """What the analyzers of a type can be set to; AWS fills in an age for one of unused access."""
    if kind.endswith("_UNUSED_ACCESS"):
        found = copy.deepcopy(dict((asked or {}).get("unusedAccess") or {}))
        age = found.setdefault("unusedAccessAge", _UNUSED_AFTER_DAYS)
        if not 1 <= age <= 365:
            raise AwsError("ValidationException", f"unusedAccessAge {age} is not between 1 and 365")
        return {"unusedAccess": found}
    if kind.endswith("_INTERNAL_ACCESS"):
        return {"internalAccess": copy.deepcopy((asked or {}).get("internalAccess") or {})}
    if asked:
        raise AwsError("ValidationException", f"An analyzer of type {kind} takes no configuration")
    return {}


@serve("accessanalyzer", "create_analyzer", aws=f"{API}/API_CreateAnalyzer.html")
def create_analyzer(place: Place, params: Params) -> Params:
    """An account has one analyzer of each type in a region, and names are its own: ServiceQuotaExceededException."""
    name, kind = params["analyzerName"], params["type"]
    if name in _all(place):
        raise AwsError("ConflictException", f"Analyzer with name {name} already exists", 409)
    limit = _OF_AN_ORGANIZATION if kind.startswith("ORGANIZATION") else _OF_AN_ACCOUNT
    if sum(analyzer["type"] == kind for analyzer in _all(place).values()) >= limit:
        raise AwsError("ServiceQuotaExceededException", f"Quota for analyzers of type {kind} exceeded", 402)
    configuration = _configuration(kind, params.get("configuration"))
    _all(place)[name] = {
        "arn": f"arn:aws:access-analyzer:{place.region}:{place.account_id}:analyzer/{name}",
        "name": name,
        "type": kind,
        "createdAt": utcnow(),
        "tags": dict(params.get("tags") or {}),
        "status": "ACTIVE",
        **({"configuration": configuration} if configuration else {}),
    }
    return {"arn": _all(place)[name]["arn"]}


@serve("accessanalyzer", "get_analyzer", aws=f"{API}/API_GetAnalyzer.html")
def get_analyzer(place: Place, params: Params) -> Params:
    """An analyzer is told with its configuration, if its type has one."""
    return {"analyzer": _of_name(place, params)}


@serve("accessanalyzer", "list_analyzers", aws=f"{API}/API_ListAnalyzers.html")
def list_analyzers(place: Place, params: Params) -> Params:
    """The analyzers of a type, or all of them, without their configuration and in pages."""
    kind, size, start = params.get("type"), params.get("maxResults") or 50, int(params.get("nextToken") or 0)
    found = [analyzer for _name, analyzer in sorted(_all(place).items()) if kind in (None, analyzer["type"])]
    page = [{key: item[key] for key in item if key != "configuration"} for item in found[start : start + size]]
    return {"analyzers": page, **({"nextToken": str(start + size)} if found[start + size :] else {})}


@serve("accessanalyzer", "update_analyzer", aws=f"{API}/API_UpdateAnalyzer.html")
def update_analyzer(place: Place, params: Params) -> Params:
    """The configuration of an analyzer is changed, of an external one never: ValidationException."""
    analyzer = _of_name(place, params)
    if analyzer["type"] in ("ACCOUNT", "ORGANIZATION"):
        raise AwsError("ValidationException", f"An analyzer of type {analyzer['type']} cannot be updated")
    analyzer["configuration"] = _configuration(analyzer["type"], params.get("configuration"))
    return {"configuration": analyzer["configuration"]}


@serve("accessanalyzer", "delete_analyzer", aws=f"{API}/API_DeleteAnalyzer.html")
def delete_analyzer(place: Place, params: Params) -> None:
    """An analyzer is deleted at once."""
    del _all(place)[_of_name(place, params)["name"]]


@serve("accessanalyzer", "tag_resource", aws=f"{API}/API_TagResource.html")
def tag_resource(place: Place, params: Params) -> None:
    """Tags are added to an analyzer, or replaced."""
    _of_arn(place, params)["tags"].update(params["tags"])


@serve("accessanalyzer", "untag_resource", aws=f"{API}/API_UntagResource.html")
def untag_resource(place: Place, params: Params) -> None:
    """Tags are taken off an analyzer."""
    for key in params["tagKeys"]:
        _of_arn(place, params)["tags"].pop(key, None)


@serve("accessanalyzer", "list_tags_for_resource", aws=f"{API}/API_ListTagsForResource.html")
def list_tags_for_resource(place: Place, params: Params) -> Params:
    """An analyzer's tags are told."""
    return {"tags": _of_arn(place, params)["tags"]}
