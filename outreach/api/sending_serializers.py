"""What the API takes and tells of messages and of what people have to do."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from outreach.models import MessageChannel, OutreachMessage, Purpose
from outreach.selectors.message_page import grounds_of
from workspaces.api.fields import AmountField, Body

MOST: int = 1_000


class _TextIn(Body):
    """A text, and how it is sent."""

    template = serializers.UUIDField(required=False, help_text="A text in use.")
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)


class OutreachSendIn(_TextIn):
    """One message."""

    contact = serializers.UUIDField(required=False)
    address = serializers.CharField(
        max_length=254, required=False, help_text="Of a contact, in place of its id."
    )
    channel = serializers.ChoiceField(
        MessageChannel.choices, required=False, help_text="Empty: the best one that may be used."
    )
    purpose = serializers.ChoiceField(Purpose.choices, default=Purpose.SERVICE)
    subject = serializers.CharField(max_length=300, required=False, allow_blank=True)
    text = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    html = serializers.CharField(max_length=200_000, required=False, allow_blank=True)
    variables = serializers.DictField(required=False)
    send_at = serializers.DateTimeField(required=False, help_text="Empty: now.")
    force = serializers.BooleanField(
        default=False,
        help_text="Skip caps and duplicates, with a reason; never consent or suppression.",
    )
    is_reply = serializers.BooleanField(
        default=False,
        help_text="It answers what they wrote within seven days: by that channel, at any hour, "
        "and no cap counts it. Service messages only.",
    )


class OutreachSendBatchIn(_TextIn):
    """The same text to several people; marketing is proposed as a campaign."""

    contacts = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST)
    template = serializers.UUIDField(help_text="A text in use.")
    purpose = serializers.ChoiceField(Purpose.choices, default=Purpose.MARKETING)
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)


class OutreachSentOut(serializers.Serializer[Any]):
    """What becomes of a send."""

    status = serializers.CharField(help_text="scheduled, queued or blocked.")
    reason = serializers.CharField(allow_blank=True)
    words = serializers.CharField(allow_blank=True)
    channel = serializers.CharField(allow_blank=True)
    send_at = serializers.DateTimeField(allow_null=True)
    fallbacks = serializers.ListField(child=serializers.CharField())
    message = serializers.UUIDField(source="message.public_id", default=None, allow_null=True)


class OutreachBatchOut(serializers.Serializer[Any]):
    """What becomes of each send of a batch, in their order."""

    sends = OutreachSentOut(many=True)


class OutreachMessageOut(serializers.Serializer[Any]):
    """A message."""

    id = serializers.UUIDField(source="public_id")
    contact = serializers.UUIDField(source="contact.public_id")
    campaign = serializers.UUIDField(source="campaign.public_id", default=None, allow_null=True)
    channel = serializers.CharField()
    purpose = serializers.CharField()
    status = serializers.CharField()
    is_unsure = serializers.BooleanField()
    attempt = serializers.IntegerField()
    subject = serializers.CharField()
    send_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    clicked_at = serializers.DateTimeField(allow_null=True)
    replied_at = serializers.DateTimeField(allow_null=True)
    failed_at = serializers.DateTimeField(allow_null=True)
    open_count = serializers.IntegerField()
    click_count = serializers.IntegerField()
    refusal_reason = serializers.CharField()
    error_kind = serializers.CharField()
    error = serializers.CharField()
    tries = serializers.IntegerField()
    provider = serializers.CharField()
    provider_message_id = serializers.CharField()
    cost = AmountField()


class OutreachGroundOut(serializers.Serializer[Any]):
    """One reason why a message was allowed, or was kept back."""

    about = serializers.CharField(source="label")
    words = serializers.CharField()
    is_against = serializers.BooleanField(source="is_bad")


class OutreachMessageDetailOut(OutreachMessageOut):
    """A message with what it said and why it was allowed."""

    address = serializers.CharField(source="point.address")
    text = serializers.CharField()
    html = serializers.CharField()
    variables = serializers.JSONField()
    proof = serializers.JSONField(
        help_text="Consent, caps, window, quiet hours, suppressions, proposal, signatures."
    )
    grounds = serializers.SerializerMethodField(help_text="The same in sentences.")
    proposal_id = serializers.SerializerMethodField(help_text="What was signed; none of a single.")
    links_clicked = serializers.JSONField()

    @extend_schema_field(OutreachGroundOut(many=True))
    def get_grounds(self, message: OutreachMessage) -> Any:
        """Why it was allowed."""
        return OutreachGroundOut(grounds_of(message), many=True).data

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_proposal_id(self, message: OutreachMessage) -> str | None:
        """The proposal that let it go."""
        named: str | None = message.proof.get("proposal")
        return named


class OutreachTaskOut(serializers.Serializer[Any]):
    """Something that a person has to send or to decide."""

    id = serializers.UUIDField(source="public_id")
    message = serializers.UUIDField(source="message.public_id")
    contact = serializers.UUIDField(source="message.contact.public_id")
    channel = serializers.CharField(source="message.channel")
    text = serializers.CharField(source="message.text")
    reason = serializers.CharField()
    link = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    is_sent = serializers.BooleanField()
    done_by = serializers.CharField(source="done_by_label")
