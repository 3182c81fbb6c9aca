"""Paths of messages and of what is left to people."""

from __future__ import annotations

from outreach.api import sending
from workspaces.api.routing import api_path

_TASK = "outreach/tasks/<uuid:public_id>"
_MESSAGE = "outreach/messages/<uuid:public_id>"

urlpatterns = [
    api_path("outreach/send/", sending.OutreachSend.as_view(), "api-outreach-send"),
    api_path(
        "outreach/send-batch/", sending.OutreachSendBatch.as_view(), "api-outreach-send-batch"
    ),
    api_path("outreach/messages/", sending.OutreachMessages.as_view(), "api-outreach-messages"),
    api_path(f"{_MESSAGE}/", sending.OutreachMessageDetail.as_view(), "api-outreach-message"),
    api_path(
        f"{_MESSAGE}/replay/", sending.OutreachMessageReplay.as_view(),
        "api-outreach-message-replay",
    ),
    api_path("outreach/tasks/", sending.OutreachTasks.as_view(), "api-outreach-tasks"),
    api_path(f"{_TASK}/sent/", sending.OutreachTaskSent.as_view(), "api-outreach-task-sent"),
    api_path(
        f"{_TASK}/dismiss/", sending.OutreachTaskDismiss.as_view(), "api-outreach-task-dismiss"
    ),
    api_path(f"{_TASK}/again/", sending.OutreachTaskAgain.as_view(), "api-outreach-task-again"),
]  # fmt: skip
