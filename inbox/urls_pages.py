"""Paths of the inbox."""

from __future__ import annotations

from django.urls import path

from inbox.views import (
    acting,
    answering,
    automation,
    beside,
    chat_script,
    composing,
    listing,
    reading,
    saved,
    together,
    widget,
)

urlpatterns = [
    path("inbox/chat/", widget.chat, name="inbox-chat"),
    path("inbox/chat/<uuid:public_id>/save", widget.save, name="inbox-chat-save"),
    path("chat.js", chat_script.chat_script, name="chat-script"),
    path("inbox/", listing.inbox, name="inbox"),
    path("inbox/changes", listing.changes, name="inbox-changes"),
    path("inbox/automation/", automation.automation, name="inbox-automation"),
    path("inbox/automation/<slug:intent>/", automation.switch, name="inbox-automation-switch"),
    path("inbox/audit/", automation.audit, name="inbox-audit"),
    path("inbox/audit/<int:pk>/", automation.verdict, name="inbox-audit-verdict"),
    path("inbox/drafts/", together.groups, name="inbox-groups"),
    path("inbox/drafts/sign/", together.sign, name="inbox-groups-sign"),
    path("inbox/drafts/undo/", together.undo, name="inbox-groups-undo"),
    path("inbox/drafts/<uuid:cluster>/", together.group, name="inbox-group"),
    path("inbox/drafts/<uuid:public_id>/hold/", automation.hold, name="inbox-hold"),
    path("inbox/act/", acting.act, name="inbox-act"),
    path("inbox/undo/", acting.undo, name="inbox-undo"),
    path("inbox/views/", saved.save, name="inbox-save-view"),
    path("inbox/views/<int:view_id>/delete/", saved.delete, name="inbox-delete-view"),
    path("inbox/messages/<uuid:public_id>/body", reading.body, name="inbox-body"),
    path("inbox/messages/<uuid:public_id>/reading", beside.reading, name="inbox-reading"),
    path("inbox/messages/<uuid:public_id>/take-back", answering.back, name="inbox-take-back"),
    path("inbox/files/<uuid:public_id>", reading.attachment, name="inbox-file"),
    path("inbox/<uuid:public_id>/", reading.conversation, name="inbox-conversation"),
    path("inbox/<uuid:public_id>/news", reading.news, name="inbox-news"),
    path("inbox/<uuid:public_id>/earlier", reading.earlier, name="inbox-earlier"),
    path("inbox/<uuid:public_id>/customer", reading.customer, name="inbox-customer"),
    path("inbox/<uuid:public_id>/viewed", beside.viewed, name="inbox-viewed"),
    path("inbox/<uuid:public_id>/here", beside.here, name="inbox-here"),
    path("inbox/<uuid:public_id>/note", beside.note, name="inbox-note"),
    path("inbox/<uuid:public_id>/compose", composing.compose, name="inbox-compose"),
    path("inbox/<uuid:public_id>/files", composing.add_files, name="inbox-add-files"),
    path("inbox/<uuid:public_id>/preview", composing.preview, name="inbox-preview"),
    path("inbox/<uuid:public_id>/draft", answering.decide, name="inbox-draft"),
    path("inbox/<uuid:public_id>/answer", answering.send, name="inbox-answer"),
]
