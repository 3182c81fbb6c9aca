"""Texts in a gallery: what they say, how they fare, where they are used, how versions differ."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from outreach.engine.shares import Share, share_of
from outreach.models import (
    ChannelTemplate,
    MessageDay,
    StepText,
    TemplateStatus,
    TemplateVersion,
)
from workspaces.models import Workspace

PAGE_ROWS: Final = 24
#: What a tab of the gallery holds.
TABS: Final[Mapping[str, str]] = {
    TemplateStatus.ACTIVE: "In use", TemplateStatus.DRAFT: "Drafts",
    TemplateStatus.ARCHIVED: "Archived",
}  # fmt: skip
_COUNTED: Final = ("sent", "delivered", "opened", "clicked", "replied", "bounced", "complained",
                   "failed")  # fmt: skip


@dataclass(frozen=True)
class TextRates:
    """What became of messages that a text was sent in.

    Opens, clicks, replies and complaints are held against what arrived.
    """

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    replied: int = 0
    bounced: int = 0
    complained: int = 0
    failed: int = 0

    @property
    def arrived(self) -> int:
        """Delivered, or sent and not returned where no receipts come."""
        return max(self.delivered, self.sent - self.bounced - self.failed, 0)

    @property
    def shares(self) -> dict[str, Share]:
        """Share of each kind with its interval; none before something arrived."""
        kinds = ("opened", "clicked", "replied", "complained")
        if not self.arrived:
            return {}
        return {kind: share_of(min(getattr(self, kind), self.arrived), self.arrived)
                for kind in kinds}  # fmt: skip


def texts_of(workspace: Workspace, asked: Mapping[str, str] | None = None) -> QuerySet[Any]:
    """Texts of a workspace that fit what is asked for, with their newest version's number.

    ``asked`` may name ``status``, ``channel``, ``category`` and words ``q``.
    """
    asked = asked or {}
    newest = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number")
    rows = ChannelTemplate.objects.filter(workspace=workspace).select_related("current").annotate(
        newest_number=Coalesce(Subquery(newest.values("number")[:1]), 0),
        newest_subject=Subquery(newest.values("subject")[:1]),
        newest_text=Subquery(newest.values("text")[:1]),
    )  # fmt: skip
    for name in ("status", "channel", "category"):
        if asked.get(name):
            rows = rows.filter(**{name: asked[name]})
    if words := asked.get("q", "").strip().replace("\x00", ""):
        said = TemplateVersion.objects.filter(template=OuterRef("pk")).filter(
            Q(subject__icontains=words) | Q(text__icontains=words) | Q(body__icontains=words)
        )
        rows = rows.filter(Q(name__icontains=words) | Q(pk__in=said.values("template")))
    return rows.order_by("name", "pk")


def counts_of(workspace: Workspace) -> dict[str, int]:
    """How many texts are in each state."""
    found = ChannelTemplate.objects.filter(workspace=workspace).values_list("status")
    counts = dict(found.annotate(n=Count("pk")).order_by())
    return {status: counts.get(status, 0) for status in TABS}


def rates_by_template(
    workspace: Workspace, templates: Iterable[int], *, since: date | None = None
) -> dict[int, TextRates]:
    """How texts fared over all their versions, by the text's key."""
    return _rates(workspace, Q(version__template__in=list(templates)), "version__template", since)


def rates_by_version(workspace: Workspace, template: ChannelTemplate) -> dict[int, TextRates]:
    """How each version of a text fared, by the version's key."""
    return _rates(workspace, Q(version__template=template), "version", None)


def _rates(workspace: Workspace, which: Q, by: str, since: date | None) -> dict[int, TextRates]:
    rows = MessageDay.objects.filter(which, workspace=workspace)
    if since is not None:
        rows = rows.filter(day__gte=since)
    sums = {f"n_{name}": Sum(name) for name in _COUNTED}
    found: Any = rows.values(by).annotate(**sums).order_by()
    return {row[by]: TextRates(**{name: row[f"n_{name}"] or 0 for name in _COUNTED})
            for row in found}  # fmt: skip


def used_in(template: ChannelTemplate) -> list[StepText]:
    """Steps of campaigns that send it, the newest campaign first."""
    rows = StepText.objects.filter(template=template).select_related("step__campaign__test")
    return list(rows.order_by("-step__campaign_id", "step__position", "pk")[:50])


@dataclass(frozen=True)
class PartDiff:
    """What changed in a part: lines with '+', '-' or ' ' before them."""

    part: str
    lines: tuple[tuple[str, str], ...]


def differences(before: TemplateVersion, after: TemplateVersion) -> list[PartDiff]:
    """What one version says otherwise than another, part by part."""
    found = []
    for part in ("subject", "preheader", "markup", "text", "body", "variables"):
        old, new = _lines(getattr(before, part)), _lines(getattr(after, part))
        if old != new:
            found.append(PartDiff(part, tuple(_changed(old, new))))
    return found


def _lines(value: Any) -> list[str]:
    if isinstance(value, list):
        return [_in_words(one) for one in value]
    return str(value).splitlines()


def _in_words(variable: Mapping[str, Any]) -> str:
    optional = "" if variable.get("required", True) else ", may be empty"
    return f"{variable['name']}: {variable.get('type', 'text')}{optional}, sample" \
           f" {variable.get('sample', '')}"  # fmt: skip


def _changed(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    """Changed lines with two around them; a gap is an empty mark."""
    for line in list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]:
        yield ("", "…") if line.startswith("@@") else (line[0], line[1:])
