"""API keys and what keeps calls within bounds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from rest_framework_api_key.models import APIKey
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanWidget

from workspaces.modeladmin import (
    ReadOnlyAdmin,
    WorkspaceForm,
    WorkspaceModelAdmin,
    fields_of,
    member,
    own,
)
from workspaces.models import ApiKey, IdempotencyRecord, ThrottleRate
from workspaces.roles import Role
from workspaces.scopes import SCOPES
from workspaces.services import keys

admin.site.unregister(APIKey)


class ApiKeyForm(WorkspaceForm[ApiKey]):
    """What a new key may do, and until when."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    is_mine = forms.BooleanField(
        label="Acts as me",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="A key that signs is a person: what it does counts as done by you.",
    )

    class Meta:
        model = ApiKey
        fields = ("name", "kind", "scopes", "expiry_date", "is_mine")


class OnceAdmin(WorkspaceModelAdmin[Any]):
    """Rows whose secret is shown once, on the answer that follows its making."""

    def show_once(self, request: HttpRequest, obj: Any, *, secret: str, what: str) -> HttpResponse:
        """Page with the secret; no cache keeps it and no other page has it."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"{what} of {obj}",
            "opts": self.opts,
            "secret": secret,
            "what": what,
        }
        response = TemplateResponse(request, "admin/workspaces/secret_once.html", context)
        response["Cache-Control"] = "no-store"
        return response


@admin.register(ApiKey)
class ApiKeyAdmin(OnceAdmin):
    """Keys: made here, shown once, revoked, never edited."""

    form = ApiKeyForm
    view_role = add_role = Role.ADMIN
    list_display = ("name", "kind", "prefix", "scopes", "acts_as", "created", "expiry_date",
                    "last_used_at", "revoked")  # fmt: skip
    list_filter = ("kind", "revoked")
    list_select_related = ("acts_as",)
    search_fields = ("name", "prefix")
    ordering = ("-created",)
    actions = ("revoke_selected",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for what a key may do; show what is no secret."""
        if obj is None:
            return ("name", "kind", "scopes", "expiry_date", "is_mine")
        return ("name", "kind", "prefix", "scopes", "acts_as", "created", "expiry_date",
                "last_used_at", "revoked")  # fmt: skip

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        """Make the key by the service."""
        by = member(request).user
        made, plain = keys.create_key(
            workspace=member(request).workspace,
            name=obj.name,
            scopes=form.cleaned_data["scopes"],
            by=by,
            now=timezone.now(),
            expires_at=obj.expiry_date,
            acts_as=by if form.cleaned_data["is_mine"] else None,
            kind=form.cleaned_data["kind"],
        )
        obj.pk, obj.prefix = made.pk, made.prefix
        request.META["countersign.secret"] = plain

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key, this once."""
        plain = request.META.pop("countersign.secret")
        return self.show_once(request, obj, secret=plain, what="Key")

    @admin.action(description="Revoke selected keys", permissions=["admin"])
    def revoke_selected(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        """End keys for good."""
        count = 0
        for key in rows.select_related("workspace").order_by("created"):
            keys.revoke_key(key=key, by=member(request).user)
            count += 1
        messages.success(request, f"Revoked: {count}.")


@admin.register(ThrottleRate)
class ThrottleRateAdmin(WorkspaceModelAdmin[ThrottleRate]):
    """Rates that differ from the default."""

    add_role = change_role = delete_role = Role.ADMIN
    list_display = ("scope", "api_key", "calls", "seconds")
    list_filter = (own("api_key"),)
    list_select_related = ("api_key",)
    search_fields = ("scope",)
    autocomplete_fields = ("api_key",)
    ordering = ("scope", "pk")


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin[IdempotencyRecord]):
    """Calls that are safe to repeat for a day."""

    view_role = Role.ADMIN
    list_display = ("key", "owner", "status_code", "created_at")
    list_filter = ("status_code",)
    search_fields = ("key", "owner")
    ordering = ("-pk",)
    fields = readonly_fields = fields_of(IdempotencyRecord, "id", "body")
