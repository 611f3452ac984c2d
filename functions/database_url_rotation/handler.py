# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rotates DATABASE_URL in the four steps of Secrets Manager, with two database users in turn.

The URL in use keeps its user and password until the next rotation, so that whoever holds it can go on connecting. Each
step looks at what is there before it does anything: it can fail, and be run again, at any point.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import database
from database import Problem, Settings, Url


def handler(event: Mapping[str, str], _context: object) -> None:
    """Runs one step: ``{"Step": "createSecret", "SecretId": <ARN>, "ClientRequestToken": <version>}``.

    Writes one line of JSON for each, which ``playbooks/rotate.yml`` reads; no value of a secret is in it.
    """
    rotation = Rotation(
        boto3.client("secretsmanager"),
        boto3.client("ecs"),
        Settings.of(os.environ),
        event["SecretId"],
        event["ClientRequestToken"],
        cluster=os.environ["ECS_CLUSTER"],
        services=tuple(filter(None, os.environ["ECS_SERVICES"].split(","))),
    )
    line = {"step": event["Step"], "version": event["ClientRequestToken"]}
    try:
        did = rotation.run(event["Step"])
    except Exception as error:
        said = str(error) if isinstance(error, Problem) else f"{type(error).__name__}: {error}"
        print(json.dumps({**line, "outcome": "failed", "detail": said}), flush=True)
        raise
    print(json.dumps({**line, "outcome": "done", "detail": did}), flush=True)


@dataclass(frozen=True)
class Rotation:
    """One rotation: the version of the secret that is to become the current one."""

    secrets: Any
    ecs: Any
    settings: Settings
    secret: str
    version: str
    cluster: str
    services: tuple[str, ...]

    def run(self, step: str) -> str:
        """Does a step, and says in a few words what it has done."""
        steps = {
            "createSecret": self.create,
            "setSecret": self.set,
            "testSecret": self.test,
            "finishSecret": self.finish,
        }
        if step not in steps:
            raise Problem(f"{step} is not a step of a rotation")
        stages = self._stages().get(self.version)
        if stages is None:
            raise Problem(f"the secret has no version {self.version}")
        if "AWSCURRENT" in stages and step != "finishSecret":
            return "nothing: the version is the current one already"
        return steps[step]()

    def create(self) -> str:
        """Puts the URL to be beside the current one: the other user, with a new password."""
        if self._pending() is not None:
            return "nothing: the version has a URL already"
        current = self._current()
        user = self.settings.other(current.user)
        made = current.held_by(user, database.new_password(self.secrets))
        database.keep(
            self.secrets,
            SecretId=self.secret,
            ClientRequestToken=self.version,
            SecretString=str(made),
            VersionStages=["AWSPENDING"],
        )
        return f"made a URL of {user}, {current.user} being the current one"

    def set(self) -> str:
        """Gives the idle user the new password, unless it has it."""
        pending = self._checked_pending()
        try:
            database.check_rights(self.settings, pending.user, pending.password)
        except Problem:  # what this step is there to mend
            pass
        else:
            return f"nothing: {pending.user} has its password already"
        self._check_idle(pending.user)
        made = database.prepare(self.secrets, self.settings)
        with database.administration(self.secrets, self.settings, "postgres") as server:
            database.set_password(server, pending.user, pending.password)
        return f"set the password of {pending.user}" + (f", made {', '.join(made)}" if made else "")

    def test(self) -> str:
        """Logs in with the new URL and looks whether the application could work with it.

        When a rotation is set up, Secrets Manager calls this step alone, with a version that is none of ours; whether
        it is empty or holds the current value, it does not say.
        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
        """
        current = self._current()
        if self._pending() in (None, current):
            self.settings.other(current.user)
            database.check_rights(self.settings, current.user, current.password)
            return f"no new URL; {current.user} of the current one works"
        pending = self._checked_pending()
        database.check_rights(self.settings, pending.user, pending.password)
        return f"{pending.user} works"

    def finish(self) -> str:
        """Makes the new URL the current one, and has the services start new tasks, which read it as they start."""
        stages = self._stages()
        if "AWSCURRENT" not in stages[self.version]:
            self._checked_pending()
            before = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
            self.secrets.update_secret_version_stage(
                SecretId=self.secret,
                VersionStage="AWSCURRENT",
                MoveToVersionId=self.version,
                RemoveFromVersionId=before,
            )
        deployed = [service["serviceName"] for service in self._active_services()]
        for name in deployed:
            self._deploy(name)
        return f"promoted; new tasks for {', '.join(deployed) or 'no service'}"

    # -- what is there -----------------------------------------------------------------------------------------------

    def _stages(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.secrets.describe_secret(SecretId=self.secret).get("VersionIdsToStages", {})
        return found

    def _current(self) -> Url:
        held = self.secrets.get_secret_value(SecretId=self.secret, VersionStage="AWSCURRENT")
        current = Url.parse(held["SecretString"])
        current.check(self.settings)
        return current

    def _pending(self) -> Url | None:
        """The version's URL; None while it has no value."""
        try:
            held = self.secrets.get_secret_value(
                SecretId=self.secret, VersionId=self.version, VersionStage="AWSPENDING"
            )
        except self.secrets.exceptions.ResourceNotFoundException:
            return None
        return Url.parse(held["SecretString"])

    def _checked_pending(self) -> Url:
        """The version's URL, which leads to our database and is not that of the user in use."""
        pending = self._pending()
        if pending is None:
            raise Problem("the version has no URL: the step createSecret comes first")
        pending.check(self.settings)
        if pending.user != self.settings.other(self._current().user):
            raise Problem(f"the new URL is that of {pending.user}, whom the current one uses")
        return pending

    def _check_idle(self, user: str) -> None:
        """Nothing may run any more with the URL before the current one, for that is whose password changes now."""
        since = self.secrets.get_secret_value(SecretId=self.secret, VersionStage="AWSCURRENT")["CreatedDate"]
        for service in self._active_services():
            for deployment in service["deployments"]:
                if deployment["createdAt"] < since and deployment["runningCount"]:
                    raise Problem(self._outdated(service["serviceName"], deployment))
        with database.administration(self.secrets, self.settings, "postgres") as server:
            if count := database.sessions(server, user):
                raise Problem(
                    f"{count} sessions of {user} are open: something still runs with the URL before the current one. "
                    "End it; the rotation can then be run again"
                )

    def _outdated(self, service: str, deployment: Mapping[str, Any]) -> str:
        """What is wrong with the deployment; the last rotation may have been unable to start another."""
        coming = "A newer deployment is under way"
        if deployment["status"] == "PRIMARY":
            self._deploy(service)
            coming = "It is being deployed anew now"
        return (
            f"{deployment['runningCount']} tasks of {service} are older than the current URL and may still use the one "
            f"before it. {coming}; the rotation can be run again once the service is steady"
        )

    def _deploy(self, service: str) -> None:
        self.ecs.update_service(cluster=self.cluster, service=service, forceNewDeployment=True)

    def _active_services(self) -> list[dict[str, Any]]:
        if not self.services:
            return []
        try:
            found = self.ecs.describe_services(cluster=self.cluster, services=list(self.services))["services"]
        except self.ecs.exceptions.ClusterNotFoundException:  # the stack is still being built
            return []
        return [service for service in found if service["status"] == "ACTIVE"]
