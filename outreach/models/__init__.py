"""Contacts, audiences, texts, campaigns, plans and messages."""

from __future__ import annotations

from outreach.models.audiences import Audience, AudienceKind, AudienceMember
from outreach.models.campaigns import (
    CampaignLaunch,
    CampaignStatus,
    CampaignType,
    Enrolment,
    EnrolmentState,
    LaunchOperation,
    OutreachCampaign,
    SequenceStep,
    StepCondition,
    StepText,
    Urgency,
)
from outreach.models.channels import ChannelPolicy, Halt, MessageChannel, OutreachPolicy, Purpose
from outreach.models.contacts import (
    Consent,
    ConsentSource,
    Contact,
    ContactPoint,
    ContactStanding,
    Suppression,
    SuppressionReason,
)
from outreach.models.imports import ContactImport, ContactImportRow, ContactImportState
from outreach.models.messages import UNSENT, WAITING, MessageStatus, OutreachMessage
from outreach.models.plans import SENT_TO, Outcome, PlannedSend, PlanStatus, SendPlan
from outreach.models.results import (
    EventKind,
    MessageDay,
    MessageEvent,
    OutreachTask,
    TaskReason,
    TrackedLink,
)
from outreach.models.templates import (
    ChannelTemplate,
    Markup,
    TemplateCategory,
    TemplateStatus,
    TemplateVersion,
)

__all__ = [
    "SENT_TO",
    "UNSENT",
    "WAITING",
    "Audience",
    "AudienceKind",
    "AudienceMember",
    "CampaignLaunch",
    "CampaignStatus",
    "CampaignType",
    "ChannelPolicy",
    "ChannelTemplate",
    "Consent",
    "ConsentSource",
    "Contact",
    "ContactImport",
    "ContactImportRow",
    "ContactImportState",
    "ContactPoint",
    "ContactStanding",
    "Enrolment",
    "EnrolmentState",
    "EventKind",
    "Halt",
    "LaunchOperation",
    "Markup",
    "MessageChannel",
    "MessageDay",
    "MessageEvent",
    "MessageStatus",
    "Outcome",
    "OutreachCampaign",
    "OutreachMessage",
    "OutreachPolicy",
    "OutreachTask",
    "PlanStatus",
    "PlannedSend",
    "Purpose",
    "SendPlan",
    "SequenceStep",
    "StepCondition",
    "StepText",
    "Suppression",
    "SuppressionReason",
    "TaskReason",
    "TemplateCategory",
    "TemplateStatus",
    "TemplateVersion",
    "TrackedLink",
    "Urgency",
]
