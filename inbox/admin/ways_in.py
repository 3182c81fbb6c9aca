"""Mailboxes, chat windows and who writes there: to look at; they are set up on their pages."""

from __future__ import annotations

from django.contrib import admin

from inbox.models import ChatVisitor, ChatWidget, Mailbox
from workspaces.modeladmin import ReadOnlyAdmin, fields_of, own


@admin.register(Mailbox)
class MailboxAdmin(ReadOnlyAdmin[Mailbox]):
    """Up to where mailboxes were read."""

    list_display = ("connection", "polled_at", "next_at", "failures", "error")
    list_select_related = ("connection",)
    ordering = ("next_at",)
    readonly_fields = fields_of(Mailbox)


@admin.register(ChatWidget)
class ChatWidgetAdmin(ReadOnlyAdmin[ChatWidget]):
    """Chat windows of websites."""

    list_display = ("site", "is_on", "team", "language", "updated_at")
    list_filter = ("is_on", "team")
    list_select_related = ("site",)
    search_fields = ("site__name", "title")
    ordering = ("pk",)
    readonly_fields = fields_of(ChatWidget)


@admin.register(ChatVisitor)
class ChatVisitorAdmin(ReadOnlyAdmin[ChatVisitor]):
    """Who wrote in a chat window; name and address are as they typed."""

    list_display = ("__str__", "email", "widget", "started_at", "last_seen_at")
    list_filter = (own("widget"), "started_at")
    list_select_related = ("widget__site",)
    search_fields = ("name", "email")
    ordering = ("-started_at", "-pk")
    readonly_fields = fields_of(ChatVisitor, "token_hash")
