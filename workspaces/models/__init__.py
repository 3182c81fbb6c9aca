"""Tables of the ground floor."""

from workspaces.models.accounts import Delegation, Invitation, Membership, User
from workspaces.models.agents import AgentSuggestion, Priority, SuggestedAction, SuggestionType
from workspaces.models.connections import Connection, ConnectionStatus
from workspaces.models.gate import Proposal, ProposerType, Risk, Status
from workspaces.models.inbound import InboundEvent, InboundState
from workspaces.models.jobs import JobConfig, JobRun, JobState
from workspaces.models.keys import ApiKey, IdempotencyRecord, KeyKind, ThrottleRate
from workspaces.models.notices import (
    DigestChannel,
    Notification,
    NotificationPreference,
    SavedView,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookFormat,
)
from workspaces.models.plans import Decision, ExecutionAttempt, Plan, Signature
from workspaces.models.reports import (
    FailedJob,
    JobPerformanceByTenant,
    JobQueueHealth,
    RateLimitStatus,
)
from workspaces.models.sessions import Session
from workspaces.models.workspace import BusinessMode, ExchangeRate, KillSwitchEvent, Workspace

__all__ = [
    "AgentSuggestion",
    "ApiKey",
    "BusinessMode",
    "Connection",
    "ConnectionStatus",
    "Decision",
    "Delegation",
    "DigestChannel",
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
    "KeyKind",
    "KillSwitchEvent",
    "Membership",
    "Notification",
    "NotificationPreference",
    "Plan",
    "Priority",
    "Proposal",
    "ProposerType",
    "RateLimitStatus",
    "Risk",
    "SavedView",
    "Session",
    "Signature",
    "Status",
    "SuggestedAction",
    "SuggestionType",
    "ThrottleRate",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookFormat",
    "Workspace",
]
