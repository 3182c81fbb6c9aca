"""What the API takes and says of campaigns of messages."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from outreach.models import (
    CampaignStatus,
    CampaignType,
    MessageChannel,
    Outcome,
    PlanStatus,
    Purpose,
    StepCondition,
    Urgency,
)
from workspaces.api.fields import Body, RefusesUnknown

_MONEY = {"max_digits": 20, "decimal_places": 6, "min_value": 0}


class CampaignTextIn(RefusesUnknown):
    """What a step says on a channel."""

    channel = serializers.ChoiceField(MessageChannel.choices, required=False)
    variant = serializers.CharField(max_length=40, required=False, allow_blank=True)
    template = serializers.UUIDField()


class CampaignStepIn(RefusesUnknown):
    """One round of messages."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    delay_hours = serializers.IntegerField(min_value=0, max_value=8_760, required=False)
    condition = serializers.ChoiceField(StepCondition.choices, required=False)
    segment = serializers.CharField(max_length=20, required=False, allow_blank=True)
    exits_on_reply = serializers.BooleanField(required=False)
    exits_on_conversion = serializers.BooleanField(required=False)
    texts = serializers.ListField(child=CampaignTextIn(), max_length=80)


class OutreachCampaignChangeIn(Body):
    """What is to change of a campaign."""

    name = serializers.CharField(max_length=120, required=False)
    type = serializers.ChoiceField(CampaignType.choices, required=False)
    purpose = serializers.ChoiceField(Purpose.choices, required=False)
    urgency = serializers.ChoiceField(Urgency.choices, required=False)
    channels = serializers.ListField(
        child=serializers.ChoiceField(MessageChannel.choices), required=False, max_length=8
    )
    priorities = serializers.DictField(
        child=serializers.ListField(child=serializers.ChoiceField(MessageChannel.choices)),
        required=False, help_text="new, returning, existing → channels in their order.",
    )  # fmt: skip
    audience = serializers.UUIDField(required=False, allow_null=True)
    test = serializers.CharField(
        max_length=40, required=False, allow_null=True, help_text="Key of a test of messages."
    )
    budget = serializers.DecimalField(required=False, allow_null=True, **_MONEY)  # type: ignore[arg-type]  # all of them are numbers
    channel_budgets = serializers.DictField(
        child=serializers.DecimalField(**_MONEY),  # type: ignore[arg-type]  # all of them are numbers
        required=False,
    )
    daily_limit = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True
    )
    personalisation = serializers.DictField(required=False)
    goal = serializers.CharField(max_length=40, required=False, allow_blank=True)
    starts_at = serializers.DateTimeField(required=False, allow_null=True)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    send_at_best_hour = serializers.BooleanField(required=False)
    steps = serializers.ListField(
        child=CampaignStepIn(), required=False, min_length=1, max_length=30
    )


class OutreachCampaignIn(OutreachCampaignChangeIn):
    """A new draft."""

    name = serializers.CharField(max_length=120)


class LaunchIn(Body):
    """The plan to send, the newest one unless told, and why."""

    plan = serializers.UUIDField(required=False)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class SendReasonIn(Body):
    """Why."""

    reason = serializers.CharField(max_length=300)


class CampaignTextOut(serializers.Serializer[Any]):
    """What a step says on a channel."""

    channel = serializers.ChoiceField(MessageChannel.choices)
    variant = serializers.CharField()
    template = serializers.UUIDField(source="template.public_id")
    name = serializers.CharField(source="template.name")


class CampaignStepOut(serializers.Serializer[Any]):
    """One round of messages."""

    id = serializers.UUIDField(source="public_id")
    position = serializers.IntegerField()
    name = serializers.CharField()
    delay_hours = serializers.IntegerField()
    condition = serializers.ChoiceField(StepCondition.choices)
    segment = serializers.CharField()
    exits_on_reply = serializers.BooleanField()
    exits_on_conversion = serializers.BooleanField()
    texts = CampaignTextOut(source="texts.all", many=True)


class OutreachCampaignOut(serializers.Serializer[Any]):
    """A campaign as it is written; what goes out is its signed plan."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    type = serializers.ChoiceField(CampaignType.choices)
    purpose = serializers.ChoiceField(Purpose.choices)
    urgency = serializers.ChoiceField(Urgency.choices)
    status = serializers.ChoiceField(CampaignStatus.choices)
    paused_reason = serializers.CharField()
    channels = serializers.ListField(child=serializers.CharField())
    priorities = serializers.JSONField()
    audience = serializers.UUIDField(source="audience.public_id", allow_null=True, default=None)
    test = serializers.CharField(source="test.key", allow_null=True, default=None)
    budget = serializers.DecimalField(max_digits=20, decimal_places=6, allow_null=True)
    channel_budgets = serializers.JSONField()
    daily_limit = serializers.IntegerField(allow_null=True)
    personalisation = serializers.JSONField()
    goal = serializers.CharField()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    send_at_best_hour = serializers.BooleanField()
    launched_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    steps = CampaignStepOut(source="steps.all", many=True)


class SendPlanOut(serializers.Serializer[Any]):
    """Who gets it and who does not, in figures; being made while it has no hash."""

    id = serializers.UUIDField(source="public_id")
    number = serializers.IntegerField()
    status = serializers.ChoiceField(PlanStatus.choices)
    as_of = serializers.DateTimeField()
    recipients = serializers.IntegerField()
    blocked = serializers.IntegerField()
    counts = serializers.JSONField(help_text="By outcome, channel, variant and day.")
    expected = serializers.JSONField(help_text="Counts with their 80 % intervals.")
    cost = serializers.DecimalField(max_digits=20, decimal_places=6)
    rows_sha256 = serializers.CharField()
    audience_sha256 = serializers.CharField()
    waves = serializers.ListField(child=serializers.IntegerField())
    wave = serializers.IntegerField()
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    halted_reason = serializers.CharField()
    activated_at = serializers.DateTimeField(allow_null=True)


class PlanPersonOut(serializers.Serializer[Any]):
    """Somebody of a group."""

    name = serializers.CharField()
    contact = serializers.UUIDField(source="public_id")
    address = serializers.CharField()
    channel = serializers.CharField()
    send_at = serializers.DateTimeField(allow_null=True)
    why = serializers.CharField(help_text="Of who is left out: why they get it no more.")


class PlanGroupOut(serializers.Serializer[Any]):
    """People of whom something is said, how many, and a few of them."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # what people read
    count = serializers.IntegerField()
    people = PlanPersonOut(many=True)


class PlanDiffOut(serializers.Serializer[Any]):
    """A plan, against the one that is being sent."""

    plan = SendPlanOut()
    against = serializers.UUIDField(source="against.public_id", allow_null=True, default=None)
    changes = PlanGroupOut(many=True)
    recipients = PlanGroupOut()
    blocked = PlanGroupOut(many=True)
    needs_signature = serializers.ListField(child=serializers.CharField())


class PlannedSendOut(serializers.Serializer[Any]):
    """What a plan says of one person."""

    contact = serializers.UUIDField(source="contact.public_id")
    step = serializers.IntegerField(source="step.position")
    outcome = serializers.ChoiceField(Outcome.choices)
    channel = serializers.CharField()
    address = serializers.CharField(source="point.address", default="")
    variant = serializers.CharField()
    send_at = serializers.DateTimeField(allow_null=True)
    wave = serializers.IntegerField()
    cost = serializers.DecimalField(max_digits=20, decimal_places=6)


class CampaignStatusOut(serializers.Serializer[Any]):
    """How far a campaign is."""

    id = serializers.UUIDField(source="campaign.public_id")
    status = serializers.ChoiceField(CampaignStatus.choices, source="campaign.status")
    paused_reason = serializers.CharField(source="campaign.paused_reason")
    proposal_id = serializers.UUIDField(allow_null=True)
    plan = SendPlanOut(allow_null=True)
    messages = serializers.DictField(child=serializers.IntegerField(), help_text="By status.")
    sent = serializers.IntegerField()
    delivered = serializers.IntegerField()
    opened = serializers.IntegerField()
    clicked = serializers.IntegerField()
    replied = serializers.IntegerField()
    converted = serializers.IntegerField()
    bounced = serializers.IntegerField()
    complained = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()
    cost = serializers.DecimalField(max_digits=20, decimal_places=6)
    enrolled = serializers.IntegerField(help_text="On their way through later steps.")
