"""Access Analyzer, GuardDuty and Security Hub, for what AWS documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

FSBP = "arn:aws:securityhub:ap-northeast-1::standards/aws-foundational-security-best-practices/v/1.0.0"
CIS_1_2 = "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"
CIS_5 = "arn:aws:securityhub:ap-northeast-1::standards/cis-aws-foundations-benchmark/v/5.0.0"
HUB = "arn:aws:securityhub:ap-northeast-1:427979936961:hub/default"


# -- Access Analyzer -------------------------------------------------------------------------------------------------


@pytest.fixture
def analyzers(emulator: Any) -> Any:
    return emulator.client("accessanalyzer")


def test_an_analyzer_and_its_tags(analyzers: Any, emulator: Any, refused: Any) -> None:
    arn = analyzers.create_analyzer(analyzerName="outside", type="ACCOUNT", tags={"a": "1"})["arn"]
    assert arn == "arn:aws:access-analyzer:ap-northeast-1:427979936961:analyzer/outside"
    analyzers.tag_resource(resourceArn=arn, tags={"a": "2", "b": "3"})
    analyzers.untag_resource(resourceArn=arn, tagKeys=["b", "c"])
    assert analyzers.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "2"}
    found = analyzers.get_analyzer(analyzerName="outside")["analyzer"]
    assert (found["type"], found["status"], found["tags"]) == ("ACCOUNT", "ACTIVE", {"a": "2"})
    elsewhere = emulator.client("accessanalyzer", region_name="eu-west-1")
    assert elsewhere.list_analyzers()["analyzers"] == []
    analyzers.delete_analyzer(analyzerName="outside")
    with refused("ResourceNotFoundException", status=404):
        analyzers.get_analyzer(analyzerName="outside")
    with refused("ResourceNotFoundException", status=404):
        analyzers.tag_resource(resourceArn=arn, tags={"a": "2"})


def test_one_analyzer_of_a_type(analyzers: Any, refused: Any) -> None:
    analyzers.create_analyzer(analyzerName="one", type="ACCOUNT")
    with refused("ConflictException", status=409):
        analyzers.create_analyzer(analyzerName="one", type="ACCOUNT_UNUSED_ACCESS")
    with refused("ServiceQuotaExceededException", status=402):
        analyzers.create_analyzer(analyzerName="two", type="ACCOUNT")
    for number in range(3):
        analyzers.create_analyzer(analyzerName=f"org-{number}", type="ORGANIZATION")
    pages = analyzers.get_paginator("list_analyzers").paginate(PaginationConfig={"PageSize": 2})
    assert [[item["name"] for item in page["analyzers"]] for page in pages] == [["one", "org-0"], ["org-1", "org-2"]]
    assert [item["name"] for item in analyzers.list_analyzers(type="ACCOUNT")["analyzers"]] == ["one"]


def test_the_age_of_unused_access(analyzers: Any, refused: Any) -> None:
    analyzers.create_analyzer(analyzerName="unused", type="ACCOUNT_UNUSED_ACCESS")
    configured = analyzers.get_analyzer(analyzerName="unused")["analyzer"]["configuration"]
    assert configured == {"unusedAccess": {"unusedAccessAge": 90}}
    assert "configuration" not in analyzers.list_analyzers()["analyzers"][0]
    changed = {"unusedAccess": {"unusedAccessAge": 30}}
    assert analyzers.update_analyzer(analyzerName="unused", configuration=changed)["configuration"] == changed
    with refused("ValidationException", "between 1 and 365"):
        analyzers.update_analyzer(analyzerName="unused", configuration={"unusedAccess": {"unusedAccessAge": 500}})
    analyzers.create_analyzer(analyzerName="outside", type="ACCOUNT")
    with refused("ValidationException", "cannot be updated"):
        analyzers.update_analyzer(analyzerName="outside", configuration=changed)


# -- GuardDuty -------------------------------------------------------------------------------------------------------


@pytest.fixture
def guardduty(emulator: Any) -> Any:
    return emulator.client("guardduty")


def features(guardduty: Any, detector: str) -> dict[str, str]:
    found = guardduty.get_detector(DetectorId=detector)["Features"]
    return {item["Name"]: item["Status"] for item in found}


def test_a_detector_has_all_that_the_request_does_not_switch_off(guardduty: Any, refused: Any) -> None:
    off = [{"Name": "EKS_AUDIT_LOGS", "Status": "DISABLED"}]
    detector = guardduty.create_detector(Enable=True, Features=off)["DetectorId"]
    on = {"CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS"}
    found = features(guardduty, detector)
    assert {name for name, status in found.items() if status == "ENABLED"} == on | {"LAMBDA_NETWORK_LOGS"}
    assert {"EKS_AUDIT_LOGS", "RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING"} < set(found)
    with refused("BadRequestException", "already exists"):
        guardduty.create_detector(Enable=True)
    assert guardduty.list_detectors()["DetectorIds"] == [detector]


def test_a_detector_is_changed_in_what_the_request_names(guardduty: Any, refused: Any) -> None:
    detector = guardduty.create_detector(Enable=True, Tags={"a": "1"})["DetectorId"]
    runtime = {
        "Name": "RUNTIME_MONITORING",
        "Status": "ENABLED",
        "AdditionalConfiguration": [{"Name": "ECS_FARGATE_AGENT_MANAGEMENT", "Status": "ENABLED"}],
    }
    guardduty.update_detector(DetectorId=detector, Features=[runtime])
    found = guardduty.get_detector(DetectorId=detector)
    assert (found["Status"], found["FindingPublishingFrequency"], found["Tags"]) == ("ENABLED", "SIX_HOURS", {"a": "1"})
    [monitoring] = [item for item in found["Features"] if item["Name"] == "RUNTIME_MONITORING"]
    agents = {item["Name"]: item["Status"] for item in monitoring["AdditionalConfiguration"]}
    assert agents["ECS_FARGATE_AGENT_MANAGEMENT"] == "ENABLED"
    assert agents["EKS_ADDON_MANAGEMENT"] == "DISABLED"
    guardduty.update_detector(DetectorId=detector, Enable=False, FindingPublishingFrequency="ONE_HOUR")
    found = guardduty.get_detector(DetectorId=detector)
    assert (found["Status"], found["FindingPublishingFrequency"]) == ("DISABLED", "ONE_HOUR")
    assert features(guardduty, detector)["RUNTIME_MONITORING"] == "ENABLED"
    both = [runtime, {"Name": "EKS_RUNTIME_MONITORING", "Status": "ENABLED"}]
    with refused("BadRequestException", "together"):
        guardduty.update_detector(DetectorId=detector, Features=both)


def test_tags_and_the_end_of_a_detector(guardduty: Any, refused: Any) -> None:
    detector = guardduty.create_detector(Enable=True)["DetectorId"]
    arn = f"arn:aws:guardduty:ap-northeast-1:427979936961:detector/{detector}"
    guardduty.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": "2"})
    guardduty.untag_resource(ResourceArn=arn, TagKeys=["b"])
    assert guardduty.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"a": "1"}
    guardduty.delete_detector(DetectorId=detector)
    for call in (guardduty.get_detector, guardduty.delete_detector):
        with refused("BadRequestException", "not owned by the current account"):
            call(DetectorId=detector)


def test_a_rule_hears_of_severe_findings(guardduty: Any, emulator: Any, refused: Any) -> None:
    sqs, events = emulator.client("sqs"), emulator.client("events")
    url = sqs.create_queue(QueueName="findings")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    pattern = {"source": ["aws.guardduty"], "detail": {"severity": [{"numeric": [">=", 7]}]}}
    events.put_rule(Name="findings", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="findings", Targets=[{"Id": "queue", "Arn": arn}])
    detector = guardduty.create_detector(Enable=True)["DetectorId"]
    kinds = ["Recon:EC2/PortProbeUnprotectedPort", "Backdoor:EC2/C&CActivity.B"]
    guardduty.create_sample_findings(DetectorId=detector, FindingTypes=kinds)
    [message] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)["Messages"]
    found = json.loads(message["Body"])
    assert (found["detail-type"], found["detail"]["type"]) == ("GuardDuty Finding", kinds[1])
    with refused("BadRequestException", "invalid finding type"):
        guardduty.create_sample_findings(DetectorId=detector, FindingTypes=["x"])


# -- Security Hub ----------------------------------------------------------------------------------------------------


@pytest.fixture
def hub(emulator: Any) -> Any:
    return emulator.client("securityhub")


def statuses(hub: Any) -> dict[str, str]:
    found = hub.get_enabled_standards()["StandardsSubscriptions"]
    return {item["StandardsArn"]: item["StandardsStatus"] for item in found}


def test_nothing_can_be_asked_of_a_hub_that_is_not_enabled(hub: Any, refused: Any) -> None:
    with refused("InvalidAccessException", "not subscribed", status=401):
        hub.describe_hub()
    with refused("InvalidAccessException", status=401):
        hub.get_enabled_standards()
    with refused("ResourceNotFoundException", status=404):
        hub.list_tags_for_resource(ResourceArn=HUB)


def test_the_hub_and_its_settings(hub: Any, refused: Any) -> None:
    hub.enable_security_hub(Tags={"a": "1"}, EnableDefaultStandards=False)
    with refused("ResourceConflictException", status=409):
        hub.enable_security_hub()
    assert statuses(hub) == {}
    hub.update_security_hub_configuration(AutoEnableControls=False)
    found = hub.describe_hub()
    assert (found["HubArn"], found["AutoEnableControls"]) == (HUB, False)
    assert found["ControlFindingGenerator"] == "SECURITY_CONTROL"
    hub.tag_resource(ResourceArn=HUB, Tags={"b": "2"})
    hub.untag_resource(ResourceArn=HUB, TagKeys=["a"])
    assert hub.list_tags_for_resource(ResourceArn=HUB)["Tags"] == {"b": "2"}
    hub.disable_security_hub()
    hub.enable_security_hub(ControlFindingGenerator="STANDARD_CONTROL")
    assert set(statuses(hub)) == {FSBP, CIS_1_2}
    assert hub.describe_hub()["AutoEnableControls"] is True


def test_standards_are_complete_where_aws_config_records(hub: Any, emulator: Any, refused: Any) -> None:
    emulator.set_delays({"securityhub.standard.pending": 60})
    hub.enable_security_hub(EnableDefaultStandards=False)
    asked = [{"StandardsArn": arn} for arn in (FSBP, CIS_5)]
    hub.batch_enable_standards(StandardsSubscriptionRequests=asked)
    assert statuses(hub) == {FSBP: "PENDING", CIS_5: "PENDING"}
    emulator.set_delays({})
    [first, _second] = hub.get_enabled_standards()["StandardsSubscriptions"]
    assert first["StandardsStatusReason"] == {"StatusReasonCode": "NO_AVAILABLE_CONFIGURATION_RECORDER"}
    assert statuses(hub) == {FSBP: "INCOMPLETE", CIS_5: "INCOMPLETE"}
    hub.batch_disable_standards(StandardsSubscriptionArns=[first["StandardsSubscriptionArn"]])
    assert set(statuses(hub)) == {CIS_5}
    record(emulator)
    hub.batch_enable_standards(StandardsSubscriptionRequests=asked[:1])
    assert statuses(hub)[FSBP] == "READY"
    with refused("InvalidInputException"):
        hub.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": f"{FSBP}x"}])


def record(emulator: Any) -> None:
    config = emulator.client("config")
    recorder = {"name": "default", "roleARN": "arn:aws:iam::427979936961:role/config"}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    emulator.client("s3").create_bucket(
        Bucket="recorded", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"}
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "recorded"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
