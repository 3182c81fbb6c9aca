"""Clicks, conversions and tries: to read. Windows: to set."""

from __future__ import annotations

from django.contrib import admin

from attribution.models import (
    AttributionAttempt,
    AttributionPolicy,
    Click,
    Conversion,
    FingerprintSalt,
)
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    WorkspaceModelAdmin,
    column,
    fields_of,
    own,
)
from workspaces.roles import Role

METHOD_COLOURS = {
    "url_parameter": "success",
    "identity": "success",
    "fingerprint": "info",
    "probabilistic": "warning",
    "unattributed": "danger",
}


@admin.register(Click)
class ClickAdmin(ReadOnlyAdmin[Click]):
    """Clicks as they came."""

    list_display = ("click_id", "clicked_at", "expires_at", "campaign", "ad", "utm_source",
                    "has_consent", "is_valid")  # fmt: skip
    list_filter = ("is_valid", "has_consent", own("campaign"))
    list_select_related = ("campaign", "ad")
    search_fields = ("click_id__exact", "gclid__exact", "fbclid__exact", "ttclid__exact")
    search_help_text = "A whole click id, ours or the platform's"
    ordering = ("-pk",)
    readonly_fields = fields_of(Click)


class AttemptInline(ReadOnlyInline[AttributionAttempt, Conversion]):
    """What each try found."""

    model = AttributionAttempt
    fields = ("at", "trigger", "url_parameter", "identity", "fingerprint", "probabilistic",
              "method", "duration_ms")  # fmt: skip
    readonly_fields = fields


@admin.register(Conversion)
class ConversionAdmin(ReadOnlyAdmin[Conversion]):
    """Conversions, and the click that each came from."""

    list_display = ("conversion_id", "type", "value", "currency", "converted_at", "how",
                    "confidence", "campaign", "attributed_click_key")  # fmt: skip
    list_filter = ("method", "type", "value_kind", "customer_type", own("campaign"))
    list_select_related = ("campaign",)
    search_fields = ("conversion_id__exact", "external_id__exact", "attributed_click_key__exact")
    search_help_text = "A whole id: ours, the sender's or the click's"
    ordering = ("-pk",)
    readonly_fields = fields_of(Conversion)
    inlines = (AttemptInline,)

    @column(description="Method", ordering="method", label=METHOD_COLOURS)
    def how(self, row: Conversion) -> str:
        """Method, coloured."""
        return row.method


@admin.register(AttributionAttempt)
class AttributionAttemptAdmin(ReadOnlyAdmin[AttributionAttempt]):
    """Every try, layer by layer."""

    list_display = ("conversion", "at", "trigger", "url_parameter", "identity", "fingerprint",
                    "probabilistic", "method", "duration_ms")  # fmt: skip
    list_filter = ("trigger", "method")
    list_select_related = ("conversion",)
    search_fields = ("conversion__conversion_id__exact",)
    ordering = ("-pk",)
    readonly_fields = fields_of(AttributionAttempt)


@admin.register(FingerprintSalt)
class FingerprintSaltAdmin(ReadOnlyAdmin[FingerprintSalt]):
    """Weeks that have a salt; never the salt."""

    view_role = Role.ADMIN
    list_display = ("week_starts_on",)
    ordering = ("-week_starts_on",)
    fields = ("week_starts_on",)
    readonly_fields = fields


@admin.register(AttributionPolicy)
class AttributionPolicyAdmin(WorkspaceModelAdmin[AttributionPolicy]):
    """Windows of the layers, in hours; they hold for conversions that come in later."""

    change_role = Role.ADMIN
    add_role = Role.ADMIN
    list_display = ("__str__", "url_parameter", "identity", "fingerprint", "probabilistic",
                    "updated_at")  # fmt: skip
