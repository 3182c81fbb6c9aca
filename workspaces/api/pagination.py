"""Cursor pages: stable while rows arrive, no counting of millions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

_BAD_CURSOR = {"cursor": "This cursor is not one of ours; start again without it."}


class CursorPages(CursorPagination):
    """Newest first unless the view orders otherwise; ``page_size`` up to 200."""

    ordering = "-pk"
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int | None:
        """Rows a page: more than the most are the most, what is no number is a mistake."""
        said = request.query_params.get(self.page_size_query_param, "")
        if said and not (said.isascii() and said.isdigit() and int(said[:9])):
            raise ValidationError({self.page_size_query_param: "Say a number from 1 to 200."})
        return super().get_page_size(request)

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | Sequence[Any],
        request: Request,
        view: APIView | None = None,
    ) -> list[Any] | None:
        """Read one page; a cursor that somebody edited is a mistake of the request."""
        if not request.query_params.get(self.cursor_query_param):
            return super().paginate_queryset(queryset, request, view)
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError, DjangoValidationError, DataError):
            raise ValidationError(_BAD_CURSOR) from None
