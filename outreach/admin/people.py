"""People, what they agreed to, files of them and audiences, to read."""

from __future__ import annotations

from django.contrib import admin

from outreach.models import (
    Audience,
    AudienceMember,
    Consent,
    Contact,
    ContactImport,
    ContactImportRow,
    ContactPoint,
    ContactStanding,
    Suppression,
)
from workspaces.modeladmin import ReadOnlyAdmin, ReadOnlyInline, fields_of, own


class PointInline(ReadOnlyInline[ContactPoint, Contact]):
    """Where they are reached."""

    model = ContactPoint
    fields = ("channel", "address", "is_reachable", "sent", "opened", "clicked", "replied")


class ConsentInline(ReadOnlyInline[Consent, Contact]):
    """What they agreed to."""

    model = Consent
    fields = ("channel", "purpose", "is_given", "source", "at", "by_label")


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin[Contact]):
    """People that may be written to; edited on their pages, by import and by the API."""

    list_display = ("__str__", "external_id", "customer_type", "lifecycle_stage", "country",
                    "time_zone", "source", "created_at")  # fmt: skip
    list_filter = ("customer_type", "lifecycle_stage", "source")
    list_prefetch_related = ("points",)
    search_fields = ("last_name", "first_name", "=external_id", "=points__address")
    ordering = ("-pk",)
    readonly_fields = fields_of(Contact)
    inlines = (PointInline, ConsentInline)


@admin.register(ContactPoint)
class ContactPointAdmin(ReadOnlyAdmin[ContactPoint]):
    """Addresses."""

    list_display = ("address", "channel", "contact", "is_reachable", "unreachable_reason", "sent",
                    "opened", "clicked", "replied", "last_inbound_at")  # fmt: skip
    list_filter = ("channel", "is_reachable")
    list_select_related = ("contact",)
    list_prefetch_related = ("contact__points",)
    search_fields = ("=address",)
    ordering = ("-pk",)
    readonly_fields = fields_of(ContactPoint)


class BadRowInline(ReadOnlyInline[ContactImportRow, ContactImport]):
    """What was not taken."""

    model = ContactImportRow
    fields = ("line", "kind", "reason")


@admin.register(ContactImport)
class ContactImportAdmin(ReadOnlyAdmin[ContactImport]):
    """Files of contacts."""

    list_display = ("file_name", "state", "rows_read", "created", "updated", "by_label",
                    "created_at", "finished_at")  # fmt: skip
    list_filter = ("state",)
    date_hierarchy = "created_at"
    search_fields = ("file_name",)
    ordering = ("-pk",)
    fields = readonly_fields = fields_of(ContactImport, "file")
    inlines = (BadRowInline,)


@admin.register(ContactImportRow)
class ContactImportRowAdmin(ReadOnlyAdmin[ContactImportRow]):
    """Rows that were not taken."""

    workspace_path = "run__workspace"
    list_display = ("run", "line", "kind", "reason")
    list_filter = ("kind",)
    list_select_related = ("run",)
    search_fields = ("reason", "text")
    ordering = ("-pk",)
    readonly_fields = fields_of(ContactImportRow)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin[Consent]):
    """Given and withdrawn, with its proof."""

    list_display = ("contact", "channel", "purpose", "is_given", "source", "at", "by_label")
    list_filter = ("channel", "purpose", "is_given", "source")
    list_select_related = ("contact",)
    list_prefetch_related = ("contact__points",)
    search_fields = ("contact__last_name", "=contact__external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(Consent)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin[Suppression]):
    """Who is not written to."""

    list_display = ("value", "is_domain", "channel", "purpose", "reason", "at", "until", "by_label",
                    "lifted_at")  # fmt: skip
    list_filter = ("reason", "channel", "is_domain")
    search_fields = ("=value", "note")
    ordering = ("-pk",)
    readonly_fields = fields_of(Suppression)


@admin.register(ContactStanding)
class ContactStandingAdmin(ReadOnlyAdmin[ContactStanding]):
    """Segments by what people bought."""

    list_display = ("contact", "segment", "recency", "frequency", "monetary", "purchases", "spent",
                    "last_purchase_at", "counted_at")  # fmt: skip
    list_filter = ("segment",)
    list_select_related = ("contact",)
    list_prefetch_related = ("contact__points",)
    search_fields = ("contact__last_name", "=contact__external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(ContactStanding)


@admin.register(Audience)
class AudienceAdmin(ReadOnlyAdmin[Audience]):
    """Whom campaigns write to."""

    list_display = ("name", "kind", "size", "sized_at", "created_by_label", "archived_at")
    list_filter = ("kind",)
    search_fields = ("name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(Audience)


@admin.register(AudienceMember)
class AudienceMemberAdmin(ReadOnlyAdmin[AudienceMember]):
    """Who is on fixed lists."""

    list_display = ("audience", "contact", "added_at")
    list_filter = (own("audience"),)
    list_select_related = ("audience", "contact")
    list_prefetch_related = ("contact__points",)
    search_fields = ("contact__last_name", "=contact__external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(AudienceMember)
