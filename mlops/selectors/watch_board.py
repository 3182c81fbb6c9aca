"""What the page of a version shows of its life after training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.urls import reverse

from attribution.models import UserInstall
from campaigns.models import Campaign
from inbox.models import CustomerResponse
from mlops.engine.learning.drift import CALIBRATION, REFERENCE
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shadow_rules import Rule, rule_of
from mlops.models import DriftReport, ModelPolicy, ModelVersion, ShadowReport
from mlops.selectors.watch import drift_reports_of, model_policy, shadow_report_of
from workspaces.chart_marks import marked
from workspaces.charts import LineChart, files_of, line_chart
from workspaces.formats import figure, rounded, share
from workspaces.models import Workspace
from workspaces.reports.shapes import Chart, DotChart

#: Of a card, what is drawn and not told in words.
DRAWN: Final = (REFERENCE, CALIBRATION)
#: Name of the chart that a version has before anything watches it.
CHART: Final = "calibration"
_MOST_FEATURES: Final = 10
_BEGAN: Final = {"user": "Installed", "campaign": "Week from", "message": "Written"}
_KEYS: Final = {"user": "install", "campaign": "campaign", "message": "message"}
_SIDE: Final = 240
_EDGE: Final = 8


@dataclass(frozen=True)
class Dot:
    """A group of held-out rows of like predictions."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class CalibrationChart:
    """Mean prediction across, mean outcome upwards; on the diagonal a prediction holds."""

    dots: tuple[Dot, ...]
    rows: tuple[tuple[str, str, str], ...]
    top: str
    summary: str
    file: DotChart
    what: str
    side: int = _SIDE
    name: str = CHART
    title: str = "Calibration on the rows held out"


@dataclass(frozen=True)
class FeatureDrift:
    """How far one column has moved, over days."""

    name: str
    value: float
    limit: float
    is_moved: bool
    chart: LineChart


@dataclass(frozen=True)
class DriftBoard:
    """Newest report of a version, with what moved most first."""

    report: DriftReport
    rule: Rule
    limit: float
    features: tuple[FeatureDrift, ...]
    others: int
    nature: tuple[tuple[str, str], ...]
    score: LineChart
    calibration: LineChart
    days: tuple[DriftReport, ...]


@dataclass(frozen=True)
class Differing:
    """A user or a campaign of whom the two versions say other things."""

    subject: str
    url: str
    began_on: date
    champion: str
    challenger: str
    outcome: str


@dataclass(frozen=True)
class ShadowBoard:
    """The newest comparison, in words and rows."""

    report: ShadowReport
    rule: Rule
    limit: float
    differing: tuple[Differing, ...]

    @property
    def began_label(self) -> str:
        """What the day of a row is."""
        return _BEGAN[self.rule.subject]


@dataclass(frozen=True)
class WatchBoard:
    """All of it; each part is ``None`` while there is nothing to show."""

    calibration: CalibrationChart | None
    drift: DriftBoard | None
    shadow: ShadowBoard | None
    card: dict[str, Any]
    policy: ModelPolicy

    @property
    def files(self) -> dict[str, Chart]:
        """Its charts by name, as files draw them."""
        found: dict[str, Chart] = {}
        if self.calibration:
            found[self.calibration.name] = self.calibration.file
        if self.drift:
            drift = self.drift
            found |= files_of([drift.score, drift.calibration, *(f.chart for f in drift.features)])
        return found


def with_changes_marked(watch: WatchBoard, workspace: Workspace) -> WatchBoard:
    """The same with the workspace's changes on the charts of drift: one query."""
    if watch.drift is None:
        return watch
    charts = [watch.drift.score, watch.drift.calibration]
    score, calibration = marked(charts, workspace=workspace)
    return replace(watch, drift=replace(watch.drift, score=score, calibration=calibration))


def watch_board(version: ModelVersion, champion: ModelVersion | None) -> WatchBoard:
    """Read what was found of a version; five queries at most."""
    policy = model_policy(version.workspace)
    return WatchBoard(
        calibration=_calibration(version),
        drift=_drift(version.name, drift_reports_of(version), policy),
        shadow=_shadow(shadow_report_of(version, champion), policy),
        card={name: _told(said) for name, said in version.card.items() if name not in DRAWN},
        policy=policy,
    )


def _told(said: object) -> object:
    """What a card says: figures as exact as they are read."""
    return rounded(said) if isinstance(said, float) else said


def _calibration(version: ModelVersion) -> CalibrationChart | None:
    groups: Sequence[tuple[float, float, int]] = version.card.get(CALIBRATION) or ()
    top = max((max(told, came) for told, came, _ in groups), default=0.0)
    if not top:
        return None
    is_share = rule_of(version.name).is_chance

    def write(value: float) -> str:
        return share(value, 1) if is_share else figure(value, 2)

    room = _SIDE - 2 * _EDGE
    dots = tuple(
        Dot(
            x=_EDGE + room * told / top,
            y=_SIDE - _EDGE - room * max(came, 0.0) / top,
            label=f"{rows:,} rows: predicted {write(told)}, came {write(came)}",
        )
        for told, came, rows in groups
    )
    worst = max(groups, key=lambda group: abs(group[0] - group[1]))
    summary = (
        f"{len(groups)} groups of held-out rows, mean prediction across, what came upwards;"
        f" furthest off: predicted {write(worst[0])}, came {write(worst[1])}"
    )
    file = DotChart(
        title="Calibration on the rows held out",
        across="predicted",
        upwards="came",
        dots=tuple((told, came) for told, came, _ in groups),
        curve=((0.0, 0.0), (top, top)),
        note=summary,
    )
    rows = tuple((figure(rows), write(told), write(came)) for told, came, rows in groups)
    what = rule_of(version.name).calibrated
    return CalibrationChart(dots, rows, write(top), summary, file, what)


def _drift(name: str, reports: list[DriftReport], policy: ModelPolicy) -> DriftBoard | None:
    if not reports:
        return None
    newest, limit = reports[-1], policy.most_moved
    days = [report.day for report in reports]
    # The shaded part is what may be; it also keeps small moves small.
    allowed = dict.fromkeys(range(len(days)), (0.0, limit))
    held = {
        place: (0.0, report.calibration_limit)
        for place, report in enumerate(reports)
        if report.calibration_limit is not None
    }
    rule = rule_of(name)
    features = _features(reports, limit)
    return DriftBoard(
        report=newest,
        rule=rule,
        limit=limit,
        features=features,
        others=len(newest.moved) - len(features),
        nature=tuple(KINDS[name].nature.items()) if name in KINDS else (),
        score=line_chart(
            title=f"What it predicts: {rule.score_label} (PSI)",
            name="drift",
            days=days,
            values=[report.score_moved for report in reports],
            band=allowed,
        ),
        calibration=line_chart(
            title=rule.calibration_label,
            name="drift-calibration",
            days=days,
            values=[report.calibration_error for report in reports],
            band=held,
        ),
        days=tuple(reversed(reports)),
    )


def _features(reports: list[DriftReport], limit: float) -> tuple[FeatureDrift, ...]:
    """Columns that moved most, each with its course; the shaded part is what may be."""
    newest = reports[-1]
    days = [report.day for report in reports]
    allowed = dict.fromkeys(range(len(days)), (0.0, limit))
    return tuple(
        FeatureDrift(
            name=feature,
            value=value,
            limit=max(limit, newest.chance.get(feature, 0.0)),
            is_moved=value > max(limit, newest.chance.get(feature, 0.0)),
            chart=line_chart(
                title=feature,
                name=f"drift-{feature}",
                days=days,
                values=[report.moved.get(feature) for report in reports],
                band=allowed,
            ),
        )
        for feature, value in newest.worst_first[:_MOST_FEATURES]
    )


def _shadow(report: ShadowReport | None, policy: ModelPolicy) -> ShadowBoard | None:
    if report is None:
        return None
    rule = rule_of(report.version.name)
    names = _names(report, rule)
    return ShadowBoard(
        report=report,
        rule=rule,
        limit=policy.most_moved,
        differing=tuple(
            Differing(
                subject=names[key][0],
                url=names[key][1],
                began_on=date.fromisoformat(row["began_on"]),
                champion=_score(rule, row["champion"], row.get("champion_said", "")),
                challenger=_score(rule, row["challenger"], row.get("challenger_said", "")),
                outcome=row.get("meant") or _outcome(rule, row["outcome"]),
            )
            for row in report.differing
            if (key := row.get(_KEYS[rule.subject])) in names
        ),
    )


def _score(rule: Rule, score: float, said: str = "") -> str:
    told = share(score, 1) if rule.is_chance else figure(score, 2)
    return f"{said}, {told}" if said else told


def _names(report: ShadowReport, rule: Rule) -> dict[int, tuple[str, str]]:
    """How users, campaigns or messages are called, and where more of each stands."""
    if rule.subject == "message":
        return _conversations(report)
    if rule.subject == "user":
        users = UserInstall.objects.filter(
            workspace=report.workspace_id, pk__in=[row["install"] for row in report.differing]
        )
        return {pk: (user_id, "") for pk, user_id in users.values_list("pk", "user_id")}
    campaigns = Campaign.objects.filter(
        workspace=report.workspace_id, pk__in=[row["campaign"] for row in report.differing]
    )
    return {
        pk: (name, reverse("entity", args=["campaign", public_id]))
        for pk, name, public_id in campaigns.values_list("pk", "name", "public_id")
    }


def _conversations(report: ShadowReport) -> dict[int, tuple[str, str]]:
    rows = CustomerResponse.objects.filter(
        workspace=report.workspace_id, pk__in=[row["message"] for row in report.differing]
    ).select_related("conversation")
    return {
        row.pk: (
            row.conversation.subject or row.get_channel_display(),
            reverse("inbox-conversation", args=[row.conversation.public_id]),
        )
        for row in rows
    }


def _outcome(rule: Rule, outcome: float | None) -> str:
    if outcome is None:
        return "not known yet"
    if rule.is_chance:
        return "left" if outcome else "stayed"
    return figure(outcome, 2)
