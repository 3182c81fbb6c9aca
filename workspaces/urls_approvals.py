"""Paths of the queue and the brake."""

from __future__ import annotations

from django.urls import path

from workspaces.views import kill_switch
from workspaces.views.approvals import actions, bulk, detail, listing, saved

urlpatterns = [
    path("kill-switch/", kill_switch.kill_switch, name="kill-switch"),
    path("approvals/", listing.queue, name="approvals"),
    path("approvals/changes", listing.changes, name="approvals-changes"),
    path("approvals/bulk/", bulk.bulk, name="approvals-bulk"),
    path("approvals/undo/", bulk.undo_form, name="approvals-undo"),
    path("approvals/undo/confirm/", bulk.undo_many, name="approvals-undo-many"),
    path("approvals/execution/", detail.execution, name="approvals-execution"),
    path("approvals/views/", saved.save, name="approvals-save-view"),
    path("approvals/views/<int:view_id>/delete/", saved.delete, name="approvals-delete-view"),
    path("approvals/<uuid:public_id>/", detail.proposal, name="approvals-proposal"),
    path("approvals/<uuid:public_id>/<slug:action>/", actions.act, name="approvals-act"),
]
