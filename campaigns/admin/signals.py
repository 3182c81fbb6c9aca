"""Signals, to read: what people do about them is asked through buttons, not by editing rows."""

from __future__ import annotations

from django.contrib import admin

from campaigns.models import Signal
from workspaces.modeladmin import ReadOnlyAdmin, column, fields_of

COLOURS = {"info": "info", "warning": "warning", "critical": "danger"}


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin[Signal]):
    """Events of channels and campaigns, the pressing first."""

    list_display = ("title", "type", "level", "channel", "detected_on", "seen_on", "priority",
                    "confidence", "dismissed_at", "resolution")  # fmt: skip
    list_filter = ("severity", "type", "resolution", "detected_on")
    list_select_related = ("workspace",)
    date_hierarchy = "detected_on"
    search_fields = ("title", "channel")
    ordering = ("-detected_on", "-pk")
    readonly_fields = fields_of(Signal)

    @column("severity", ordering="severity", label=COLOURS)
    def level(self, signal: Signal) -> str:
        """Severity, coloured."""
        return signal.severity
