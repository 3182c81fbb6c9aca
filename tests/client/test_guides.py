"""Every example of the guides runs: in a shell, and by the client."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.factories import AdSetFactory, SafetyPolicyFactory
from workspaces import scopes
from workspaces.models import AgentSuggestion, ApiKey, KeyKind, Proposal, User, Workspace

DOCS = Path(__file__).parents[2] / "docs"
AD_SET = "23850000000000001"
# Answers with a status of an error are failures, unless the example asks for the body itself.
CURL = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }'

pytestmark = pytest.mark.django_db(transaction=True)


def blocks(page: str, language: str) -> list[str]:
    """Fenced examples of a page, in order."""
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def keys(workspace: Workspace, approver: User) -> dict[str, str]:
    """Keys that the pages speak of, in a workspace with the ad set that they name."""
    SafetyPolicyFactory(workspace=workspace)
    AdSetFactory(
        campaign__account__workspace=workspace, external_id=AD_SET, daily_budget=Decimal(120)
    )
    few = set(scopes.SCOPES) - {scopes.CHANGES_SIGN, scopes.WORKSPACE_ADMIN}
    made = {
        "KEY": {"scopes": sorted(few)},
        "APPROVER_KEY": {"scopes": [scopes.CHANGES_READ, scopes.CHANGES_SIGN], "acts_as": approver},
        "AGENT": {"scopes": sorted(few), "kind": KeyKind.AGENT},
    }
    return {
        name: ApiKey.objects.create_key(workspace=workspace, name=name, **fields)[1]
        for name, fields in made.items()
    }


Run = Callable[[str], list[str]]


@pytest.fixture
def in_a_shell(live_server: Any, keys: dict[str, str], tmp_path: Path) -> Run:
    def run(page: str) -> list[str]:
        agent = {"KEY": keys["AGENT"]} if page == "agents.md" else {}
        known = {"URL": live_server.url, **keys, **agent}
        told = []
        for block in blocks(page, "bash"):
            script = f"set -eu; {CURL}\n{block.replace('/tmp/', f'{tmp_path}/')}"
            answer = subprocess.run(
                ["bash", "-c", script], env=os.environ | known | {"NO_PROXY": "*"},
                capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert answer.returncode == 0, f"{block}\n{answer.stdout}{answer.stderr}"
            told.append(answer.stdout)
            found = re.search(r'"id": ?"([^"]+)".*"plan_sha256": ?"(\w+)"', answer.stdout)
            if found:  # the page tells to put them into the next call
                known |= {"ID": found[1], "SHA": found[2]}
        return told

    return run


@pytest.fixture
def in_python(live_server: Any, keys: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Run:
    def run(page: str) -> list[str]:
        key = keys["AGENT" if page == "agents.md" else "KEY"]
        names: dict[str, Any] = {
            "url": live_server.url, "key": key, "approver_key": keys["APPROVER_KEY"],
        }  # fmt: skip
        told = []
        for block in blocks(page, "python"):
            exec(compile(block, page, "exec"), names)  # our own page
            told.append(capsys.readouterr().out)
        return told

    return run


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_examples_of_the_api_guide(in_a_shell: Run) -> None:
    who, change, signed, waiting, conversion, *_, imported, refused = in_a_shell("api.md")

    assert json.loads(who)["caller"] == "integration"
    assert json.loads(change)["entity_id"]
    assert json.loads(signed)["status"] == "approved"
    assert AD_SET not in conversion
    assert "138" in waiting
    assert json.loads(imported)["file_name"] == "day.csv"
    assert json.loads(refused)["errors"][0]["field"] == "value"
    assert Proposal.objects.get().status == "approved"


def test_python_examples_of_the_api_guide(in_python: Run) -> None:
    who, _, signed, waiting, conversion, *_, refused = in_python("api.md")

    assert who.startswith("Acme integration [")
    assert signed == "approved\n"
    assert waiting.startswith("approved ")
    assert conversion == "order-4711\n"
    assert refused.startswith("400 ")
    assert Proposal.objects.get().status == "approved"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_examples_of_agents(in_a_shell: Run) -> None:
    (answer,) = in_a_shell("agents.md")

    assert json.loads(answer)["refused"] == []
    assert AgentSuggestion.objects.get().external_id == "2026-11-23/prospecting"
    assert Proposal.objects.get().status == "pending"


def test_python_examples_of_agents(in_python: Run) -> None:
    (answer,) = in_python("agents.md")

    assert answer.startswith("['2026-11-23/prospecting'] [")
    assert Proposal.objects.get().status == "pending"


def test_every_call_stands_there_in_both_languages() -> None:
    for page in ("api.md", "agents.md"):
        assert len(blocks(page, "bash")) == len(blocks(page, "python")), page
        assert "```\ncurl" not in (DOCS / page).read_text()
