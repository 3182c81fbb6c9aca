"""What the chat of a website sends and is told."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inbox.services.chatting import MOST_TEXT


class ChatMessageIn(serializers.Serializer[Any]):
    """A message of a visitor."""

    id = serializers.UUIDField(help_text="The browser's own; the same again is a repetition.")
    text = serializers.CharField(max_length=MOST_TEXT)
    token = serializers.CharField(
        required=False, allow_blank=True, max_length=100,
        help_text="From the answer to the first message; without one a chat begins.",
    )  # fmt: skip
    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    email = serializers.EmailField(
        required=False, allow_blank=True, help_text="As told; proves nothing and joins nobody."
    )
    page = serializers.CharField(
        required=False, allow_blank=True, help_text="Where they are; kept without its query."
    )
    visitor = serializers.UUIDField(
        required=False, help_text="Id of the tracking script, there with consent only."
    )


class ChatFormIn(serializers.Serializer[Any]):
    """What somebody wrote in a contact form."""

    id = serializers.UUIDField(help_text="The browser's own; the same again is a repetition.")
    text = serializers.CharField(max_length=MOST_TEXT)
    email = serializers.EmailField(help_text="Where the answer goes.")
    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    page = serializers.CharField(
        required=False, allow_blank=True, help_text="Where they are; kept without its query."
    )
    visitor = serializers.UUIDField(required=False)
    website = serializers.CharField(
        required=False, allow_blank=True, max_length=200,
        help_text="People do not see this field; what fills it in is a machine.",
    )  # fmt: skip


class ChatQuery(serializers.Serializer[Any]):
    """Since when."""

    after = serializers.CharField(
        required=False, allow_blank=True, max_length=40,
        help_text="As the last answer said; a few messages before it are told again.",
    )  # fmt: skip


class ChatTakenOut(serializers.Serializer[Any]):
    """The message is kept."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    token = serializers.CharField(
        allow_blank=True, help_text="Of a chat that began with it; keep it. Else empty."
    )


class ChatFormOut(serializers.Serializer[Any]):
    """The form is kept."""

    id = serializers.UUIDField()


class ChatLineOut(serializers.Serializer[Any]):
    """One message of a chat."""

    id = serializers.CharField(help_text="Theirs: the browser's own. Ours: ours.")
    # A plain name would be a word of Python's.
    text = serializers.CharField()
    at = serializers.DateTimeField()
    name = serializers.CharField(allow_blank=True, help_text="Who of us wrote.")

    def get_fields(self) -> dict[str, Any]:
        """With whose it is, under its usual name."""
        return super().get_fields() | {"from": serializers.ChoiceField(["you", "us"])}


class ChatNewsOut(serializers.Serializer[Any]):
    """Messages, and who is there."""

    messages = ChatLineOut(many=True)
    after = serializers.CharField(allow_blank=True, help_text="To be sent with the next question.")
    seen = serializers.CharField(
        allow_blank=True, help_text="The newest message of theirs that one of us has read."
    )
    is_typing = serializers.BooleanField()
    is_there = serializers.BooleanField(help_text="Whether the team is there now.")
    back_at = serializers.DateTimeField(allow_null=True)
