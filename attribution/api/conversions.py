"""Clicks and conversions over REST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.api import conversion_serializers as forms
from attribution.models import AttributionMethod, Conversion
from attribution.selectors.conversions import USUAL_DAYS, conversion_stats
from attribution.services.attributing import windows_of
from attribution.services.tracking import (
    AdNamed,
    Sender,
    TrackingError,
    Worth,
    record_conversion,
    track_click,
)
from workspaces import scopes
from workspaces.api.fields import amount_text
from workspaces.api.filters import Filters, MomentFilter
from workspaces.api.idempotency import once
from workspaces.api.parsers import BeaconParser, StrictJSONParser
from workspaces.api.throttling import KeyThrottle, VisitorThrottle
from workspaces.api.views import ApiView, RowsView

TAG = ["Attribution"]
_SENDER: Final = frozenset(field.name for field in fields(Sender))
_WORTH: Final = frozenset(field.name for field in fields(Worth))
_CLICK = OpenApiExample(
    "A click with consent",
    value={
        "ad_id": "23850000000000001", "campaign_id": "23840000000000001", "gclid": "Cj0KCQ",
        "ip_address": "203.0.113.9", "user_agent": "Mozilla/5.0", "consent": True,
    },
    request_only=True,
)  # fmt: skip
_REASONS: Final = {
    AttributionMethod.URL_PARAMETER: "The click id of the conversion is that of the click.",
    AttributionMethod.IDENTITY: "E-mail, phone or visitor id are those of the click.",
    AttributionMethod.FINGERPRINT: "The browser's fingerprint is that of the click.",
    AttributionMethod.PROBABILISTIC: "Network and browser are those of the click.",
    AttributionMethod.UNATTRIBUTED: "No click matches inside the windows of the layers.",
}


@contextmanager
def named_as(names: Mapping[str, str]) -> Iterator[None]:
    """Let refusals name fields as this path calls them."""
    try:
        yield
    except TrackingError as error:
        field = names.get(error.field, error.field)
        raise TrackingError(field, str(error)) from None


def _sender(body: Mapping[str, Any]) -> Sender:
    return Sender(**{name: body[name] for name in _SENDER & set(body)})


class IngestView(ApiView):
    """Takes what pages and servers send as it happens."""

    throttle_group = "ingest"
    throttle_classes = [KeyThrottle, VisitorThrottle]
    parser_classes = [StrictJSONParser, BeaconParser]


class TrackClick(IngestView):
    """Track a click."""

    scopes = {"POST": scopes.ML_WRITE}

    @extend_schema(
        tags=TAG,
        operation_id="attribution_track_click",
        summary="Track a click on an ad",
        request=forms.ClickIn,
        responses={200: forms.ClickOut, 201: forms.ClickOut},
        examples=[_CLICK],
    )
    @once
    def post(self, request: Request) -> Response:
        """Store it once by its click id; conversions that came before it are looked at again."""
        body = self.read(forms.ClickIn)
        body.setdefault("device", body.get("device_type", ""))
        body.setdefault("landing_page", body.get("landing_page_url", ""))
        now = self.now
        click, is_new = track_click(
            workspace=self.workspace,
            named=AdNamed(body["ad_id"], body.get("adset_id", ""), body["campaign_id"]),
            sender=_sender(body),
            clicked_at=body.get("clicked_at", now),
            click_id=body.get("click_id", ""),
            now=now,
        )
        shown = {
            "status": "tracked" if is_new else "already_tracked",
            "click_id": click.click_id,
            "attribution_window_days": windows_of(workspace=self.workspace).url_parameter / 24,
        }
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(forms.ClickOut(shown).data, status=code)


class AttributeConversion(ApiView):
    """Find the click of a conversion."""

    scopes = {"POST": scopes.ML_WRITE}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="attribution_attribute_conversion",
        summary="Record a conversion and find its click",
        request=forms.AttributeIn,
        responses=forms.AttributeOut,
    )
    @once
    def post(self, request: Request) -> Response:
        """Answer with the click; a conversion that is known is answered as it stands."""
        body = self.read(forms.AttributeIn)
        worth = Worth(
            type=body["conversion_type"],
            converted_at=body["conversion_timestamp"],
            value=body["conversion_value"],
            currency=body.get("currency", ""),
            click_id=body.get("click_id", ""),
        )
        with named_as({"converted_at": "conversion_timestamp"}):
            row, _ = record_conversion(
                workspace=self.workspace,
                conversion_id=body["conversion_id"],
                worth=worth,
                sender=_sender(body),
                now=self.now,
                payload=_payload(request),
            )
        return Response(forms.AttributeOut(_answer(row)).data)


def _answer(row: Conversion) -> dict[str, Any]:
    return {
        "success": row.method != AttributionMethod.UNATTRIBUTED,
        "attributed_click_id": row.attributed_click_key or None,
        "attribution_method": row.method,
        "attribution_confidence": float(row.confidence),
        "attribution_window_hours": row.window_hours,
        "reason": _REASONS[AttributionMethod(row.method)],
        "ad_id": forms.ad_id_of(row),
        "campaign_id": forms.campaign_id_of(row),
    }


def _payload(request: Request) -> dict[str, Any]:
    return dict(request.data) if isinstance(request.data, Mapping) else {}


class TrackConversion(IngestView):
    """Record a conversion."""

    scopes = {"POST": scopes.EVENTS_WRITE}

    @extend_schema(
        tags=TAG,
        operation_id="conversions_track",
        summary="Record a conversion",
        request=forms.ConversionIn,
        responses={200: forms.ConversionOut, 201: forms.ConversionOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Store it once by its conversion id; the same again changes nothing (200, not 201)."""
        body = self.read(forms.ConversionIn)
        now = self.now
        worth = {name: body[name] for name in _WORTH & set(body)}
        row, is_new = record_conversion(
            workspace=self.workspace,
            conversion_id=body["conversion_id"],
            worth=Worth(**{"converted_at": now, **worth}),
            sender=_sender(body),
            now=now,
            payload=_payload(request),
        )
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(forms.ConversionOut(row).data, status=code)


class ConversionFilter(Filters):
    """What conversions are filtered by."""

    type = django_filters.CharFilter()
    method = django_filters.MultipleChoiceFilter(choices=AttributionMethod.choices, distinct=False)
    conversion_id = django_filters.CharFilter()
    converted_after = MomentFilter("converted_at", lookup_expr="gte")
    converted_before = MomentFilter("converted_at", lookup_expr="lt")


class ConversionEvents(RowsView[Conversion]):
    """Conversions, newest first."""

    scopes = {"GET": scopes.ATTRIBUTION_READ}
    queryset = Conversion.objects.none()
    serializer_class = forms.ConversionOut
    filterset_class = ConversionFilter

    def rows(self) -> QuerySet[Conversion]:
        """All of the workspace."""
        rows = Conversion.objects.filter(workspace=self.workspace)
        return rows.select_related("ad", "campaign")

    @extend_schema(
        tags=TAG, operation_id="conversions_events", summary="List conversions with their clicks"
    )
    def get(self, request: Request) -> Response:
        """Answer with a page."""
        return self.page()


class ConversionStats(ApiView):
    """Conversions of a period in figures."""

    scopes = {"GET": scopes.ATTRIBUTION_READ}

    @extend_schema(
        tags=TAG,
        operation_id="conversions_stats",
        summary="Count conversions by method and type",
        parameters=[forms.StatsQuery],
        responses=forms.StatsOut,
    )
    def get(self, request: Request) -> Response:
        """Days are cut in the workspace's zone; without any, the last thirty."""
        asked = self.read_query(forms.StatsQuery)
        today = self.now.astimezone(self.workspace.zone).date()
        until = asked.get("to") or max(today, asked.get("from") or today)
        since = asked.get("from") or until - timedelta(days=USUAL_DAYS - 1)
        stats = conversion_stats(self.workspace, since, until)
        return Response(
            forms.StatsOut(
                {
                    "since": since,
                    "until": until,
                    "conversions": stats.conversions,
                    "attributed": stats.attributed,
                    "recovery_rate": stats.recovery_rate,
                    "by_method": stats.by_method,
                    "by_type": stats.by_type,
                    "value": _money(stats.value),
                    "attributed_value": _money(stats.attributed_value),
                }
            ).data
        )


def _money(sums: Mapping[str, Any]) -> dict[str, str]:
    return {currency: amount_text(value, currency) for currency, value in sums.items()}
