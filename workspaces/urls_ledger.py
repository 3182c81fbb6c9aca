"""Paths of the ledger."""

from __future__ import annotations

from django.urls import path

from workspaces.views import explaining, ledger

urlpatterns = [
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/explain/", explaining.explaining, name="ledger-explain"),
    path("ledger/export.<str:kind>", ledger.export, name="ledger-export"),
]
