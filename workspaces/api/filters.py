"""Filters of lists, named as the fields that they look at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import django_filters
from django import forms
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError

_SAID: Final = {"true": True, "1": True, "false": False, "0": False}


class _SaidField(forms.Field):
    """True, false or nothing. The library takes whatever else is said for nothing."""

    widget = forms.TextInput

    def to_python(self, value: str | None) -> bool | None:
        """Read the word."""
        if not value:
            return None
        if value.lower() not in _SAID:
            raise forms.ValidationError("Say true or false.", code="invalid")
        return _SAID[value.lower()]


class Filters(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """Base of all filter sets: what is no true or false is refused where one is asked for."""

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        """Filters by their names."""
        filters: dict[str, Any] = super().get_filters()
        for one in filters.values():
            if isinstance(one, django_filters.BooleanFilter):
                one.field_class = _SaidField
        return filters


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
