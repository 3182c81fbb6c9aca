"""Doors to other systems: connections, what came in, webhooks out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminURLInputWidget

from workspaces.admin.keys import OnceAdmin
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    WorkspaceForm,
    column,
    fields_of,
    member,
    own,
)
from workspaces.models import (
    Connection,
    ConnectionStatus,
    InboundEvent,
    InboundState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookFormat,
)
from workspaces.roles import Role
from workspaces.services import connections, inbound, webhooks_out

CONNECTION_COLOURS = {
    "active": "success",
    "paused": "info",
    "needs_login": "warning",
    "stopped": "danger",
}
EVENT_COLOURS = {"received": "info", "done": "success", "failed": "danger"}


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin[Connection]):
    """Connections and how they are; their own page takes credentials and tries them."""

    list_display = ("name", "kind", "status_label", "last_ok_at", "last_error", "manage")
    list_filter = ("kind", "status")
    search_fields = ("name", "kind")
    ordering = ("kind", "name")
    actions = ("pause_selected", "resume_selected")
    fields = readonly_fields = (*fields_of(Connection, "id", "secret"), "manage")

    @column(description="Status", ordering="status", label=CONNECTION_COLOURS)
    def status_label(self, row: Connection) -> tuple[str, str]:
        """Status, coloured."""
        return row.status, row.get_status_display()

    @column(description="Credentials")
    def manage(self, row: Connection) -> str:
        """Link to the page that connects, tests and re-authorises."""
        return format_html(
            '<a class="text-primary-600" href="{}">Test or renew</a>', reverse("connections")
        )

    @admin.action(description="Pause selected connections", permissions=["admin"])
    def pause_selected(self, request: HttpRequest, rows: QuerySet[Connection]) -> None:
        """Stop using them."""
        for row in rows.exclude(status=ConnectionStatus.PAUSED).select_related("workspace"):
            connections.pause_connection(connection=row, by=member(request).user)
        messages.success(request, "The selected connections are paused.")

    @admin.action(description="Resume selected connections", permissions=["admin"])
    def resume_selected(self, request: HttpRequest, rows: QuerySet[Connection]) -> None:
        """Use them again."""
        for row in rows.exclude(status=ConnectionStatus.ACTIVE).select_related("workspace"):
            connections.resume_connection(connection=row, by=member(request).user)
        messages.success(request, "The selected connections are active.")


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin[InboundEvent]):
    """Events of webhooks as they came, and how far each is."""

    workspace_path = "connection__workspace"
    view_role = Role.OPERATOR
    list_display = ("connection", "kind", "state_label", "attempts", "received_at",
                    "next_attempt_at", "processed_at", "error")  # fmt: skip
    list_filter = ("state", own("connection"), "kind")
    list_select_related = ("connection",)
    search_fields = ("dedup_key",)
    ordering = ("-pk",)
    actions = ("run_again",)
    readonly_fields = fields_of(InboundEvent)

    @column(description="State", ordering="state", label=EVENT_COLOURS)
    def state_label(self, row: InboundEvent) -> tuple[str, str]:
        """State, coloured."""
        return row.state, row.get_state_display()

    @admin.action(description="Run selected failed ones again", permissions=["admin"])
    def run_again(self, request: HttpRequest, rows: QuerySet[InboundEvent]) -> None:
        """Put them back into the line."""
        failed = rows.filter(state=InboundState.FAILED).select_related("connection__workspace")
        count = len(
            [inbound.run_again(event=row, by=member(request).user) for row in failed.order_by("pk")]
        )
        messages.success(request, f"{count} failed events are treated again within seconds.")


class EndpointForm(WorkspaceForm[WebhookEndpoint]):
    """Where to tell what."""

    url = forms.URLField(
        label="URL", max_length=500, assume_scheme="https", widget=UnfoldAdminURLInputWidget
    )
    event_types = forms.MultipleChoiceField(
        choices=[(name, name) for name in webhooks_out.EVENT_TYPES],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None chosen: all of them.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "format", "event_types")


class DeliveryInline(ReadOnlyInline[WebhookDelivery, WebhookEndpoint]):
    """What was sent there."""

    model = WebhookDelivery
    ordering = ("-pk",)
    fields = readonly_fields = (
        "event_type", "event_id", "attempts", "delivered_at", "failed_at", "last_status",
    )  # fmt: skip


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(OnceAdmin):
    """Addresses that are told what happens; the signing secret is shown once."""

    form = EndpointForm
    view_role = add_role = Role.ADMIN
    list_display = ("url", "format", "is_enabled", "disabled_reason", "created_at")
    list_filter = ("format", "is_enabled")
    search_fields = ("url",)
    ordering = ("-pk",)
    actions = ("enable_selected", "disable_selected", "rotate_secret")
    inlines = (DeliveryInline,)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Nothing was sent to an address that is being entered."""
        return self.inlines if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the address; show what is no secret."""
        if obj is None:
            return ("url", "format", "event_types")
        return fields_of(WebhookEndpoint, "id", "secret", "previous_secret")

    def save_model(
        self,
        request: HttpRequest,
        obj: WebhookEndpoint,
        form: Any,
        change: bool,  # noqa: FBT001  # Django's signature
    ) -> None:
        """Register the address by the service."""
        made, secret = webhooks_out.create_endpoint(
            workspace=member(request).workspace,
            url=obj.url,
            by=member(request).user,
            event_types=form.cleaned_data["event_types"],
            format=WebhookFormat(obj.format),
        )
        obj.pk, obj.url = made.pk, made.url
        request.META["countersign.secret"] = secret

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, this once; Slack has none."""
        secret = request.META.pop("countersign.secret")
        if not secret:
            return super().response_add(request, obj, post_url_continue)
        return self.show_once(request, obj, secret=secret, what="Signing secret")

    @admin.action(description="Switch selected on", permissions=["admin"])
    def enable_selected(self, request: HttpRequest, rows: QuerySet[WebhookEndpoint]) -> None:
        """Deliver again, with what waited."""
        self._switch(request, rows, is_enabled=True)

    @admin.action(description="Switch selected off", permissions=["admin"])
    def disable_selected(self, request: HttpRequest, rows: QuerySet[WebhookEndpoint]) -> None:
        """Hold deliveries."""
        self._switch(request, rows, is_enabled=False)

    def _switch(
        self, request: HttpRequest, rows: QuerySet[WebhookEndpoint], *, is_enabled: bool
    ) -> None:
        for row in rows.select_related("workspace").order_by("pk"):
            webhooks_out.set_enabled(endpoint=row, is_enabled=is_enabled, by=member(request).user)
        messages.success(request, f"Switched {'on' if is_enabled else 'off'}.")

    @admin.action(description="New signing secret for one", permissions=["admin"])
    def rotate_secret(
        self, request: HttpRequest, rows: QuerySet[WebhookEndpoint]
    ) -> HttpResponse | None:
        """Make a new secret; both sign for a day."""
        chosen = list(rows.select_related("workspace")[:2])
        if len(chosen) != 1:
            messages.error(request, "Choose one endpoint: its new secret is shown once.")
            return None
        secret = webhooks_out.rotate_secret(
            endpoint=chosen[0], by=member(request).user, now=timezone.now()
        )
        return self.show_once(request, chosen[0], secret=secret, what="Signing secret")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin[WebhookDelivery]):
    """The delivery log."""

    workspace_path = "endpoint__workspace"
    view_role = Role.ADMIN
    list_display = ("event_type", "endpoint", "attempts", "last_status", "delivered_at",
                    "next_attempt_at", "failed_at")  # fmt: skip
    list_filter = (own("endpoint"), "event_type")
    list_select_related = ("endpoint",)
    search_fields = ("event_id",)
    ordering = ("-pk",)
    actions = ("send_again",)
    readonly_fields = fields_of(WebhookDelivery)

    @admin.action(description="Send selected again", permissions=["admin"])
    def send_again(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> None:
        """Put them back into the line, with the same ids."""
        for row in rows.select_related("endpoint__workspace").order_by("pk"):
            webhooks_out.replay(delivery=row, by=member(request).user, now=timezone.now())
        messages.success(request, "They go out again within seconds.")
