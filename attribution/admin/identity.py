"""People, what they are known by, and merges."""

from __future__ import annotations

from django.contrib import admin

from attribution.models import Identifier, IdentityMerge, Person
from workspaces.modeladmin import ReadOnlyAdmin, ReadOnlyInline, fields_of


class IdentifierInline(ReadOnlyInline[Identifier, Person]):
    """What a person is known by."""

    model = Identifier
    fields = ("kind", "value", "first_seen_at")
    readonly_fields = fields


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin[Person]):
    """People as they came; ``root`` is who each is after merges."""

    list_display = ("public_id", "root", "created_at")
    list_select_related = ("root",)
    search_fields = ("identifiers__value__exact",)
    search_help_text = "A whole identifier"
    ordering = ("-pk",)
    readonly_fields = fields_of(Person)
    inlines = (IdentifierInline,)


@admin.register(Identifier)
class IdentifierAdmin(ReadOnlyAdmin[Identifier]):
    """All identifiers."""

    list_display = ("kind", "value", "person", "first_seen_at")
    list_filter = ("kind",)
    list_select_related = ("person",)
    search_fields = ("value__exact",)
    ordering = ("-pk",)
    readonly_fields = fields_of(Identifier)


@admin.register(IdentityMerge)
class IdentityMergeAdmin(ReadOnlyAdmin[IdentityMerge]):
    """Why two people are one."""

    list_display = ("left", "right", "evidence", "merged_at", "merged_by", "undone_at")
    list_filter = ("undone_at",)
    list_select_related = ("left", "right", "merged_by")
    ordering = ("-pk",)
    readonly_fields = fields_of(IdentityMerge)
