"""Tools of the Model Context Protocol: what a key may use, and never a signature."""

from __future__ import annotations

import asyncio
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, types

from countersign_client import AsyncCountersign, MockServer
from countersign_client.calls import operations
from countersign_client.mcp_server import call_of, parser, server_for, tool_of, tools_for
from workspaces.scopes import SCOPES

ROOT = Path(__file__).parents[2]
KINDS = ("agent", "integration", "person")
WHO = {
    "workspace": {"name": "Acme"}, "caller": "agent", "scopes": ["changes:read", "changes:propose"],
}  # fmt: skip


def asked(server: MockServer, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    """Ask the server as a client of the protocol does."""
    if not any(operation == "whoami" for operation in server._answers):
        server.on("whoami", WHO)

    async def run() -> types.CallToolResult:
        api = AsyncCountersign("https://x.example", "k", transport=server.transport)
        async with api, Client(await server_for(api)) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(run())


def text_of(result: types.CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text


def test_no_tool_signs_whatever_the_key() -> None:
    names = {one.id for one in tools_for(SCOPES)}
    signing = {one.id for one in operations().values() if one.scope == "changes:sign"}
    assert {"proposals_sign", "proposals_reject", "proposals_bulk_sign"} <= signing
    assert not names & signing
    assert {"proposals_create", "agent_suggestions_create", "whoami"} <= names


def test_tools_are_those_of_the_keys_scopes_and_topics() -> None:
    reading = tools_for(["changes:read"])
    assert {one.scope for one in reading} <= {"changes:read", ""}
    gate = tools_for(["changes:read", "changes:propose"], ["gate"], reads_only=True)
    assert {one.tag for one in gate if one.id != "whoami"} == {"Gate"}
    assert {one.method for one in gate} == {"GET"}


def test_what_an_agent_is_refused_is_no_tool_of_it() -> None:
    of = {kind: {one.id for one in tools_for(SCOPES, caller=kind)} for kind in KINDS}

    # Answering, editing and stopping are a person's; a program may replay, an agent not even that.
    assert not {"inbox_reply", "proposals_edit", "kill_switch_set"} & of["agent"]
    assert of["integration"] - of["agent"] >= {"outreach_messages_replay", "ab_tests_stop"}
    assert of["person"] - of["integration"] >= {"inbox_reply", "proposals_edit", "kill_switch_set"}
    assert of["agent"] - of["integration"] == {"agent_suggestions_create", "agent_actions_run"}
    assert {"search", "proposals_create", "outreach_send"} <= of["agent"]


@pytest.mark.parametrize("page", ["docs/agents.md", "client/README.md"])
def test_settings_that_the_pages_tell_are_taken(page: str) -> None:
    (settings,) = re.findall(r"\{\"mcpServers\".*?\}\}\}\}", (ROOT / page).read_text(), re.DOTALL)
    server = json.loads(settings)["mcpServers"]["countersign"]
    scripts = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text())["project"]["scripts"]

    assert server["command"] in scripts
    assert server["env"].keys() == {"COUNTERSIGN_URL", "COUNTERSIGN_KEY"}
    topics = parser().parse_args(server["args"]).topic
    assert topics
    assert set(topics) <= {one.tag for one in operations().values()}


def test_every_tool_can_be_described() -> None:
    for one in tools_for(SCOPES):
        tool = tool_of(one)
        assert tool.description
        assert len(tool.name) <= 64
        refs = set(json.dumps(tool.input_schema).split('"#/$defs/')[1:])
        known = tool.input_schema.get("$defs", {})
        assert all(ref.partition('"')[0] in known for ref in refs), tool.name


def test_a_tool_calls_its_operation() -> None:
    server = MockServer()
    server.on("proposals_list", {"next": None, "results": [{"id": "p1"}]})
    result = asked(server, "proposals_list", {"status": ["pending"], "page_size": 3})
    assert not result.is_error
    assert json.loads(text_of(result))["results"] == [{"id": "p1"}]
    assert server.asked[-1].query == {"page_size": ["3"], "status": ["pending"]}


def test_a_refusal_tells_the_model_what_to_mend() -> None:
    server = MockServer()
    problem = {"detail": "Not valid.", "errors": [{"field": "reason", "message": "Say why."}]}
    server.on("proposals_create", problem, status=400)
    result = asked(server, "proposals_create", {"body": {"kind": "note"}})
    assert result.is_error
    assert json.loads(text_of(result)) == {"status": 400, **problem}

    result = asked(MockServer(), "proposals_sign", {"public_id": "p", "body": {}})
    assert result.is_error
    assert "no tool 'proposals_sign'" in text_of(result)


def test_arguments_are_checked_before_anything_is_sent() -> None:
    one = operations()["proposals_read"]
    with pytest.raises(ValueError, match="Give 'public_id'"):
        call_of(one, {})
    with pytest.raises(ValueError, match="There is no argument 'id'; known: public_id"):
        call_of(one, {"id": "p", "public_id": "p"})


def test_long_answers_are_cut_and_say_so() -> None:
    server = MockServer()
    server.on("proposals_list", {"results": ["x" * 70_000]})
    text = text_of(asked(server, "proposals_list", {}))
    assert len(text) < 61_000
    assert text.endswith("ask for less with page_size or filters.")
