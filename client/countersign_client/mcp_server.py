"""The API as tools of the Model Context Protocol: ``countersign-mcp``, over standard input or HTTP.

A tool is an operation that the key may use. Signing is none, whatever the key: a program proposes,
a person countersigns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Collection, Mapping
from typing import Any, Final

import httpx
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from countersign_client.calls import SAFE, Call, Operation, operations
from countersign_client.client import VERSION, AsyncCountersign
from countersign_client.errors import ProblemError

#: No tool is one that decides for a person.
PEOPLES_SCOPE: Final = "changes:sign"
#: Whoever is known may ask these.
_FOR_ALL: Final = frozenset({"whoami", "search"})
#: A language model reads no more of one answer.
MOST_CHARACTERS: Final = 60_000
_INSTRUCTIONS: Final = (
    "Countersign runs a marketing team's operations. You read, and propose changes; people sign "
    "them. Nothing that you propose happens before that. Give every proposal a reason that says "
    "what you looked at. To suggest something with its actions use agent_suggestions_create."
)


def tools_for(
    scopes: Collection[str],
    topics: Collection[str] = (),
    *,
    caller: str = "agent",
    reads_only: bool = False,
) -> list[Operation]:
    """Operations that are tools for a key: none that it would be refused.

    Parameters
    ----------
    scopes : what the key may do
    caller : agent, integration or person, as ``whoami`` tells
    topics : only these, as the reference names them (Gate, Inbox, …); none: all
    reads_only : only what changes nothing
    """
    wanted = {topic.lower() for topic in topics}
    return [
        one
        for one in operations().values()
        if not one.is_form
        and not one.is_binary
        and one.scope != PEOPLES_SCOPE
        and (one.scope in scopes or one.id in _FOR_ALL)
        and (not one.callers or caller in one.callers)
        and (not wanted or one.tag.lower() in wanted or one.id == "whoami")
        and (not reads_only or one.method == "GET")
    ]


def tool_of(one: Operation) -> types.Tool:
    """An operation as the protocol describes it."""
    return types.Tool(
        name=one.id,
        title=one.summary.rstrip("."),
        description=one.description,
        input_schema=dict(one.input),
        annotations=types.ToolAnnotations(
            title=one.summary.rstrip("."),
            read_only_hint=one.method == "GET",
            destructive_hint=False,
            idempotent_hint=one.method in SAFE,
            open_world_hint=False,
        ),
    )


def call_of(one: Operation, arguments: Mapping[str, Any]) -> Call:
    """A call of a tool.

    Raises
    ------
    ValueError : names what is missing or unknown
    """
    known = {*one.input["properties"]}
    if unknown := sorted(set(arguments) - known):
        told = ", ".join(sorted(known)) or "none"
        raise ValueError(f"There is no argument {unknown[0]!r}; known: {told}.")
    missing = [name for name in one.input.get("required", ()) if name not in arguments]
    if missing:
        raise ValueError(f"Give {missing[0]!r}.")
    return Call(
        one.id,
        path={name: arguments[name] for name in one.path_names},
        query={name: arguments[name] for name in one.query_names if name in arguments},
        body=arguments.get("body"),
    )


class Tools:
    """Tools of one key, and what they answer."""

    def __init__(self, api: AsyncCountersign, tools: Collection[Operation]) -> None:
        self._api = api
        self._tools = {one.id: one for one in tools}

    async def list(self, _context: Any, _asked: Any) -> types.ListToolsResult:
        """All of them."""
        return types.ListToolsResult(tools=[tool_of(one) for one in self._tools.values()])

    async def call(self, _context: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        """Call one; a refusal is an answer that the model can act on."""
        one = self._tools.get(asked.name)
        if one is None:
            return _refused(f"There is no tool {asked.name!r} for this key.")
        try:
            answer = await self._api.send(call_of(one, asked.arguments or {}))
        except ValueError as error:
            return _refused(str(error))
        except ProblemError as error:
            return _refused(json.dumps({"status": error.status, **error.body}, ensure_ascii=False))
        except httpx.TransportError as error:
            return _refused(f"Countersign does not answer ({type(error).__name__}); try later.")
        return types.CallToolResult(content=[_text(answer)])


def _text(answer: Any) -> types.TextContent:
    text = json.dumps(answer, ensure_ascii=False)
    if len(text) > MOST_CHARACTERS:
        text = (
            f"{text[:MOST_CHARACTERS]}\n… cut after {MOST_CHARACTERS:,} of {len(text):,} "
            "characters: ask for less with page_size or filters."
        )
    return types.TextContent(type="text", text=text)


def _refused(words: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=words)], is_error=True)


async def server_for(
    api: AsyncCountersign, topics: Collection[str] = (), *, reads_only: bool = False
) -> Server[Any]:
    """Server with the tools that the key of ``api`` may use.

    Raises
    ------
    ProblemError : the key is none, or revoked
    """
    who = await api.workspace.whoami()
    kind = who["caller"]
    tools = Tools(api, tools_for(who["scopes"], topics, caller=kind, reads_only=reads_only))
    return Server(
        "countersign", version=VERSION, title=f"Countersign: {who['workspace']['name']}",
        instructions=_INSTRUCTIONS, on_list_tools=tools.list, on_call_tool=tools.call,
    )  # fmt: skip


async def _serve(options: argparse.Namespace, url: str, key: str) -> None:
    async with AsyncCountersign(url, key) as api:
        server = await server_for(api, options.topic, reads_only=options.reads_only)
        if options.http is not None:
            await _serve_http(server, options.http)
            return
        async with stdio_server() as (reads, writes):
            await server.run(reads, writes, server.create_initialization_options())


async def _serve_http(server: Server[Any], port: int) -> None:
    import uvicorn

    app = server.streamable_http_app(stateless_http=True, json_response=True)
    # One's own machine only: whoever reaches it acts with the key.
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")
    await uvicorn.Server(config).serve()


def parser() -> argparse.ArgumentParser:
    """What may be said at the start."""
    found = argparse.ArgumentParser(prog="countersign-mcp", description=__doc__)
    found.add_argument("--topic", action="append", default=[], help="only these; may be repeated")
    found.add_argument("--reads-only", action="store_true", help="only what changes nothing")
    found.add_argument("--http", type=int, metavar="PORT", help="on 127.0.0.1/mcp, not over stdio")
    return found


def main() -> None:
    """Read the options, serve until told to stop."""
    options = parser().parse_args()
    url, key = os.environ.get("COUNTERSIGN_URL", ""), os.environ.get("COUNTERSIGN_KEY", "")
    if not (url and key):
        sys.exit("Set COUNTERSIGN_URL and COUNTERSIGN_KEY, as https://… and a key of an agent.")
    try:
        asyncio.run(_serve(options, url, key))
    except ProblemError as error:
        sys.exit(f"{url} refuses the key. {error}")
    except httpx.TransportError as error:
        sys.exit(f"{url} does not answer: {error}")


if __name__ == "__main__":
    main()
