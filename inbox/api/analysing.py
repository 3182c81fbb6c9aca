"""What texts say, over REST: asked of a worker that has the sentence model loaded."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.serializers_analysing import (
    InboxBatchIn,
    InboxBatchOut,
    InboxObjectionOut,
    InboxPurchaseOut,
    InboxReadingOut,
    InboxSuggestIn,
    InboxSuggestOut,
    InboxTextIn,
)
from inbox.tasks import analyse_task, suggest_task
from workspaces.api.views import ApiView
from workspaces.asking import put

TAG = ["Inbox"]
_EXAMPLE = [
    OpenApiExample("Parcel", value={"text": "My parcel is three weeks late!"}, request_only=True)
]


class InboxAnalysis(ApiView):
    """Base: a question about a text."""

    question = "classify"
    scopes = {"POST": "inbox:read"}

    def asked(self, texts: list[str]) -> dict[str, Any]:
        """What the worker says."""
        return put(
            analyse_task, question=self.question, texts=texts, workspace_id=self.workspace.pk
        )


class InboxClassify(InboxAnalysis):
    """One text."""

    @extend_schema(
        tags=TAG, operation_id="inbox_classify", summary="Read a text", request=InboxTextIn,
        responses=InboxReadingOut, examples=_EXAMPLE,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Tell what a text is about, how it feels and what to do; nothing is kept."""
        told = self.asked([self.read(InboxTextIn)["text"]])
        return Response(told["results"][0])


class InboxClassifyBatch(InboxAnalysis):
    """Many texts."""

    @extend_schema(
        tags=TAG, operation_id="inbox_classify_batch", summary="Read up to 100 texts",
        request=InboxBatchIn, responses=InboxBatchOut,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Tell the same of each, in their order."""
        return Response(self.asked(self.read(InboxBatchIn)["texts"]))


class InboxObjection(InboxAnalysis):
    """What keeps somebody from buying."""

    question = "objection"

    @extend_schema(
        tags=TAG, operation_id="inbox_objection", summary="Analyse an objection",
        request=InboxTextIn, responses=InboxObjectionOut,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Tell the kind of objection, how ready they are all the same, and how to answer."""
        return Response(self.asked([self.read(InboxTextIn)["text"]]))


class InboxPurchase(InboxAnalysis):
    """How near somebody is to buying."""

    question = "purchase"

    @extend_schema(
        tags=TAG, operation_id="inbox_purchase", summary="Analyse a purchase intent",
        request=InboxTextIn, responses=InboxPurchaseOut,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Tell score, signals, barriers and when to answer; a discount is only a hint."""
        return Response(self.asked([self.read(InboxTextIn)["text"]]))


class InboxSuggest(ApiView):
    """How a message would be answered."""

    scopes = {"POST": "inbox:read"}

    @extend_schema(
        tags=TAG, operation_id="inbox_suggest", summary="Write an answer from the templates",
        request=InboxSuggestIn, responses=InboxSuggestOut,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Fill the approved template in that fits best; nothing is kept or sent."""
        response = self.read(InboxSuggestIn)["response"]
        return Response(put(suggest_task, workspace_id=self.workspace.pk, response=str(response)))
