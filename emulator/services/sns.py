"""SNS: the signature version of a topic."""

from __future__ import annotations

from typing import Any

from moto.sns.responses import SNSResponse

from emulator.extensions import patch

API = "https://docs.aws.amazon.com/sns/latest/api"


@patch(SNSResponse, "get_topic_attributes", aws=f"{API}/API_GetTopicAttributes.html")
def get_topic_attributes(original: Any, self: Any) -> Any:
    """A topic tells the signature version that was set on it."""
    answer = original(self)
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    if version := getattr(topic, "signature_version", None):
        answer.result["Attributes"]["SignatureVersion"] = version
    return answer
