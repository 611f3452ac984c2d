"""Calls as this stack makes them, for the services of which botocore carries no examples; none may be refused."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

ACCOUNT = "427979936961"
REGION = "ap-northeast-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/airas-dev-task"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:airas-dev-alarms"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:airas-dev-discord-relay"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/airas-dev/50dc6c495c0c9188"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/airas-dev"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:airas-dev-restore"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TAGS = [{"Key": "Project", "Value": "airas"}, {"Key": "Owner", "Value": "プラットフォーム team@example.com"}]
VISIBILITY = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "airas-dev"}

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "acm",
        "RequestCertificate",
        {
            "DomainName": "*.api.example.com",
            "ValidationMethod": "DNS",
            "SubjectAlternativeNames": ["api.example.com"],
            "IdempotencyToken": "airas1",
            "Options": {"CertificateTransparencyLoggingPreference": "ENABLED"},
            "Tags": [TAGS[0]],
        },
    ),
    ("acm", "DescribeCertificate", {"CertificateArn": CERTIFICATE}),
    ("acm", "ListCertificates", {"CertificateStatuses": ["ISSUED"], "MaxItems": 100}),
    (
        "application-autoscaling",
        "RegisterScalableTarget",
        {
            "ServiceNamespace": "ecs",
            "ResourceId": "service/airas-dev/airas-dev-backend",
            "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": 0,
            "MaxCapacity": 4,
        },
    ),
    (
        "application-autoscaling",
        "PutScalingPolicy",
        {
            "PolicyName": "cpu-70",
            "ServiceNamespace": "ecs",
            "ResourceId": "service/airas-dev/airas-dev-backend",
            "ScalableDimension": "ecs:service:DesiredCount",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                "ScaleInCooldown": 300,
            },
        },
    ),
    (
        "application-autoscaling",
        "PutScheduledAction",
        {
            "ServiceNamespace": "ecs",
            "Schedule": "cron(0 13 ? * MON-FRI *)",
            "Timezone": "Asia/Tokyo",
            "ScheduledActionName": "night",
            "ResourceId": "service/airas-dev/airas-dev-backend",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0},
        },
    ),
    (
        "autoscaling",
        "CreateAutoScalingGroup",
        {
            "AutoScalingGroupName": "airas-dev-nat",
            "MinSize": 1,
            "MaxSize": 1,
            "LaunchTemplate": {"LaunchTemplateName": "airas-dev-nat", "Version": "$Latest"},
            "VPCZoneIdentifier": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
            "Tags": [{"Key": "Name", "Value": "airas (dev)", "PropagateAtLaunch": True}],
        },
    ),
    (
        "budgets",
        "CreateBudget",
        {
            "AccountId": ACCOUNT,
            "Budget": {
                "BudgetName": "airas-dev monthly",
                "BudgetLimit": {"Amount": "90.0", "Unit": "USD"},
                "TimeUnit": "MONTHLY",
                "BudgetType": "COST",
                "CostFilters": {"TagKeyValue": ["user:Environment$dev"]},
            },
            "NotificationsWithSubscribers": [
                {
                    "Notification": {
                        "NotificationType": "FORECASTED",
                        "ComparisonOperator": "GREATER_THAN",
                        "Threshold": 80.5,
                        "ThresholdType": "PERCENTAGE",
                    },
                    "Subscribers": [{"SubscriptionType": "SNS", "Address": TOPIC}],
                }
            ],
        },
    ),
    (
        "cloudtrail",
        "CreateTrail",
        {
            "Name": "airas-trail",
            "S3BucketName": "airas-trail-427979936961",
            "S3KeyPrefix": "trail",
            "IsMultiRegionTrail": True,
            "EnableLogFileValidation": True,
            "KmsKeyId": KEY,
            "TagsList": TAGS,
        },
    ),
    (
        "cloudtrail",
        "PutEventSelectors",
        {
            "TrailName": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/airas-trail",
            "AdvancedEventSelectors": [
                {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
            ],
        },
    ),
    (
        "cloudwatch",
        "PutMetricAlarm",
        {
            "AlarmName": "airas-dev ALB 5xx rate > 5%",
            "AlarmDescription": "ALB の 5xx 率",
            "ActionsEnabled": True,
            "AlarmActions": [TOPIC],
            "OKActions": [TOPIC],
            "EvaluationPeriods": 1,
            "Threshold": 5.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "Metrics": [
                {
                    "Id": "target",
                    "ReturnData": False,
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/ApplicationELB",
                            "MetricName": "HTTPCode_Target_5XX_Count",
                            "Dimensions": [{"Name": "LoadBalancer", "Value": "app/airas-dev/50dc6c495c0c9188"}],
                        },
                        "Period": 300,
                        "Stat": "Sum",
                    },
                },
                {"Id": "rate", "Expression": "FILL(target, 0) / requests * 100", "Label": "5xx %", "ReturnData": True},
            ],
            "Tags": TAGS,
        },
    ),
    (
        "cloudwatch",
        "PutMetricAlarm",
        {
            "AlarmName": "airas-dev-cpu",
            "Namespace": "AWS/ECS",
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "ClusterName", "Value": "airas-dev"}],
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 5,
            "DatapointsToAlarm": 5,
            "Threshold": 80,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    ),
    ("cloudwatch", "PutDashboard", {"DashboardName": "airas-dev", "DashboardBody": '{"widgets":[]}'}),
    (
        "cloudwatch",
        "GetMetricStatistics",
        {
            "Namespace": "AWS/ECS",
            "MetricName": "CPUUtilization",
            "StartTime": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            "EndTime": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
            "Period": 60,
            "Statistics": ["Average"],
            "ExtendedStatistics": ["p99.9"],
        },
    ),
    (
        "dynamodb",
        "UpdateItem",
        {
            "TableName": "airas-terraform-lock",
            "Key": {"LockID": {"S": "dev"}},
            "UpdateExpression": "SET expires = :e",
            "ConditionExpression": "run_id = :r",
            "ExpressionAttributeValues": {":e": {"N": "1"}, ":r": {"S": "run/1"}},
            "ReturnValues": "ALL_NEW",
        },
    ),
    (
        "dynamodb",
        "CreateTable",
        {
            "TableName": "airas-terraform-lock",
            "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY},
            "Tags": TAGS,
        },
    ),
    (
        "ec2",
        "CreateFlowLogs",
        {
            "ResourceIds": ["vpc-0123456789abcdef0"],
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogDestinationType": "cloud-watch-logs",
            "LogGroupName": "/airas/dev/vpc-flow",
            "DeliverLogsPermissionArn": ROLE,
            "MaxAggregationInterval": 60,
            "TagSpecifications": [{"ResourceType": "vpc-flow-log", "Tags": TAGS}],
        },
    ),
    ("ec2", "RunInstances", {"ImageId": "ami-1", "InstanceType": "t9g.nano", "MinCount": 1, "MaxCount": 1}),
    (
        "ec2",
        "DescribeImages",
        {"Owners": ["568608671756"], "Filters": [{"Name": "name", "Values": ["fck-nat-al2023-*-arm64-ebs"]}]},
    ),
    (
        "ecr",
        "CreateRepository",
        {
            "repositoryName": "airas/backend-api_v2",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY},
            "tags": TAGS,
        },
    ),
    ("ecr", "DescribeImages", {"repositoryName": "airas", "imageIds": [{"imageTag": "sha-0a1b2c3"}]}),
    (
        "ecr",
        "PutLifecyclePolicy",
        {
            "repositoryName": "airas",
            "lifecyclePolicyText": json.dumps({"rules": [{"rulePriority": 1, "description": "Keep the last ten" * 5}]}),
        },
    ),
    (
        "ecs",
        "RegisterTaskDefinition",
        {
            "family": "airas-dev-backend",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "executionRoleArn": ROLE,
            "taskRoleArn": ROLE,
            "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
            "containerDefinitions": [
                {
                    "name": "backend",
                    "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/airas@sha256:{'a' * 64}",
                    "essential": True,
                    "portMappings": [{"containerPort": 8000, "protocol": "tcp", "appProtocol": "http"}],
                    "secrets": [{"name": "DATABASE_URL", "valueFrom": "arn:aws:secretsmanager:x:1:secret:a-AbCdEf"}],
                    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/airas/dev"}},
                    "stopTimeout": 120,
                }
            ],
        },
    ),
    (
        "ecs",
        "CreateService",
        {
            "cluster": "airas-dev",
            "serviceName": "airas-dev-backend",
            "taskDefinition": "airas-dev-backend:1",
            "desiredCount": 0,
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "deploymentConfiguration": {
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "maximumPercent": 200,
                "minimumHealthyPercent": 100,
            },
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": ["subnet-1"],
                    "securityGroups": ["sg-1"],
                    "assignPublicIp": "DISABLED",
                }
            },
            "healthCheckGracePeriodSeconds": 60,
            "propagateTags": "SERVICE",
            "enableExecuteCommand": True,
            "availabilityZoneRebalancing": "ENABLED",
        },
    ),
    (
        "elasticache",
        "CreateReplicationGroup",
        {
            "ReplicationGroupId": "airas-dev",
            "ReplicationGroupDescription": "Celery",
            "Engine": "redis",
            "EngineVersion": "7.1",
            "CacheNodeType": "cache.t4g.micro",
            "NumCacheClusters": 2,
            "AutomaticFailoverEnabled": True,
            "TransitEncryptionEnabled": True,
            "TransitEncryptionMode": "required",
            "AuthToken": "a-very-long-token-1234",
        },
    ),
    (
        "elbv2",
        "CreateListener",
        {
            "LoadBalancerArn": BALANCER,
            "Protocol": "HTTPS",
            "Port": 443,
            "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "Certificates": [{"CertificateArn": CERTIFICATE}],
            "DefaultActions": [
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "Wait"},
                }
            ],
            "Tags": TAGS,
        },
    ),
    (
        "events",
        "PutRule",
        {
            "Name": "airas-dev-ecs.stopped_tasks",
            "EventPattern": json.dumps({"source": ["aws.ecs"]}),
            "State": "ENABLED",
            "Description": "Stopped tasks of airas-dev (Discord)",
        },
    ),
    (
        "events",
        "PutTargets",
        {
            "Rule": "airas-dev",
            "Targets": [
                {
                    "Id": "relay",
                    "Arn": FUNCTION,
                    "InputTransformer": {
                        "InputPathsMap": {"task": "$.detail.taskArn"},
                        "InputTemplate": '{"t": <task>}',
                    },
                    "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"},
                }
            ],
        },
    ),
    (
        "iam",
        "CreateOpenIDConnectProvider",
        {"Url": "https://token.actions.githubusercontent.com", "ClientIDList": ["sts.amazonaws.com"]},
    ),
    (
        "iam",
        "CreateRole",
        {
            "RoleName": "airas-dev.task_role+x=1,2@3-4",
            "Path": "/airas/dev/",
            "AssumeRolePolicyDocument": POLICY,
            "Description": "Rôle of the tasks",
            "MaxSessionDuration": 3600,
            "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
            "Tags": TAGS[:1],
        },
    ),
    ("kms", "CreateKey", {"Policy": POLICY, "Description": "", "Tags": [{"TagKey": "a", "TagValue": ""}]}),
    ("kms", "CreateAlias", {"AliasName": "alias/airas/dev_key", "TargetKeyId": KEY}),
    ("kms", "EnableKeyRotation", {"KeyId": KEY, "RotationPeriodInDays": 365}),
    (
        "lambda",
        "CreateFunction",
        {
            "FunctionName": "airas-dev-discord_relay",
            "Runtime": "python3.15",
            "Role": ROLE,
            "Handler": "handler.main",
            "Code": {"ZipFile": b"PK"},
            "Timeout": 30,
            "MemorySize": 256,
            "Architectures": ["arm64"],
            "Environment": {"Variables": {"WEBHOOK_SECRET_ARN": "a", "LOG_LEVEL": ""}},
            "DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:airas-dev-dead"},
            "TracingConfig": {"Mode": "Active"},
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/airas/dev/relay"},
        },
    ),
    (
        "lambda",
        "AddPermission",
        {
            "FunctionName": FUNCTION,
            "StatementId": "sns",
            "Action": "lambda:InvokeFunction",
            "Principal": "sns.amazonaws.com",
            "SourceArn": TOPIC,
            "SourceAccount": ACCOUNT,
        },
    ),
    ("logs", "CreateLogGroup", {"logGroupName": "/airas/dev/back-end_1.0#x", "kmsKeyId": KEY, "tags": {"a": "b c"}}),
    ("logs", "PutRetentionPolicy", {"logGroupName": "/airas/dev", "retentionInDays": 90}),
    (
        "logs",
        "PutMetricFilter",
        {
            "logGroupName": "/airas/dev",
            "filterName": "errors",
            "filterPattern": '{ $.level = "ERROR" }',
            "metricTransformations": [{"metricName": "Errors", "metricNamespace": "airas/dev", "metricValue": "1"}],
        },
    ),
    ("logs", "FilterLogEvents", {"logGroupName": "/airas/dev", "startTime": 0, "limit": 100, "filterPattern": ""}),
    (
        "rds",
        "CreateDBInstance",
        {
            "DBInstanceIdentifier": "airas-dev",
            "DBInstanceClass": "db.t3.small",
            "Engine": "postgres",
            "EngineVersion": "16.8",
            "AllocatedStorage": 20,
            "MasterUsername": "airas",
            "ManageMasterUserPassword": True,
            "MasterUserSecretKmsKeyId": KEY,
            "StorageType": "gp3",
            "DatabaseInsightsMode": "standard",
            "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
            "BackupRetentionPeriod": 7,
            "PreferredMaintenanceWindow": "sun:18:00-sun:19:00",
        },
    ),
    ("route53", "CreateHostedZone", {"Name": "api.example.com.", "CallerReference": "airas 1"}),
    (
        "route53",
        "ChangeResourceRecordSets",
        {
            "HostedZoneId": "Z0123456789ABCDEFGHIJ",
            "ChangeBatch": {
                "Comment": "ALB",
                "Changes": [
                    {
                        "Action": "UPSERT",
                        "ResourceRecordSet": {
                            "Name": "api.example.com",
                            "Type": "A",
                            "AliasTarget": {
                                "HostedZoneId": "Z14GRHDCWA56QT",
                                "DNSName": "dualstack.airas.elb.amazonaws.com",
                                "EvaluateTargetHealth": True,
                            },
                        },
                    }
                ],
            },
        },
    ),
    (
        "s3",
        "CreateBucket",
        {"Bucket": "airas-terraform-state", "CreateBucketConfiguration": {"LocationConstraint": "ap-southeast-9"}},
    ),
    ("s3", "PutBucketAcl", {"Bucket": "airas-logs", "ACL": "log-delivery-write"}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "global/terraform.tfstate", "Body": b"{}", "Metadata": {"a-b": "c"}}),
    (
        "s3",
        "PutBucketLifecycleConfiguration",
        {
            "Bucket": "b",
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "ID": "old versions",
                        "Status": "Enabled",
                        "Filter": {},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 5},
                    }
                ]
            },
        },
    ),
    (
        "s3control",
        "PutPublicAccessBlock",
        {"AccountId": ACCOUNT, "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
    ),
    (
        "scheduler",
        "CreateSchedule",
        {
            "Name": "airas-dev-stop",
            "GroupName": "airas-dev",
            "ScheduleExpression": "cron(0 22 ? * MON-FRI *)",
            "ScheduleExpressionTimezone": "Asia/Tokyo",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance", "RoleArn": ROLE, "Input": "{}"},
        },
    ),
    (
        "secretsmanager",
        "CreateSecret",
        {"Name": "airas/dev/DATABASE_URL", "SecretString": "x" * 4000, "KmsKeyId": KEY, "Tags": TAGS},
    ),
    (
        "secretsmanager",
        "RotateSecret",
        {
            "SecretId": "airas/dev/DATABASE_URL",
            "RotationLambdaARN": FUNCTION,
            "RotationRules": {"ScheduleExpression": "rate(30 days)", "Duration": "2h"},
            "ClientRequestToken": "01234567-89ab-cdef-0123-456789abcdef",
        },
    ),
    ("service-quotas", "GetServiceQuota", {"ServiceCode": "ec2", "QuotaCode": "L-0263D0A3"}),
    ("sns", "CreateTopic", {"Name": "airas-dev-alarms", "Attributes": {"KmsMasterKeyId": "alias/x"}, "Tags": TAGS}),
    ("sns", "Subscribe", {"TopicArn": TOPIC, "Protocol": "lambda", "Endpoint": FUNCTION}),
    (
        "ssm",
        "PutParameter",
        {
            "Name": "/airas/dev/LANGFUSE_SECRET_KEY",
            "Value": "sk-lf-1",
            "Type": "SecureString",
            "KeyId": "alias/aws/ssm",
            "Tier": "Standard",
            "Tags": TAGS,
        },
    ),
    (
        "ssm",
        "DescribeParameters",
        {"ParameterFilters": [{"Key": "Name", "Option": "BeginsWith", "Values": ["/airas/dev/"]}], "MaxResults": 50},
    ),
    ("ssm", "GetParametersByPath", {"Path": "/aws/service/ecs/optimized-ami", "Recursive": True}),
    (
        "stepfunctions",
        "CreateStateMachine",
        {
            "name": "airas-dev-restore_drill",
            "definition": '{"StartAt": "A", "States": {}}',
            "roleArn": ROLE,
            "type": "STANDARD",
            "loggingConfiguration": {"level": "ALL", "includeExecutionData": True},
            "tags": [{"key": "a", "value": "b"}],
        },
    ),
    ("stepfunctions", "StartExecution", {"stateMachineArn": MACHINE, "input": "{}"}),
    (
        "sts",
        "AssumeRoleWithWebIdentity",
        {
            "RoleArn": ROLE,
            "RoleSessionName": "GitHubActions",
            "WebIdentityToken": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
            "DurationSeconds": 3600,
        },
    ),
    (
        "wafv2",
        "CreateWebACL",
        {
            "Name": "airas-prod",
            "Scope": "REGIONAL",
            "Description": "Rules of airas-prod",
            "DefaultAction": {"Allow": {}},
            "VisibilityConfig": VISIBILITY,
            "Rules": [
                {
                    "Name": "AWS-AWSManagedRulesCommonRuleSet",
                    "Priority": 0,
                    "OverrideAction": {"None": {}},
                    "VisibilityConfig": VISIBILITY,
                    "Statement": {
                        "ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}
                    },
                },
                {
                    "Name": "rate-limit",
                    "Priority": 1,
                    "Action": {"Block": {"CustomResponse": {"ResponseCode": 429}}},
                    "VisibilityConfig": VISIBILITY,
                    "Statement": {
                        "RateBasedStatement": {
                            "Limit": 2000,
                            "AggregateKeyType": "IP",
                            "EvaluationWindowSec": 300,
                            "ScopeDownStatement": {
                                "ByteMatchStatement": {
                                    "SearchString": b"/api",
                                    "FieldToMatch": {"UriPath": {}},
                                    "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
                                    "PositionalConstraint": "STARTS_WITH",
                                }
                            },
                        }
                    },
                },
            ],
            "Tags": TAGS,
        },
    ),
    ("wafv2", "AssociateWebACL", {"WebACLArn": f"{'a' * 20}", "ResourceArn": BALANCER}),
    (
        "wafv2",
        "PutLoggingConfiguration",
        {
            "LoggingConfiguration": {
                "ResourceArn": f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/airas/1",
                "LogDestinationConfigs": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-airas"],
                "RedactedFields": [{"SingleHeader": {"Name": "authorization"}}],
            }
        },
    ),
]
