"""What people read: of our ads with their figures, and of the arms of finished tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.db.models import F, QuerySet, Sum

from campaigns.models import DailyPerformance
from campaigns.selectors.channel_days import channel_key
from experiments.engine.practices.evidence import Arm
from experiments.engine.practices.traits import Piece
from experiments.models import ABTestStatus, MetricDay
from experiments.piece_sources import SentPiece
from workspaces.models import Workspace

#: Ads are held against others of about the same time.
_WINDOW: Final = timedelta(days=365)
#: Below it a rate says little.
_LEAST_IMPRESSIONS: Final = 1_000
_MOST_ADS: Final = 5_000


def ad_pieces(workspace: Workspace, now: datetime) -> list[SentPiece]:
    """Ads with a text and usable conversions, by what their impressions led to."""
    rows = (
        DailyPerformance.objects.filter(
            workspace=workspace, level="ad", day__gte=(now - _WINDOW).date(),
            account__has_usable_conversions=True, ad__creative__isnull=False,
        )
        .annotate(channel_key=channel_key())
        .values("channel_key", "ad_id", headline=F("ad__creative__headline"),
                text=F("ad__creative__primary_text"), call=F("ad__creative__call_to_action"))
        .annotate(units=Sum("impressions"), done=Sum("conversions"))
        .filter(units__gte=_LEAST_IMPRESSIONS)
        .order_by("-units", "ad_id")[:_MOST_ADS]
    )  # fmt: skip
    return [_ad_piece(row) for row in rows if row["headline"] or row["text"]]


def _ad_piece(row: Mapping[str, Any]) -> SentPiece:
    piece = Piece(headline=row["headline"], body=row["text"], call_to_action=row["call"])
    return SentPiece(row["channel_key"] or "", piece, row["units"], round(row["done"] or 0))


@dataclass(frozen=True)
class FinishedTest:
    """A finished test whose primary metric is a conversion."""

    pk: int
    channel: str
    ended_at: datetime
    arms: tuple[Arm, ...]


def finished_tests(workspace: Workspace) -> list[FinishedTest]:
    """Finished tests, the first to end first."""
    found: dict[int, tuple[str, datetime, list[Arm]]] = {}
    for row in _arm_rows(workspace):
        test = found.setdefault(row["test_id"], (row["test__channel"], row["test__ended_at"], []))
        piece = piece_of(row["variant__config"], ad=_ad_of(row))
        test[2].append(Arm(piece, int(row["n"]), int(row["done"])))
    return [
        FinishedTest(pk, channel, ended_at, tuple(arms))
        for pk, (channel, ended_at, arms) in found.items()
    ]


def _arm_rows(workspace: Workspace) -> QuerySet[MetricDay, dict[str, Any]]:
    rows: Any = (
        MetricDay.objects.filter(
            workspace=workspace, dimension="total", metric__kind="binomial",
            test__status__in=[ABTestStatus.COMPLETED, ABTestStatus.WINNER_DECLARED],
            test__metrics__role="primary", test__metrics__metric=F("metric"),
        )
        .values("test_id", "test__channel", "test__ended_at", "variant_id", "variant__config",
                "variant__ad__creative__headline", "variant__ad__creative__primary_text",
                "variant__ad__creative__call_to_action")
        .annotate(n=Sum("units"), done=Sum("sum"))
        .order_by("test__ended_at", "test_id", "variant_id")
    )  # fmt: skip
    # Annotated values, which the stubs know by a type that cannot be written down.
    return cast("QuerySet[MetricDay, dict[str, Any]]", rows)


def _ad_of(row: Mapping[str, Any]) -> Piece | None:
    start = "variant__ad__creative__"
    if not row[f"{start}headline"] and not row[f"{start}primary_text"]:
        return None
    return Piece(
        row[f"{start}headline"], row[f"{start}primary_text"], row[f"{start}call_to_action"]
    )


def piece_of(config: Mapping[str, Any], *, ad: Piece | None = None) -> Piece:
    """What people read of a variant: its own words, those it changes on a page, or its ad's."""
    if ad is not None:
        return ad
    changed = [
        str(one.get("value", "")) for one in config.get("changes", ()) if one.get("kind") == "text"
    ]
    return Piece(
        headline=str(config.get("subject") or config.get("headline") or " ".join(changed)),
        body=str(config.get("body") or ""),
        call_to_action=str(config.get("call_to_action") or ""),
        hour=_whole(config.get("hour")),
        weekday=_whole(config.get("weekday")),
        follow_up_days=_whole(config.get("follow_up_days")),
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
