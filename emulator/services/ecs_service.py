"""ECS services: rolling and blue/green deployments, the circuit breaker, rollback, events and revisions.

The scheduler is `Service.reconcile`: called after anything changed, it starts and stops tasks until the newest
deployment has what is desired, as
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html describes it.
"""

from __future__ import annotations

import copy
import datetime as dt
import math
import random
import uuid
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs.responses import EC2ContainerServiceResponse

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._common import state_of
from emulator.services._ecs import API, GUIDE, Document, active_cluster, after, invalid, later, one_at_a_time, page
from emulator.services._ecs_news import deployment_changed
from emulator.services.ecs_task import Task, capacity, check_network, provider_of, start, target_group, task_tags
from emulator.services.ecs_task_definition import TaskDefinition, find, find_active

SCHEDULING = delays.declare("ecs_service.scheduling", "A service is made or changed until the scheduler acts on it")
RESTART = delays.declare("ecs_service.restart", "A service's task has failed until another is started in its place")
BAKE = delays.declare("ecs_service.bake", "A deployment with a bake time has shifted its traffic until it is complete")
DRAINING = delays.declare("ecs_service.draining", "A deleted service's last task is stopped until it is INACTIVE")

# "This parameter triggers a new service deployment.", in
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
_OF_A_REVISION = (
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
_OF_THE_SERVICE = (
    "desiredCount",
    "capacityProviderStrategy",
    "availabilityZoneRebalancing",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "deploymentController",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
    "gatewayConnectors",
    "monitoring",
)
_KEPT_EVENTS = 100
_THRESHOLD = {"type": "BOUNDED_PERCENT", "value": 50}
_NOT_ROLLING = ("BLUE_GREEN", "CANARY", "LINEAR")


class Deployment:
    """One deployment of a service: the revision that it brings, and how far it is."""

    def __init__(self, service: Service, revision: Document) -> None:
        self.id = f"ecs-svc/{random.randint(10**18, 10**19 - 1)}"
        self.service = service
        self.revision = revision
        self.status = "PRIMARY"
        self.rollout = "IN_PROGRESS"
        self.reason = f"ECS deployment {self.id} in progress."
        self.failed = 0
        self.created = self.updated = utcnow()
        self.baking = False
        self.backing_off = False
        self.tasks: list[Task] = []

    def running(self) -> int:
        return sum(task.last_status in ("RUNNING", "DEACTIVATING") for task in self.tasks)

    def alive(self) -> list[Task]:
        return [task for task in self.tasks if task.alive]

    def view(self) -> Document:
        revision, primary = self.revision, self.status == "PRIMARY"
        shown = (
            "taskDefinition",
            "networkConfiguration",
            "serviceConnectConfiguration",
            "volumeConfigurations",
            "vpcLatticeConfigurations",
            "launchType",
            "capacityProviderStrategy",
            "platformFamily",
        )
        return {
            "id": self.id,
            "status": self.status,
            "desiredCount": self.service.desired_count if primary else len(self.alive()),
            "pendingCount": sum(task.alive and task.last_status in ("PROVISIONING", "PENDING") for task in self.tasks),
            "runningCount": self.running(),
            "failedTasks": self.failed,
            "createdAt": self.created,
            "updatedAt": self.updated,
            "rolloutState": self.rollout,
            "rolloutStateReason": self.reason,
            "platformVersion": "1.4.0",
            **{key: revision[key] for key in shown if revision.get(key) is not None},
        }


class Service:
    """A service; `options` are CreateService's as AWS keeps them, `records` its service deployments, newest first."""

    def __init__(self, backend: Any, cluster: Any, options: Document, tags: list[dict[str, str]]) -> None:
        self.backend = backend
        self.cluster = cluster
        self.cluster_name = cluster.name
        self.cluster_arn = cluster.arn
        self.name: str = options["serviceName"]
        self.arn = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:service/{cluster.name}/{self.name}"
        self.options = options
        self.tags = tags
        self.status = "ACTIVE"
        self.created = utcnow()
        self.events: list[Document] = []
        self.deployments: list[Deployment] = []
        self.records: list[Document] = []
        self.revisions: list[Document] = []
        self.task_sets: list[Any] = []  # moto's task sets of an external deployment controller
        self.steady = False

    # moto reads these names
    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @property
    def scheduling_strategy(self) -> str:
        return str(self.options["schedulingStrategy"])

    @property
    def desired_count(self) -> int:
        return int(self.options["desiredCount"])

    @property
    def propagate_tags(self) -> str:
        return str(self.options.get("propagateTags") or "NONE")

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def configuration(self) -> Document:
        configuration: Document = self.options["deploymentConfiguration"]
        return configuration

    def task_definitions(self) -> set[str]:
        return {deployment.revision["taskDefinition"] for deployment in self.deployments}

    def tasks(self) -> list[Task]:
        return [task for deployment in self.deployments for task in deployment.tasks]

    def tell(self, message: str) -> None:
        self.events.insert(0, {"id": str(uuid.uuid4()), "createdAt": utcnow(), "message": message})
        del self.events[_KEPT_EVENTS:]

    # --- deployments ---

    def deploy(self) -> None:
        """Begin to deploy the service as its options are now."""
        now = utcnow()
        revision = self._new_revision()
        for deployment in self.deployments:
            deployment.status = "ACTIVE"
        if self.records and self.records[0]["status"] == "IN_PROGRESS":
            self._record(status="STOPPED", statusReason="A newer deployment took its place.", stoppedAt=now)
        self.deployments.insert(0, Deployment(self, revision))
        self.steady = False  # also where no task has to start
        name = f"{self.arn.partition(':service/')[2]}/{uuid.uuid4().hex[:20]}"
        self.records.insert(
            0,
            {
                "serviceDeploymentArn": f"{self.arn.partition(':service/')[0]}:service-deployment/{name}",
                "serviceArn": self.arn,
                "clusterArn": self.cluster_arn,
                "createdAt": now,
                "startedAt": now,
                "updatedAt": now,
                "status": "IN_PROGRESS",
                "target": revision,
                "sources": [deployment.revision for deployment in self.deployments[1:]],
                "deploymentConfiguration": copy.deepcopy(self.configuration),
            },
        )
        if self._blue_green():
            self.records[0]["lifecycleStage"] = "SCALE_UP"
        deployment_changed(self, self.primary, "IN_PROGRESS")
        self.nudge()

    def _new_revision(self) -> Document:
        definition = find(self.backend, self.options["taskDefinition"])
        prefix = self.arn.replace(":service/", ":service-revision/")
        revision: Document = {
            "serviceRevisionArn": f"{prefix}/{random.randint(10**18, 10**19 - 1)}",
            "serviceArn": self.arn,
            "clusterArn": self.cluster_arn,
            "createdAt": utcnow(),
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "guardDutyEnabled": False,
            "containerImages": [
                {"containerName": container["name"], "image": container["image"]} for container in definition.containers
            ],
            **{key: copy.deepcopy(self.options[key]) for key in _OF_A_REVISION if self.options.get(key) is not None},
            **{key: self.options[key] for key in ("launchType", "capacityProviderStrategy") if key in self.options},
        }
        revision["taskDefinition"] = definition.arn
        self.revisions.insert(0, revision)
        return revision

    def _record(self, **changes: Any) -> None:
        if self.records:
            self.records[0] |= {**changes, "updatedAt": utcnow()}

    def _blue_green(self) -> bool:
        return self.configuration["strategy"] in _NOT_ROLLING

    def nudge(self) -> None:
        """Have the scheduler look at the service."""
        after(SCHEDULING, self.reconcile)

    def reconcile(self) -> None:
        if self.status == "ACTIVE" and self.deployments:
            self.watch_alarms()
            self._start_missing()
            self._stop_surplus()
            self._stop_replaced()
            self._settle()
        elif self.status == "DRAINING":
            self._drain()

    def _start_missing(self) -> None:
        deployment = self.primary
        if deployment.rollout == "FAILED" or deployment.backing_off:
            return  # "A deployment in FAILED state doesn't launch any new tasks."
        missing = self.desired_count - len(deployment.alive())
        room = missing
        if not self._blue_green():
            most = math.floor(self.desired_count * self.configuration["maximumPercent"] / 100)
            room = max(most, self.desired_count) if len(self.deployments) == 1 else most
            room -= sum(task.alive for task in self.tasks())
        count = min(missing, room)
        if count <= 0:
            return
        self.steady = False
        definition = find(self.backend, deployment.revision["taskDefinition"])
        chosen = capacity(self.cluster, definition, deployment.revision)
        if chosen.get("launchType") == "EC2":
            self._cannot_place()
            return
        managed = {"clusterName": self.cluster_name, "serviceName": self.name}
        tags = task_tags(definition, self.options, self.tags, managed)
        started = []
        for _ in range(count):
            options = {
                **deployment.revision,
                "group": f"service:{self.name}",
                "startedBy": deployment.id,
                "enableExecuteCommand": self.options.get("enableExecuteCommand"),
                "launchType": "FARGATE",
                "capacityProviderName": provider_of(chosen, len(deployment.alive())),
            }
            task = start(self.backend, self.cluster, definition, options, owner=self, tags=tags)
            deployment.tasks.append(task)
            started.append(task)
        self.tell(f"(service {self.name}) has started {count} tasks: {_names(started)}.")

    def _cannot_place(self) -> None:
        message = (
            f"(service {self.name}) was unable to place a task because no container instance met all of its "
            "requirements. Reason: No Container Instances were found in your cluster. For more information, see the "
            "Troubleshooting section of the Amazon ECS Developer Guide."
        )
        if not self.events or self.events[0]["message"] != message:
            self.tell(message)

    def _stop_surplus(self) -> None:
        deployment = self.primary
        surplus = len(deployment.alive()) - self.desired_count
        candidates = [task for task in deployment.alive() if not task.protected]
        candidates.sort(key=lambda task: task.healthy)
        if surplus > 0:
            self._stop(candidates[:surplus], f"Scaling activity initiated by (deployment {deployment.id})")

    def _stop_replaced(self) -> None:
        """Stop tasks of older deployments, as far as enough healthy ones remain."""
        primary = self.primary
        if primary.rollout == "FAILED" or (self._blue_green() and not self._green_is_ready()):
            return
        least = math.ceil(self.desired_count * self.configuration["minimumHealthyPercent"] / 100)
        healthy = sum(task.healthy and task.alive for task in self.tasks())
        stop: list[Task] = []
        for deployment in self.deployments[1:]:
            for task in deployment.alive():
                if task.protected or (task.healthy and healthy - 1 < least):
                    continue
                healthy -= task.healthy
                stop.append(task)
        self._stop(stop, f"Scaling activity initiated by (deployment {primary.id})")

    def _green_is_ready(self) -> bool:
        """All of the new revision runs, its traffic is shifted, and the bake time is over."""
        primary = self.primary
        if sum(task.healthy for task in primary.alive()) < self.desired_count:
            return False
        if primary.rollout != "IN_PROGRESS" or len(self.deployments) == 1:
            return True
        if not primary.baking:
            primary.baking = True
            self._record(lifecycleStage="BAKE_TIME")

            def baked() -> None:
                if self.records and self.records[0].get("lifecycleStage") == "BAKE_TIME":
                    self._record(lifecycleStage="CLEAN_UP")
                self.reconcile()

            after(BAKE, baked)
        return bool(self.records[0].get("lifecycleStage") == "CLEAN_UP")

    def _stop(self, tasks: list[Task], reason: str) -> None:
        if not tasks:
            return
        self.steady = False
        balanced = [task for task in tasks if task.groups]
        for balancer in self.options.get("loadBalancers") or []:
            if balanced and balancer.get("targetGroupArn"):
                self.tell(
                    f"(service {self.name}) deregistered {len(balanced)} targets in "
                    f"(target-group {balancer['targetGroupArn']})"
                )
        if balanced:
            self.tell(f"(service {self.name}) has begun draining connections on {len(balanced)} tasks.")
        self.tell(f"(service {self.name}) has stopped {len(tasks)} running tasks: {_names(tasks)}.")
        for task in tasks:
            task.stop("ServiceSchedulerInitiated", reason)

    def _settle(self) -> None:
        """Steady state: the primary has all its tasks healthy, and nothing else is left."""
        primary = self.primary
        for deployment in self.deployments:
            deployment.tasks = [task for task in deployment.tasks if task.last_status != "STOPPED"]
        finished = [d for d in self.deployments[1:] if not d.tasks and primary.rollout != "FAILED"]
        settled = (
            primary.rollout != "FAILED"
            and sum(task.healthy for task in primary.alive()) == self.desired_count == len(primary.tasks)
            and len(finished) == len(self.deployments) - 1
        )
        if settled:
            self.deployments = [primary]
        if not settled or self.steady:
            return
        self.steady = True
        if primary.rollout == "IN_PROGRESS":
            self._complete(primary)
        self.tell(f"(service {self.name}) has reached a steady state.")

    def _complete(self, deployment: Deployment) -> None:
        deployment.rollout, deployment.updated = "COMPLETED", utcnow()
        deployment.reason = f"ECS deployment {deployment.id} completed."
        self.tell(f"(service {self.name}) (deployment {deployment.id}) deployment completed.")
        rolled_back = self.records[0]["status"] == "ROLLBACK_IN_PROGRESS"
        self._record(status="ROLLBACK_SUCCESSFUL" if rolled_back else "SUCCESSFUL", finishedAt=utcnow())
        self.records[0].pop("lifecycleStage", None)
        deployment_changed(self, deployment, "COMPLETED")

    # --- failure ---

    def threshold(self) -> int:
        """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"""
        breaker = self.configuration["deploymentCircuitBreaker"]
        wanted = {**_THRESHOLD, **(breaker.get("thresholdConfiguration") or {})}
        if wanted["type"] == "COUNT":
            return int(wanted["value"])
        part = math.ceil(self.desired_count * wanted["value"] / 100)
        return part if wanted["type"] == "UNBOUNDED_PERCENT" else min(max(part, 3), 200)

    def _watched(self) -> bool:
        """Whether the circuit breaker watches the newest deployment."""
        enabled = self.configuration["deploymentCircuitBreaker"]["enable"]
        return bool(enabled and self.primary.rollout == "IN_PROGRESS" and not self._rolling_back())

    def _rolling_back(self) -> bool:
        return bool(self.records and self.records[0]["status"] == "ROLLBACK_IN_PROGRESS")

    def _alarmed(self) -> bool:
        from moto.cloudwatch.models import cloudwatch_backends

        wanted = self.configuration.get("alarms") or {}
        if not wanted.get("enable") or self._rolling_back():
            return False
        alarms = cloudwatch_backends[self.backend.account_id][self.backend.region_name].alarms
        triggered = [name for name in wanted["alarmNames"] if name in alarms and alarms[name].state_value == "ALARM"]
        if triggered:
            self._record(triggered=triggered)
        return bool(triggered)

    def watch_alarms(self) -> None:
        """Fail the deployment under way if one of its alarms has gone off."""
        if self.deployments and self.primary.rollout == "IN_PROGRESS" and self._alarmed():
            self.fail("alarm detected", "Service deployment rolled back because an alarm was triggered.")

    def fail(self, what: str, record_reason: str, roll_back: bool | None = None) -> None:
        """The newest deployment has failed; the last completed one comes back if the service says so."""
        failed = self.primary
        alarms = what == "alarm detected"
        monitor = "ECS deployment" if alarms else "ECS deployment circuit breaker:"
        failed.rollout, failed.updated = "FAILED", utcnow()
        failed.reason = f"{monitor} failed: {what}." if alarms else f"{monitor} {what}."
        self.tell(f"(service {self.name}) (deployment {failed.id}) deployment failed: {what}.")
        deployment_changed(self, failed, "FAILED")
        if roll_back is None:
            part = self.configuration["alarms" if alarms else "deploymentCircuitBreaker"]
            roll_back = bool(part.get("rollback"))
        back = next((d for d in self.deployments[1:] if d.rollout == "COMPLETED"), None) if roll_back else None
        if back is None:
            # Without a completed deployment there is nothing to roll back to: the deployment stalls.
            status = "ROLLBACK_FAILED" if roll_back else "STOPPED"
            self._record(status=status, statusReason=record_reason, finishedAt=utcnow(), failures=failed.failed)
            return
        self.deployments.remove(back)
        self.deployments.insert(0, back)
        failed.status, back.status = "ACTIVE", "PRIMARY"
        back.rollout, back.updated, back.failed = "IN_PROGRESS", utcnow(), 0
        back.reason = (
            f"ECS deployment alarms: rolling back to deploymentId {back.id}."
            if alarms
            else f"ECS deployment circuit breaker: rolling back to deploymentId {back.id}."
        )
        back.baking = True  # a rollback bakes nothing
        self.options |= {key: back.revision[key] for key in _OF_A_REVISION if key in back.revision}
        self.tell(f"(service {self.name}) rolling back to deployment {back.id}.")
        self._record(
            status="ROLLBACK_IN_PROGRESS",
            statusReason=record_reason,
            failures=failed.failed,
            rollback={
                "reason": record_reason,
                "startedAt": utcnow(),
                "serviceRevisionArn": back.revision["serviceRevisionArn"],
            },
        )
        if self._blue_green():
            self._record(lifecycleStage="CLEAN_UP")
        self.steady = False
        self.nudge()

    def _failed(self, deployment: Deployment) -> None:
        """A task of `deployment` ended before it was healthy."""
        deployment.failed += 1
        watched = self._watched()
        if deployment is self.primary and watched and deployment.failed >= self.threshold():
            reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
            self.fail("tasks failed to start", reason)
            return
        if deployment.failed == 3:
            self.tell(
                f"(service {self.name}) is unable to consistently start tasks successfully. For more information, see "
                "the Troubleshooting section of the Amazon ECS Developer Guide."
            )
        self._back_off(deployment, at_once=watched)

    def _back_off(self, deployment: Deployment, *, at_once: bool) -> None:
        """Start nothing until the restart delay is over; nothing ends a crash loop, so its turns wait for requests."""
        deployment.backing_off = True

        def over() -> None:
            deployment.backing_off = False
            self.reconcile()

        (after if at_once else later)(RESTART, over)

    # --- what tasks tell ---

    def _deployment_of(self, task: Task) -> Deployment | None:
        return next((deployment for deployment in self.deployments if task in deployment.tasks), None)

    def task_healthy(self, task: Task) -> None:
        deployment = self._deployment_of(task)
        breaker = self.configuration["deploymentCircuitBreaker"]
        if deployment is not None and breaker.get("resetOnHealthyTask") is not False:
            deployment.failed = 0
        for balancer in task.options.get("loadBalancers") or []:
            if balancer.get("targetGroupArn"):
                self.tell(f"(service {self.name}) registered 1 targets in (target-group {balancer['targetGroupArn']})")
        self.reconcile()

    def task_sick(self, task: Task, reason: str) -> None:
        for balancer in task.options.get("loadBalancers") or []:
            if balancer.get("targetGroupArn"):
                self.tell(
                    f"(service {self.name}) (task {task.id}) (port {balancer.get('containerPort')}) is unhealthy in "
                    f"(target-group {balancer['targetGroupArn']}) due to (reason Health checks failed)."
                )
        deployment = self._deployment_of(task)
        self._stop([task], reason)
        if deployment is not None:
            self._failed(deployment)

    def task_stopped(self, task: Task) -> None:
        deployment = self._deployment_of(task)
        if deployment is not None and task.stop_code == "TaskFailedToStart":
            self._failed(deployment)
        elif deployment is not None and task.stop_code == "EssentialContainerExited":
            if deployment.rollout == "IN_PROGRESS":
                self._failed(deployment)
            else:
                self.steady = False
                self._back_off(deployment, at_once=False)
        self._forget(task)
        if task.stop_code in ("ServiceSchedulerInitiated", "UserInitiated"):
            self.reconcile()

    def task_released(self) -> None:
        self.reconcile()

    def _forget(self, task: Task) -> None:
        for deployment in self.deployments:
            if task in deployment.tasks:
                deployment.tasks.remove(task)

    # --- end ---

    def delete(self) -> None:
        self.options["desiredCount"] = 0
        self.status = "DRAINING"
        after(SCHEDULING, self._drain)

    def _drain(self) -> None:
        self._stop(
            [task for task in self.tasks() if task.alive], f"Scaling activity initiated by (service {self.name})"
        )
        if all(task.last_status == "STOPPED" for task in self.tasks()):
            after(DRAINING, self._inactive)

    def _inactive(self) -> None:
        self.status = "INACTIVE"
        self.deployments = []

    # --- view ---

    def view(self, *, tags: bool = True) -> Document:
        shown = {key: value for key, value in self.options.items() if key != "serviceConnectConfiguration"}
        running = sum(deployment.running() for deployment in self.deployments)
        current = [
            {
                "arn": deployment.revision["serviceRevisionArn"],
                "requestedTaskCount": self.desired_count if deployment is self.primary else 0,
                "runningTaskCount": deployment.running(),
                "pendingTaskCount": deployment.view()["pendingCount"],
            }
            for deployment in self.deployments
        ]
        going = [r for r in self.records[:1] if r["status"] in ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS")]
        return {
            **shown,
            "serviceArn": self.arn,
            "clusterArn": self.cluster_arn,
            "status": self.status,
            "runningCount": running,
            "pendingCount": sum(deployment.view()["pendingCount"] for deployment in self.deployments),
            "deployments": [deployment.view() for deployment in self.deployments],
            "taskSets": self.task_sets,
            "events": self.events,
            "createdAt": self.created,
            "createdBy": f"arn:aws:iam::{self.backend.account_id}:user/testing",
            "roleArn": f"arn:aws:iam::{self.backend.account_id}:role/aws-service-role/ecs.amazonaws.com/"
            "AWSServiceRoleForECS",
            "platformFamily": "Linux",
            "platformVersion": self.options.get("platformVersion") or "LATEST",
            "currentServiceDeployment": going[0]["serviceDeploymentArn"] if going else None,
            "currentServiceRevisions": current,
            "tags": self.tags if tags else [],
        }

    def deployment_view(self, record: Document) -> Document:
        """A service deployment, as DescribeServiceDeployments tells it."""
        own = {k: v for k, v in record.items() if k not in ("target", "sources", "failures", "triggered")}
        primary = record["status"] == "IN_PROGRESS" and self.deployments
        failures = self.primary.failed if primary else record.get("failures", 0)
        breaker = record["deploymentConfiguration"]["deploymentCircuitBreaker"]
        ended = record["status"] not in ("IN_PROGRESS", "PENDING")
        triggered = record.get("triggered") or []
        alarms = record["deploymentConfiguration"].get("alarms") or {}
        rolled_back = "rollback" in record or record["status"] == "ROLLBACK_FAILED"
        return {
            **own,
            "targetServiceRevision": self._revision_view(record["target"]),
            "sourceServiceRevisions": [self._revision_view(revision) for revision in record["sources"]],
            "deploymentCircuitBreaker": {
                "status": _monitor(bool(breaker["enable"]), failures >= self.threshold() and rolled_back, ended),
                "failureCount": failures,
                "threshold": self.threshold(),
            },
            "alarms": {
                "status": _monitor(bool(alarms.get("enable")), bool(triggered), ended),
                "alarmNames": alarms.get("alarmNames") or [],
                "triggeredAlarmNames": triggered,
            },
        }

    def _revision_view(self, revision: Document) -> Document:
        found = next((d for d in self.deployments if d.revision is revision), None)
        counts = found.view() if found else {"desiredCount": 0, "runningCount": 0, "pendingCount": 0}
        return {
            "arn": revision["serviceRevisionArn"],
            "requestedTaskCount": counts["desiredCount"],
            "runningTaskCount": counts["runningCount"],
            "pendingTaskCount": counts["pendingCount"],
        }


def _monitor(enabled: bool, triggered: bool, ended: bool) -> str:
    if not enabled:
        return "DISABLED"
    if triggered:
        return "TRIGGERED"
    return "MONITORING_COMPLETE" if ended else "MONITORING"


def _names(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)


# --- checks -----------------------------------------------------------------------------------------------------------


def _check(backend: Any, options: Document, definition: TaskDefinition) -> None:
    check_network(backend, definition, options)
    _check_configuration(options)
    balancers = options.get("loadBalancers") or []
    for balancer in balancers:
        _check_balancer(backend, balancer, definition)
    if options.get("healthCheckGracePeriodSeconds") and not balancers:
        raise invalid("Health check grace period is only valid for services configured to use load balancers")
    if options.get("enableExecuteCommand") and not definition.document.get("taskRoleArn"):
        raise invalid(
            "The service couldn't be created because a valid taskRoleArn is not being used. Specify a valid task role "
            "in your task definition and try again."
        )


def _check_configuration(options: Document) -> None:
    configuration = options["deploymentConfiguration"]
    least, most = (configuration["minimumHealthyPercent"], configuration["maximumPercent"])
    if not 0 <= least <= most or not 100 <= most <= 200:
        raise invalid("minimumHealthyPercent must be between 0 and maximumPercent, and maximumPercent from 100 to 200.")
    if least == most == 100:
        raise invalid(
            "The deployment configuration is invalid: both maximumPercent and minimumHealthyPercent cannot be 100 as "
            "this will block deployments."
        )
    if options["availabilityZoneRebalancing"] == "ENABLED" and most <= 100:
        raise invalid("Availability Zone rebalancing needs a maximumPercent that is greater than 100.")
    if configuration["strategy"] in _NOT_ROLLING:
        for balancer in options.get("loadBalancers") or []:
            advanced = balancer.get("advancedConfiguration") or {}
            if not {"alternateTargetGroupArn", "productionListenerRule", "roleArn"} <= set(advanced):
                raise invalid(
                    f"advancedConfiguration with alternateTargetGroupArn, productionListenerRule and roleArn is "
                    f"required on load balancers when using the {configuration['strategy']} deployment strategy."
                )
    alarms = configuration.get("alarms") or {}
    if alarms.get("enable") and not alarms.get("alarmNames"):
        raise invalid("At least one alarm name is required when deployment alarms are enabled.")


def _check_balancer(backend: Any, balancer: Document, definition: TaskDefinition) -> None:
    arn = balancer.get("targetGroupArn")
    if arn:
        group = target_group(backend, arn)
        if group is None:
            raise invalid(f"The specified target group does not exist. targetGroupArn: {arn}")
        if not group.load_balancer_arns:
            raise invalid(f"The target group with targetGroupArn {arn} does not have an associated load balancer.")
        if definition.document.get("networkMode") == "awsvpc" and group.target_type != "ip":
            raise invalid(
                f"The provided target group {arn} has target type {group.target_type}, which is incompatible with the "
                "awsvpc network mode specified in the task definition."
            )
    name, port = balancer.get("containerName"), balancer.get("containerPort")
    container = next((container for container in definition.containers if container["name"] == name), None)
    if container is None:
        raise invalid(f"The container {name} does not exist in the task definition.")
    if port not in [mapping.get("containerPort") for mapping in container["portMappings"]]:
        raise invalid(f"The container {name} did not have a container port {port} defined.")


def _configuration(given: Mapping[str, Any] | None, held: Mapping[str, Any] | None = None) -> Document:
    breaker = {"enable": False, "rollback": False}
    usual = {
        "deploymentCircuitBreaker": breaker,
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    return copy.deepcopy({**usual, **(held or {}), **(given or {})})


# --- calls ------------------------------------------------------------------------------------------------------------


def _find(backend: Any, params: Mapping[str, Any]) -> Service:
    cluster = active_cluster(backend, params.get("cluster"))
    service: Service | None = backend.services.get(f"{cluster.name}:{params['service'].split('/')[-1]}")
    if service is None:
        raise AwsError("ServiceNotFoundException", "Service not found.")
    return service


@patch(EC2ContainerServiceResponse, "create_service", aws=f"{API}/API_CreateService.html")
@one_at_a_time
def create_service(_original: Any, self: Any) -> ActionResult:
    """A service keeps every option, with AWS's defaults, and rolls its tasks out."""
    backend, params = self.ecs_backend, copy.deepcopy(dict(self._get_params()))
    cluster = active_cluster(backend, params.get("cluster"))
    name = params["serviceName"]
    known: Service | None = backend.services.get(f"{cluster.name}:{name}")
    if known is not None and known.status == "DRAINING":
        raise invalid("Unable to Start a service that is still Draining.")
    requests: dict[str, Any] = state_of(backend, "service_requests", dict)
    if known is not None and known.status == "ACTIVE":
        if requests.get(known.arn) == params:
            return ActionResult({"service": known.view()})
        raise invalid("Creation of service was not idempotent.")
    request = copy.deepcopy(params)
    options = _options(backend, cluster, params)
    service = Service(backend, cluster, options, params.get("tags") or [])
    backend.services[f"{cluster.name}:{name}"] = service
    requests[service.arn] = request
    if options["deploymentController"]["type"] == "ECS":
        service.deploy()
    return ActionResult({"service": service.view()})


def _options(backend: Any, cluster: Any, params: Document) -> Document:
    controller = params.get("deploymentController") or {"type": "ECS"}
    options: Document = {
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "desiredCount": 0,
        "schedulingStrategy": "REPLICA",
        "propagateTags": "NONE",
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "availabilityZoneRebalancing": "ENABLED",
        "serviceName": params["serviceName"],
        **{key: params[key] for key in (*_OF_A_REVISION, *_OF_THE_SERVICE, "schedulingStrategy") if key in params},
        "deploymentController": controller,
        "deploymentConfiguration": _configuration(params.get("deploymentConfiguration")),
    }
    if "availabilityZoneRebalancing" not in params and options["deploymentConfiguration"]["maximumPercent"] <= 100:
        options["availabilityZoneRebalancing"] = "DISABLED"
    if "desiredCount" not in params and options["schedulingStrategy"] == "REPLICA":
        raise invalid("A desired count must be specified.")
    if controller["type"] == "EXTERNAL":
        return options
    if "taskDefinition" not in params:
        raise invalid("TaskDefinition can not be blank.")
    definition = find_active(backend, params["taskDefinition"])
    options["taskDefinition"] = definition.arn
    options |= capacity(cluster, definition, params)
    _add_defaults(options)
    if options["loadBalancers"]:
        options.setdefault("healthCheckGracePeriodSeconds", 0)
    _check(backend, options, definition)
    return options


def _add_defaults(options: Document) -> None:
    """What AWS adds inside of options."""
    place = options.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if place is not None:
        place.setdefault("securityGroups", [])
        place.setdefault("assignPublicIp", "DISABLED")
    for item in options.get("capacityProviderStrategy") or []:
        item.setdefault("base", 0)
        item.setdefault("weight", 0)


@patch(EC2ContainerServiceResponse, "update_service", aws=f"{API}/API_UpdateService.html")
@one_at_a_time
def update_service(_original: Any, self: Any) -> ActionResult:
    """What changes a task, and nothing else, makes a new deployment; everything given is kept."""
    backend, params = self.ecs_backend, copy.deepcopy(dict(self._get_params()))
    service = _find(backend, params)
    update(service, params)
    return ActionResult({"service": service.view()})


def update(service: Service, params: Mapping[str, Any]) -> None:
    """Change a service as UpdateService's `params` say."""
    if service.status != "ACTIVE":
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    given = {key: params[key] for key in (*_OF_A_REVISION, *_OF_THE_SERVICE) if params.get(key) is not None}
    options = {**service.options, **given}
    options["deploymentConfiguration"] = _configuration(params.get("deploymentConfiguration"), service.configuration)
    if options["deploymentController"]["type"] == "ECS":
        reference = params.get("taskDefinition")
        definition = (
            find_active(service.backend, reference) if reference else find(service.backend, options["taskDefinition"])
        )
        options["taskDefinition"] = definition.arn
        _add_defaults(options)
        if "capacityProviderStrategy" in given:
            options.pop("launchType", None)
            capacity(service.cluster, definition, {"capacityProviderStrategy": given["capacityProviderStrategy"]})
        _check(service.backend, options, definition)
    changed = any(options.get(key) != service.options.get(key) for key in _OF_A_REVISION)
    scaled = options["desiredCount"] != service.options["desiredCount"]
    service.options = options
    if options["deploymentController"]["type"] != "ECS":
        return
    if changed or params.get("forceNewDeployment"):
        service.deploy()
    elif scaled:
        service.steady = False
        service.nudge()
    else:
        service.nudge()


@patch(EC2ContainerServiceResponse, "delete_service", aws=f"{API}/API_DeleteService.html")
@one_at_a_time
def delete_service(_original: Any, self: Any) -> ActionResult:
    """A service with tasks is deleted only by force; it drains, then is INACTIVE and can be described for a while."""
    params = self._get_params()
    service = _find(self.ecs_backend, params)
    if service.status == "INACTIVE":
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    if service.desired_count > 0 and not params.get("force"):
        raise invalid("The service cannot be stopped while it is scaled above 0.")
    if service.status == "ACTIVE":
        service.delete()
    return ActionResult({"service": service.view()})


@patch(EC2ContainerServiceResponse, "describe_services", aws=f"{API}/API_DescribeServices.html")
@one_at_a_time
def describe_services(_original: Any, self: Any) -> ActionResult:
    """Up to 10 services are told, those unknown as failures, tags only when asked for."""
    backend, params = self.ecs_backend, self._get_params()
    cluster = active_cluster(backend, params.get("cluster"))
    names = params.get("services") or []
    if not names:
        raise invalid("Services cannot be empty.")
    if len(names) > 10:
        raise invalid("Services must not have more than 10 elements.")
    with_tags = "TAGS" in (params.get("include") or [])
    services, failures = [], []
    for reference in names:
        name = reference.split("/")[-1]
        service: Service | None = backend.services.get(f"{cluster.name}:{name}")
        if service is None:
            prefix = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:service"
            failures.append({"arn": f"{prefix}/{cluster.name}/{name}", "reason": "MISSING"})
            continue
        service.watch_alarms()
        services.append(service.view(tags=with_tags))
    return ActionResult({"services": services, "failures": failures})


@patch(EC2ContainerServiceResponse, "list_services", aws=f"{API}/API_ListServices.html")
@one_at_a_time
def list_services(_original: Any, self: Any) -> ActionResult:
    """Services that are not INACTIVE are listed in pages of 10, up to 100 when asked."""
    backend, params = self.ecs_backend, self._get_params()
    cluster = active_cluster(backend, params.get("cluster"))
    arns = sorted(
        service.arn
        for service in backend.services.values()
        if service.cluster_name == cluster.name
        and service.status != "INACTIVE"
        and params.get("launchType") in (None, service.options.get("launchType"))
        and params.get("schedulingStrategy") in (None, service.scheduling_strategy)
    )
    shown, token = page(params, arns, 100, 10)
    return ActionResult({"serviceArns": shown, "nextToken": token})


# --- service deployments ----------------------------------------------------------------------------------------------


def _records(backend: Any) -> list[tuple[Service, Document]]:
    return [(service, record) for service in backend.services.values() for record in service.records]


@patch(
    EC2ContainerServiceResponse, "list_service_deployments", added=True, aws=f"{API}/API_ListServiceDeployments.html"
)
@one_at_a_time
def list_service_deployments(self: Any) -> ActionResult:
    """The deployments of a service are listed, newest first, by status and time of creation."""
    params = self._get_params()
    service = _find(self.ecs_backend, params)
    statuses, created = params.get("status") or [], params.get("createdAt") or {}
    found = [
        {
            "serviceDeploymentArn": record["serviceDeploymentArn"],
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "targetServiceRevisionArn": record["target"]["serviceRevisionArn"],
            **{
                key: record[key]
                for key in ("startedAt", "createdAt", "finishedAt", "status", "statusReason")
                if key in record
            },
        }
        for record in service.records
        if (not statuses or record["status"] in statuses)
        and _seconds(created.get("after"), 0) <= _seconds(record["createdAt"], 0)
        and _seconds(record["createdAt"], 0) <= _seconds(created.get("before"), math.inf)
    ]
    shown, token = page(params, found, 100, 20)
    return ActionResult({"serviceDeployments": shown, "nextToken": token})


def _seconds(moment: Any, otherwise: float) -> float:
    """A time of a request or of a record, as seconds since 1970."""
    if moment is None:
        return otherwise
    if isinstance(moment, dt.datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    return float(moment)


@patch(
    EC2ContainerServiceResponse,
    "describe_service_deployments",
    added=True,
    aws=f"{API}/API_DescribeServiceDeployments.html",
)
@one_at_a_time
def describe_service_deployments(self: Any) -> ActionResult:
    """A deployment tells its revisions, how its monitors stand, and whether it was rolled back and why."""
    known = {record["serviceDeploymentArn"]: (service, record) for service, record in _records(self.ecs_backend)}
    found, failures = [], []
    for arn in self._get_param("serviceDeploymentArns") or []:
        if arn in known:
            service, record = known[arn]
            service.watch_alarms()
            found.append(service.deployment_view(record))
        else:
            failures.append({"arn": arn, "reason": "MISSING"})
    return ActionResult({"serviceDeployments": found, "failures": failures})


@patch(
    EC2ContainerServiceResponse,
    "describe_service_revisions",
    added=True,
    aws=f"{API}/API_DescribeServiceRevisions.html",
)
@one_at_a_time
def describe_service_revisions(self: Any) -> ActionResult:
    """A revision is what a service was told to be when a deployment began."""
    known = {
        revision["serviceRevisionArn"]: revision
        for service in self.ecs_backend.services.values()
        for revision in service.revisions
    }
    arns = self._get_param("serviceRevisionArns") or []
    return ActionResult(
        {
            "serviceRevisions": [known[arn] for arn in arns if arn in known],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
        }
    )


@patch(EC2ContainerServiceResponse, "stop_service_deployment", added=True, aws=f"{GUIDE}/stop-service-deployment.html")
@one_at_a_time
def stop_service_deployment(self: Any) -> ActionResult:
    """A deployment under way is stopped, and the service goes back to its last completed one."""
    arn = self._get_param("serviceDeploymentArn")
    for service, record in _records(self.ecs_backend):
        if record["serviceDeploymentArn"] != arn:
            continue
        if record["status"] != "IN_PROGRESS":
            raise AwsError("ConflictException", f"The service deployment is already in a {record['status']} state.")
        back = self._get_param("stopType") != "ABORT"
        service.fail("stopped by user", "Service deployment was stopped by a user request.", roll_back=back)
        return ActionResult({"serviceDeploymentArn": arn})
    raise AwsError("ServiceDeploymentNotFoundException", "The service deployment was not found.")
