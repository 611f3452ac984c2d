"""The inventories against the infrastructure specification: one row here for each row of its tables that has a value.

Rows without a value of their own are met by what the roles build, not by inventory: why Fargate was chosen, the front
end on Vercel, Qdrant outside AWS, IAM's least privilege, Shield Standard, the tracing services Langfuse and Sentry.
The state paths ({env}/terraform.tfstate) are Terraform's; nothing here keeps a state file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.manager import VariableManager

ROOT = Path(__file__).parents[2]

# Section, row, variable, its value in dev and in prod.
PER_ENVIRONMENT: list[tuple[str, str, str, Any, Any]] = [
    ("Compute", "CPU", "container_platform_cpu_units", 256, 1024),
    ("Compute", "memory", "container_platform_memory_mib", 512, 2048),
    ("Compute", "least tasks", "container_platform_min_tasks", 1, 2),
    ("Compute", "most tasks", "container_platform_max_tasks", 2, 4),
    ("Compute", "auto scaling", "container_platform_autoscaling_enabled", False, True),
    ("Compute", "auto scaling", "container_platform_autoscaling_cpu_target_percent", None, 70),
    ("Database", "instance", "database_instance_class", "db.t3.small", "db.r6g.large"),
    ("Database", "storage", "database_allocated_storage_gib", 20, 50),
    ("Database", "Multi-AZ", "database_multi_az", False, True),
    ("Database", "backup retention", "database_backup_retention_days", 7, 30),
    ("Database", "deletion protection", "database_deletion_protection", False, True),
    ("Network", "VPC CIDR", "network_vpc_cidr", "10.0.0.0/16", "10.2.0.0/16"),
    ("Network", "NAT gateways", "network_nat_gateway_count", 1, 2),
    ("Security", "WAF", "waf_enabled", False, True),
    ("Logs", "ECS container logs", "container_platform_log_retention_days", 7, 90),
    (
        "Cost",
        "services",
        "stack_cost_estimate_usd",
        {
            "ecs_fargate": 10,
            "rds": 15,
            "alb": 20,
            "nat_gateway": 35,
            "secrets_manager": 4,
            "cloudwatch": 5,
            "route53": 1,
        },
        {
            "ecs_fargate": 60,
            "rds": 50,
            "alb": 25,
            "nat_gateway": 70,
            "waf": 10,
            "secrets_manager": 4,
            "cloudwatch": 20,
            "route53": 2,
        },
    ),
    ("Cost", "total", "stack_cost_estimate_total_usd", 90, 240),
]

# Section, row, variable, its value in every environment.
EVERYWHERE: list[tuple[str, str, str, Any]] = [
    ("Compute", "ECS Fargate", "container_platform_launch_type", "FARGATE"),
    ("Compute", "container registry", "container_platform_ecr_repository_name", "airas-backend"),
    ("Compute", "health check", "container_platform_health_check_path", "/health"),
    ("Database", "RDS PostgreSQL 16", "database_engine", "postgres"),
    ("Database", "RDS PostgreSQL 16", "database_engine_version", "16"),
    ("Other storage", "cache, added with Celery", "cache_enabled", False),
    ("Other storage", "cache", "cache_engine", "redis"),
    ("Other storage", "files", "storage_files_bucket_enabled", True),
    ("Network", "NAT gateways", "network_nat_mode", "gateway"),
    ("Security", "CI/CD authentication", "identity_github_oidc_enabled", True),
    ("Security", "SSL/TLS", "certificate_validation_method", "DNS"),
    ("Logs", "ALB access logs", "storage_alb_access_logs_enabled", True),
    ("Logs", "RDS logs", "database_enabled_cloudwatch_logs_exports", ["postgresql", "upgrade"]),
    ("Logs", "CloudTrail", "observability_trail_multi_region", True),
    ("Alarms", "ECS CPU", "observability_ecs_cpu_threshold_percent", 80),
    ("Alarms", "ECS CPU", "observability_ecs_cpu_minutes", 5),
    ("Alarms", "ECS memory", "observability_ecs_memory_threshold_percent", 85),
    ("Alarms", "ECS memory", "observability_ecs_memory_minutes", 5),
    ("Alarms", "RDS CPU", "observability_rds_cpu_threshold_percent", 70),
    ("Alarms", "RDS CPU", "observability_rds_cpu_minutes", 10),
    ("Alarms", "RDS free storage", "observability_rds_free_storage_threshold_gib", 5),
    ("Alarms", "ALB 5xx rate", "observability_alb_5xx_threshold_percent", 5),
    ("Alarms", "ALB 5xx rate", "observability_alb_5xx_minutes", 5),
    ("Alarms", "SNS to Discord", "observability_discord_enabled", True),
    ("Tracing", "container metrics", "container_platform_container_insights", "enabled"),
    ("Terraform state", "S3 bucket", "account_state_bucket_name", "airas-terraform-state-427979936961"),
    ("Terraform state", "DynamoDB table", "account_lock_table_name", "airas-terraform-lock"),
    ("Terraform state", "region", "aws_region", "ap-northeast-1"),
]

SECRETS_MANAGER = {"DATABASE_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GH_PERSONAL_ACCESS_TOKEN"}
PARAMETER_STORE = {"LANGFUSE_SECRET_KEY", "LANGFUSE_PUBLIC_KEY", "LANGFUSE_BASE_URL", "WANDB_API_KEY"}

ROWS = [
    (environment, section, row, variable, value)
    for section, row, variable, dev, prod in [
        *PER_ENVIRONMENT,
        *((section, row, variable, value, value) for section, row, variable, value in EVERYWHERE),
    ]
    for environment, value in (("dev", dev), ("prod", prod))
]


@cache
def _variables(environment: str) -> Templar:
    loader = DataLoader()
    loader.set_basedir(str(ROOT / "playbooks"))
    inventory = InventoryManager(loader, sources=[str(ROOT / "inventories" / environment)])
    manager = VariableManager(loader, inventory)
    return Templar(loader, variables=manager.get_vars(host=inventory.get_host(f"airas-{environment}")))


def rendered(environment: str, variable: str) -> Any:
    """The variable's value as a playbook sees it; None where the environment does not set it."""
    variables = _variables(environment)
    return variables.template(variables.available_variables.get(variable))


@pytest.mark.parametrize(
    ("environment", "section", "row", "variable", "value"), ROWS, ids=["-".join(row[:1] + row[3:4]) for row in ROWS]
)
def test_the_inventory_says_what_the_specification_says(
    environment: str, section: str, row: str, variable: str, value: Any
) -> None:
    assert rendered(environment, variable) == value, f"{section}: {row}"


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize(
    "variable", ["network_availability_zones", "network_public_subnet_cidrs", "network_private_subnet_cidrs"]
)
def test_the_network_has_two_zones_with_a_subnet_of_each_kind(environment: str, variable: str) -> None:
    assert len(set(rendered(environment, variable))) == 2


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_each_secret_is_in_its_store(environment: str) -> None:
    manager = {secret["name"]: secret for secret in rendered(environment, "secrets_secrets_manager")}
    parameters = {secret["name"] for secret in rendered(environment, "secrets_parameter_store")}
    assert manager.keys() >= SECRETS_MANAGER
    assert parameters >= PARAMETER_STORE
    assert manager["DATABASE_URL"]["rotation_enabled"] is True
    assert "AWS_BEARER_TOKEN_BEDROCK" not in manager.keys() | parameters


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_waf_has_managed_rules_and_a_rate_limit(environment: str) -> None:
    assert all(name.startswith("AWSManagedRules") for name in rendered(environment, "waf_managed_rule_groups"))
    assert rendered(environment, "waf_rate_limit_requests_per_5_minutes") >= 10


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_estimate_adds_up(environment: str) -> None:
    """The specification rounds its totals to tens."""
    services = rendered(environment, "stack_cost_estimate_usd")
    assert round(sum(services.values()), -1) == rendered(environment, "stack_cost_estimate_total_usd")


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("prod", True)])
def test_names_and_tags_carry_the_environment(environment: str, protected: bool) -> None:
    assert rendered(environment, "aws_account_id") == "427979936961"
    assert rendered(environment, "stack_name") == f"airas-{environment}"
    assert rendered(environment, "stack_protected") is protected
    assert rendered(environment, "stack_tags") == {
        "Project": "airas",
        "Environment": environment,
        "ManagedBy": "airas.platform",
    }
