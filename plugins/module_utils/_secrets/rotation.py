# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""When, and by which function, Secrets Manager renews a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._aws import Aws, AwsError
from .._reconcile import Operation, PlatformError, Refused, Resource, State
from .containers import MISSING, variable
from .renewal import NEVER

KIND = "secret_rotation"
# Tasks may go on for days after a deployment, protected until their work is done, with the URL that they started with.
ADVISED_HOURS = 7 * 24
_LEAST_HOURS = 24
_UNFINISHED = "A previous rotation isn't complete"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The rotation of the secret named by the options."""
    name, present = params["name"], params["state"] == "present"
    if present:
        _check(params)
    item = aws.call_or_none("secretsmanager", "describe_secret", MISSING, SecretId=name)
    after = {key: params[key] for key in ("function_arn", "schedule", "window")} if present else None

    def rotate(_known: dict[str, Any]) -> State | None:
        _configure(aws, params)
        return after

    def cancel(_known: dict[str, Any]) -> None:
        aws.call_or_none("secretsmanager", "cancel_rotate_secret", MISSING, SecretId=name)

    configure = Operation("secretsmanager:RotateSecret", rotate, covers=("function_arn", "schedule", "window"))
    return [
        Resource(
            KIND,
            name,
            before=_normalised(item),
            after=after,
            create=configure,
            updates=(configure,),
            delete=Operation("secretsmanager:CancelRotateSecret", cancel),
            warns=lambda known: _warning(known) if present else None,
        )
    ]


def shortest_gap_hours(schedule: str) -> int | None:
    """The least time between two rotations of a schedule, rounded down; None for what is no schedule.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
    """
    if rate := re.fullmatch(r"rate\((\d+) (hour|day)s?\)", schedule):
        return int(rate[1]) * (24 if rate[2] == "day" else 1)
    cron = re.fullmatch(r"cron\(0 (\S+) (\S+) (\S+) (\S+) \*\)", schedule)
    if not cron:
        return None
    hour, day, _month, weekday = cron.groups()
    if not hour.isdecimal():
        return 1
    if re.fullmatch(r"\d+|L", day):
        return 28 * 24
    if re.fullmatch(r"[1-7]|[A-Z]{3}|[1-7]L|[1-7]#[1-5]|[A-Z]{3}#[1-5]", weekday) and day == "?":
        return 7 * 24
    return 24


def _check(params: Mapping[str, Any]) -> None:
    address = f"{KIND}/{params['name']}"
    if reason := NEVER.get(variable(params["name"])):
        raise Refused(
            f"this secret must never rotate: {reason}.",
            mend="Take its rotation out of the inventory.",
            resource=address,
        )
    gap = shortest_gap_hours(params["schedule"])
    if gap is None:
        raise PlatformError(
            f"schedule is {params['schedule']!r}.",
            mend="Write rate(30 days), or cron(0 18 1 * ? *) in UTC with 0 for the minutes and * for the years.",
            resource=address,
        )
    if gap < _LEAST_HOURS:
        raise PlatformError(
            f"schedule is {params['schedule']!r}, which is several times a day.",
            mend="The services have to be deployed between two rotations: once a day at most, better once a month.",
            resource=address,
        )


def _warning(known: State) -> str | None:
    if (shortest_gap_hours(known["schedule"]) or 0) >= ADVISED_HOURS:
        return None
    return (
        f"{known['schedule']} is more often than once a week. A task that works on under protection holds up the next "
        "rotation, which then fails until the task has ended."
    )


def _normalised(item: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if item is None or not item.get("RotationEnabled"):
        return None
    rules = item.get("RotationRules") or {}
    return {
        "function_arn": item.get("RotationLambdaARN", ""),
        # AWS works the days out of a schedule, and tells them beside it.
        "schedule": rules.get("ScheduleExpression") or f"rate({rules.get('AutomaticallyAfterDays')} days)",
        "window": rules.get("Duration", ""),
    }


def _configure(aws: Aws, params: Mapping[str, Any]) -> None:
    """Sets the schedule and has AWS try the function's testSecret; the value stays as it is.

    The function's permission for Secrets Manager may be a moment old.
    """

    def rotate() -> dict[str, Any]:
        return aws.call(
            "secretsmanager",
            "rotate_secret",
            SecretId=params["name"],
            RotationLambdaARN=params["function_arn"],
            RotationRules={"ScheduleExpression": params["schedule"], "Duration": params["window"]},
            RotateImmediately=False,
        )

    try:
        aws.once_consistent(rotate, lambda error: error.code == "AccessDeniedException" and "invoke" in str(error))
    except AwsError as error:
        if error.code in MISSING and "function" not in str(error).lower():
            raise PlatformError(
                "there is no such secret.", mend="Make it first: ansible-playbook site.yml --tags secrets"
            ) from None
        if _UNFINISHED in str(error):
            raise PlatformError(
                "a rotation of it has not ended.", mend="Finish it first: ansible-playbook playbooks/rotate.yml"
            ) from None
        raise
