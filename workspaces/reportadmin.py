"""Admin of SQL views, which are worked out anew at every question: a list asks as few as it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.core.paginator import Page
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from workspaces.listing import CappedPaginator
from workspaces.modeladmin import ReadOnlyAdmin
from workspaces.models import Workspace

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList as UnfoldChangeList
else:
    from unfold.views import ChangeList as UnfoldChangeList

M = TypeVar("M", bound=Model)


class FirstPaginator(CappedPaginator[M]):
    """Pages whose first one is read before they are counted: where it holds all, that is all."""

    @cached_property
    def first(self) -> list[M]:
        """Rows of the first page, and one more."""
        return list(self.object_list[: self.per_page + 1])

    @cached_property
    def count(self) -> int:
        """Number of rows, at most the cap."""
        return len(self.first) if len(self.first) <= self.per_page else self.capped

    def page(self, number: int | str) -> Page[M]:
        """Cut the first page out of what is read; ask for any other."""
        place = self.validate_number(number)
        return Page(self.first[: self.per_page], 1, self) if place == 1 else super().page(place)


class FirstList(UnfoldChangeList):
    """A list that shows what its paginator read, where Django would ask for it again."""

    def get_results(self, request: HttpRequest) -> None:
        """Take the rows that were counted."""
        super().get_results(request)
        if not self.multi_page:
            self.result_list = self.paginator.first


class ReportAdmin(ReadOnlyAdmin[M]):
    """A SQL view; its rows name the workspace by slug."""

    list_display_links = None
    paginator = FirstPaginator

    def scoped(self, rows: QuerySet[M], workspace: Workspace) -> QuerySet[M]:
        """Only rows of the workspace's slug."""
        return rows.filter(tenant_id=workspace.slug)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[UnfoldChangeList]:
        """Return a list that is read once."""
        return FirstList
