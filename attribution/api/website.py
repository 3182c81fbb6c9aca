"""Events of websites over REST."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.engine.web_events import EventError
from attribution.services.website.ingest import Origin, Taken, take_events
from attribution.site_door import SiteView, origin_of

TAG = ["Website"]
_EXAMPLE = OpenApiExample(
    "A page view and a purchase",
    value={
        "sent_at": 1790000000123,
        "consent": True,
        "visitor_id": "0b0f1a52-8a53-4a6f-9f3e-2f9f7f8f2f10",
        "events": [
            {
                "id": "019971a5-2c00-7000-8000-000000000001", "type": "page_view",
                "url": "https://shop.example/?utm_source=news", "title": "Shop",
            },
            {
                "id": "019971a5-2c00-7000-8000-000000000002", "type": "custom",
                "name": "purchase", "url": "https://shop.example/thank-you",
                "properties": {"value": 59.9, "currency": "EUR"},
            },
        ],
    },
    request_only=True,
)  # fmt: skip


class EventIn(serializers.Serializer[Any]):
    """One event; what each type needs beside its id is told in the guide."""

    id = serializers.UUIDField(help_text="UUIDv7; the same one again is a repetition.")
    type = serializers.ChoiceField(
        ["page_view", "click", "form_submit", "scroll", "engagement", "custom", "identify"]
    )
    at = serializers.FloatField(
        required=False, help_text="Milliseconds since 1970; else the moment of the id."
    )
    url = serializers.CharField(required=False)
    page_id = serializers.UUIDField(required=False)
    title = serializers.CharField(required=False)
    referrer = serializers.CharField(required=False)
    name = serializers.CharField(required=False, max_length=120)
    element = serializers.DictField(child=serializers.CharField(), required=False)
    scroll = serializers.IntegerField(required=False, min_value=0, max_value=100)
    seconds = serializers.FloatField(required=False, min_value=0)
    user_id = serializers.CharField(required=False, max_length=120)
    properties = serializers.DictField(
        required=False, help_text="Flat; value and currency make the event worth money."
    )
    variants = serializers.DictField(child=serializers.CharField(), required=False)


class EventsIn(serializers.Serializer[Any]):
    """A call of up to 500 events."""

    events = EventIn(many=True)
    sent_at = serializers.FloatField(
        required=False, help_text="Milliseconds since 1970 on the sender's clock."
    )
    consent = serializers.BooleanField(required=False)
    visitor_id = serializers.UUIDField(required=False, help_text="Kept with consent only.")
    session_id = serializers.UUIDField(required=False)
    screen = serializers.CharField(required=False, max_length=12)
    time_zone = serializers.CharField(required=False, max_length=60)
    language = serializers.CharField(required=False, max_length=20)
    variants = serializers.DictField(child=serializers.CharField(), required=False)
    user_agent = serializers.CharField(
        required=False, help_text="Of the visitor, where a server speaks for his browser."
    )
    ip_address = serializers.CharField(required=False, help_text="As user_agent.")


class RejectedOut(serializers.Serializer[Any]):
    """An event that could not be read."""

    index = serializers.IntegerField()
    id = serializers.CharField(source="event_id")
    field = serializers.CharField()
    message = serializers.CharField()


class TakenOut(serializers.Serializer[Any]):
    """What became of the events; the accepted ones are stored."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    dropped = serializers.DictField(child=serializers.IntegerField())
    rejected = RejectedOut(many=True)


class WebsiteEvents(SiteView):
    """Take events of a website."""

    @extend_schema(
        tags=TAG,
        operation_id="website_events",
        summary="Send events of a website",
        auth=[],
        parameters=[OpenApiParameter("site", str, required=True, description="The site's key.")],
        request=EventsIn,
        responses={202: TakenOut},
        examples=[_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Store the good events, name the others; repetitions are counted and change nothing."""
        origin = origin_of(request._request)
        self.hold_rate(visitor_of(request, origin))
        try:
            taken = take_events(
                site=self.site,
                body=self.body(request.data),
                origin=origin,
                now=self.now,
                has_escapes=self.has_escapes,
            )
        except EventError as error:
            raise serializers.ValidationError({error.field or "": str(error)}) from None
        return Response(_shown(taken), status=status.HTTP_202_ACCEPTED)

    def body(self, data: Any) -> Any:
        """A call, or one event alone."""
        return data


class WebsiteTrack(WebsiteEvents):
    """Take one event of a website, or several."""

    @extend_schema(
        tags=TAG,
        operation_id="website_track",
        summary="Send one event of a website",
        auth=[],
        parameters=[OpenApiParameter("site", str, required=True, description="The site's key.")],
        request=EventIn,
        responses={202: TakenOut},
    )
    def post(self, request: Request) -> Response:
        """As website/events; an event that stands alone is a call of one."""
        return super().post(request)

    def body(self, data: Any) -> Any:
        """A call, or one event alone."""
        is_single = isinstance(data, dict) and "events" not in data
        return {**data, "events": [data]} if is_single else data


def visitor_of(request: Request, origin: Origin) -> Origin:
    """Whose calls are counted: a browser is itself, a server is whom it speaks for."""
    body = request.data
    if request.headers.get("Origin") or not isinstance(body, dict):
        return origin
    told = {
        name: value
        for name in ("ip_address", "user_agent")
        if isinstance(value := body.get(name), str) and value
    }
    return replace(origin, **told)


def _shown(taken: Taken) -> dict[str, Any]:
    return dict(TakenOut(taken).data)
