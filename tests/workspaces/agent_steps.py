"""Agents, and what they suggest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from workspaces.models import AgentSuggestion, ApiKey, KeyKind, Workspace

AT = datetime(2026, 9, 15, 8, tzinfo=UTC)


def agent_of(workspace: Workspace, *scopes: str, name: str = "Watcher") -> ApiKey:
    """A key of the kind agent."""
    key, _plain = ApiKey.objects.create_key(
        name=name, workspace=workspace, kind=KeyKind.AGENT,
        scopes=[*scopes] or ["changes:propose", "changes:read"],
    )  # fmt: skip
    return key


def suggestion_of(
    workspace: Workspace, agent: ApiKey | None = None, **values: Any
) -> AgentSuggestion:
    """A suggestion that recommends nothing to sign."""
    own: dict[str, Any] = {
        "agent_type": "watcher", "external_id": "1", "digest": "0" * 64, "type": "budget_change",
        "title": "Prospecting has room", "suggested_at": AT, "created_at": AT,
    }  # fmt: skip
    agent = agent or agent_of(workspace)
    return AgentSuggestion.objects.create(workspace=workspace, agent=agent, **own | values)
