"""The workspace's own things: the caller, the brake, connections, webhooks out, jobs."""

from __future__ import annotations

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces import scopes
from workspaces.api import config_serializers as forms
from workspaces.api import examples
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.permissions import ANY_SCOPE
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import ApiView, RowsView
from workspaces.models import (
    Connection,
    ConnectionStatus,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookFormat,
    Workspace,
)
from workspaces.services import brake, connections, webhooks_out


class WhoAmI(ApiView):
    """The caller."""

    scopes = {"GET": ANY_SCOPE}

    @extend_schema(
        tags=["Workspace"],
        operation_id="whoami",
        summary="Who am I?",
        responses=forms.WhoAmIOut,
    )
    def get(self, request: Request) -> Response:
        """Workspace, person or key, and the scopes granted."""
        caller = self.caller
        granted = [scope for scope in scopes.SCOPES if not caller.lacks(scope)]
        shown = {
            "workspace": caller.workspace,
            "caller": caller.kind,
            "user": caller.user,
            "role": caller.role,
            "key": caller.key,
            "scopes": granted,
        }
        return Response(forms.WhoAmIOut(shown).data)


class KillSwitch(ApiView):
    """The brake."""

    scopes = {"GET": scopes.CHANGES_READ, "POST": scopes.CHANGES_PROPOSE}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=["Gate"],
        operation_id="kill_switch_read",
        summary="Is the kill switch on?",
        responses=forms.KillSwitchOut,
    )
    def get(self, request: Request) -> Response:
        """Tell whether every execution of the workspace is stopped."""
        return Response(forms.KillSwitchOut(self.workspace).data)

    @extend_schema(
        tags=["Gate"],
        operation_id="kill_switch_set",
        summary="Pull or release the kill switch",
        request=forms.KillSwitchIn,
        responses=forms.KillSwitchOut,
        examples=[examples.KILL_SWITCH],
    )
    @once
    def post(self, request: Request) -> Response:
        """Pull it as operator, release it as approver (scope `changes:sign`)."""
        body = self.read(forms.KillSwitchIn)
        return Response(forms.KillSwitchOut(self._set(body["on"], body["reason"])).data)

    def _set(self, is_on: bool, reason: str) -> Workspace:  # noqa: FBT001  # the field of the body
        if is_on:
            return brake.pull(
                workspace=self.workspace, by=self.caller.person, reason=reason, now=self.now
            )
        if refusal := self.caller.lacks(scopes.CHANGES_SIGN):
            raise PermissionDenied(refusal)
        return brake.release(
            workspace=self.workspace, by=self.caller.person, reason=reason, now=self.now
        )


class ConnectionFilter(Filters):
    """Filters of the list."""

    kind = django_filters.CharFilter()
    status = django_filters.ChoiceFilter(choices=ConnectionStatus.choices)


class ConnectionView(RowsView[Connection]):
    """Base: connections of the workspace."""

    queryset = Connection.objects.none()
    serializer_class = forms.ConnectionOut

    def rows(self) -> QuerySet[Connection]:
        """Return all of them."""
        return Connection.objects.filter(workspace=self.workspace).select_related("workspace")


class ConnectionList(ConnectionView):
    """All connections, and new ones."""

    scopes = {"GET": scopes.WORKSPACE_ADMIN, "POST": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"POST"})
    filterset_class = ConnectionFilter
    ordering_fields = ("created_at", "name")

    @extend_schema(tags=["Workspace"], operation_id="connections_list", summary="List connections")
    def get(self, request: Request) -> Response:
        """Outside accounts of the workspace, without their credentials."""
        return self.page()

    @extend_schema(
        tags=["Workspace"],
        operation_id="connections_create",
        summary="Connect an outside system",
        request=forms.ConnectionIn,
        responses={201: forms.ConnectionOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Store credentials, encrypted; nothing returns them."""
        made = connections.create_connection(
            workspace=self.workspace, by=self.caller.person, **self.read(forms.ConnectionIn)
        )
        return Response(forms.ConnectionOut(made).data, status=status.HTTP_201_CREATED)


class ConnectionDetail(ConnectionView):
    """One connection."""

    scopes = {"GET": scopes.WORKSPACE_ADMIN}

    @extend_schema(
        tags=["Workspace"], operation_id="connections_read", summary="Look at a connection"
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Its state, without its credentials."""
        return Response(self.get_serializer(self.one(public_id)).data)


class ConnectionTry(ConnectionView):
    """Try a connection."""

    scopes = {"POST": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=["Workspace"],
        operation_id="connections_test",
        summary="Try a connection",
        request=NothingIn,
        responses=forms.ConnectionTestOut,
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Ask the outside system whether the credentials work. Makes nothing, so needs no key."""
        self.read(NothingIn)
        tried = connections.test_connection(
            connection=self.one(public_id), by=self.caller.person, now=self.now
        )
        return Response(forms.ConnectionTestOut(tried).data)


class ConnectionPause(ConnectionView):
    """Pause a connection."""

    scopes = {"POST": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=["Workspace"],
        operation_id="connections_pause",
        summary="Pause a connection",
        request=NothingIn,
        responses=forms.ConnectionOut,
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Stop using it until somebody resumes it."""
        self.read(NothingIn)
        paused = connections.pause_connection(connection=self.one(public_id), by=self.caller.person)
        return Response(forms.ConnectionOut(paused).data)


class ConnectionResume(ConnectionView):
    """Resume a connection."""

    scopes = {"POST": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=["Workspace"],
        operation_id="connections_resume",
        summary="Resume a connection",
        request=NothingIn,
        responses=forms.ConnectionOut,
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Use it again."""
        self.read(NothingIn)
        resumed = connections.resume_connection(
            connection=self.one(public_id), by=self.caller.person
        )
        return Response(forms.ConnectionOut(resumed).data)


class EndpointView(RowsView[WebhookEndpoint]):
    """Base: webhook endpoints of the workspace."""

    queryset = WebhookEndpoint.objects.none()
    serializer_class = forms.EndpointOut

    def rows(self) -> QuerySet[WebhookEndpoint]:
        """Return all of them."""
        rows = WebhookEndpoint.objects.filter(workspace=self.workspace)
        return rows.select_related("workspace")


class EndpointList(EndpointView):
    """All endpoints, and new ones."""

    scopes = {"GET": scopes.WORKSPACE_ADMIN, "POST": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"POST"})
    ordering_fields = ("created_at",)

    @extend_schema(
        tags=["Webhooks out"],
        operation_id="webhook_endpoints_list",
        summary="List webhook endpoints",
    )
    def get(self, request: Request) -> Response:
        """Return the addresses that are told what happens."""
        return self.page()

    @extend_schema(
        tags=["Webhooks out"],
        operation_id="webhook_endpoints_create",
        summary="Register a webhook endpoint",
        request=forms.EndpointIn,
        responses={201: forms.NewEndpointOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Register an address; the answer shows its signing secret, once."""
        body = self.read(forms.EndpointIn)
        body["format"] = WebhookFormat(body["format"])
        made, secret = webhooks_out.create_endpoint(
            workspace=self.workspace, by=self.caller.person, **body
        )
        shown = {**forms.EndpointOut(made).data, "secret": secret}
        return Response(shown, status=status.HTTP_201_CREATED)


class EndpointDetail(EndpointView):
    """One endpoint."""

    scopes = {"GET": scopes.WORKSPACE_ADMIN, "PATCH": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"PATCH"})

    @extend_schema(
        tags=["Webhooks out"],
        operation_id="webhook_endpoints_read",
        summary="Look at a webhook endpoint",
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Its state, without its secret."""
        return Response(self.get_serializer(self.one(public_id)).data)

    @extend_schema(
        tags=["Webhooks out"],
        operation_id="webhook_endpoints_switch",
        summary="Switch a webhook endpoint on or off",
        request=forms.EndpointEditIn,
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """What waited goes out once it is on again."""
        changed = webhooks_out.set_enabled(
            endpoint=self.one(public_id), by=self.caller.person, **self.read(forms.EndpointEditIn)
        )
        return Response(self.get_serializer(changed).data)


class DeliveryView(RowsView[WebhookDelivery]):
    """Base: deliveries of one endpoint."""

    queryset = WebhookDelivery.objects.none()
    serializer_class = forms.DeliveryOut

    def rows(self) -> QuerySet[WebhookDelivery]:
        """Return those of the endpoint in the path."""
        endpoint = get_object_or_404(
            WebhookEndpoint.objects.filter(workspace=self.workspace),
            public_id=self.kwargs["endpoint_id"],
        )
        rows = WebhookDelivery.objects.filter(endpoint=endpoint)
        return rows.select_related("endpoint__workspace")


class DeliveryFilter(Filters):
    """Filters of the list."""

    event_type = django_filters.CharFilter()
    is_delivered = django_filters.BooleanFilter(
        field_name="delivered_at", lookup_expr="isnull", exclude=True
    )


class DeliveryList(DeliveryView):
    """What was sent to an endpoint."""

    scopes = {"GET": scopes.WORKSPACE_ADMIN}
    filterset_class = DeliveryFilter
    ordering_fields = ("created_at",)

    @extend_schema(
        tags=["Webhooks out"],
        operation_id="webhook_deliveries_list",
        summary="List deliveries of an endpoint",
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """Each event with its tries, newest first."""
        return self.page()


class DeliveryReplay(DeliveryView):
    """Send again."""

    scopes = {"POST": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=["Webhooks out"],
        operation_id="webhook_deliveries_replay",
        summary="Send a delivery again",
        request=NothingIn,
        responses={202: forms.DeliveryOut},
    )
    @once
    def post(self, request: Request, endpoint_id: UUID, public_id: UUID) -> Response:
        """Send it with the same event id, however it ended before."""
        self.read(NothingIn)
        sent = webhooks_out.replay(
            delivery=self.one(public_id), by=self.caller.person, now=self.now
        )
        return Response(self.get_serializer(sent).data, status=status.HTTP_202_ACCEPTED)
