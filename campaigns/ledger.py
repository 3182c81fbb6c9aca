"""What the ledger of changes is narrowed to: a channel or a campaign of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import TruncDate

from campaigns.models import Campaign
from campaigns.selectors.channel_days import channel_key
from campaigns.selectors.channels import channels_of
from campaigns.selectors.insight.query import InsightQuery
from workspaces.cache import kept
from workspaces.chart_marks import days_of, marked, with_changes
from workspaces.charts import LineChart
from workspaces.ledger import Scope, register_scope
from workspaces.models import Proposal, Workspace
from workspaces.selectors_ledger import LedgerFilter, ledger_rows


def _campaign(workspace: Workspace, value: str) -> Campaign | None:
    try:
        public_id = UUID(value)
    except ValueError:
        return None
    return Campaign.objects.filter(workspace=workspace, public_id=public_id).first()


def _of_campaign(workspace: Workspace, rows: QuerySet[Proposal], value: str) -> QuerySet[Proposal]:
    """Changes of a campaign, of what is in it too."""
    campaign = _campaign(workspace, value)
    return rows.filter(ad_change__campaign_id=campaign.pk) if campaign else rows.none()


def _campaign_name(workspace: Workspace, value: str) -> str:
    campaign = _campaign(workspace, value)
    return campaign.name if campaign else ""


def _of_channel(workspace: Workspace, rows: QuerySet[Proposal], value: str) -> QuerySet[Proposal]:
    found = Campaign.objects.filter(workspace=workspace).alias(channel_name=channel_key(""))
    return rows.filter(ad_change__campaign_id__in=found.filter(channel_name=value).values("pk"))


def _channel_name(workspace: Workspace, value: str) -> str:
    return channels_of(workspace).label(value)


def scope_of(query: InsightQuery) -> dict[str, str]:
    """What a dashboard is narrowed to, as the ledger's address says it."""
    campaign = str(query.campaign.public_id) if query.campaign else ""
    return {"channel": query.channel, "campaign": campaign}


def marked_for(query: InsightQuery, charts: Iterable[LineChart]) -> list[LineChart]:
    """Charts of a dashboard with the changes of what it is narrowed to."""
    return marked(list(charts), workspace=query.workspace, scoped=scope_of(query))


def marked_by_channel(
    query: InsightQuery, charts: Iterable[tuple[str, LineChart]]
) -> list[LineChart]:
    """Charts of a dashboard that each show one channel, with the changes of it."""
    return marked_channels(query.workspace, charts, scope_of(query))


def marked_channels(
    workspace: Workspace, charts: Iterable[tuple[str, LineChart]], scope: Mapping[str, str]
) -> list[LineChart]:
    """Charts that each show one channel, with the changes of it: one query for all."""
    charts = list(charts)
    days = days_of(chart for _, chart in charts)
    if days is None:
        return [chart for _, chart in charts]
    found = _kept_by_channel(workspace, scope, *days)
    return [
        with_changes(chart, found.get(channel, {}), {**scope, "channel": channel})
        for channel, chart in charts
    ]


def _kept_by_channel(
    workspace: Workspace, scope: Mapping[str, str], since: date, until: date
) -> dict[str, dict[date, int]]:
    """As ``_changes_by_channel``, for a minute: the overview asks much already."""
    scoped = ":".join(scope.values())

    def read() -> dict[str, dict[str, int]]:
        return {
            channel: {day.isoformat(): count for day, count in days.items()}
            for channel, days in changes_by_channel(workspace, scope, since, until).items()
        }

    told = kept(f"ledger-marks:{workspace.pk}:{since}:{until}:{scoped}", read)
    return {
        channel: {date.fromisoformat(day): count for day, count in days.items()}
        for channel, days in told.items()
    }


def changes_by_channel(
    workspace: Workspace, scope: Mapping[str, str], since: date, until: date
) -> dict[str, dict[date, int]]:
    """How many changes of ads were made on each day of the workspace, by channel."""
    narrowed = tuple((name, value) for name, value in scope.items() if value)
    filters = LedgerFilter(kind="ad_change", since=since, until=until, scoped=narrowed)
    channel = Campaign.objects.filter(pk=OuterRef("ad_change__campaign_id"))
    rows = (
        ledger_rows(workspace, filters)
        .order_by()
        .values(
            on=Subquery(channel.values(key=channel_key(""))[:1]),
            day=TruncDate("executed_at", tzinfo=workspace.zone),
        )
        .annotate(changes=Count("pk"))
    )
    found: dict[str, dict[date, int]] = {}
    for row in rows:
        found.setdefault(row["on"], {})[row["day"]] = row["changes"]
    return found


def register() -> None:
    """Make them known."""
    register_scope(Scope("channel", "Channel", _of_channel, _channel_name))
    register_scope(Scope("campaign", "Campaign", _of_campaign, _campaign_name))
