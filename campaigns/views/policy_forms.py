"""The safety policy as a form: grouped, with units, blackouts written as lines."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from campaigns.models import SafetyPolicy
from campaigns.services.policy import EDITABLE

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(
    r"^(\w{3})\w*\s+(\d{1,2}:\d{2})\s*[-–—]\s*(\d{1,2}:\d{2})$"
)  # people type dashes


@dataclass(frozen=True)
class Group:
    """Fields that belong together, and what they are for."""

    title: str
    text: str
    fields: dict[str, str]


# Labels carry the unit; {c} is the workspace's currency.
GROUPS = (
    Group("Size of a change", "How far one decision may move a budget.", {
        "max_change_pct": "Largest change of one decision (%)",
        "min_daily_budget": "Smallest daily budget ({c})",
        "max_daily_budget": "Largest daily budget of one entity ({c}, empty: no limit)",
        "max_workspace_daily_total": "Sum of all daily budgets ({c}, empty: no limit)",
        "fuzz_pct": "Fuzz: budgets are moved by up to (%)",
    }),
    Group("Pace", "How often and how fast. What is too fast waits and says until when.", {
        "velocity_pct": "Largest move of one budget in the window (%)",
        "velocity_window_h": "Velocity window (hours)",
        "rate_campaign_hour": "Calls per campaign and hour",
        "rate_workspace_day": "Calls per workspace and day",
        "platform_rate_hour": "Budget changes per ad set and hour",
        "jitter_min_ms": "Random delay from (ms)",
        "jitter_max_ms": "Random delay to (ms)",
    }),
    Group("State of the entity", "What must hold before anything is sent.", {
        "learning_mode": "While the platform is learning",
        "learning_edit_pct": "Edits above this wait while learning (%)",
        "freshness_h": "Oldest figures for automatic changes (hours)",
        "drift_pct": "A live budget this far from 'before' is drift (%)",
    }),
    Group("Quiet times", "Execution waits; signing may go on. Workspace time.", {
        "blackout_weekly": "Weekly, one a line: Sat 00:00-08:00",
        "blackout_dates": "Whole days, one a line: 2026-12-24",
    }),
    Group("Signing by policy", "Off by default. Only budgets, never a pause, a kill or a bid.", {
        "auto_approve_enabled": "The policy may sign small and sure changes",
        "auto_max_change_pct": "Up to this change (%)",
        "auto_max_increase": "Up to this increase a day ({c})",
        "auto_max_result": "Up to this resulting budget a day ({c})",
        "auto_min_confidence": "From this confidence (0 to 1)",
    }),
    Group("Risk and four eyes", "What counts as risky, and when two people sign.", {
        "four_eyes_result": "Two signatures above this budget a day ({c})",
        "high_pause_spend": "High risk: pausing what spends this much a day ({c})",
        "high_change_pct": "High risk above this change (%)",
        "medium_change_pct": "Medium risk above this change (%)",
        "medium_confidence": "Medium risk below this confidence (0 to 1)",
        "expiry_h": "Expires without decision after (hours)",
    }),
    Group("Sampler", "When it may judge, stop and scale.", {
        "ignorance_zone_days": "Too young to judge: days below",
        "ignorance_zone_spend": "Too young to judge: spend below ({c})",
        "ignorance_rule": "Too young when",
        "min_spend_for_kill": "Spend before a kill ({c})",
        "kill_pipeline_roas": "Kill below this pipeline ROAS",
        "scale_pipeline_roas": "Scale above this pipeline ROAS",
        "roas_threshold": "ROAS threshold",
        "max_budget_change": "Largest budget change of one run (0 to 1)",
        "confidence_threshold": "Least confidence of a proposal (0 to 1)",
        "decay_form": "Creative decay",
    }),
)  # fmt: skip


class WeeklyField(forms.CharField):
    """Weekly windows, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> str:
        """Stored windows as lines; what was typed stays as it was typed."""
        if isinstance(value, str):
            return value
        return "\n".join(f"{_DAYS[int(day)]} {start}-{end}" for day, start, end in value or [])

    def to_python(self, value: Any) -> Any:
        """Lines as stored windows."""
        return [_window(line) for line in str(value or "").splitlines() if line.strip()]


def _window(line: str) -> list[Any]:
    match = _WINDOW.match(line.strip())
    days = {name.lower(): number for number, name in enumerate(_DAYS)}
    if match is None or match[1].lower() not in days:
        raise forms.ValidationError(f"“{line.strip()}” is no window; write Sat 00:00-08:00.")
    try:
        times = [dt.time.fromisoformat(text.zfill(5)) for text in match.group(2, 3)]
    except ValueError:
        raise forms.ValidationError(f"“{line.strip()}” has no such time of day.") from None
    return [days[match[1].lower()], *(f"{time:%H:%M}" for time in times)]


class DatesField(forms.CharField):
    """Days, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> str:
        """Stored days as lines."""
        return value if isinstance(value, str) else "\n".join(value or [])

    def to_python(self, value: Any) -> Any:
        """Lines as stored days."""
        days = []
        for text in str(value or "").replace(",", " ").split():
            try:
                days.append(dt.date.fromisoformat(text).isoformat())
            except ValueError:
                raise forms.ValidationError(f"“{text}” is no day; write 2026-12-24.") from None
        return days


class PolicyForm(forms.ModelForm[SafetyPolicy]):
    """All limits of one version."""

    blackout_weekly = WeeklyField(required=False)
    blackout_dates = DatesField(required=False)

    class Meta:
        model = SafetyPolicy
        fields = list(EDITABLE)

    def __init__(self, *args: Any, currency: str, is_locked: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in GROUPS:
            for name, label in group.fields.items():
                self.fields[name].label = label.format(c=currency)
        for name, field in self.fields.items():
            field.disabled = is_locked
            field.help_text = ""  # label and group say it, with the unit
            if isinstance(value := self.initial.get(name), Decimal):
                self.initial[name] = f"{value.normalize():f}"

    def groups(self) -> list[tuple[Group, list[forms.BoundField]]]:
        """Groups with their fields, for the template."""
        return [(group, [self[name] for name in group.fields]) for group in GROUPS]
