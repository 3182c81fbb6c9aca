"""Filters of lists, named as the fields that they look at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError


class Filters(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """Base of all filter sets, so that the library's missing types are told once."""


class MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]  # untyped library
    """A moment with any offset: PostgreSQL knows only those below 16 hours, so it gets UTC."""

    def filter(self, rows: QuerySet[Any], value: datetime | None) -> QuerySet[Any]:
        """Narrow the rows."""
        try:
            moment = value.astimezone(UTC) if value else value
        except OverflowError:
            raise ValidationError({str(self.field_name): "This moment is out of range."}) from None
        filtered: QuerySet[Any] = super().filter(rows, moment)
        return filtered
