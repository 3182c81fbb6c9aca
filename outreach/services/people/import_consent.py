"""What a file says of consent, and of addresses that nobody writes to any more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.models import (
    Consent,
    ConsentSource,
    ContactImport,
    ContactPoint,
    Purpose,
    SuppressionReason,
)
from outreach.selectors.consents import consents_of
from outreach.services.people.suppressing import add_suppressions
from workspaces.copying import copy_rows


@dataclass
class Row:
    """A checked row and the contact that it became."""

    values: dict[str, Any]
    contact: int = 0

    @property
    def is_new(self) -> bool:
        """Whether this file brings the contact."""
        return bool(self.values["kind"] == "new")

    @property
    def points(self) -> list[tuple[str, str]]:
        """Its addresses."""
        given = (("email", self.values["email"]), ("sms", self.values["phone"]))
        return [(channel, address) for channel, address in given if address]


def record_consent(run: ContactImport, rows: Sequence[Row], now: datetime) -> None:
    """Keep what the file says. It never takes back what somebody withdrew."""
    if not run.options["consent"]:
        return
    copy_rows(
        Consent,
        ("workspace_id", "contact_id", "channel", "purpose", "is_given", "source", "evidence",
         "at", "by_label", "recorded_at"),
        ((run.workspace_id, contact, channel, Purpose.MARKETING.value, is_given,
          ConsentSource.IMPORT.value, evidence, now, run.by_label, now)
         for contact, channel, is_given, evidence in _said(run, rows)),
    )  # fmt: skip
    if run.options["consent"] == "column":
        _suppress(run, rows, now)


def _said(run: ContactImport, rows: Sequence[Row]) -> Iterator[tuple[int, str, bool, str]]:
    """Contact, channel, yes or no, and the proof."""
    # Nobody said anything before the file brought him.
    holds = consents_of(
        run.workspace_id, [one.contact for one in rows if one.contact and not one.is_new]
    )
    for one in rows:
        word = "given" if run.options["consent"] == "all" else one.values["consent"]
        if not word or word == "bounced" or not one.contact:
            continue
        evidence = json.dumps({
            "file": run.file_name, "sha256": run.file_sha256, "line": one.values["line"],
            "statement": run.options["statement"],
        })  # fmt: skip
        for channel, _ in one.points:
            if run.options["channel"] not in (channel, "both"):
                continue
            newest = holds.get(one.contact, {}).get((channel, Purpose.MARKETING))
            if not (newest and (word == "given" or not newest.is_given)):
                yield one.contact, channel, word == "given", evidence


def _suppress(run: ContactImport, rows: Sequence[Row], now: datetime) -> None:
    left = [address for one in rows if one.values["consent"] == "withdrawn"
            for _, address in one.points]  # fmt: skip
    gone = [one.values["email"] for one in rows
            if one.values["consent"] == "bounced" and one.values["email"]]  # fmt: skip
    note = f"Imported from {run.file_name}"
    if left:
        add_suppressions(
            workspace=run.workspace, values=left, reason=SuppressionReason.UNSUBSCRIBE, at=now,
            purpose=Purpose.MARKETING, note=note, by_label=run.by_label,
        )  # fmt: skip
    if gone:
        add_suppressions(
            workspace=run.workspace, values=gone, reason=SuppressionReason.BOUNCE, at=now,
            channel="email", note=note, by_label=run.by_label,
        )  # fmt: skip
        ContactPoint.objects.filter(
            workspace=run.workspace, channel="email", address__in=gone
        ).update(is_reachable=False, unreachable_reason="Bounced before it was imported.")
