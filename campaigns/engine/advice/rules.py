"""The rules that write a recommendation where no model does, from the same evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from campaigns.engine.advice.evidence import Evidence, Fact

# A fifth of the weakest channel's money goes to the strongest: one step of the safety policy.
STEP: Final = 0.2
CLEARLY_BETTER: Final = 1.2
LEAST_SHARE: Final = 2.0  # percent of the spend below which a channel is judged by nothing
SLOW_PACE: Final = 90.0
FAST_PACE: Final = 110.0
FALLEN_CTR: Final = -15.0
RISEN_COST: Final = 20.0
MOST_IMPROVEMENTS: Final = 8
MOST_ACTIONS: Final = 3
FLAT: Final = 5.0
# As their owners spell them.
_SPELT: Final = {
    "youtube": "YouTube", "tiktok": "TikTok", "linkedin": "LinkedIn", "whatsapp": "WhatsApp",
    "sms": "SMS",
}  # fmt: skip


def advise(evidence: Evidence) -> dict[str, Any]:
    """Write a recommendation by rule, in the shape of `campaigns.engine.advice.answer`.

    Channels are ranked by what they return (ROAS; clicks for the money where no channel's return
    is known). If the best returns at least 1.2 times as much as the weakest, a fifth of the
    weakest one's share moves there; else the shares stay. Every sentence rests on one fact.

    Parameters
    ----------
    evidence : with at least one channel

    Returns
    -------
    a document whose numbers are all in the evidence
    """
    ranked = ranking(evidence)
    top, worst = ranked[0], ranked[-1]
    shares = _shares(evidence, top, worst)
    moves = shares != dict(evidence.shares)
    improvements = [text for _, text in sorted(_improvements(evidence), key=lambda one: -one[0])]
    return {
        "channel_comparison": {
            "top_performer": top,
            "worst_performer": worst,
            "analysis": _analysis(evidence, top, worst),
        },
        "ml_predictions": {
            "trend": _trend(evidence),
            "forecast_accuracy": _accuracy(evidence),
        },
        "recommendations": {
            "budget_allocation": shares,
            "optimization": improvements[:MOST_IMPROVEMENTS],
            "priority_actions": list(_actions(evidence, top, worst, moves=moves))[:MOST_ACTIONS],
        },
        "summary": _summary(evidence, top, worst, moves=moves),
    }


def ranking(evidence: Evidence) -> list[str]:
    """Channels by what they return for the money, best first.

    Parameters
    ----------
    evidence : with at least one channel

    Returns
    -------
    all channels; those whose return is not known, or with hardly any spend, stand in the middle
    """
    scores = {channel: _score(evidence, channel) for channel in evidence.channels}
    known = sorted(
        (channel for channel, score in scores.items() if score is not None),
        key=lambda channel: -(scores[channel] or 0.0),
    )
    unknown = [channel for channel, score in scores.items() if score is None]
    if len(known) < 2:
        return known + unknown
    return [known[0], *known[1:-1], *unknown, known[-1]]


def _score(evidence: Evidence, channel: str) -> float | None:
    """Return for the money; comparable between channels, since all are judged by the same."""
    share = evidence.get(f"{channel}.share")
    if share is None or share.value < LEAST_SHARE:
        return None
    if any(evidence.get(f"{other}.roas") for other in evidence.channels):
        found = evidence.get(f"{channel}.roas")
        return found.value if found else None
    cost = evidence.get(f"{channel}.cpc")
    return 1 / cost.value if cost and cost.value > 0 else None


def _shares(evidence: Evidence, top: str, worst: str) -> dict[str, float]:
    shares = dict(evidence.shares)
    best, least = _score(evidence, top), _score(evidence, worst)
    if top == worst or best is None or least is None or best < CLEARLY_BETTER * least or best <= 0:
        return shares
    room = evidence.bounds(top)[1] - shares[top]
    moved = min(shares[worst] * STEP, room)
    return {**shares, top: shares[top] + moved, worst: shares[worst] - moved}


def _said(evidence: Evidence, fact_id: str) -> str:
    """Write a fact as people do; empty when the number is not known."""
    fact = evidence.get(fact_id)
    return evidence.text(fact) if fact else ""


def _return_of(evidence: Evidence, channel: str) -> str:
    if roas := _said(evidence, f"{channel}.roas"):
        earned = f"{roas} in {evidence.value_name} for each {evidence.currency} spent"
        return f"{label_of(channel)} returned {earned}."
    if cost := _said(evidence, f"{channel}.cpc"):
        return f"{label_of(channel)} paid {cost} for a click; what it earned is not known."
    return f"What {label_of(channel)} returned is not known."


def label_of(channel: str) -> str:
    """Write a channel's key as people do.

    Parameters
    ----------
    channel : such as `google_ads`

    Returns
    -------
    such as `Google Ads`; still the same channel to the check of texts
    """
    return _SPELT.get(channel) or channel.replace("_", " ").title()


def _analysis(evidence: Evidence, top: str, worst: str) -> str:
    days = _said(evidence, "period.days")
    head = f"Over the last {days} days {_return_of(evidence, top)}"
    if top == worst:
        return f"{head} It is the only channel with spend."
    return f"{head} {_return_of(evidence, worst)}"


def _trend(evidence: Evidence) -> str:
    days = _said(evidence, "period.week_days")
    for name, words in (("value", evidence.value_name), ("spend", "spend")):
        change = evidence.get(f"total.{name}.week.change")
        if change is not None:
            return (
                f"{_way(change).capitalize()}: {words} of the last {days} days {_against(change)}"
                f" ({evidence.text(change)})."
            )
    return f"There is nothing to compare the last {days} days with."


def _way(change: Fact) -> str:
    if abs(change.value) < FLAT:
        return "steady"
    return "rising" if change.value > 0 else "falling"


def _against(change: Fact) -> str:
    if abs(change.value) < FLAT:
        return "is close to that of the days before"
    return f"is {'above' if change.value > 0 else 'below'} that of the days before"


def _accuracy(evidence: Evidence) -> str:
    held, measured = _said(evidence, "forecast.held"), _said(evidence, "forecast.measured")
    if not held:
        return "No effect that was predicted has been measured yet."
    return f"The predicted interval held the measured effect in {held} of {measured} changes."


def _improvements(evidence: Evidence) -> Iterator[tuple[float, str]]:
    """Find what to do better in each channel, with the spend that it is about."""
    for channel in evidence.channels:
        spend = evidence.get(f"{channel}.spend")
        for text in _of_channel(evidence, channel):
            yield (spend.value if spend else 0.0), text


def _of_channel(evidence: Evidence, channel: str) -> Iterator[str]:
    name = label_of(channel)
    pacing = evidence.get(f"{channel}.pacing")
    if pacing and pacing.value < SLOW_PACE:
        yield (
            f"{name} spends {evidence.text(pacing)} of its daily budgets. Look at bids and"
            " audiences before it gets more."
        )
    elif pacing and pacing.value > FAST_PACE:
        yield f"{name} spends {evidence.text(pacing)} of its daily budgets. Check the caps."
    ctr = evidence.get(f"{channel}.ctr.change")
    if ctr and ctr.value <= FALLEN_CTR:
        yield f"The click-through rate of {name} fell by {_amount(evidence, ctr)}. Renew creatives."
    for cost, words in (("cpa", "A conversion"), ("cpc", "A click")):
        change = evidence.get(f"{channel}.{cost}.change")
        if change and change.value >= RISEN_COST:
            yield f"{words} on {name} costs {_amount(evidence, change)} more than before."
            break
    worn = evidence.get(f"{channel}.fatigued")
    if worn and worn.value:
        yield f"Campaigns of {name} that people click less and less: {evidence.text(worn)}."


def _amount(evidence: Evidence, change: Fact) -> str:
    return evidence.text(Fact(change.id, change.about, abs(change.value), change.unit))


def _actions(evidence: Evidence, top: str, worst: str, *, moves: bool) -> Iterator[str]:
    if moves:
        yield f"Move budget from {label_of(worst)} to {label_of(top)}, as the shares say."
    for channel in evidence.channels:
        roas = evidence.get(f"{channel}.roas")
        if roas and roas.value < 1:
            yield (
                f"{label_of(channel)} earns less than it costs: {evidence.text(roas)} for each"
                f" {evidence.currency} spent. Cut what does not pay."
            )
    for campaign in evidence.campaigns:
        roas, spend = (evidence.get(f"{campaign.id}.{name}") for name in ("roas", "spend"))
        if roas and spend and roas.value == 0:
            yield (
                f'"{campaign.name}" on {label_of(campaign.channel)} spent {evidence.text(spend)}'
                " and earned nothing. Pause it or find out why."
            )


def _summary(evidence: Evidence, top: str, worst: str, *, moves: bool) -> str:
    spent, days = _said(evidence, "total.spend"), _said(evidence, "period.days")
    head = f"{spent} went into advertising in the last {days} days."
    roas = _said(evidence, "total.roas")
    earned = (
        f" Each {evidence.currency} of it returned {roas} in {evidence.value_name}." if roas else ""
    )
    if moves:
        return f"{head}{earned} {label_of(top)} does clearly better than {label_of(worst)}."
    return f"{head}{earned} No channel is so much better that money should move."
