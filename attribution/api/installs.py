"""Installs and sessions of apps over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.api.conversion_serializers import text
from attribution.engine.app_rows import DEVICE_TYPES, SOURCES
from attribution.services.installs.ingest import MOST, Taken, take_installs, take_sessions
from workspaces import scopes
from workspaces.api.fields import AmountField
from workspaces.api.idempotency import once
from workspaces.api.views import ApiView

TAG = ["Apps"]
_INSTALL = OpenApiExample(
    "An install by an ad",
    value={"installs": [{
        "user_id": "u-1", "installed_on": "2026-10-31", "channel": "meta", "source": "paid",
        "ad_id": "23850000000000001", "device_type": "ios", "country": "DE",
    }]},
    request_only=True,
)  # fmt: skip
_SESSION = OpenApiExample(
    "A session with a purchase",
    value={"sessions": [{
        "session_id": "s-1", "user_id": "u-1", "started_at": "2026-10-31T18:30:00Z",
        "seconds": 640, "events": {"purchase": 1}, "features": ["shop"], "revenue": "9.99",
    }]},
    request_only=True,
)  # fmt: skip


class InstallIn(serializers.Serializer[Any]):
    """A user who installed the app."""

    user_id = serializers.CharField(max_length=120)
    installed_on = serializers.DateField(help_text="In the workspace's time zone.")
    channel = text(40, help_text="Needed of paid installs; organic, when it is missing.")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # hides a serializer's own
        SOURCES, required=False, help_text="Paid, where an ad is."
    )
    campaign_id = text(120, help_text="Ours or the platform's, as the two below.")
    creative_id, ad_id = text(120), text(120)
    device_type = serializers.ChoiceField(DEVICE_TYPES, required=False)
    device_model, os_version = text(80), text(20)
    country, region, city = text(2), text(80), text(80)


class InstallsIn(serializers.Serializer[Any]):
    """A batch of installs."""

    installs = InstallIn(many=True, help_text=f"At most {MOST:,}.")


class AppSessionIn(serializers.Serializer[Any]):
    """One use of the app."""

    session_id = serializers.CharField(max_length=120)
    user_id = serializers.CharField(max_length=120, help_text="Whose install is known.")
    started_at = serializers.DateTimeField()
    seconds = serializers.IntegerField(min_value=0, max_value=86_400)
    events = serializers.DictField(child=serializers.IntegerField(), required=False)
    features = serializers.ListField(child=serializers.CharField(), required=False)
    revenue = AmountField(required=False, help_text="In the workspace's currency.")
    currency = text(3, help_text="The workspace's, where it is named.")
    quality = serializers.IntegerField(min_value=0, max_value=100, required=False)


class AppSessionsIn(serializers.Serializer[Any]):
    """A batch of sessions."""

    sessions = AppSessionIn(many=True, help_text=f"At most {MOST:,}.")


class AppTakenOut(serializers.Serializer[Any]):
    """What became of a batch; the accepted rows are stored."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()


class _BatchView(ApiView):
    """Takes a batch whole, or refuses it and names row and field."""

    scopes = {"POST": scopes.EVENTS_WRITE}
    throttle_group = "ingest"

    def taken(self, request: Request, name: str, take: Callable[..., Taken]) -> Response:
        """Hand the rows to the service."""
        body = request.data
        rows = body.get(name) if isinstance(body, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise serializers.ValidationError({name: f"Send a list: {{{name!r}: [{{…}}]}}."})
        if unknown := sorted(set(body) - {name, "tenant_id"}):
            raise serializers.ValidationError(
                {unknown[0]: f"There is no such field beside {name}."}
            )
        if len(rows) > MOST:
            raise serializers.ValidationError({name: f"Send at most {MOST:,} at once."})
        done = take(workspace=self.workspace, given=rows, now=self.now, name=name)
        return Response(AppTakenOut(done).data, status=status.HTTP_201_CREATED)


class Installs(_BatchView):
    """Installs of an app."""

    @extend_schema(
        tags=TAG,
        operation_id="installs_send",
        summary="Send installs of an app",
        request=InstallsIn,
        responses={201: AppTakenOut},
        examples=[_INSTALL],
    )
    @once
    def post(self, request: Request) -> Response:
        """Store each user once; the same again changes nothing and is counted."""
        return self.taken(request, "installs", take_installs)


class AppSessions(_BatchView):
    """Sessions of an app."""

    @extend_schema(
        tags=TAG,
        operation_id="app_sessions_send",
        summary="Send sessions of an app",
        request=AppSessionsIn,
        responses={201: AppTakenOut},
        examples=[_SESSION],
    )
    @once
    def post(self, request: Request) -> Response:
        """Store each session once; late ones correct what is known of their users."""
        return self.taken(request, "sessions", take_sessions)
