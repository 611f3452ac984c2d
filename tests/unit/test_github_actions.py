"""The workflow in docs/github-actions.md: GitHub would take it, AWS let it in, and the playbook run with it."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.airas.platform.plugins.callback.plan_report import CallbackModule
from emulator.iam.evaluation import Request, allowed
from tests.unit.policies.test_role_documents import roles, variables
from tests.unit.test_specification import rendered

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "github-actions.md"
ENVIRONMENTS = ("dev", "prod")
GITHUB = "token.actions.githubusercontent.com"


@cache
def workflow() -> dict[Any, Any]:
    [text] = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    found: dict[Any, Any] = yaml.safe_load(text)
    return found


def job() -> dict[str, Any]:
    [only] = workflow()["jobs"].values()
    return dict(only)


def step(name: str) -> dict[str, Any]:
    return next(item for item in job()["steps"] if item["name"] == name)


def evaluated(text: str, inputs: dict[str, str]) -> str:
    """``${{ }}`` as GitHub works it out in a run of the commit ``c0ffee``; a push has no inputs."""
    known = {
        "inputs.environment || 'dev'": inputs.get("environment") or "dev",
        "github.sha": "c0ffee",
        "github.run_id": "1",
        "steps.registry.outputs.registry": "427979936961.dkr.ecr.ap-northeast-1.amazonaws.com",
        **{f"env.{name}": value for name, value in job()["env"].items()},
    }
    for _level in range(2):  # an entry of env may be made of others
        text = re.sub(r"\$\{\{ (.+?) \}\}", lambda match: known[match[1]], text)
    return text


def test_every_action_is_pinned_to_a_commit_that_is_to_be_filled_in() -> None:
    used = [item["uses"] for item in job()["steps"] if "uses" in item]
    assert len(used) >= 5
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@<40 hexadecimal digits>", action)] == []


def test_it_asks_for_a_token_and_for_nothing_else() -> None:
    assert workflow()["permissions"] == {"contents": "read"}
    assert job()["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in PAGE.read_text(encoding="utf-8")


def test_nobody_but_the_branch_that_is_released_and_a_person_starts_it() -> None:
    starts = workflow()[True]  # YAML 1.1 reads `on` so
    assert starts.keys() == {"push", "workflow_dispatch"}
    assert starts["push"] == {"branches": ["main"]}
    assert tuple(starts["workflow_dispatch"]["inputs"]["environment"]["options"]) == ENVIRONMENTS


def test_one_deployment_of_an_environment_runs_to_its_end() -> None:
    assert workflow()["concurrency"]["cancel-in-progress"] is False
    groups = {evaluated(workflow()["concurrency"]["group"], {"environment": name}) for name in ENVIRONMENTS}
    assert groups == {"deploy-dev", "deploy-prod"}


@pytest.mark.parametrize(
    ("inputs", "environment"), [({}, "dev"), ({"environment": "dev"}, "dev"), ({"environment": "prod"}, "prod")]
)
def test_the_role_that_it_assumes_lets_it_in_and_the_other_one_does_not(
    inputs: dict[str, str], environment: str
) -> None:
    given = {key: evaluated(str(value), inputs) for key, value in step("Assume the deploy role")["with"].items()}
    account = variables(environment)["aws_account_id"]
    assert given["role-to-assume"] == f"arn:aws:iam::{account}:role/airas-{environment}-github-deploy"
    assert given["allowed-account-ids"] == account
    assert given["aws-region"] == rendered(environment, "aws_region")
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", given["role-session-name"])
    # What GitHub writes into the token of a job that names an environment, in its classic form.
    organization, repository = (
        variables(environment)[f"identity_github_{part}"] for part in ("organization", "repository")
    )
    subject = f"repo:{organization}/{repository}:environment:{evaluated(job()['environment'], inputs)}"
    request = Request(
        "sts:AssumeRoleWithWebIdentity",
        context={f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": subject},
        principal={"Federated": f"arn:aws:iam::{account}:oidc-provider/{GITHUB}"},
    )
    lets_in = [name for name in ENVIRONMENTS if allowed(roles(name)["github-deploy"]["assume_role_policy"], request)]
    assert lets_in == [environment]


@pytest.mark.parametrize("repository", ["airas-org/airas", "airas-org@123/airas@456"])
def test_a_branch_may_deploy_in_place_of_an_environment(repository: str) -> None:
    ids = {"identity_github_organization_id": "123", "identity_github_repository_id": "456"}
    trust = roles("dev", identity_github_claim="ref:refs/heads/main", **ids)["github-deploy"]["assume_role_policy"]

    def lets_in(run: str) -> bool:
        context = {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": f"repo:{repository}:{run}"}
        provider = {"Federated": f"arn:aws:iam::427979936961:oidc-provider/{GITHUB}"}
        return allowed(trust, Request("sts:AssumeRoleWithWebIdentity", context=context, principal=provider))

    assert lets_in("ref:refs/heads/main")
    others = ("ref:refs/heads/main-2", "ref:refs/heads/feature", "environment:dev", "pull_request")
    assert [run for run in others if lets_in(run)] == []


def test_what_is_said_of_a_failure_is_in_the_report() -> None:
    script = step("Say why it failed, and what runs now")["run"]
    assert step("Deploy")["id"] == "deploy"
    said = CallbackModule()
    said._failures["airas-dev"] = [{"task": "Roll out", "message": "AWS has gone back to airas-dev-backend:1."}]
    [query] = re.findall(r"jq --raw-output '\.failures\[\]\.message' (\S+)", script)
    report = said._report("airas-dev")
    assert fnmatch(f"reports/{report['stack']}-{report['mode']}.json", query)
    assert report["failures"][0]["message"].startswith("AWS has gone back")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_deploys_what_it_has_pushed(environment: str) -> None:
    inputs = {"environment": environment}
    image = evaluated(step("Build and push the image")["env"]["IMAGE"], inputs)
    account, region = rendered(environment, "aws_account_id"), rendered(environment, "aws_region")
    repository = rendered(environment, "container_platform_ecr_repository_name")
    assert (
        image == f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}:{evaluated(job()['env']['IMAGE_TAG'], inputs)}"
    )
    assert f"--repository-name {repository} " in step("Build and push the image")["run"]
    command = step("Deploy")["run"]
    assert step("Deploy")["working-directory"] == "platform"
    assert evaluated(step("Deploy")["env"]["ENVIRONMENT"], inputs) == environment
    assert (ROOT / "inventories" / environment).is_dir()
    [playbook] = re.findall(r"playbooks/\w+\.yml", command)
    assert set(re.findall(r'-e "(\w+)=', command)) == {"image_tag", "stack_owner"}
    assert "image_tag" in (ROOT / playbook).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [item["name"] for item in job()["steps"] if "run" in item])
def test_a_shell_would_run_it(name: str) -> None:
    """Nothing of the run comes into a script but by its environment."""
    script = step(name)["run"]
    assert "${{" not in script
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


@pytest.mark.parametrize("option", re.findall(r"-e '(\{.*?\})'", PAGE.read_text(encoding="utf-8")))
def test_the_options_that_the_page_names_are_the_playbooks(option: str) -> None:
    text = (ROOT / "playbooks" / "deploy.yml").read_text(encoding="utf-8")
    assert [name for name in yaml.safe_load(option) if f"{name} |" not in text] == []
