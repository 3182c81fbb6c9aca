"""Every address that answers GET: pages, lists of the API, lists of the admin; their ids filled in.

Addresses come from Django's own table of them, so a new page is measured without a word here. One
that names a row gets the newest row of the workspace; one that nobody can name yet is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from workspaces import home

if TYPE_CHECKING:
    from workspaces.models import Workspace

#: Made for others than people who look: whole files, pictures and links of messages.
FILES: Final = ("export", ".csv", ".gif", ".js")
#: One view of several spellings, which cannot be told from its name.
_SPELT: Final = {"healthz": "/healthz", "readyz": "/readyz"}
#: What leads away, or does something by being opened.
_APART: Final = {"logout", "accept-invitation", "password_reset_confirm"}

#: By the beginning of an address's name, the longest first: model and field of its id.
_ROWS: Final = {
    "approvals-": ("workspaces.Proposal", "public_id"),
    "winners-like": ("workspaces.Proposal", "public_id"),
    "api-proposal": ("workspaces.Proposal", "public_id"),
    "api-connection": ("workspaces.Connection", "public_id"),
    "api-webhook-": ("workspaces.WebhookEndpoint", "public_id"),
    "entity": ("campaigns.Campaign", "public_id"),
    "campaigns-import": ("campaigns.ImportRun", "public_id"),
    "api-performance-import": ("campaigns.ImportRun", "public_id"),
    "api-ad-accounts": ("campaigns.AdAccount", "public_id"),
    "api-campaigns": ("campaigns.Campaign", "public_id"),
    "api-ad-sets": ("campaigns.AdSet", "public_id"),
    "api-ads": ("campaigns.Ad", "public_id"),
    "api-creatives": ("campaigns.Creative", "public_id"),
    "api-alert-rule": ("campaigns.AlertRule", "public_id"),
    "scenario": ("campaigns.Scenario", "public_id"),
    "api-scenarios": ("campaigns.Scenario", "public_id"),
    "website-session": ("attribution.WebSession", "public_id"),
    "api-website-session": ("attribution.WebSession", "public_id"),
    "api-website-visitor": ("attribution.Visitor", "public_id"),
    "api-website-funnel": ("attribution.FunnelDefinition", "public_id"),
    "funnel": ("attribution.FunnelDefinition", "public_id"),
    "api-conversion": ("attribution.Conversion", "public_id"),
    "experiment": ("experiments.ABTest", "public_id"),
    "api-ab-test": ("experiments.ABTest", "public_id"),
    "practice": ("experiments.BestPractice", "public_id"),
    "outreach-campaign": ("outreach.OutreachCampaign", "public_id"),
    "api-outreach-campaign": ("outreach.OutreachCampaign", "public_id"),
    "outreach-message": ("outreach.OutreachMessage", "public_id"),
    "api-outreach-message": ("outreach.OutreachMessage", "public_id"),
    "contact": ("outreach.Contact", "public_id"),
    "api-contact": ("outreach.Contact", "public_id"),
    "api-consent": ("outreach.Contact", "public_id"),
    "contact-import": ("outreach.ContactImport", "public_id"),
    "api-contact-import": ("outreach.ContactImport", "public_id"),
    "audience": ("outreach.Audience", "public_id"),
    "api-audience": ("outreach.Audience", "public_id"),
    "text": ("outreach.ChannelTemplate", "public_id"),
    "api-text": ("outreach.ChannelTemplate", "public_id"),
    "social-funnel": ("outreach.SocialEngagementFunnel", "public_id"),
    "api-social-funnel": ("outreach.SocialEngagementFunnel", "public_id"),
    "api-social-post": ("outreach.SocialPost", "public_id"),
    "api-social-advocate": ("outreach.SocialAdvocate", "public_id"),
    "inbox-": ("inbox.Conversation", "public_id"),
    "api-conversation": ("inbox.Conversation", "public_id"),
    "inbox-body": ("inbox.CustomerResponse", "public_id"),
    "inbox-group": ("inbox.ReplyDraft", "cluster"),
    "inbox-file": ("inbox.Attachment", "public_id"),
    "api-inbox-response": ("inbox.CustomerResponse", "public_id"),
    "api-inbox-drafts": ("inbox.CustomerResponse", "public_id"),
    "api-reply-template": ("inbox.ResponseTemplate", "public_id"),
    "api-chat": ("attribution.Site", "key"),
    "model": ("mlops.ModelVersion", "public_id"),
    "api-model": ("mlops.ModelVersion", "public_id"),
    "policies-trial": ("mlops.PolicyTrial", "public_id"),
}
#: Words that an address takes; where it takes several, each is opened.
_WORDS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "connection-new": (("meta",),),
    "attribution-chart": (("models",),),
    "model-training": (("churn",),),
    "board": (("roi-forecast",),),
    "board-chart": (("roi-forecast",),),
    "board-small": (("roi-forecast",),),
    "api-board-chart": (("roi-forecast",),),
    "api-board-data": (("roi-forecast",),),
    "api-social-insights": (("tiktok",),),
    "api-conversion-performance": (("meta",),),
    "api-conversions-performance": (("meta",),),
}
#: What stands before or after the id of a row.
_BEFORE: Final = {"entity": ("campaign",), "entity-propose": ("campaign",)}
_AFTER: Final = {"outreach-campaign-edit": ("about",), "experiment-edit": ("idea",)}
_NOBODY: Final = {"UUIDConverter": UUID(int=0), "IntConverter": 0}
_ASKED: Final = {
    "ledger-explain": "metric=spend&day={day}",
    "api-ledger-explain": "metric=spend&day={day}",
    "search": "q=ad+set+77",
    "api-search": "q=ad+set+77",
}


@dataclass(frozen=True)
class Place:
    """One address; ``why`` says what keeps it from being opened in a workspace."""

    name: str
    shown: str
    path: str
    why: str = ""


def places(workspace: Workspace, day: str) -> Iterator[Place]:
    """Every address, with the ids of a workspace."""
    for shown, name, nobody in _named(get_resolver()):
        if name in _APART or any(word in shown for word in FILES):
            yield Place(name, f"/{shown}", "", "a file, or a link of one person")
            continue
        for arguments in list(_arguments(name, shown, workspace)) or [nobody]:
            is_worded = name in _WORDS or name == "home-card"
            told = f"/{shown} {arguments[0]}" if is_worded else f"/{shown}"
            yield Place(name, told, _path(name, arguments, nobody, _ASKED.get(name, ""), day))
    yield from _lists()


def _path(
    name: str, arguments: tuple[object, ...], nobody: tuple[object, ...], asked: str, day: str
) -> str:
    """An address; with an id of nobody where it takes none of those known."""
    if name in _SPELT:
        return _SPELT[name]
    try:
        path = reverse(name, args=arguments)
    except NoReverseMatch:
        path = reverse(name, args=nobody)
    return f"{path}?{asked.format(day=day)}" if asked else path


def _lists() -> Iterator[Place]:
    yield Place("admin:index", "/admin/", reverse("admin:index"))
    for model in sorted(admin.site._registry, key=lambda one: one._meta.label_lower):
        meta = model._meta
        path = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        yield Place(f"admin:{meta.label_lower}", path, path)


def _named(
    resolver: URLResolver, prefix: str = ""
) -> Iterator[tuple[str, str, tuple[object, ...]]]:
    """Addresses with their names, and an id of nobody for each part that names something."""
    for pattern in resolver.url_patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            # The same views stand under both; the admin's pages are found by their models.
            if not path.startswith(("api/v1/", "admin/")):
                yield from _named(pattern, path)
        elif isinstance(pattern, URLPattern) and pattern.name:
            kinds = [type(one).__name__ for one in pattern.pattern.converters.values()]
            nobody = tuple(_NOBODY.get(kind, "nobody") for kind in kinds)
            yield path.lstrip("^").rstrip("$"), pattern.name, nobody


def _arguments(name: str, shown: str, workspace: Workspace) -> Iterator[tuple[object, ...]]:
    if name == "home-card":
        yield from ((key,) for key in sorted(home._cards))
    elif name in _WORDS:
        yield from _WORDS[name]
    elif "<" not in shown:
        yield ()
    elif (row := _row(name, workspace)) is not None or name in _BEFORE:
        yield (*_BEFORE.get(name, ()), row or UUID(int=0), *_AFTER.get(name, ()))


def _row(name: str, workspace: Workspace) -> object | None:
    """Id of the newest row that an address is about."""
    known = [prefix for prefix in _ROWS if name.startswith(prefix)]
    if not known:
        return None
    label, field = _ROWS[max(known, key=len)]
    model: type[models.Model] = apps.get_model(label)
    rows = model._default_manager.filter(workspace=workspace).order_by("-pk")
    rows = rows.exclude(**{field: None})
    return rows.values_list(field, flat=True).first()
