"""Why a send needs a person's signature, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q, QuerySet, Sum
from django.utils.dateparse import parse_datetime

from outreach.models import (
    CampaignLaunch,
    MessageChannel,
    MessageDay,
    OutreachPolicy,
    Purpose,
    SendPlan,
    TemplateVersion,
)
from outreach.selectors.campaign_rules import steps_of, usable_channels
from outreach.selectors.campaign_use import use_of
from outreach.selectors.launches import KIND, SMALL_SENDS
from outreach.selectors.laws import outreach_policy_of, policies_of
from outreach.selectors.senders import changed_since
from workspaces.formats import money as shown
from workspaces.gate import CheckResult, Json
from workspaces.models.gate import OPEN

_LINES: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_WHOLE: Final = 10_000
_UNSUBSCRIBE: Final = "unsubscribe"


def needs_of(plan: SendPlan, now: datetime) -> list[str]:
    """Why people have to sign a send, as sentences; none where policy may sign."""
    policy, workspace = outreach_policy_of(plan.workspace), plan.workspace
    found = []
    if plan.recipients > policy.launch_recipients:
        found.append(
            f"It goes to {plan.recipients:,} people, more than {policy.launch_recipients:,}."
        )
    if plan.cost > policy.launch_budget:
        found.append(
            f"It costs {shown(plan.cost, workspace.currency)}, more than "
            f"{shown(policy.launch_budget, workspace.currency)}."
        )
    if not found:
        found += _together(plan, policy, now)
    return found + _new(plan)


def _together(plan: SendPlan, policy: OutreachPolicy, now: datetime) -> list[str]:
    """Lines that it is over with what policy signed of late: many small sends are a large one."""
    others = CampaignLaunch.objects.filter(
        Q(plan__activated_at__gt=now - _DAY) | Q(proposal__status__in=OPEN),
        proposal__workspace=plan.workspace_id, proposal__kind=KIND,
        proposal__proposer_key__startswith=SMALL_SENDS,
    ).exclude(plan=plan)  # fmt: skip
    sends = SendPlan.objects.filter(pk__in=others.values("plan"))
    sums = sends.aggregate(people=Sum("recipients"), cost=Sum("cost"))
    if not sums["people"]:
        return []
    recipients, cost = plan.recipients + sums["people"], plan.cost + sums["cost"]
    found, with_others = [], "With the small sends of the last day it"
    if recipients > policy.launch_recipients:
        found.append(
            f"{with_others} goes to {recipients:,} people, more than {policy.launch_recipients:,}."
        )
    if cost > policy.launch_budget:
        currency = plan.workspace.currency
        found.append(
            f"{with_others} costs {shown(cost, currency)}, more than "
            f"{shown(policy.launch_budget, currency)}."
        )
    return found


def _launched(plan: SendPlan) -> QuerySet[MessageDay]:
    """What signed sends brought out: a single message makes no text and no channel known."""
    return MessageDay.objects.filter(
        workspace=plan.workspace_id, campaign__isnull=False, sent__gt=0
    )


def _new(plan: SendPlan) -> list[str]:
    """Texts and channels that it may use and none did before, fallbacks among them."""
    wanted = plan.settings["campaign"]["channels"] or MessageChannel.values
    texts = [
        text for step in plan.settings["steps"] for text in step["texts"] if text["version"]
    ]  # fmt: skip
    named = {one["version"]: one["name"] for one in texts}
    used = {one["channel"] for one in texts if one["channel"] in wanted}
    known = (
        _launched(plan)
        .filter(Q(version__public_id__in=named) | Q(channel__in=used))
        .order_by()
        .values_list("version__public_id", "channel")
        .distinct()
    )
    sent, channels = set(), set()
    for version, channel in known:
        sent.add(str(version))
        channels.add(channel)
    fresh = sorted({name for version, name in named.items() if version not in sent})
    return [
        *(f"The text “{name}” was never sent before." for name in fresh),
        *(f"{MessageChannel(one).label} is used for the first time."
          for one in sorted(used - channels)),
    ]  # fmt: skip


@dataclass(frozen=True)
class Sending:
    """A plan that is looked at before it is let go."""

    plan: SendPlan
    now: datetime

    @property
    def said(self) -> Json:
        """The campaign, as it is signed."""
        found: Json = self.plan.settings["campaign"]
        return found

    def checks(self) -> tuple[CheckResult, ...]:
        """All checks of a launch or change."""
        policy = outreach_policy_of(self.plan.workspace)
        return (
            self._time(), self._channels(), self._senders(), self._texts(), self._foot(policy),
            self._budget(), *self._lines(policy),
        )  # fmt: skip

    def _time(self) -> CheckResult:
        starts, ends = (_moment(self.said[name]) for name in ("starts_at", "ends_at"))
        if ends is not None and ends <= self.now:
            return CheckResult("time", "blocked", "The campaign's end has come already.")
        if starts is not None and starts < self.plan.as_of:
            return CheckResult(
                "time", "warning", "Its start was over when it was planned: it goes out at once."
            )
        return CheckResult("time", "passed", "It goes out in time.")

    def _channels(self) -> CheckResult:
        missing: dict[str, str] = {}
        used = set(self.plan.counts.get("channel", {}))
        for step in self.plan.settings["steps"]:
            found = usable_channels(self.plan.workspace, self.plan.settings, step)
            missing |= found.missing
        stopped = {name: why for name, why in missing.items() if name in used}
        words = "; ".join(f"{MessageChannel(name).label} {why}" for name, why in stopped.items())
        if stopped:
            return CheckResult("channels", "blocked", f"{words}.")
        without = self._unconnected(used)
        if without:
            return CheckResult("channels", "blocked", f"Connect {', '.join(without)} first.")
        return CheckResult("channels", "passed", "Every channel of it is on.")

    def _senders(self) -> CheckResult:
        """Of one that goes: only a new signature lets it come from somebody else."""
        changed = self.plan.activated_at and changed_since(self.plan, terms=False)
        if changed:
            why = f"Changed since it was signed: {changed}. Plan it anew, and have that signed."
            return CheckResult("senders", "blocked", why)
        return CheckResult("senders", "passed", "From whom it comes is as it was planned.")

    def _unconnected(self, used: set[str]) -> list[str]:
        """Channels that need a provider and have none; people and the website need none."""
        by_hand = (MessageChannel.LINKEDIN, MessageChannel.CHAT)
        return [
            one.get_channel_display()
            for name, one in policies_of(self.plan.workspace).items()
            if name in used and one.connection_id is None and name not in by_hand
        ]

    def _texts(self) -> CheckResult:
        texts = [text for step in self.plan.settings["steps"] for text in step["texts"]]
        if missing := sorted({one["name"] for one in texts if not one["version"]}):
            return CheckResult("texts", "blocked", f"Not in use: {', '.join(missing)}.")
        words = "1 text" if len(texts) == 1 else f"{len(texts)} texts"
        return CheckResult(
            "texts", "passed", f"{words}, as {'it was' if len(texts) == 1 else 'they were'} saved."
        )

    def _foot(self, policy: OutreachPolicy) -> CheckResult:
        """What the law wants at the end of a marketing mail."""
        versions = self._mails()
        if self.said["purpose"] != Purpose.MARKETING or not versions:
            return CheckResult("foot", "not_applicable", "No marketing mails are in it.")
        if not policy.postal_address.strip():
            return CheckResult("foot", "blocked", "Marketing mails need your postal address.")
        without = [
            one.template.name
            for one in self._versions(versions)
            if any(_UNSUBSCRIBE not in part for part in (one.text, one.body) if part)
        ]
        if without:
            why = f"No way to unsubscribe in {', '.join(without)}: add {{{{ unsubscribe_url }}}}."
            return CheckResult("foot", "blocked", why)
        return CheckResult("foot", "passed", "Address and a way to unsubscribe are in it.")

    def _versions(self, wanted: list[str]) -> list[TemplateVersion]:
        """Words of a plan; those that its steps still have were read with the steps."""
        found: dict[str, TemplateVersion] = {}
        for text in (text for step in steps_of(self.plan.campaign) for text in step.texts.all()):
            if text.template.current is not None:
                text.template.current.template = text.template
                found[str(text.template.current.public_id)] = text.template.current
        if missing := [one for one in wanted if one not in found]:
            rows = TemplateVersion.objects.select_related("template").filter(
                workspace=self.plan.workspace_id, public_id__in=missing
            )
            found |= {str(one.public_id): one for one in rows}
        return [found[one] for one in wanted if one in found]

    def _mails(self) -> list[str]:
        return [
            text["version"]
            for step in self.plan.settings["steps"]
            for text in step["texts"]
            if text["channel"] == MessageChannel.EMAIL and text["version"]
        ]

    def _budget(self) -> CheckResult:
        if self.said["budget"] is None:
            return CheckResult("budget", "not_applicable", "It has no limit.")
        # What goes has its part reserved; what waits to go takes the place of what was planned.
        is_out = self.plan.activated_at is not None
        use = use_of(self.plan.campaign, self.now, waits=is_out, planned=is_out)
        left = Decimal(self.said["budget"]) - use.spent + (self.plan.cost if is_out else 0)
        currency = self.plan.workspace.currency
        words = f"{shown(self.plan.cost, currency)} of {shown(left, currency)} left"
        if self.plan.cost > left:
            return CheckResult("budget", "blocked", f"It costs more than there is: {words}.")
        return CheckResult("budget", "passed", f"{words}.")

    def _lines(self, policy: OutreachPolicy) -> Iterator[CheckResult]:
        """Complaints and bounces of the last week, on the channels that it uses."""
        since = self.now.astimezone(self.plan.workspace.zone).date() - _LINES
        days = MessageDay.objects.filter(
            workspace=self.plan.workspace_id, day__gt=since,
            channel__in=list(self.plan.counts.get("channel", {})),
        )  # fmt: skip
        sums = days.values("channel").order_by("channel").annotate(
            out=Sum("sent"), arrived=Sum("delivered"), hard=Sum("bounced"), angry=Sum("complained")
        )  # fmt: skip
        for one in sums:
            label = MessageChannel(one["channel"]).label
            if (one["out"] or 0) < policy.judged_from:
                continue
            for name, share, warn, stop in (
                ("bounces", (one["hard"], one["out"]), policy.bounce_warn_bp,
                 policy.bounce_stop_bp),
                ("complaints", (one["angry"], one["arrived"] or one["out"]),
                 policy.complaint_warn_bp, policy.complaint_stop_bp),
            ):  # fmt: skip
                yield _line(f"{label} {name}", name, share, warn, stop)


def _line(label: str, name: str, share: Any, warn: int, stop: int) -> CheckResult:
    part, whole = share
    rate = _WHOLE * part / whole
    words = f"{label}: {part:,} of {whole:,} in seven days"
    if rate >= stop:
        return CheckResult(name, "blocked", f"{words}; nothing goes out from {stop / 100:g} %.")
    if rate >= warn:
        return CheckResult(name, "warning", f"{words}; {warn / 100:g} % is the line to be careful.")
    return CheckResult(name, "passed", f"{words}.")


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
