"""Figures of the inbox over REST."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.serializers_analytics import InboxAnalyticsOut, InboxAnalyticsQuery
from inbox.engine.reporting import AUTOMATIC, ESCALATED, MAIL_MINUTES, Figures, Spread
from inbox.selectors.analytics.asked import strict_query
from inbox.selectors.analytics.counted import Scores
from inbox.selectors.analytics.keeping import recent_report
from inbox.selectors.analytics.report import Report
from workspaces.api.views import ApiView

TAG = ["Inbox"]
_GOALS: Final = {
    "service_email_mean_minutes": MAIL_MINUTES, "automatic_share": AUTOMATIC,
    "escalated_share": ESCALATED,
}  # fmt: skip


class InboxAnalytics(ApiView):
    """How much came, how fast it was answered, what was kept."""

    scopes = {"GET": "inbox:read"}

    @extend_schema(
        tags=TAG, operation_id="inbox_analytics", summary="Figures of the inbox",
        parameters=[InboxAnalyticsQuery], responses=InboxAnalyticsOut,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Figures of some days, seven by default, today with them; and of the days before."""
        asked = self.read_query(InboxAnalyticsQuery)
        query = strict_query(
            self.workspace, since=asked.get("from"), until=asked.get("to"),
            channel=asked.get("channel", ""), team=asked.get("team", ""),
            agent=asked.get("agent", ""), now=self.now,
        )  # fmt: skip
        return Response(InboxAnalyticsOut(_told(recent_report(query, self.now)[0])).data)


def _told(report: Report) -> dict[str, Any]:
    period, volume = report.query.period, report.volume
    return {
        "from": period.since, "to": period.until, "time_zone": str(report.query.workspace.zone),
        "volume": {"incoming": volume.incoming, "outgoing": volume.outgoing},
        "volume_before": {
            "incoming": volume.incoming_before, "outgoing": volume.outgoing_before,
        },
        "days": [
            {"date": day, "incoming": came, "outgoing": went}
            for day, (came, went) in zip(period, volume.days, strict=True)
        ],
        "arrivals": [
            {"weekday": number, "hours": [count for count, _ in line.cells]}
            for number, line in enumerate(volume.heat, 1)
        ],
        "total": _figures(report.figures), "before": _figures(report.before),
        **{
            f"by_{name}": [
                {"key": part.key, "name": part.label, **_figures(part.figures),
                 "satisfaction": _scores(part.scores)}
                for part in parts
            ]
            for name, parts in report.parts.items()
        },
        "service_email": _spread(report.mail.first_business),
        "satisfaction": _scores(report.said.now),
        "satisfaction_before": _scores(report.said.before),
        "backlog": [{"age": label, "conversations": count} for label, count in report.backlog],
        "goals": _GOALS,
    }  # fmt: skip


def _figures(own: Figures) -> dict[str, Any]:
    return {
        "waited": own.turns, "answered": own.answered,
        "first_response": _spread(own.first_business),
        "first_response_on_the_wall": _spread(own.first),
        "met": own.kept, "missed": own.missed, "eligible": own.judged,
        "compliance": own.compliance, "automatic": own.automatic,
        "automatic_share": own.automatic_share, "conversations": own.conversations,
        "escalated": own.escalated, "escalated_share": own.escalated_share,
    }  # fmt: skip


def _spread(own: Spread) -> dict[str, Any]:
    return {
        "count": own.count, "mean_minutes": own.mean, "median_minutes": own.median,
        "p90_minutes": own.p90,
    }  # fmt: skip


def _scores(own: Scores) -> dict[str, Any]:
    return {
        "rated": own.rated, "satisfied": own.glad, "satisfied_share": own.share,
        "mean_score": own.mean,
    }  # fmt: skip
