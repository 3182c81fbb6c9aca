"""Websites: keys with their snippet, rules of pages, and what came of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from attribution.models import (
    PageView,
    QuarantinedEvent,
    RollupWork,
    SessionWork,
    Site,
    StageRule,
    Visitor,
    VisitorSalt,
    WebDay,
    WebEvent,
    WebSession,
    WebTally,
)
from attribution.selectors.website.sites import with_last_event
from attribution.services.website.sites import SiteError, add_usual_rules, clean_origin
from workspaces.formats import money
from workspaces.listing import related_rows
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    WorkspaceForm,
    WorkspaceModelAdmin,
    column,
    fields_of,
    own,
)
from workspaces.roles import Role

SiteRow = TypeVar("SiteRow", WebEvent, PageView)


class SiteForm(WorkspaceForm[Site]):
    """A website; its origins one a line."""

    origins = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text="One a line: https://shop.example. Browsers on other addresses are refused.",
    )

    class Meta:
        model = Site
        fields = ("name", "origins", "is_active", "conversion_events", "records_conversions",
                  "session_timeout_minutes",
                  "splits_on_campaign", "splits_at_midnight")  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["origins"] = "\n".join(self.instance.origins or [])

    def clean_origins(self) -> list[str]:
        """Each as browsers write it."""
        try:
            return [clean_origin(line) for line in self.cleaned_data["origins"].split()]
        except SiteError as error:
            raise forms.ValidationError(str(error)) from None


@admin.register(Site)
class SiteAdmin(WorkspaceModelAdmin[Site]):
    """Keys of websites: the snippet to paste, and whether anything has come."""

    form = SiteForm
    add_role = change_role = Role.ADMIN
    list_display = ("name", "key", "shown_origins", "is_active", "last_event")
    list_filter = ("is_active",)
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("key", "snippet", "last_event")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        """With the newest event of each."""
        return with_last_event(super().get_queryset(request))

    def get_fields(self, request: HttpRequest, obj: Site | None = None) -> Any:
        """The snippet first, where there is one."""
        shown = ("key", "snippet", "last_event") if obj else ()
        return (*shown, *SiteForm.Meta.fields)

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        """A new site begins with the usual rules for its pages."""
        super().save_model(request, obj, form, change)
        add_usual_rules(site=obj)

    @column(description="Origins")
    def shown_origins(self, row: Site) -> str:
        """All of them."""
        return ", ".join(row.origins)

    @column(description="Snippet")
    def snippet(self, row: Site) -> str:
        """What to paste into every page."""
        return render_to_string(
            "admin/attribution/site_snippet.html", {"site": row, "base": settings.PUBLIC_BASE_URL}
        )

    @column(description="Last event")
    def last_event(self, row: Site) -> str:
        """When something came last, or what to do."""
        if at := row.last_event_at:  # type: ignore[attr-defined]  # get_queryset put it there
            return f"{at:%Y-%m-%d %H:%M} UTC"
        return "Waiting for the first event: paste the snippet and open the page."


@admin.register(StageRule)
class StageRuleAdmin(WorkspaceModelAdmin[StageRule]):
    """Which pages are which stage; sessions made from now on follow them."""

    add_role = change_role = delete_role = Role.ADMIN
    list_display = ("pattern", "stage", "site", "position")
    list_filter = (own("site"), "stage")
    list_select_related = ("site",)
    search_fields = ("pattern",)
    autocomplete_fields = ("site",)
    ordering = ("site", "position", "pk")


class SessionInline(ReadOnlyInline[WebSession, Visitor]):
    """The newest visits."""

    model = WebSession
    fields = ("started_at", "channel", "landing_page", "page_views", "seconds", "conversions")
    readonly_fields = fields


@admin.register(Visitor)
class VisitorAdmin(ReadOnlyAdmin[Visitor]):
    """Browsers with consent; without it, whoever looked alike on one day."""

    list_display = ("__str__", "site", "customer_type", "lifecycle_stage", "visits", "page_views",
                    "conversions", "worth", "first_source", "last_seen_at")  # fmt: skip
    list_filter = (own("site"), "customer_type", "lifecycle_stage", "has_consent", "device")
    list_select_related = ("site", "workspace")
    search_fields = ("user_id__exact", "key__exact", "public_id__exact")
    search_help_text = "A whole id: ours, the browser's or your user's"
    ordering = ("-last_seen_at", "-pk")
    readonly_fields = fields_of(Visitor)
    inlines = (SessionInline,)

    @column(description="Value", ordering="value")
    def worth(self, row: Visitor) -> str:
        """Value in the workspace's currency."""
        return "" if row.value is None else money(row.value, row.workspace.currency)


@admin.register(WebSession)
class WebSessionAdmin(ReadOnlyAdmin[WebSession]):
    """Visits."""

    list_display = ("started_at", "site", "channel", "campaign", "landing_page", "page_views",
                    "seconds", "furthest_stage", "conversions", "customer_type",
                    "device")  # fmt: skip
    list_filter = (own("site"), "channel", "furthest_stage", "customer_type", "device",
                   "is_bounce")  # fmt: skip
    list_select_related = ("site",)
    search_fields = ("public_id__exact", "visitor_key__exact")
    search_help_text = "A whole id of a session or of a visitor"
    ordering = ("-started_at", "-pk")
    readonly_fields = fields_of(WebSession)


class SiteFilter(admin.SimpleListFilter):
    """One site at a time: its days lie in order, those of several would have to be sorted."""

    title = "site"
    parameter_name = "of"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Sites that the person may see."""
        sites = related_rows(model_admin.admin_site, Site, request)
        return [(str(pk), name) for pk, name in sites.order_by("pk").values_list("pk", "name")]

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:  # type: ignore[override]  # as Django calls it
        """Each site; not all of them together."""
        chosen = self._chosen()
        for key, label in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: key})
            yield {"selected": key == chosen, "query_string": query, "display": label}

    def has_output(self) -> bool:
        """Without a site, too: it keeps the list from looking through those of others."""
        return True

    def queryset(self, request: HttpRequest, rows: QuerySet[SiteRow]) -> QuerySet[SiteRow]:
        """Rows of the chosen site, of the first where none is chosen."""
        chosen = self._chosen()
        return rows.filter(site_id=chosen) if chosen else rows.none()

    def _chosen(self) -> str:
        keys = [key for key, _ in self.lookup_choices]
        given = self.value()
        return given if given in keys else next(iter(keys), "")


@admin.register(WebEvent)
class WebEventAdmin(ReadOnlyAdmin[WebEvent]):
    """Events as they came."""

    list_display = ("at", "site", "type", "name", "path", "source", "device")
    list_display_links = None
    list_filter = (SiteFilter, "type", "category")
    list_select_related = ("site",)
    search_fields = ("visitor_key__exact",)
    search_help_text = "A whole visitor key"
    ordering = ("-day", "-event_id")
    readonly_fields = fields_of(WebEvent)


@admin.register(PageView)
class PageViewAdmin(ReadOnlyAdmin[PageView]):
    """Pages as they were seen."""

    list_display = ("at", "site", "path", "stage", "seconds", "scroll", "interactions")
    list_display_links = None
    list_filter = (SiteFilter, "stage")
    list_select_related = ("site",)
    search_fields = ("session_id__exact",)
    search_help_text = "A whole session id"
    ordering = ("-day", "-event_id")
    readonly_fields = fields_of(PageView)


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(ReadOnlyAdmin[QuarantinedEvent]):
    """Samples of events that could not be read, and why."""

    list_display = ("received_at", "site", "field", "message")
    list_filter = (own("site"), "field")
    list_select_related = ("site",)
    search_fields = ("field", "message")
    ordering = ("-received_at", "-pk")
    readonly_fields = fields_of(QuarantinedEvent)


@admin.register(WebTally)
class WebTallyAdmin(ReadOnlyAdmin[WebTally]):
    """What was not taken: bots, foreign pages, events that could not be read."""

    list_display = ("day", "site", "reason", "events")
    list_filter = (own("site"), "reason")
    list_select_related = ("site",)
    ordering = ("-day", "-events", "-pk")
    readonly_fields = fields_of(WebTally)


@admin.register(WebDay)
class WebDayAdmin(ReadOnlyAdmin[WebDay]):
    """Figures of days, as the website page reads them."""

    list_display = ("day", "site", "dimension", "key", "visitors", "sessions", "page_views",
                    "events", "conversions", "value")  # fmt: skip
    list_filter = (own("site"), "dimension")
    list_select_related = ("site",)
    search_fields = ("=key",)
    ordering = ("-day", "-pk")
    readonly_fields = fields_of(WebDay)


@admin.register(SessionWork, RollupWork)
class WebWorkAdmin(ReadOnlyAdmin[Any]):
    """What waits to be counted."""

    list_display = ("__str__", "site")
    list_select_related = ("site",)
    ordering = ("pk",)


@admin.register(VisitorSalt)
class VisitorSaltAdmin(ReadOnlyAdmin[VisitorSalt]):
    """Days that have a salt; never the salt."""

    view_role = Role.ADMIN
    list_display = ("day",)
    ordering = ("-day",)
    fields = ("day",)
    readonly_fields = fields
