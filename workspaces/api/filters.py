"""Filters of lists, named as the fields that they look at."""

from __future__ import annotations

import django_filters


class Filters(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """Base of all filter sets, so that the library's missing types are told once."""
