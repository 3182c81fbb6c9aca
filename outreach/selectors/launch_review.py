"""The last step before a launch: the newest plan, what speaks against it, who has to sign."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime
from hashlib import md5
from typing import Final

from django.core.cache import cache

from outreach.engine.lint import Finding, Message, lint
from outreach.engine.rendering import SYSTEM, TemplateError, render, variables_of
from outreach.message_values import OF_CONTACT, compiled_of
from outreach.models import (
    OutreachCampaign,
    OutreachPolicy,
    PlanStatus,
    Purpose,
    SendPlan,
    StepText,
    TemplateVersion,
)
from outreach.selectors.campaign_rules import settings_of, settings_sha256
from outreach.selectors.launch_needs import Sending, needs_of
from outreach.selectors.laws import outreach_policy_of
from outreach.selectors.plan_diff import PlanDiff, diff_of
from workspaces.gate import CheckResult, Json

_KEPT_S: Final = 3600
_MEASURES: Final = ("delivered", "opened", "clicked", "complained")
_OF_EACH: Final = ("mean", "low", "high")


@dataclass(frozen=True)
class Expected:
    """What a plan should bring, with its interval."""

    label: str
    middle: int
    low: int
    high: int


@dataclass(frozen=True)
class TextFinding:
    """Something that a person should look at in a text."""

    text: str
    severity: str
    place: str
    advice: str


@dataclass(frozen=True)
class Review:
    """The newest plan of a campaign as somebody who launches it sees it."""

    plan: SendPlan
    is_old: bool = False
    diff: PlanDiff | None = None
    needs: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    expected: tuple[Expected, ...] = ()

    @property
    def is_blocked(self) -> bool:
        """Whether a check keeps it from being launched."""
        return any(one.verdict == "blocked" for one in self.checks)

    @property
    def can_launch(self) -> bool:
        """Whether it can be asked for as it is."""
        is_ready = self.plan.status == PlanStatus.READY and not self.is_old
        return is_ready and bool(self.plan.recipients) and not self.is_blocked


def newest_plan(campaign: OutreachCampaign) -> SendPlan | None:
    """The plan that was made last, whatever became of it."""
    rows = SendPlan.objects.filter(campaign=campaign, follows=None)
    return rows.exclude(status=PlanStatus.SUPERSEDED).order_by("-number").first()


def review_of(campaign: OutreachCampaign, now: datetime) -> Review | None:
    """Look at the newest plan; ``None`` where none was made."""
    plan = newest_plan(campaign)
    if plan is None:
        return None
    plan.campaign, plan.workspace = campaign, campaign.workspace
    if plan.made_at is None:
        return Review(plan)
    is_old = settings_sha256(settings_of(campaign)) != settings_sha256(plan.settings)
    return Review(
        plan, is_old, diff_of(plan), tuple(needs_of(plan, now)),
        tuple(Sending(plan, now).checks()), expected_of(plan.expected),
    )  # fmt: skip


def expected_of(document: Json) -> tuple[Expected, ...]:
    """What a plan's forecast says, as far as it says something."""
    total = document.get("total", {})
    return tuple(
        Expected(name.capitalize(), *(round(float(total[name][one])) for one in _OF_EACH))
        for name in _MEASURES
        if name in total
    )


def findings_of(campaign: OutreachCampaign) -> list[TextFinding]:
    """What is wrong with the texts of a campaign, each written with its samples."""
    texts = StepText.objects.filter(step__campaign=campaign)
    policy = outreach_policy_of(campaign.workspace)
    found: dict[tuple[str, str, str], TextFinding] = {}
    for text in texts.select_related("template__current").order_by("step__position", "channel"):
        template, version = text.template, text.template.current
        if version is None:
            continue
        for one in _looked_over(version, text.channel, campaign.purpose, policy):
            key = (template.name, one.rule, one.place)
            found[key] = TextFinding(template.name, one.severity, one.place, one.advice)
    return list(found.values())


def _looked_over(
    version: TemplateVersion, channel: str, purpose: str, policy: OutreachPolicy
) -> list[Finding]:
    """A version never changes, so what was found in it is kept."""
    address = md5(policy.postal_address.encode(), usedforsecurity=False).hexdigest()
    key = f"text-lint:{version.pk}:{channel}:{purpose}:{address}"
    kept = cache.get(key)
    if kept is None:
        kept = [list(astuple(one)) for one in _lint(version, channel, purpose, policy)]
        cache.set(key, kept, _KEPT_S)
    return [Finding(*one) for one in kept]


def _lint(
    version: TemplateVersion, channel: str, purpose: str, policy: OutreachPolicy
) -> list[Finding]:
    try:
        known = (*SYSTEM, *OF_CONTACT, *variables_of(version.variables))
        values = {one.name: one.sample for one in known} | {"postal_address": policy.postal_address}
        written = render(compiled_of(version), values)
    except TemplateError as error:
        return [Finding("error", "template", "text", str(error))]
    return lint(
        Message(
            channel=channel,
            subject=written.subject,
            text=written.text,
            html=written.html,
            is_marketing=purpose == Purpose.MARKETING,
            postal_address=policy.postal_address,
            unsubscribe_url=str(values["unsubscribe_url"]),
        )
    )
