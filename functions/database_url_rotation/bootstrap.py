# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Prepares the database for the application and writes the first DATABASE_URL; a later run finds it all there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import boto3
import database
from database import Settings, Url


def handler(_event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Does what is missing: ``{"made": ["database airas", ...], "url": "written" | "kept"}``, and never a value."""
    return run(boto3.client("secretsmanager"), Settings.of(os.environ), os.environ["DATABASE_URL_SECRET"])


def run(secrets: Any, settings: Settings, secret: str) -> dict[str, Any]:
    made = database.prepare(secrets, settings)
    stages = secrets.describe_secret(SecretId=secret).get("VersionIdsToStages") or {}
    if any("AWSCURRENT" in labels for labels in stages.values()):
        return {"made": made, "url": "kept"}
    user, password = settings.users[0], database.new_password(secrets)
    with database.administration(secrets, settings, "postgres") as server:
        database.set_password(server, user, password)
    database.check_rights(settings, user, password)
    url = Url(user, password, settings.host, settings.port, settings.database)
    database.keep(secrets, SecretId=secret, SecretString=str(url))
    return {"made": made, "url": "written"}
