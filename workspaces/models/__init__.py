"""Tables of the ground floor."""

from workspaces.models.accounts import Delegation, Invitation, Membership, User
from workspaces.models.connections import Connection, ConnectionStatus
from workspaces.models.gate import (
    Decision,
    ExecutionAttempt,
    Plan,
    Proposal,
    ProposerType,
    Risk,
    Signature,
    Status,
)
from workspaces.models.inbound import InboundEvent, InboundState
from workspaces.models.jobs import JobConfig, JobRun, JobState
from workspaces.models.keys import ApiKey, IdempotencyRecord, ThrottleRate
from workspaces.models.notices import (
    Notification,
    NotificationPreference,
    SavedView,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookFormat,
)
from workspaces.models.reports import (
    FailedJob,
    JobPerformanceByTenant,
    JobQueueHealth,
    RateLimitStatus,
)
from workspaces.models.sessions import Session
from workspaces.models.workspace import BusinessMode, ExchangeRate, KillSwitchEvent, Workspace

__all__ = [
    "ApiKey",
    "BusinessMode",
    "Connection",
    "ConnectionStatus",
    "Decision",
    "Delegation",
    "ExchangeRate",
    "ExecutionAttempt",
    "FailedJob",
    "IdempotencyRecord",
    "InboundEvent",
    "InboundState",
    "Invitation",
    "JobConfig",
    "JobPerformanceByTenant",
    "JobQueueHealth",
    "JobRun",
    "JobState",
    "KillSwitchEvent",
    "Membership",
    "Notification",
    "NotificationPreference",
    "Plan",
    "Proposal",
    "ProposerType",
    "RateLimitStatus",
    "Risk",
    "SavedView",
    "Session",
    "Signature",
    "Status",
    "ThrottleRate",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookFormat",
    "Workspace",
]
