"""What a finding says to people: title, what was measured, what to do."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from campaigns.engine.signals.scan import Finding
from campaigns.engine.signals.view import Change
from campaigns.models import MarketingChannel, SignalType
from workspaces.formats import share, signed_share
from workspaces.models import Workspace

#: What ads bring where apps are sold; ``{one}`` where it may be another thing.
INSTALL: Final = "install"
CONVERSION: Final = "conversion"
LABELS: Final = {
    "cpi": "cost per {one}", "installs": "{one}s", "ctr": "click-through rate",
    "cpm": "cost per 1,000 views", "pace": "daily spend", "organic": "organic installs",
    "mentions": "mentions", "halo": "organic installs per paid one",
}  # fmt: skip
MONEY: Final = frozenset({"cpi", "cpm", "pace"})
TITLES: Final = {
    SignalType.BREAKTHROUGH: "{where}: {one}s cost less and there are more of them",
    SignalType.FATIGUE: "{where}: creatives wear out",
    SignalType.EXHAUSTED: "{where}: the audience is exhausted",
    SignalType.VIRAL: "More people come by themselves",
    SignalType.COMPETITOR: "{where}: dearer and rarer in some countries only",
    SignalType.OVERRUN: "Spending runs ahead",
    SignalType.UNDERRUN: "Spending stays behind",
    SignalType.SYNERGY: "Ads bring more organic installs than usual",
}
ACTIONS: Final = {
    SignalType.BREAKTHROUGH: "Give it 15 % more budget, from the weakest channel.",
    SignalType.FATIGUE: "Pause the worn creatives and ask for new ones.",
    SignalType.EXHAUSTED: "Widen the audience or pause the ads with the worst results.",
    SignalType.VIRAL: "Retarget those who came, within 48 hours: build an audience of them and"
    " draft a first message.",
    SignalType.COMPETITOR: "Pause the worst 15 % of the ad groups, and move their money to"
    " countries that are not hit.",
    SignalType.OVERRUN: "Cut the daily budgets so that the month lands on plan.",
    SignalType.UNDERRUN: "Look for paused campaigns, rejected ads and bids that win nothing.",
    SignalType.SYNERGY: "Run the channel 24 to 48 hours after the other's activity.",
}  # fmt: skip


def channel_labels(workspace: Workspace) -> dict[str, str]:
    """Names of the workspace's channels by slug."""
    rows = MarketingChannel.objects.filter(workspace=workspace)
    return dict(rows.values_list("slug", "label"))


def title_of(finding: Finding, labels: dict[str, str], one: str) -> str:
    """One line; ``one`` is what the ads bring: an install, a conversion."""
    where = labels.get(finding.scope, finding.scope.replace("_", " ").title())
    return TITLES[SignalType(finding.type)].format(where=where, one=one)


def description_of(finding: Finding, began: date, currency: str, one: str) -> str:
    """What was measured, since when, and how sure that is."""
    measured = "; ".join(
        _measure(name, change, currency, one) for name, change in finding.changes.items()
    )
    parts = [f"Since {began.day} {began:%B}: {measured}." if measured else ""]
    if finding.hit.regions:
        parts.append(f"{one.capitalize()}s went missing in {', '.join(finding.hit.regions)} only.")
    if link := finding.hit.link:
        parts.append(
            f"Organic installs follow {link.cause.replace('_', ' ')} by {link.lag}"
            f" {'day' if link.lag == 1 else 'days'} (p = {link.p:.3f})."
        )
    parts.append(f"The score of the test is {finding.hit.score:.1f}.")
    return " ".join(part for part in parts if part)


def _measure(name: str, change: Change, currency: str, one: str) -> str:
    unit = f" {currency}" if name in MONEY else ""
    return (
        f"{LABELS[name].format(one=one)} {_figure(name, change.before)}{unit} →"
        f" {_figure(name, change.after)}{unit} ({signed_share(change.ratio - 1)})"
    )


def _figure(name: str, value: float) -> str:
    if name == "ctr":
        return share(value, 2)
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def metrics_of(finding: Finding, one: str) -> dict[str, Any]:
    """Before and after of each measure, as kept with the signal."""
    return {
        "test": {"score": round(finding.hit.score, 2), "days": finding.hit.days},
        "regions": list(finding.hit.regions),
        "measures": {
            name: {
                "label": LABELS[name].format(one=one),
                "baseline": round(change.before, 6),
                "after": round(change.after, 6),
                "ratio": round(change.ratio, 4),
                "low": round(change.low, 4),
                "high": round(change.high, 4),
                "score": round(change.score, 2),
            }
            for name, change in finding.changes.items()
        },
    }
