"""Messages that other systems bring in."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.responses import TAG, InboxResponsesView
from inbox.api.serializers import InboxResponseOut
from inbox.models import InboxChannel
from inbox.services.receiving import MOST_TEXT, Told, receive
from workspaces.api.fields import Body
from workspaces.api.parsers import StrictJSONParser


class InboxFileIn(Body):
    """A file that came with a message."""

    name = serializers.CharField(max_length=200)
    content = serializers.CharField(help_text="Its bytes in base64.", trim_whitespace=False)


class InboxInboundIn(Body):
    """A message that somebody wrote to you elsewhere."""

    channel = serializers.ChoiceField(
        InboxChannel.choices,
        help_text="Not chat and comment: those come with their website or post.",
    )
    from_address = serializers.CharField(
        max_length=254, help_text="Who wrote: answers go there. As the channel names people."
    )
    from_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    external_id = serializers.CharField(
        max_length=255, help_text="Its id on the channel: told again it is the same message."
    )
    text = serializers.CharField(max_length=MOST_TEXT, required=False, allow_blank=True)
    subject = serializers.CharField(max_length=998, required=False, allow_blank=True)
    at = serializers.DateTimeField(
        required=False,
        help_text="When it was written; without it, now. What is older than 4 days is kept and "
        "shown, and no model reads it any more.",
    )
    thread_ids = serializers.ListField(
        child=serializers.CharField(max_length=255), max_length=50, required=False,
        help_text="Ids of messages that it answers, the nearest first.",
    )  # fmt: skip
    attachments = serializers.ListField(
        child=InboxFileIn(), max_length=10, required=False,
        help_text="5 MB together. Dangerous ones are held back.",
    )  # fmt: skip


class FilesJSONParser(StrictJSONParser):
    """JSON that carries files."""

    max_bytes = 8 * 1024 * 1024


class InboxInbound(InboxResponsesView):
    """Bring a message in."""

    scopes = {"POST": "inbox:write"}
    parser_classes = [FilesJSONParser]

    @extend_schema(
        tags=TAG, operation_id="inbox_inbound", summary="Bring a message in",
        request=InboxInboundIn, responses={201: InboxResponseOut, 200: InboxResponseOut},
        examples=[
            OpenApiExample(
                "A message on LinkedIn", request_only=True,
                value={
                    "channel": "linkedin", "from_address": "ann-lee-7", "from_name": "Ann Lee",
                    "external_id": "msg-1", "text": "Do you ship to Austria?",
                },
            )
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Take a message in, once; what is known already is told with 200."""
        body = self.read(InboxInboundIn)
        told = Told(
            channel=body["channel"], address=body["from_address"],
            external_id=body["external_id"], text=body.get("text", ""),
            name=body.get("from_name", ""), subject=body.get("subject", ""), at=body.get("at"),
            thread_ids=body.get("thread_ids", ()), attachments=body.get("attachments", ()),
        )  # fmt: skip
        row, is_new = receive(
            workspace=self.workspace, told=told, by=self.caller.proposer, now=self.now
        )
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(InboxResponseOut(self.one(row.public_id)).data, status=code)
