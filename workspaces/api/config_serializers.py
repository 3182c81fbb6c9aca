"""The workspace's own things in JSON: brake, connections, webhooks out, jobs, the caller."""

from __future__ import annotations

from typing import Any, get_args

from rest_framework import serializers

from workspaces.api.caller import CallerKind
from workspaces.api.fields import Body
from workspaces.models import BusinessMode, ConnectionStatus, JobState, KeyKind, WebhookFormat
from workspaces.services.webhooks_out import EVENT_TYPES


class WorkspaceOut(serializers.Serializer[Any]):
    """The caller's workspace."""

    id = serializers.UUIDField(source="public_id")
    slug = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    time_zone = serializers.CharField()
    mode = serializers.ChoiceField(BusinessMode.choices)


class PersonOut(serializers.Serializer[Any]):
    """A person."""

    email = serializers.EmailField()
    name = serializers.CharField(source="get_full_name")


class KeyOut(serializers.Serializer[Any]):
    """The key that was used, without what opens it."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(KeyKind.choices)
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(source="expiry_date", allow_null=True)


class WhoAmIOut(serializers.Serializer[Any]):
    """Who calls, where, and what he may do."""

    workspace = WorkspaceOut()
    caller = serializers.ChoiceField(
        get_args(CallerKind), help_text="A key that is bound to a person is that person."
    )
    person = PersonOut(source="user", allow_null=True)
    role = serializers.CharField(help_text="Empty for a key without a person.")
    key = KeyOut(allow_null=True)
    scopes = serializers.ListField(child=serializers.CharField())


class KillSwitchOut(serializers.Serializer[Any]):
    """The brake."""

    on = serializers.BooleanField(source="kill_switch")
    reason = serializers.CharField(source="kill_switch_reason")
    since = serializers.DateTimeField(source="kill_switch_at", allow_null=True)


class KillSwitchIn(Body):
    """Pull or release the brake."""

    on = serializers.BooleanField()
    reason = serializers.CharField(max_length=300)


class ConnectionOut(serializers.Serializer[Any]):
    """A connection; its credentials never come out."""

    id = serializers.UUIDField(source="public_id")
    kind = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(ConnectionStatus.choices)
    base_url = serializers.CharField()
    last_ok_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField()
    last_error_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ConnectionIn(Body):
    """A new connection. What ``secret`` needs depends on the kind."""

    kind = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=120)
    secret = serializers.DictField(child=serializers.CharField(max_length=5000))
    base_url = serializers.URLField(required=False, default="", allow_blank=True, max_length=200)


class ConnectionTestOut(serializers.Serializer[Any]):
    """What a try of a connection showed."""

    ok = serializers.BooleanField(source="is_ok")
    words = serializers.CharField()


class EndpointOut(serializers.Serializer[Any]):
    """Where events are sent to."""

    id = serializers.UUIDField(source="public_id")
    url = serializers.CharField()
    format = serializers.ChoiceField(WebhookFormat.choices)
    event_types = serializers.ListField(child=serializers.CharField())
    is_enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class NewEndpointOut(EndpointOut):
    """A new endpoint with its signing secret, which nothing shows again."""

    secret = serializers.CharField()


class EndpointIn(Body):
    """A new endpoint; no event types means all of them."""

    url = serializers.URLField(max_length=500)
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        default=list,
        max_length=len(EVENT_TYPES),
        help_text=f"Any of {', '.join(EVENT_TYPES)}.",
    )
    format = serializers.ChoiceField(
        WebhookFormat.choices, required=False, default=WebhookFormat.STANDARD
    )


class EndpointEditIn(Body):
    """Switch an endpoint on or off."""

    is_enabled = serializers.BooleanField()


class DeliveryOut(serializers.Serializer[Any]):
    """One event on its way to one endpoint."""

    id = serializers.UUIDField(source="public_id")
    event_type = serializers.CharField()
    event_id = serializers.CharField()
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    failed_at = serializers.DateTimeField(allow_null=True)
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()
    created_at = serializers.DateTimeField()


class JobRunOut(serializers.Serializer[Any]):
    """One run of a job."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    trigger = serializers.CharField()
    state = serializers.ChoiceField(JobState.choices)
    attempt = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    step = serializers.CharField()
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    counts = serializers.JSONField()
    error = serializers.CharField()
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
