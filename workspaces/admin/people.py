"""People: members and their roles, invitations, who stands in for whom."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from workspaces.modeladmin import (
    ReadOnlyAdmin,
    WorkspaceForm,
    WorkspaceModelAdmin,
    column,
    fields_of,
    member,
)
from workspaces.models import Delegation, Invitation, Membership, Session, User, Workspace
from workspaces.roles import Role
from workspaces.services import accounts, invitations

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin[User]):
    """Members of the workspace. Each edits himself on his account page."""

    workspace_path = "memberships__workspace"
    list_display = ("email", "first_name", "last_name", "is_active", "last_login")
    list_filter = ("is_active",)
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    fields = readonly_fields = (
        "email", "first_name", "last_name", "time_zone", "is_active", "date_joined", "last_login",
    )  # fmt: skip


@admin.register(Membership)
class MembershipAdmin(WorkspaceModelAdmin[Membership]):
    """Who belongs to the workspace, and as what. New members are invited."""

    change_role = delete_role = Role.ADMIN
    list_display = ("user", "role", "last_used_at", "created_at")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__first_name", "user__last_name")
    ordering = ("user__email",)
    fields = ("user", "role", "last_used_at", "created_at")
    readonly_fields = ("user", "last_used_at", "created_at")

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        """Change the role by the service, which keeps the last admin."""
        accounts.change_role(
            membership=obj, role=Role(obj.role), by=member(request).user, now=timezone.now()
        )

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """End the membership by the service."""
        accounts.remove_member(membership=obj, by=member(request).user, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """End several, one by one: the last admin stays."""
        for membership in queryset.order_by("pk"):
            self.delete_model(request, membership)


class InvitationForm(WorkspaceForm[Invitation]):
    """Whom to invite, as what."""

    class Meta:
        model = Invitation
        fields = ("email", "role")

    def clean_email(self) -> str:
        """Refuse an open offer here: the list shows it and can revoke it."""
        email = str(self.cleaned_data["email"]).strip().lower()
        still_open = Invitation.objects.filter(
            workspace=self.current_workspace,
            email__iexact=email,
            accepted_at=None,
            revoked_at=None,
            expires_at__gt=timezone.now(),
        )
        if still_open.exists():
            raise forms.ValidationError(
                f"An invitation to {email} is open; revoke it to send a new one."
            )
        return email

    def _get_validation_exclusions(self) -> set[str]:
        # The service judges the rest: it closes an expired offer before it makes the new one.
        return super()._get_validation_exclusions() | {"workspace"}


@admin.register(Invitation)
class InvitationAdmin(WorkspaceModelAdmin[Invitation]):
    """Offers of membership; the link can be handed over when mail does not arrive."""

    form = InvitationForm
    view_role = add_role = Role.ADMIN
    list_display = ("email", "role", "invited_by", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role",)
    list_select_related = ("invited_by",)
    search_fields = ("email",)
    ordering = ("-pk",)
    actions = ("revoke_selected",)
    readonly_fields = ("link",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for two things; show all of an offer."""
        if obj is None:
            return ("email", "role")
        return ("email", "role", "invited_by", "expires_at", "accepted_at", "revoked_at", "link")

    @column(description="Link")
    def link(self, row: Invitation) -> str:
        """The link, while it works."""
        if row.accepted_at or row.revoked_at or row.expires_at <= timezone.now():
            return "–"
        return format_html("<code>{}</code>", invitations.invitation_url(row))

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        """Invite by the service, which sends the mail."""
        made = invitations.invite(
            workspace=member(request).workspace,
            email=obj.email,
            role=Role(obj.role),
            by=member(request).user,
            now=timezone.now(),
        )
        obj.pk, obj.invited_by, obj.expires_at = made.pk, made.invited_by, made.expires_at

    @admin.action(description="Revoke selected invitations", permissions=["admin"])
    def revoke_selected(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        """Withdraw open offers."""
        count = 0
        for invitation in rows.select_related("workspace").order_by("pk"):
            invitations.revoke_invitation(
                invitation=invitation, by=member(request).user, now=timezone.now()
            )
            count += 1
        messages.success(request, f"Revoked: {count}.")


@admin.register(Delegation)
class DelegationAdmin(ReadOnlyAdmin[Delegation]):
    """Rank that is lent, by whom, until when. People lend it on their account page."""

    list_display = ("giver", "taker", "starts_at", "ends_at", "reason")
    list_filter = ("ends_at",)
    list_select_related = ("giver", "taker")
    search_fields = ("giver__email", "taker__email", "reason")
    ordering = ("-pk",)
    readonly_fields = fields_of(Delegation)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin[Session]):
    """Who is logged in until when. The key of a session opens it, so no page here shows it."""

    view_role = Role.ADMIN
    actions = None  # type: ignore[assignment]  # a checkbox would carry the key
    list_display = ("user", "expire_date")
    list_filter = ("expire_date",)
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-expire_date",)

    def scoped(self, rows: QuerySet[Session], workspace: Workspace) -> QuerySet[Session]:
        """Sessions of members."""
        return rows.filter(user__memberships__workspace=workspace).defer("session_data")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The list only."""
        return obj is None and super().has_view_permission(request)
