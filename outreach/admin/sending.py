"""Texts, campaigns and messages to read; channels and the rules of outreach to edit."""

from __future__ import annotations

from django.contrib import admin

from outreach.models import (
    CampaignLaunch,
    ChannelPolicy,
    ChannelTemplate,
    ChannelWorth,
    Enrolment,
    Halt,
    MessageDay,
    MessageEvent,
    OutreachCampaign,
    OutreachMessage,
    OutreachPolicy,
    OutreachTask,
    PlannedSend,
    SendPlan,
    SequenceStep,
    StepText,
    TemplateVersion,
    TrackedLink,
)
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    WorkspaceModelAdmin,
    fields_of,
    own,
)
from workspaces.roles import Role


@admin.register(ChannelPolicy)
class ChannelPolicyAdmin(WorkspaceModelAdmin[ChannelPolicy]):
    """How each channel is used."""

    add_role = change_role = Role.ADMIN
    list_display = ("channel", "is_on", "connection", "sender", "unit_cost", "rate_per_second",
                    "daily_limit", "updated_at")  # fmt: skip
    list_filter = ("is_on",)
    list_select_related = ("connection",)
    ordering = ("channel",)
    exclude = ("workspace",)


@admin.register(OutreachPolicy)
class OutreachPolicyAdmin(WorkspaceModelAdmin[OutreachPolicy]):
    """Caps, lines and thresholds."""

    add_role = change_role = Role.ADMIN
    list_display = ("__str__", "marketing_per_day", "marketing_per_week", "launch_recipients",
                    "launch_budget", "has_canary", "updated_at")  # fmt: skip
    # Who chooses channels is decided on their page, which says what speaks for it.
    exclude = ("workspace", "learned_chooses")


@admin.register(Halt)
class HaltAdmin(ReadOnlyAdmin[Halt]):
    """Sending that was stopped."""

    list_display = ("channel", "scope", "reason", "since", "by_label", "lifted_at")
    list_filter = ("channel",)
    search_fields = ("scope", "reason")
    ordering = ("-pk",)
    readonly_fields = fields_of(Halt)


class VersionInline(ReadOnlyInline[TemplateVersion, ChannelTemplate]):
    """Its texts."""

    model = TemplateVersion
    fk_name = "template"
    fields = ("number", "subject", "markup", "by_label")


@admin.register(ChannelTemplate)
class ChannelTemplateAdmin(ReadOnlyAdmin[ChannelTemplate]):
    """Texts; written on their pages."""

    list_display = ("name", "channel", "category", "status", "current", "provider_status",
                    "updated_at")  # fmt: skip
    list_filter = ("channel", "status", "category")
    list_select_related = ("current",)
    search_fields = ("name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(ChannelTemplate)
    inlines = (VersionInline,)


@admin.register(TemplateVersion)
class TemplateVersionAdmin(ReadOnlyAdmin[TemplateVersion]):
    """Texts as they were saved."""

    list_display = ("template", "number", "subject", "markup", "by_label", "created_at")
    list_filter = ("markup",)
    list_select_related = ("template",)
    search_fields = ("template__name", "subject")
    ordering = ("-pk",)
    readonly_fields = fields_of(TemplateVersion)


class StepInline(ReadOnlyInline[SequenceStep, OutreachCampaign]):
    """Its rounds."""

    model = SequenceStep
    fields = ("position", "name", "delay_hours", "condition", "segment")
    ordering = ("position",)


@admin.register(OutreachCampaign)
class OutreachCampaignAdmin(ReadOnlyAdmin[OutreachCampaign]):
    """Campaigns; built and launched on their pages."""

    list_display = ("name", "type", "purpose", "status", "channels", "audience", "budget",
                    "daily_limit", "starts_at", "launched_at")  # fmt: skip
    list_filter = ("status", "type", "purpose")
    list_select_related = ("audience",)
    search_fields = ("name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(OutreachCampaign)
    inlines = (StepInline,)


@admin.register(SequenceStep)
class SequenceStepAdmin(ReadOnlyAdmin[SequenceStep]):
    """Rounds of campaigns."""

    list_display = ("campaign", "position", "name", "delay_hours", "condition", "segment")
    list_filter = ("condition",)
    list_select_related = ("campaign",)
    search_fields = ("campaign__name", "name")
    ordering = ("-campaign_id", "position")
    readonly_fields = fields_of(SequenceStep)


@admin.register(StepText)
class StepTextAdmin(ReadOnlyAdmin[StepText]):
    """What rounds say on which channel."""

    list_display = ("step", "channel", "variant", "template")
    list_filter = ("channel",)
    list_select_related = ("step", "template")
    search_fields = ("template__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(StepText)


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin[Enrolment]):
    """Who is where in a sequence."""

    list_display = ("contact", "campaign", "state", "next_position", "due_at", "exit_reason")
    list_filter = ("state", own("campaign"))
    list_select_related = ("contact", "campaign")
    list_prefetch_related = ("contact__points",)
    search_fields = ("contact__last_name", "=contact__external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(Enrolment)


@admin.register(CampaignLaunch)
class CampaignLaunchAdmin(ReadOnlyAdmin[CampaignLaunch]):
    """Proposals to send."""

    list_display = ("proposal", "campaign", "operation", "plan")
    list_filter = ("operation", own("campaign"))
    list_select_related = ("proposal", "campaign", "plan")
    search_fields = ("campaign__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(CampaignLaunch)


@admin.register(SendPlan)
class SendPlanAdmin(ReadOnlyAdmin[SendPlan]):
    """Sends as they were worked out."""

    list_display = ("campaign", "number", "status", "recipients", "blocked", "cost", "wave",
                    "made_at", "activated_at", "halted_reason")  # fmt: skip
    list_filter = ("status", own("campaign"))
    list_select_related = ("campaign",)
    search_fields = ("campaign__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(SendPlan)


@admin.register(PlannedSend)
class PlannedSendAdmin(ReadOnlyAdmin[PlannedSend]):
    """What plans say of each recipient."""

    list_display = ("plan", "place", "contact", "outcome", "channel", "send_at", "wave", "cost")
    list_filter = ("outcome", "channel")
    list_select_related = ("plan", "contact")
    list_prefetch_related = ("contact__points",)
    search_fields = ("=contact__external_id",)
    ordering = ("-pk",)
    readonly_fields = fields_of(PlannedSend)


class EventInline(ReadOnlyInline[MessageEvent, OutreachMessage]):
    """What was heard of it."""

    model = MessageEvent
    fields = ("kind", "at", "detail")


@admin.register(OutreachMessage)
class OutreachMessageAdmin(ReadOnlyAdmin[OutreachMessage]):
    """Messages, with the proof that they were allowed."""

    list_display = ("contact", "channel", "campaign", "purpose", "status", "send_at", "sent_at",
                    "error_kind", "is_unsure")  # fmt: skip
    list_filter = ("status", "channel", "purpose", "is_unsure", own("campaign"))
    list_select_related = ("contact", "campaign")
    list_prefetch_related = ("contact__points",)
    search_fields = ("=provider_message_id", "=point__address", "=contact__external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(OutreachMessage)
    inlines = (EventInline,)


@admin.register(MessageEvent)
class MessageEventAdmin(ReadOnlyAdmin[MessageEvent]):
    """What was heard of messages."""

    list_display = ("message", "kind", "at", "recorded_at")
    list_filter = ("kind",)
    list_select_related = ("message",)
    search_fields = ("=key",)
    ordering = ("-pk",)
    readonly_fields = fields_of(MessageEvent)


@admin.register(TrackedLink)
class TrackedLinkAdmin(ReadOnlyAdmin[TrackedLink]):
    """Addresses that messages lead to."""

    list_display = ("url",)
    search_fields = ("url",)
    ordering = ("-pk",)
    readonly_fields = fields_of(TrackedLink)


@admin.register(MessageDay)
class MessageDayAdmin(ReadOnlyAdmin[MessageDay]):
    """What became of the messages of a day."""

    list_display = ("day", "campaign", "channel", "variant", "domain", "sent", "delivered",
                    "opened", "clicked", "bounced", "complained", "cost")  # fmt: skip
    list_filter = ("channel", own("campaign"))
    list_select_related = ("campaign",)
    search_fields = ("=domain",)
    ordering = ("-pk",)
    readonly_fields = fields_of(MessageDay)


@admin.register(ChannelWorth)
class ChannelWorthAdmin(ReadOnlyAdmin[ChannelWorth]):
    """How often people answer on each channel."""

    list_display = ("customer_type", "channel", "chosen_by", "messages", "answered", "counted_at")
    list_filter = ("channel", "customer_type", "chosen_by")
    ordering = ("customer_type", "channel", "chosen_by")
    readonly_fields = fields_of(ChannelWorth)


@admin.register(OutreachTask)
class OutreachTaskAdmin(ReadOnlyAdmin[OutreachTask]):
    """What people have to send or to look at."""

    list_display = ("message", "reason", "due_at", "done_at", "is_sent", "done_by_label")
    list_filter = ("reason", "is_sent")
    list_select_related = ("message",)
    search_fields = ("=message__contact__external_id",)
    ordering = ("-pk",)
    readonly_fields = fields_of(OutreachTask)
