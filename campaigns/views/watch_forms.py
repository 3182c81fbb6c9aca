"""What people enter about alerts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms

from campaigns.models import AlertRule


class RuleForm(forms.ModelForm[AlertRule]):
    """What of a rule is moved on its page; the rest is set over REST or in the admin."""

    class Meta:
        model = AlertRule
        fields = ("threshold", "severity", "lookback_days", "cooldown_hours", "channel",
                  "is_enabled")  # fmt: skip
        labels = {
            "lookback_days": "Days to look back",
            "cooldown_hours": "Told again after hours",
            "channel": "Channel, empty for all",
            "is_enabled": "On",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # As people write it: 1.5, not 1.500000.
        self.initial["threshold"] = f"{self.instance.threshold.normalize():f}"


def picked(given: Iterable[str]) -> list[UUID]:
    """Ids of rows that a form names; what is none names nothing."""
    found = []
    for text in given:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
