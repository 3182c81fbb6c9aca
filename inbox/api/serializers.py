"""What the API takes and tells of the inbox."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inbox.models import (
    Conversation,
    ConversationStatus,
    Direction,
    InboxChannel,
    Intent,
    Posture,
    SlaState,
    Team,
    TemplateCategory,
    Urgency,
)
from inbox.selectors.status import ResponseStatus
from inbox.services.desk import Done
from inbox.services.desk.handling import LONGEST_TAG, MOST_TAGS
from inbox.services.desk.noting import LONGEST_NOTE
from workspaces.api.fields import Body


class InboxPersonOut(serializers.Serializer[Any]):
    """A member."""

    email = serializers.EmailField()
    name = serializers.CharField(source="__str__")


class InboxConversationOut(serializers.Serializer[Any]):
    """What one person and we write to each other about one thing."""

    id = serializers.UUIDField(source="public_id")
    channel = serializers.ChoiceField(InboxChannel.choices)
    subject = serializers.CharField()
    preview = serializers.CharField()
    contact = serializers.UUIDField(source="contact.public_id")
    contact_name = serializers.CharField(source="contact.name")
    status = serializers.ChoiceField(ConversationStatus.choices)
    assigned_to = InboxPersonOut(source="assignee", allow_null=True)
    team = serializers.ChoiceField(Team.choices)
    tags = serializers.ListField(child=serializers.CharField())
    intent = serializers.CharField(help_text="Empty: nothing has read it yet.")
    urgency = serializers.ChoiceField(Urgency.choices)
    posture = serializers.ChoiceField(Posture.choices)
    unread = serializers.IntegerField()
    waiting_since = serializers.DateTimeField(allow_null=True)
    last_message_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    sla = serializers.CharField(source="sla_state", help_text=f"One of {SlaState.values}.")
    snoozed_until = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    merged_into = serializers.UUIDField(source="merged_into.public_id", default=None,
                                        allow_null=True)  # fmt: skip


class InboxResponseOut(serializers.Serializer[Any]):
    """One message of theirs, and how far it is."""

    id = serializers.UUIDField(source="public_id")
    status = serializers.ChoiceField(ResponseStatus.choices)
    conversation = serializers.UUIDField(source="conversation.public_id")
    channel = serializers.ChoiceField(InboxChannel.choices)
    sender_name = serializers.CharField()
    sender_address = serializers.CharField()
    subject = serializers.CharField()
    text = serializers.CharField()
    intent = serializers.CharField(source="conversation.intent")
    urgency = serializers.ChoiceField(Urgency.choices, source="conversation.urgency")
    assigned_to = InboxPersonOut(source="conversation.assignee", allow_null=True)
    is_flagged = serializers.BooleanField()
    flag_reason = serializers.CharField()
    at = serializers.DateTimeField()
    received_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    breached_at = serializers.DateTimeField(allow_null=True)
    kept = serializers.BooleanField(source="is_kept", allow_null=True)


class InboxMessageOut(serializers.Serializer[Any]):
    """One message of a conversation, theirs or ours."""

    id = serializers.UUIDField(source="public_id")
    direction = serializers.ChoiceField(Direction.choices)
    channel = serializers.ChoiceField(InboxChannel.choices)
    sender_name = serializers.CharField()
    sender_address = serializers.CharField()
    author = serializers.CharField(source="author_label")
    subject = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()
    delivery = serializers.CharField(help_text="Of ours: how far it got.")


class InboxNoteOut(serializers.Serializer[Any]):
    """A note of a colleague."""

    id = serializers.UUIDField(source="public_id")
    author = serializers.CharField(source="author.email")
    text = serializers.CharField()
    written_at = serializers.DateTimeField()


class InboxEventOut(serializers.Serializer[Any]):
    """What was done with it."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField(source="by_label")
    batch = serializers.UUIDField(allow_null=True, help_text="What can be undone names it.")


class InboxConversationDetailOut(InboxConversationOut):
    """A conversation with the last 200 of its messages, notes and events, the oldest first."""

    messages = InboxMessageOut(many=True)
    notes = InboxNoteOut(many=True)
    events = InboxEventOut(many=True)


class InboxAssignIn(Body):
    """Who is to look after it."""

    assigned_to = serializers.EmailField(
        allow_null=True, help_text="A member who may answer; null: nobody."
    )


class InboxSnoozeIn(Body):
    """Until when it is out of sight."""

    until = serializers.DateTimeField(help_text="In the future, within a year.")


class InboxMergeIn(Body):
    """Conversations that go into another one."""

    conversations = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=100
    )


class InboxSplitIn(Body):
    """Messages of theirs that get a conversation of their own."""

    responses = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=200)


class InboxDoneOut(serializers.Serializer[Any]):
    """What an act did."""

    batch = serializers.UUIDField(help_text="Undoes it: responses/undo/{batch}.")
    changed = serializers.SerializerMethodField(help_text="Conversations that changed.")
    refused = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many did not, by the reason."
    )

    def get_changed(self, done: Done) -> int:
        """How many."""
        return len(done.changed)


class InboxReplyIn(Body):
    """An answer."""

    text = serializers.CharField(max_length=20_000)
    subject = serializers.CharField(
        max_length=998, required=False, allow_blank=True, help_text="Of a mail; empty: Re: theirs."
    )
    seen = serializers.UUIDField(
        required=False,
        help_text="The last message, theirs or ours, that was read; with a newer one nothing is "
        "sent. Without it, the one that is answered has to be the last.",
    )
    send_at = serializers.DateTimeField(
        required=False, help_text="Without it, after the seconds in which it can be taken back."
    )


class InboxReplyOut(InboxMessageOut):
    """An answer on its way."""

    send_at = serializers.DateTimeField()


class InboxDraftIn(Body):
    """A draft of an answer."""

    text = serializers.CharField(max_length=20_000)
    subject = serializers.CharField(max_length=998, required=False, allow_blank=True)
    reason = serializers.CharField(
        max_length=2_000, help_text="Why this answers it: the agent who sends it reads that."
    )
    template = serializers.UUIDField(required=False, help_text="That the words are of.")


class InboxDraftOut(serializers.Serializer[Any]):
    """A draft that waits for an agent."""

    proposal = serializers.UUIDField(source="public_id")
    status = serializers.CharField()
    risk = serializers.CharField()
    expires_at = serializers.DateTimeField()
    sha256 = serializers.CharField(source="current_plan.sha256", help_text="What is signed.")


class InboxAlertOut(InboxConversationOut):
    """A conversation that is late or soon will be."""

    minutes_left = serializers.SerializerMethodField(help_text="Negative: so long over.")

    def get_minutes_left(self, row: Conversation) -> int:
        """Whole minutes until an answer is due, by the clock of the request."""
        if row.due_at is None:
            return 0
        return int((row.due_at - self.context["view"].now).total_seconds() // 60)


class InboxNoteIn(Body):
    """A note for colleagues."""

    text = serializers.CharField(max_length=LONGEST_NOTE, help_text="@ann calls a member.")


class InboxTagsIn(Body):
    """Tags to add and to take off."""

    add = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_TAG), max_length=MOST_TAGS, required=False
    )
    remove = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_TAG), max_length=MOST_TAGS, required=False
    )


class ReplyTemplatePartsIn(Body):
    """An answer written beforehand."""

    category = serializers.ChoiceField(TemplateCategory.choices, required=False)
    intents = serializers.ListField(
        child=serializers.ChoiceField(Intent.choices), required=False,
        help_text="Messages that it answers; empty: whatever is like it.",
    )  # fmt: skip
    channels = serializers.ListField(
        child=serializers.ChoiceField(InboxChannel.choices), required=False,
        help_text="Empty: all.",
    )  # fmt: skip
    language = serializers.CharField(max_length=8, required=False)
    subject = serializers.CharField(max_length=200, required=False, allow_blank=True)
    requires_approval = serializers.BooleanField(required=False)


class ReplyTemplateIn(ReplyTemplatePartsIn):
    """A new one."""

    name = serializers.CharField(max_length=100)
    body = serializers.CharField(max_length=20_000, help_text="Places such as {{ first_name }}.")


class ReplyTemplateChangeIn(ReplyTemplatePartsIn):
    """What is to change; other words are approved anew."""

    name = serializers.CharField(max_length=100, required=False)
    body = serializers.CharField(max_length=20_000, required=False)


class ReplyTemplateOut(serializers.Serializer[Any]):
    """An answer written beforehand."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    category = serializers.ChoiceField(TemplateCategory.choices)
    intents = serializers.ListField(child=serializers.CharField())
    channels = serializers.ListField(child=serializers.CharField())
    language = serializers.CharField()
    subject = serializers.CharField()
    body = serializers.CharField()
    requires_approval = serializers.BooleanField()
    approved_by = InboxPersonOut(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    uses = serializers.IntegerField()
    archived_at = serializers.DateTimeField(allow_null=True)
