"""Pages and filters of the admin's lists, which may have millions of rows."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.filters import (
    AllValuesFieldListFilter,
    FieldListFilter,
    RelatedFieldListFilter,
)
from django.core.paginator import Paginator
from django.db.models import CharField, Model, QuerySet, TextField
from django.http import HttpRequest
from django.utils.functional import cached_property

M = TypeVar("M", bound=Model)

COUNT_CAP = 10_000


class CappedPaginator(Paginator[M]):
    """Pages of a large table: counts up to a cap, so that no list waits for a full count."""

    cap = COUNT_CAP
    #: Of the rows that are counted; none is the quickest in one table.
    order: tuple[str, ...] = ()

    @cached_property
    def count(self) -> int:
        """Number of rows, at most the cap."""
        return self.capped

    @property
    def capped(self) -> int:
        """Count them, up to the cap."""
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return int(rows.order_by(*self.order).values("pk")[: self.cap].count())


class JoinedPaginator(CappedPaginator[M]):
    """The same where a row reaches its workspace by its parents, each of which is looked up."""

    cap = 1_000
    order = ("-pk",)


class ValuesFilter(AllValuesFieldListFilter):
    """Filter by a text without set choices: offers what the newest rows have.

    Django's own asks the whole table for it.
    """

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: Any,
        model: type[Model],
        model_admin: admin.ModelAdmin[Any],
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        if "__" in field_path:
            return
        order = model_admin.get_ordering(request) or ("-pk",)
        newest = model_admin.get_queryset(request).order_by(*order).values_list(field_path)
        cap = getattr(model_admin.paginator, "cap", COUNT_CAP)
        found = {value for (value,) in newest[:cap]} | set(self.lookup_val or ())
        self.lookup_choices = sorted(found, key=str)  # type: ignore[assignment]  # only iterated


FieldListFilter.register(
    lambda field: isinstance(field, CharField | TextField) and not field.flatchoices,
    ValuesFilter,
    take_priority=True,
)


class OwnRelatedFilter(RelatedFieldListFilter):
    """Filter by a foreign key whose choices are those of the workspace, at most a hundred."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[Any, Any]]:
        """Rows of the related model that the person may see."""
        rows = related_rows(model_admin.admin_site, field.remote_field.model, request)
        return [(row.pk, str(row)) for row in rows.order_by("pk")[:100]]


def related_rows(
    site: admin.AdminSite, model: type[Model], request: HttpRequest
) -> QuerySet[Model]:
    """Rows of a model as its own admin shows them; none where it has no admin."""
    registered = site._registry.get(model)
    if registered is None:
        return model._default_manager.none()
    return registered.get_queryset(request)
