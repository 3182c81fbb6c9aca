"""Sending over REST: one message, several, the log of all, and what is left to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from outreach.api.sending_serializers import (
    OutreachBatchOut,
    OutreachMessageDetailOut,
    OutreachMessageOut,
    OutreachSendBatchIn,
    OutreachSendIn,
    OutreachSentOut,
    OutreachTaskOut,
)
from outreach.models import (
    ChannelTemplate,
    Contact,
    MessageChannel,
    MessageStatus,
    OutreachMessage,
    OutreachTask,
    Purpose,
    TaskReason,
)
from outreach.services.sending import by_hand
from outreach.services.sending.single import Text, propose_marketing, send_service
from outreach.tasks import dispatch_due
from workspaces import scopes
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.proposal_serializers import PlanProposedOut
from workspaces.api.views import ApiView, RowsView

TAG = ["Outreach"]
_SIGNED = {202: OpenApiResponse(PlanProposedOut, "Marketing is signed first.")}


class _Sending(ApiView):
    """Base: people and texts by their ids."""

    def contacts(self, ids: Sequence[UUID], field: str) -> list[Contact]:
        """Contacts of the workspace, in the order of their ids."""
        rows = Contact.objects.select_related("workspace").filter(
            workspace=self.workspace, archived_at=None, public_id__in=ids
        )
        found = {one.public_id: one for one in rows}
        if missing := set(ids) - found.keys():
            raise ValidationError({field: f"There is no contact {min(missing, key=str)} here."})
        return [found[one] for one in dict.fromkeys(ids)]

    def template(self, body: dict[str, Any]) -> ChannelTemplate | None:
        """The text that the body names."""
        if "template" not in body:
            return None
        rows = ChannelTemplate.objects.select_related("current")
        found = rows.filter(workspace=self.workspace, public_id=body["template"]).first()
        if found is None:
            raise ValidationError({"template": "There is no such text here."})
        return found

    def proposed(
        self, contacts: list[Contact], template: ChannelTemplate | None, body: dict[str, Any]
    ) -> Response:
        """Propose marketing, which takes a text that can be signed."""
        if template is None:
            raise ValidationError({"template": "Marketing is sent from a text that is kept here."})
        proposal = propose_marketing(
            workspace=self.workspace, contacts=contacts, template=template,
            by=self.caller.proposer, now=self.now, name=body.get("name", ""),
            reason=body.get("reason", ""),
        )  # fmt: skip
        return Response(PlanProposedOut(proposal).data, status=status.HTTP_202_ACCEPTED)


class OutreachSend(_Sending):
    """One message."""

    scopes = {"POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="outreach_send", summary="Send one message",
        request=OutreachSendIn, responses={200: OutreachSentOut, **_SIGNED},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Send a service message, or propose a marketing one."""
        body = self.read(OutreachSendIn)
        contact, template = self._contact(body), self.template(body)
        if body["purpose"] == Purpose.MARKETING:
            if body["is_reply"]:
                raise ValidationError({"is_reply": "Marketing answers nobody."})
            return self.proposed([contact], template, body)
        self.caller.refuse_agents()
        if body["force"] and not body.get("reason"):
            raise ValidationError({"reason": "Say why it is forced."})
        answer = send_service(
            contact=contact,
            text=Text(
                template,
                subject=body.get("subject", ""),
                text=body.get("text", ""),
                html=body.get("html", ""),
                variables=body.get("variables", {}),
            ),
            by=self.caller.proposer, now=self.now, channel=body.get("channel", ""),
            send_at=body.get("send_at"), forced_because=body["reason"] if body["force"] else "",
            is_reply=body["is_reply"],
        )  # fmt: skip
        if answer.status == "scheduled":
            transaction.on_commit(dispatch_due.delay)
        return Response(OutreachSentOut(answer).data)

    def _contact(self, body: dict[str, Any]) -> Contact:
        if "contact" in body:
            return self.contacts([body["contact"]], "contact")[0]
        if not body.get("address"):
            raise ValidationError({"contact": "Name a contact, or an address of one."})
        rows = Contact.objects.select_related("workspace").filter(
            workspace=self.workspace, archived_at=None,
            points__address=body["address"].strip().lower(),
        )  # fmt: skip
        if "channel" in body:
            rows = rows.filter(points__channel=body["channel"])
        found = rows.order_by("pk").first()
        if found is None:
            raise ValidationError({"address": "No contact has this address; make one first."})
        return found


class OutreachSendBatch(_Sending):
    """Several messages."""

    scopes = {"POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="outreach_send_batch", summary="Send a text to several people",
        request=OutreachSendBatchIn, responses={200: OutreachBatchOut, **_SIGNED},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Send service messages, or propose a marketing send."""
        body = self.read(OutreachSendBatchIn)
        contacts, template = self.contacts(body["contacts"], "contacts"), self.template(body)
        if body["purpose"] == Purpose.MARKETING:
            return self.proposed(contacts, template, body)
        self.caller.refuse_agents()
        by, now = self.caller.proposer, self.now
        answers = [
            send_service(contact=one, text=Text(template), by=by, now=now) for one in contacts
        ]
        transaction.on_commit(dispatch_due.delay)
        return Response(OutreachBatchOut({"sends": answers}).data)


class OutreachMessageFilter(Filters):
    """Filters of the log."""

    status = django_filters.ChoiceFilter(choices=MessageStatus.choices)
    channel = django_filters.ChoiceFilter(choices=MessageChannel.choices)
    campaign = django_filters.UUIDFilter(field_name="campaign__public_id")
    contact = django_filters.UUIDFilter(field_name="contact__public_id")
    unsure = django_filters.BooleanFilter(field_name="is_unsure")


class OutreachMessagesView(RowsView[OutreachMessage]):
    """Base: messages of the workspace."""

    queryset = OutreachMessage.objects.none()
    serializer_class = OutreachMessageOut
    filterset_class = OutreachMessageFilter

    def rows(self) -> QuerySet[OutreachMessage]:
        """All of them."""
        return OutreachMessage.objects.filter(workspace=self.workspace).select_related(
            "contact", "campaign", "point", "workspace"
        )


class OutreachMessages(OutreachMessagesView):
    """The log."""

    scopes = {"GET": scopes.OUTREACH_READ}

    @extend_schema(tags=TAG, operation_id="outreach_messages_list", summary="List messages")
    def get(self, request: Request) -> Response:
        """Messages, the newest first."""
        return self.page_of(
            self.filter_queryset(self.get_queryset()).defer("text", "html", "variables"),
            by=("-pk",),
        )


class OutreachMessageDetail(OutreachMessagesView):
    """One message."""

    scopes = {"GET": scopes.OUTREACH_READ}

    @extend_schema(
        tags=TAG, operation_id="outreach_messages_read", summary="Read a message and its proof",
        responses=OutreachMessageDetailOut,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Show what it said, how far it came, and why it was allowed."""
        return Response(OutreachMessageDetailOut(self.one(public_id)).data)


class OutreachMessageReplay(OutreachMessagesView):
    """Sending what failed once more."""

    scopes = {"POST": scopes.OUTREACH_WRITE}
    not_for_agents = frozenset({"POST"})

    @extend_schema(
        tags=TAG, operation_id="outreach_messages_replay", summary="Send a failed message again",
        request=None, responses=OutreachMessageDetailOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Put it back; it is judged anew."""
        by_hand.replay(message=self.one(public_id), by=self.caller.proposer, now=self.now)
        return Response(OutreachMessageDetailOut(self.one(public_id)).data)


class OutreachTaskFilter(Filters):
    """Filters of the list."""

    reason = django_filters.ChoiceFilter(choices=TaskReason.choices)
    is_done = django_filters.BooleanFilter(field_name="done_at", lookup_expr="isnull", exclude=True)


class OutreachTasksView(RowsView[OutreachTask]):
    """Base: tasks of the workspace."""

    queryset = OutreachTask.objects.none()
    serializer_class = OutreachTaskOut
    filterset_class = OutreachTaskFilter

    def rows(self) -> QuerySet[OutreachTask]:
        """All of them."""
        return OutreachTask.objects.filter(workspace=self.workspace).select_related(
            "message__contact", "workspace"
        )


class OutreachTasks(OutreachTasksView):
    """What is left to people."""

    scopes = {"GET": scopes.OUTREACH_READ}

    @extend_schema(tags=TAG, operation_id="outreach_tasks_list", summary="List tasks of people")
    def get(self, request: Request) -> Response:
        """Tasks, the newest first."""
        return self.page()


class _TaskStep(OutreachTasksView):
    scopes = {"POST": scopes.OUTREACH_WRITE}
    not_for_agents = frozenset({"POST"})


class OutreachTaskSent(_TaskStep):
    """It went out."""

    @extend_schema(
        tags=TAG, operation_id="outreach_tasks_sent", summary="Note that a message went out",
        request=None, responses=OutreachTaskOut, filters=False,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Sent by hand, or found where nobody could tell."""
        done = by_hand.mark_done(task=self.one(public_id), by=self.caller.proposer, now=self.now)
        return Response(OutreachTaskOut(done).data)


class OutreachTaskDismiss(_TaskStep):
    """It stays unsent."""

    @extend_schema(
        tags=TAG, operation_id="outreach_tasks_dismiss", summary="Leave a message unsent",
        request=None, responses=OutreachTaskOut, filters=False,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Nobody sends it any more."""
        done = by_hand.dismiss(task=self.one(public_id), by=self.caller.proposer, now=self.now)
        return Response(OutreachTaskOut(done).data)


class OutreachTaskAgain(_TaskStep):
    """It did not arrive."""

    @extend_schema(
        tags=TAG, operation_id="outreach_tasks_again", summary="Send an unsure message again",
        request=None, responses={204: None}, filters=False,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """A person says that it did not arrive; it is judged and sent once more."""
        by_hand.send_again(task=self.one(public_id), by=self.caller.proposer, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)
