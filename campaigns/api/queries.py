"""What lists of campaigns are asked by: periods, and ids of either kind."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import django_filters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from rest_framework import serializers

from campaigns.selectors.lookup import by_any_id
from campaigns.selectors.performance import GROUPS
from workspaces.api.views import ApiView
from workspaces.models import Workspace
from workspaces.periods import Period

_LONGEST_DAYS = 800
_EARLIEST = date(1990, 1, 1)
_LATEST = date(2199, 12, 31)
_DAY = "Reporting day, e.g. 2026-11-01."


class AnyIdFilter(django_filters.CharFilter):  # type: ignore[misc]  # untyped library
    """Filter by our id or the platform's of a related row."""

    def __init__(self, prefix: str) -> None:
        super().__init__(help_text="Our id, or the platform's.")
        self._prefix = prefix

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Narrow the rows."""
        return by_any_id(rows, value, self._prefix) if value else rows


def _day_field() -> serializers.DateField:
    # Nobody advertised before; and a period as long before the first years would have no days.
    checks = [MinValueValidator(_EARLIEST), MaxValueValidator(_LATEST)]
    return serializers.DateField(required=False, help_text=_DAY, validators=checks)


class PeriodQuery(serializers.Serializer[Any]):
    """Reporting days, both included."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name the fields as the address does; one of the names is a word of Python."""
        return {
            "from": _day_field(),
            "to": _day_field(),
            **super().get_fields(),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse periods that end before they begin, and endless ones."""
        since, until = attrs.get("from"), attrs.get("to")
        if since and until and since > until:
            raise serializers.ValidationError({"to": "It lies before 'from'."})
        if since and until and (until - since).days >= _LONGEST_DAYS:
            raise serializers.ValidationError({"from": f"Ask for {_LONGEST_DAYS} days at most."})
        return attrs


class PerformanceQuery(PeriodQuery):
    """What ``performance/`` is asked by."""

    group = serializers.ChoiceField(list(GROUPS), required=False, default="day")
    ad_account = serializers.CharField(required=False, max_length=120)
    campaign = serializers.CharField(required=False, max_length=120)
    channel = serializers.CharField(required=False, max_length=40)


def period_of(view: ApiView) -> Period:
    """Period of an address; by default the last four full weeks."""
    return chosen_period(view.read_query(PeriodQuery), view.workspace, view.now)


def chosen_period(asked: dict[str, Any], workspace: Workspace, now: datetime) -> Period:
    """Fill what was not asked for."""
    usual = Period.last_weeks(workspace, now)
    until = asked.get("to") or usual.until
    since = asked.get("from") or until - (usual.until - usual.since)
    return bounded_period(since, until)


def bounded_period(since: date, until: date) -> Period:
    """Make a period of two days; no endless one, whichever of them was asked for."""
    if (until - since).days >= _LONGEST_DAYS:
        raise serializers.ValidationError({"from": f"Ask for {_LONGEST_DAYS} days at most."})
    return Period(min(since, until), until)
