"""What an API key may do. Only a key bound to a person may hold ``changes:sign``."""

from __future__ import annotations

from typing import Final

CHANGES_READ: Final = "changes:read"
CHANGES_PROPOSE: Final = "changes:propose"
CHANGES_SIGN: Final = "changes:sign"
INSIGHT_READ: Final = "insight:read"
INSIGHT_WRITE: Final = "insight:write"
SYNC_RUN: Final = "sync:run"
ML_READ: Final = "ml:read"
ML_WRITE: Final = "ml:write"
EVENTS_WRITE: Final = "events:write"
ATTRIBUTION_READ: Final = "attribution:read"
EXPERIMENTS_READ: Final = "experiments:read"
EXPERIMENTS_WRITE: Final = "experiments:write"
OUTREACH_READ: Final = "outreach:read"
OUTREACH_WRITE: Final = "outreach:write"
WORKSPACE_ADMIN: Final = "workspace:admin"

SCOPES: Final[dict[str, str]] = {
    CHANGES_READ: "Read proposals, changes and their history",
    CHANGES_PROPOSE: "Propose, edit and cancel changes",
    CHANGES_SIGN: "Sign changes as the person that the key is bound to",
    INSIGHT_READ: "Read campaigns, performance, alerts and reports",
    INSIGHT_WRITE: "Import performance, write alerts and campaigns",
    SYNC_RUN: "Start a synchronisation",
    ML_READ: "Ask models for predictions",
    ML_WRITE: "Feed results back to models",
    EVENTS_WRITE: "Send events and conversions",
    ATTRIBUTION_READ: "Read journeys and attribution",
    EXPERIMENTS_READ: "Read experiments",
    EXPERIMENTS_WRITE: "Create and run experiments",
    OUTREACH_READ: "Read outreach campaigns and contacts",
    OUTREACH_WRITE: "Write outreach campaigns and contacts",
    "inbox:read": "Read conversations",
    "inbox:write": "Work in conversations",
    WORKSPACE_ADMIN: "Manage connections, webhooks and policy",
}
CHOICES: Final = [(scope, f"{scope} – {words}") for scope, words in SCOPES.items()]
