"""An agent of another process: its key made by an admin, its suggestions over REST and MCP."""

from __future__ import annotations

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters, types
from playwright.sync_api import Page, expect

from countersign_client import Countersign, NotAllowedError
from embedded.stack import Stack
from tests.e2e.conftest import LogIn

CLIENT = Path(__file__).parents[2] / "client"
SCOPES = ("changes:read", "changes:propose", "insight:read")


def test_an_agent_suggests_and_a_person_finds_it(stack: Stack, log_in: LogIn) -> None:
    admin = log_in("ada")
    key = make_key(admin)

    with Countersign(stack.url, key) as api:
        assert set(api.workspace.whoami()["scopes"]) == set(SCOPES)
        ad_set, other = free_ad_sets(api)[:2]
        asked = suggestion("rest", ad_set)
        told = api.agents.agent_suggestions_create(asked)
        assert (told["accepted"], told["refused"]) == (["rest"], [])
        again = api.agents.agent_suggestions_create(asked)
        assert again["proposals"] == told["proposals"]
        proposal = api.gate.proposals_read(told["proposals"][0])
        assert (proposal["status"], proposal["proposer"]["name"]) == ("pending", "Watcher")
        try:
            api.gate.proposals_sign(proposal["id"], {"plan_sha256": proposal["plan"]["sha256"]})
        except NotAllowedError:
            pass
        else:
            raise AssertionError("an agent signed")

    # The browser's own loop runs in this thread.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, by_tools(stack.url, key, other["id"])).result()

    admin.goto("/agents/?q=room+grow+noon")
    rows = admin.locator("tr[data-row]")
    expect(rows).to_have_count(2)
    expect(rows.last).to_contain_text("Room to grow (rest)")
    rows.last.get_by_role("link").first.click()
    expect(admin.locator("main")).to_contain_text("Room to grow (rest). Spent by noon")


def make_key(page: Page) -> str:
    """As an admin does: the key is shown once."""
    page.goto("/admin/workspaces/apikey/add/")
    page.fill("input[name=name]", "Watcher")
    page.select_option("select[name=kind]", "agent")
    for scope in SCOPES:
        page.check(f"input[name=scopes][value='{scope}']")
    page.get_by_role("button", name="Save", exact=True).click()
    return page.locator("#secret").inner_text()


def free_ad_sets(api: Countersign) -> list[Any]:
    """Those with a budget for which nothing is open: others propose on the same stack."""
    open_keys = " ".join(
        row["subject_key"]
        for status in ("pending", "approved", "executing")
        for row in api.each(api.gate.proposals_list, status=status)
    )
    return [
        row for row in api.each(api.campaigns.ad_sets_list)
        if row["daily_budget"] and row["external_id"] not in open_keys
    ]  # fmt: skip


def suggestion(name: str, ad_set: dict[str, Any] | Any) -> Any:
    value = f"{float(ad_set['daily_budget']) * 1.05:.2f}"
    return {
        "agent_type": "watcher", "timestamp": datetime.now(UTC).isoformat(),
        "suggestions": [{
            "id": name, "type": "budget_change", "title": f"Room to grow ({name})",
            "description": "Spent by noon, says the watcher.",
            "recommended_actions": [{
                "action_type": "change_budget",
                "parameters": {"entity_type": "adset", "entity": ad_set["id"], "value": value},
            }],
        }],
    }  # fmt: skip


async def by_tools(url: str, key: str, ad_set: str) -> None:
    """The same by the protocol, from a server that is a process of its own."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "countersign_client.mcp_server"],
        env={"COUNTERSIGN_URL": url, "COUNTERSIGN_KEY": key, "PYTHONPATH": str(CLIENT)},
    )  # fmt: skip
    async with Client(server) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"agent_suggestions_create", "ad_sets_list", "proposals_read"} <= names
        assert "proposals_sign" not in names
        listed = await ask(client, "ad_sets_list", {"page_size": 50})
        (found,) = [row for row in listed["results"] if row["id"] == ad_set]
        told = await ask(client, "agent_suggestions_create", {"body": suggestion("mcp", found)})
        assert (told["accepted"], told["refused"]) == (["mcp"], [])


async def ask(client: Client, name: str, arguments: dict[str, Any]) -> Any:
    result = await client.call_tool(name, arguments)
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    assert not result.is_error, content.text
    return json.loads(content.text)
