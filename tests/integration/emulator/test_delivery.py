"""What reaches whom: alarms to topics, topics to queues and functions, events to the targets of rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.testing import EmulatorServer

from .lambda_account import Functions, eventually, zipped

ACCOUNT = "427979936961"
TOPIC = f"arn:aws:sns:ap-northeast-1:{ACCOUNT}:t"
ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}


class Account(Functions):
    def __init__(self, emulator: EmulatorServer) -> None:
        super().__init__(emulator)
        emulator.client("iam").put_role_policy(RoleName="r", PolicyName="sqs", PolicyDocument=json.dumps(ALL))
        self.sns, self.sqs = emulator.client("sns"), emulator.client("sqs")
        self.sns.create_topic(Name="t")

    def permit(self, service: str, source: str, name: str = "f") -> None:
        self.client.add_permission(
            FunctionName=name,
            StatementId=service.split(".", maxsplit=1)[0],
            Action="lambda:InvokeFunction",
            Principal=service,
            SourceArn=source,
            SourceAccount=ACCOUNT,
        )

    def collector(self, name: str = "f", **options: Any) -> str:
        """A function that puts each event into the queue `got`; returns the queue's URL."""
        url = self.queue(f"got-{name}")
        self.make("collect", name=name, Environment={"Variables": {"QUEUE_URL": url}}, **options)
        return url

    def open_queue(self, name: str, service: str, source: str) -> str:
        """A queue that lets `service` in on behalf of `source`."""
        condition = {"ArnEquals": {"aws:SourceArn": source}}
        principal = {"Service": service}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}
        return self.queue(name, Policy=json.dumps(policy))

    def subscribe(self, protocol: str, endpoint: str, **attributes: str) -> None:
        self.sns.subscribe(TopicArn=TOPIC, Protocol=protocol, Endpoint=endpoint, Attributes=attributes)

    def count(self, url: str) -> int:
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(told["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture
def account(emulator: EmulatorServer) -> Account:
    return Account(emulator)


def test_a_topic_reaches_a_function_and_a_queue_that_let_it_in(account: Account) -> None:
    got = account.collector()
    account.permit("sns.amazonaws.com", TOPIC)
    queue = account.open_queue("open", "sns.amazonaws.com", TOPIC)
    account.subscribe("lambda", f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:f")
    account.subscribe("sqs", account.arn(queue))
    account.sns.publish(TopicArn=TOPIC, Message="hello", Subject="greeting")
    [record] = json.loads(account.received(got)[0]["Body"])["Records"]
    assert record["EventSource"] == "aws:sns"
    assert (record["Sns"]["Message"], record["Sns"]["Subject"]) == ("hello", "greeting")
    assert record["Sns"]["TopicArn"] == TOPIC
    envelope = json.loads(account.received(queue)[0]["Body"])
    assert (envelope["Type"], envelope["Message"], envelope["Subject"]) == ("Notification", "hello", "greeting")


def test_a_topic_that_is_not_let_in_keeps_what_it_could_not_deliver(account: Account) -> None:
    closed, dead = account.queue("closed"), account.open_queue("dead", "sns.amazonaws.com", TOPIC)
    redrive = json.dumps({"deadLetterTargetArn": account.arn(dead)})
    account.collector()
    account.permit("sns.amazonaws.com", f"{TOPIC}-other")
    account.subscribe("lambda", f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:f", RedrivePolicy=redrive)
    account.subscribe("sqs", account.arn(closed), RedrivePolicy=redrive)
    account.sns.publish(TopicArn=TOPIC, Message="hello")
    assert [each["Body"] for each in account.received(dead, 2)] == ["hello", "hello"]
    assert account.count(closed) == 0


# -- events ----------------------------------------------------------------------------------------------------------


class Rules:
    def __init__(self, account: Account) -> None:
        self.account, self.events = account, account.emulator.client("events")
        pattern = json.dumps({"source": ["aws.ecs", "mine"], "detail": {"lastStatus": ["STOPPED"]}})
        self.arn = str(self.events.put_rule(Name="r", EventPattern=pattern)["RuleArn"])

    def to(self, **target: Any) -> None:
        self.events.put_targets(Rule="r", Targets=[{"Id": target["Arn"].split(":")[2], **target}])

    def put(self, status: str = "STOPPED") -> None:
        detail = json.dumps({"lastStatus": status, "containers": [{"name": 'a "b"', "exitCode": 1}]})
        self.events.put_events(Entries=[{"Source": "mine", "DetailType": "Task", "Detail": detail}])


@pytest.fixture
def rules(account: Account) -> Rules:
    return Rules(account)


def test_events_reach_queues_functions_and_topics(rules: Rules, account: Account) -> None:
    queue = account.open_queue("open", "events.amazonaws.com", rules.arn)
    got = account.collector()
    account.permit("events.amazonaws.com", rules.arn)
    from_topic = account.open_queue("topic", "sns.amazonaws.com", TOPIC)
    account.subscribe("sqs", account.arn(from_topic))
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": TOPIC}]}
    account.sns.set_topic_attributes(TopicArn=TOPIC, AttributeName="Policy", AttributeValue=json.dumps(policy))
    rules.to(Arn=account.arn(queue))
    rules.to(Arn=f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:f")
    rules.to(
        Arn=TOPIC,
        InputTransformer={
            "InputPathsMap": {"name": "$.detail.containers[0].name", "code": "$.detail.containers[0].exitCode"},
            "InputTemplate": '{"text": "<name> ended with <code>", "code": <code>, "rule": "<aws.events.rule-name>"}',
        },
    )
    rules.put("RUNNING")
    rules.put()
    event = json.loads(account.received(queue)[0]["Body"])
    assert (event["source"], event["detail"]["lastStatus"], event["time"][-1]) == ("mine", "STOPPED", "Z")
    assert json.loads(account.received(got)[0]["Body"]) == event
    [message] = account.received(from_topic)
    assert json.loads(json.loads(message["Body"])["Message"]) == {
        "text": 'a "b" ended with 1',
        "code": 1,
        "rule": "r",
    }
    assert account.count(queue) == 0


def test_events_that_cannot_be_delivered_are_kept(rules: Rules, account: Account) -> None:
    dead = account.open_queue("dead", "events.amazonaws.com", rules.arn)
    account.collector()
    rules.to(Arn=f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:f", DeadLetterConfig={"Arn": account.arn(dead)})
    rules.put()
    [kept] = account.received(dead)
    assert json.loads(kept["Body"])["detail"]["lastStatus"] == "STOPPED"
    attributes = {key: value["StringValue"] for key, value in kept["MessageAttributes"].items()}
    assert (attributes["RULE_ARN"], attributes["ERROR_CODE"]) == (rules.arn, "NO_PERMISSIONS")


def test_a_rotation_that_fails_is_an_event(account: Account, rules: Rules) -> None:
    queue = account.open_queue("open", "events.amazonaws.com", rules.arn)
    pattern = {"source": ["aws.secretsmanager"], "detail": {"eventName": ["RotationFailed"]}}
    rules.events.put_rule(Name="r", EventPattern=json.dumps(pattern))
    rules.to(Arn=account.arn(queue))
    secrets = account.emulator.client("secretsmanager")
    secret = secrets.create_secret(Name="s", SecretString="old")["ARN"]
    function = account.make("rotate", Environment={"Variables": {"FAIL_AT": "createSecret"}})["FunctionArn"]
    account.permit("secretsmanager.amazonaws.com", secret)
    secrets.rotate_secret(SecretId="s", RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 30})
    event = json.loads(account.received(queue)[0]["Body"])
    assert event["detail-type"] == "AWS Service Event via CloudTrail"
    assert event["detail"]["additionalEventData"] == {"SecretId": secret}


def test_ecs_tells_of_deployments_and_stopped_tasks(account: Account, rules: Rules, network: Any) -> None:
    queue = account.open_queue("open", "events.amazonaws.com", rules.arn)
    kinds = ["ECS Task State Change", "ECS Deployment State Change"]
    rules.events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.ecs"], "detail-type": kinds}))
    rules.to(Arn=account.arn(queue))
    ecs = account.emulator.client("ecs")
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(
        family="app",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "main", "image": "registry.example.com/app"}],
    )
    ecs.create_service(
        cluster="c",
        serviceName="app",
        taskDefinition="app",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [network.subnet]}},
    )
    events = [json.loads(each["Body"]) for each in account.received(queue, 3)]
    by_kind = {event["detail"].get("eventName") or event["detail"]["lastStatus"]: event for event in events}
    assert set(by_kind) == {"SERVICE_DEPLOYMENT_IN_PROGRESS", "RUNNING", "SERVICE_DEPLOYMENT_COMPLETED"}
    assert by_kind["SERVICE_DEPLOYMENT_COMPLETED"]["resources"][0].endswith(":service/c/app")
    assert by_kind["RUNNING"]["detail"]["group"] == "service:app"


# -- alarms ----------------------------------------------------------------------------------------------------------


class Alarms:
    def __init__(self, account: Account) -> None:
        self.account, self.cloudwatch = account, account.emulator.client("cloudwatch")
        self.queue = account.open_queue("alarms", "sns.amazonaws.com", TOPIC)
        account.subscribe("sqs", account.arn(self.queue))

    def put(self, name: str, **options: Any) -> None:
        evaluation = {"EvaluationPeriods": 1, "Threshold": 80.0, "ComparisonOperator": "GreaterThanThreshold"}
        actions = {"AlarmActions": [TOPIC], "OKActions": [TOPIC]}
        self.cloudwatch.put_metric_alarm(AlarmName=name, **evaluation, **actions, **options)

    def put_simple(self, name: str) -> None:
        metric = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 300}
        self.put(name, **metric, Dimensions=[{"Name": "ClusterName", "Value": "c"}])

    def set(self, name: str, value: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="because")

    def published(self, count: int = 1) -> list[tuple[str, dict[str, Any]]]:
        found = [json.loads(each["Body"]) for each in self.account.received(self.queue, count)]
        return [(each["Subject"], json.loads(each["Message"])) for each in found]


@pytest.fixture
def alarms(account: Account) -> Alarms:
    return Alarms(account)


def test_an_alarm_publishes_each_change_of_its_state_once(alarms: Alarms) -> None:
    alarms.put_simple("a")
    for value in ("ALARM", "ALARM", "OK"):
        alarms.set("a", value)
    (subject, message), (ok, after) = alarms.published(2)
    assert (subject, ok) == ('ALARM: "a" in Asia Pacific (Tokyo)', 'OK: "a" in Asia Pacific (Tokyo)')
    assert (message["NewStateValue"], message["NewStateReason"]) == ("ALARM", "because")
    assert (after["OldStateValue"], after["NewStateValue"]) == ("ALARM", "OK")
    assert message["Trigger"]["Dimensions"] == [{"value": "c", "name": "ClusterName"}]
    assert (message["Trigger"]["Statistic"], message["Trigger"]["Threshold"]) == ("AVERAGE", 80.0)


def test_a_metric_math_alarm_publishes_its_expression(alarms: Alarms) -> None:
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}
    stat = {"Metric": metric, "Period": 300, "Stat": "Sum"}
    alarms.put(
        "m",
        Metrics=[
            {"Id": "e1", "Expression": "m1 * 100", "Label": "rate"},
            {"Id": "m1", "MetricStat": stat, "ReturnData": False},
        ],
    )
    alarms.set("m", "ALARM")
    [(_subject, message)] = alarms.published()
    first, second = message["Trigger"]["Metrics"]
    assert (first["Expression"], first["ReturnData"]) == ("m1 * 100", True)
    assert (second["MetricStat"]["Metric"]["MetricName"], second["ReturnData"]) == ("RequestCount", False)


# -- event source mappings -------------------------------------------------------------------------------------------


class Source:
    def __init__(self, account: Account) -> None:
        self.account = account
        self.dead = account.queue("dead")
        redrive = json.dumps({"deadLetterTargetArn": account.arn(self.dead), "maxReceiveCount": 2})
        self.queue = account.queue("source", VisibilityTimeout="60", RedrivePolicy=redrive)
        self.got = account.collector()

    def map(self, **options: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.account.client.create_event_source_mapping(
            EventSourceArn=self.account.arn(self.queue), FunctionName="f", **options
        )
        return made

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.account.sqs.send_message(QueueUrl=self.queue, MessageBody=body)

    def batches(self, count: int) -> list[list[str]]:
        events = [json.loads(each["Body"]) for each in self.account.received(self.got, count)]
        return [[record["body"] for record in event["Records"]] for event in events]


@pytest.fixture
def source(account: Account) -> Source:
    return Source(account)


def test_a_queue_is_given_to_a_function_in_batches(source: Source, account: Account) -> None:
    source.send("one", "two", "three")
    made = source.map(BatchSize=2)
    assert made["State"] == "Creating"
    assert source.batches(2) == [["one", "two"], ["three"]]
    told = account.client.get_event_source_mapping(UUID=made["UUID"])
    assert (told["State"], told["MaximumBatchingWindowInSeconds"]) == ("Enabled", 0)
    [listed] = account.client.list_event_source_mappings(FunctionName="f")["EventSourceMappings"]
    assert listed["UUID"] == made["UUID"]
    assert account.client.delete_event_source_mapping(UUID=made["UUID"])["State"] == "Deleting"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        account.client.get_event_source_mapping(UUID=made["UUID"])


def test_messages_that_fail_come_back_and_end_in_the_dead_letter_queue(source: Source, account: Account) -> None:
    source.map()
    source.send("please fail")
    assert source.batches(2) == [["please fail"], ["please fail"]]
    assert account.received(source.dead)[0]["Body"] == "please fail"


def test_only_the_messages_that_are_told_come_back(source: Source, account: Account) -> None:
    code = """
def collect(event, context):
    failed = [record for record in event["Records"] if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}
"""
    account.client.update_function_code(FunctionName="f", ZipFile=zipped(code))
    source.send("good", "bad", "fine")
    source.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    assert account.received(source.dead)[0]["Body"] == "bad"
    eventually(lambda: account.count(source.queue) == 0)
    assert account.count(source.dead) == 0


def test_a_mapping_that_lambda_refuses(source: Source, account: Account) -> None:
    account.client.update_function_configuration(FunctionName="f", Timeout=61)
    with pytest.raises(ClientError, match="Queue visibility timeout: 60 seconds is less than Function timeout: 61"):
        source.map()
    account.client.update_function_configuration(FunctionName="f", Timeout=60)
    with pytest.raises(ClientError, match="Maximum batch window in seconds must be greater than 0"):
        source.map(BatchSize=100)
    account.emulator.client("iam").delete_role_policy(RoleName="r", PolicyName="sqs")
    with pytest.raises(ClientError, match="permissions to call ReceiveMessage on SQS"):
        source.map()
