"""Paths of the ledger."""

from __future__ import annotations

from django.urls import path

from workspaces.views import ledger

urlpatterns = [
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/export.<str:kind>", ledger.export, name="ledger-export"),
]
