"""RDS: what can be had: engine versions, classes, certificates; and the parameters of a group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._rds import API, GUIDE, combination, value
from emulator.services._rds_catalog import CERTIFICATES, CLASSES, VERSIONS, full_version, parameters, upgrades

_MOST_PARAMETERS = 20


@patch(RDSResponse, "describe_db_engine_versions", added=True, aws=f"{API}/API_DescribeDBEngineVersions.html")
def describe_db_engine_versions(self: Any) -> ActionResult:
    """The versions of an engine, with their family and what each can be upgraded to."""
    asked = self.params.get("EngineVersion")
    exact = full_version(asked) if asked and self.params.get("DefaultOnly") else None
    found = [
        {
            "Engine": "postgres",
            "EngineVersion": minor,
            "MajorEngineVersion": major,
            "DBParameterGroupFamily": f"postgres{major}",
            "DBEngineDescription": "PostgreSQL",
            "DBEngineVersionDescription": f"PostgreSQL {minor}-R1",
            "Status": "available",
            "ExportableLogTypes": ["postgresql", "upgrade", "iam-db-auth-error"],
            "SupportedCACertificateIdentifiers": list(CERTIFICATES),
            "ValidUpgradeTarget": [
                {
                    "Engine": "postgres",
                    "EngineVersion": target,
                    "AutoUpgrade": target == VERSIONS[major][-1],
                    "IsMajorVersionUpgrade": target.split(".")[0] != major,
                }
                for target in upgrades(minor)
            ],
        }
        for major, minors in VERSIONS.items()
        for minor in minors
        if self.params.get("Engine") in (None, "postgres")
        and (asked in (None, major, minor) and exact in (None, minor))
        and self.params.get("DBParameterGroupFamily") in (None, f"postgres{major}")
    ]
    return PaginatedResult({"DBEngineVersions": found})


@patch(RDSBackend, "describe_orderable_db_instance_options", aws=f"{API}/API_DescribeOrderableDBInstanceOptions.html")
def describe_orderable_db_instance_options(
    original: Any, self: Any, engine: str, engine_version: str
) -> list[dict[str, Any]]:
    """PostgreSQL is offered in its classes with gp2, gp3 and io1 storage."""
    if engine != "postgres":
        options: list[dict[str, Any]] = original(self, engine=engine, engine_version=engine_version)
        return options
    versions = [v for minors in VERSIONS.values() for v in minors if engine_version in (None, v)]
    return [
        {
            "Engine": engine,
            "EngineVersion": version,
            "DBInstanceClass": name,
            "LicenseModel": "postgresql-license",
            "StorageType": storage,
            "MinStorageSize": 20,
            "MaxStorageSize": 65536,
            "MultiAZCapable": True,
            "Vpc": True,
            "SupportsStorageEncryption": True,
            "SupportsStorageAutoscaling": True,
            "SupportsPerformanceInsights": True,
            "SupportsEnhancedMonitoring": True,
            "SupportsIAMDatabaseAuthentication": True,
        }
        for version in versions
        for name in CLASSES
        for storage in ("gp2", "gp3")
    ]


@patch(RDSResponse, "describe_certificates", added=True, aws=f"{API}/API_DescribeCertificates.html")
def describe_certificates(self: Any) -> ActionResult:
    """The certificate authorities of RDS in the region."""
    wanted = self.params.get("CertificateIdentifier")
    if wanted and wanted not in CERTIFICATES:
        raise AwsError("CertificateNotFound", f"Certificate not found: {wanted}", 404)
    certificates = [
        {
            "CertificateIdentifier": name,
            "CertificateType": "CA",
            "ValidTill": until,
            "CertificateArn": f"arn:aws:rds:{self.region}::cert:{name}",
            "CustomerOverride": False,
        }
        for name, until in CERTIFICATES.items()
        if wanted in (None, name)
    ]
    return ActionResult({"DefaultCertificateForNewLaunches": "rds-ca-rsa2048-g1", "Certificates": certificates})


@patch(
    RDSResponse,
    "describe_pending_maintenance_actions",
    added=True,
    aws=f"{API}/API_DescribePendingMaintenanceActions.html",
)
def describe_pending_maintenance_actions(self: Any) -> ActionResult:
    """No maintenance waits."""
    return ActionResult({"PendingMaintenanceActions": []})


# --- parameter groups -------------------------------------------------------------------------------------------------


def values(group: Any) -> dict[str, str]:
    """What the parameters of a group are set to: by the user, else by RDS."""
    asked = {name: entry["ParameterValue"] for name, entry in group.parameters.items()}
    defaults = {n: p["ParameterValue"] for n, p in parameters().items() if "ParameterValue" in p}
    return {**defaults, **asked}


def static(group: Any) -> dict[str, str]:
    return {n: v for n, v in values(group).items() if parameters().get(n, {}).get("ApplyType") == "static"}


@patch(RDSResponse, "describe_db_parameters", aws=f"{API}/API_DescribeDBParameters.html")
def describe_db_parameters(original: Any, self: Any) -> Any:
    """A group tells every parameter of its family, in pages of 100, each with its source."""
    name = self.params.get("DBParameterGroupName")
    answer = original(self)
    group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
    if not str(group.family).startswith("postgres"):
        return answer
    listed = [
        {**entry, **dict(group.parameters[key]), "Source": "user"} if key in group.parameters else dict(entry)
        for key, entry in parameters().items()
    ]
    source = self.params.get("Source")
    found = [p for p in listed if source in (None, p["Source"])]
    begin = int(self.params.get("Marker") or 0)
    end = begin + int(self.params.get("MaxRecords") or 100)
    return ActionResult({"Parameters": found[begin:end], **({"Marker": str(end)} if end < len(found) else {})})


@patch(RDSBackend, "create_db_parameter_group", aws=f"{API}/API_CreateDBParameterGroup.html")
def create_db_parameter_group(original: Any, self: Any, db_parameter_group_kwargs: Any) -> Any:
    """Names are kept in lower case, never begin with `default.`, and belong to a family that exists."""
    name = str(db_parameter_group_kwargs["db_parameter_group_name"])
    family = str(db_parameter_group_kwargs.get("db_parameter_group_family"))
    if family.startswith("postgres") and family.removeprefix("postgres") not in VERSIONS:
        raise value(f"ParameterGroupFamily {family} is not a valid parameter group family")
    if name.startswith("default") or name.endswith("-") or "--" in name or not name[:1].isalpha():
        raise value(f"The parameter DBParameterGroupName is not a valid identifier: {name}")
    db_parameter_group_kwargs["db_parameter_group_name"] = name.lower()
    return original(self, db_parameter_group_kwargs=db_parameter_group_kwargs)


@patch(RDSBackend, "modify_db_parameter_group", aws=f"{API}/API_ModifyDBParameterGroup.html")
def modify_db_parameter_group(
    original: Any, self: Any, db_parameter_group_name: str, db_parameter_group_parameters: Iterable[Mapping[str, Any]]
) -> Any:
    """At most 20 known, modifiable parameters with values that they take; static ones wait for a reboot."""
    if db_parameter_group_name.startswith("default."):
        raise value(f"The parameter group {db_parameter_group_name} cannot be modified")
    changes = [dict(change) for change in db_parameter_group_parameters]
    _check_changes(changes)
    return original(self, db_parameter_group_name=db_parameter_group_name, db_parameter_group_parameters=changes)


@patch(RDSResponse, "reset_db_parameter_group", added=True, aws=f"{API}/API_ResetDBParameterGroup.html")
def reset_db_parameter_group(self: Any) -> ActionResult:
    """The parameters named, or all, have their defaults again."""
    name = self.params["DBParameterGroupName"]
    groups = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})
    if not groups:
        raise AwsError("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}", 404)
    changes = [p.original_dict() for p in self.params.get("Parameters") or []]
    _check_changes(changes)
    for key in [c["ParameterName"] for c in changes] or list(groups[0].parameters):
        groups[0].parameters.pop(key, None)
    return ActionResult({"DBParameterGroupName": name})


def _check_changes(changes: list[dict[str, Any]]) -> None:
    if len(changes) > _MOST_PARAMETERS:
        raise value(f"A maximum of {_MOST_PARAMETERS} parameters can be modified in a single request.")
    for change in changes:
        name = change["ParameterName"]
        known = parameters().get(name)
        if known is None:
            raise value(f"Could not find parameter with name: {name}")
        if not known["IsModifiable"]:
            raise value(f"The parameter {name} cannot be modified.")
        if known["ApplyType"] == "static" and change.get("ApplyMethod") == "immediate":
            raise combination(f"cannot use immediate apply method for static parameter: {name}")
        if "ParameterValue" in change and not _allowed(known, str(change["ParameterValue"])):
            raise value(
                f"Invalid parameter value: {change['ParameterValue']} for: {name} allowed values are: "
                f"{known['AllowedValues']}"
            )


def _allowed(parameter: Mapping[str, Any], given: str) -> bool:
    allowed, kind = parameter.get("AllowedValues", ""), parameter["DataType"]
    if not allowed or "{" in given or "(" in given:
        return True
    if kind in ("integer", "float") and "," not in allowed:
        least, most = allowed.rsplit("-", 1)
        try:
            return float(least) <= float(given) <= float(most)
        except ValueError:
            return False
    chosen = given.split(",") if kind == "list" else [given]
    return set(chosen) <= set(allowed.split(",")) or not given


def instances_with(backend: Any, **attribute: str) -> list[str]:
    ((name, wanted),) = attribute.items()
    return [each.db_instance_identifier for each in backend.databases.values() if vars(each).get(name) == wanted]


@patch(RDSBackend, "delete_db_parameter_group", aws=f"{API}/API_DeleteDBParameterGroup.html")
def delete_db_parameter_group(original: Any, self: Any, db_parameter_group_name: str) -> Any:
    """A group that an instance uses stays."""
    if instances_with(self, db_parameter_group_name=db_parameter_group_name):
        raise AwsError(
            "InvalidDBParameterGroupState",
            "One or more database instances are still members of this parameter group "
            f"{db_parameter_group_name}, so the group cannot be deleted",
        )
    return original(self, db_parameter_group_name=db_parameter_group_name)


@patch(RDSBackend, "create_subnet_group", aws=f"{API}/API_CreateDBSubnetGroup.html")
def create_subnet_group(original: Any, self: Any, subnet_name: str, subnets: Any, **others: Any) -> Any:
    """A subnet group has a name of its own, and subnets in two zones at least."""
    if subnet_name.lower() in self.subnet_groups:
        raise AwsError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists.")
    _check_zones(subnets)
    return original(self, subnet_name=subnet_name.lower(), subnets=subnets, **others)


@patch(RDSBackend, "modify_db_subnet_group", aws=f"{API}/API_ModifyDBSubnetGroup.html")
def modify_db_subnet_group(original: Any, self: Any, subnet_name: str, subnets: Any, **others: Any) -> Any:
    """A modified group stays, its description too unless another is given."""
    group = self.describe_db_subnet_groups(subnet_name)[0]
    _check_zones(subnets)
    original(self, subnet_name=subnet_name, subnets=subnets, **others)
    self.subnet_groups[subnet_name] = group
    return group


def _check_zones(subnets: Any) -> None:
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        raise AwsError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(sorted({s.availability_zone for s in subnets}))}. Add subnets to cover at least 2 AZs.",
        )


@patch(RDSBackend, "delete_subnet_group", aws=f"{GUIDE}/USER_VPC.WorkingWithRDSInstanceinaVPC.html")
def delete_subnet_group(original: Any, self: Any, subnet_name: str) -> Any:
    """A subnet group that an instance uses stays."""
    users = instances_with(self, _db_subnet_group_name=subnet_name)
    if users:
        raise AwsError(
            "InvalidDBSubnetGroupStateFault",
            f"Cannot delete the subnet group '{subnet_name}' because at least one database instance: {users[0]} is "
            "still using it.",
        )
    return original(self, subnet_name=subnet_name)
