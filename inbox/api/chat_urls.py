"""Paths of the chat on websites."""

from __future__ import annotations

from inbox.api import chat
from workspaces.api.routing import api_path

_SITE = "chat/<str:site_key>/"

urlpatterns = [
    api_path(f"{_SITE}messages/", chat.ChatMessages.as_view(), "api-chat-messages"),
    api_path(f"{_SITE}form/", chat.ChatForm.as_view(), "api-chat-form"),
]
