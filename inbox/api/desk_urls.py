"""Paths of what people do in the inbox."""

from __future__ import annotations

from inbox.api import (
    analysing,
    analytics,
    conversations,
    moving,
    receiving,
    replying,
    responses,
    templates,
)
from workspaces.api.routing import api_path

_ONE = "responses/inbox/<uuid:public_id>/"
_TALK = "responses/conversations/<uuid:public_id>/"
_TEXT = "responses/templates/<uuid:public_id>/"

urlpatterns = [
    api_path("responses/inbox/", responses.InboxResponses.as_view(), "api-inbox"),
    api_path(_ONE, responses.InboxResponseDetail.as_view(), "api-inbox-response"),
    api_path(f"{_ONE}assign/", responses.InboxAssign.as_view(), "api-inbox-assign"),
    api_path(f"{_ONE}close/", responses.InboxClose.as_view(), "api-inbox-close"),
    api_path(f"{_ONE}wait/", responses.InboxWait.as_view(), "api-inbox-wait"),
    api_path(f"{_ONE}escalate/", responses.InboxEscalate.as_view(), "api-inbox-escalate"),
    api_path(f"{_ONE}snooze/", responses.InboxSnooze.as_view(), "api-inbox-snooze"),
    api_path(f"{_ONE}reply/", replying.InboxReply.as_view(), "api-inbox-reply"),
    api_path(
        "responses/<uuid:public_id>/drafts/", replying.InboxDrafts.as_view(), "api-inbox-drafts"
    ),
    api_path("responses/classify/", analysing.InboxClassify.as_view(), "api-inbox-classify"),
    api_path(
        "responses/classify/batch/", analysing.InboxClassifyBatch.as_view(), "api-inbox-batch"
    ),
    api_path(
        "responses/analyze-objection/", analysing.InboxObjection.as_view(), "api-inbox-objection"
    ),
    api_path(
        "responses/analyze-purchase-intent/", analysing.InboxPurchase.as_view(),
        "api-inbox-purchase",
    ),
    api_path(
        "responses/generate-response/", analysing.InboxSuggest.as_view(), "api-inbox-suggest"
    ),
    api_path("responses/inbound/", receiving.InboxInbound.as_view(), "api-inbox-inbound"),
    api_path("responses/analytics/", analytics.InboxAnalytics.as_view(), "api-inbox-analytics"),
    api_path("responses/sla-alerts/", replying.InboxAlerts.as_view(), "api-inbox-alerts"),
    api_path(
        "responses/conversations/", conversations.InboxConversations.as_view(),
        "api-conversations",
    ),
    api_path(_TALK, conversations.InboxConversationDetail.as_view(), "api-conversation"),
    api_path(f"{_TALK}notes/", conversations.InboxNotes.as_view(), "api-conversation-notes"),
    api_path(f"{_TALK}tags/", conversations.InboxTags.as_view(), "api-conversation-tags"),
    api_path(f"{_TALK}merge/", moving.InboxMerge.as_view(), "api-conversation-merge"),
    api_path(f"{_TALK}split/", moving.InboxSplit.as_view(), "api-conversation-split"),
    api_path("responses/undo/<uuid:public_id>/", moving.InboxUndo.as_view(), "api-inbox-undo"),
    api_path("responses/templates/", templates.ReplyTemplates.as_view(), "api-reply-templates"),
    api_path(_TEXT, templates.ReplyTemplateDetail.as_view(), "api-reply-template"),
    api_path(
        f"{_TEXT}approve/", templates.ReplyTemplateApprove.as_view(), "api-reply-approve"
    ),
    api_path(
        f"{_TEXT}archive/", templates.ReplyTemplateArchive.as_view(), "api-reply-archive"
    ),
]  # fmt: skip
