"""Winners are written: every change of what an index holds has a number, in the order of commits.

PostgreSQL is the source of truth. A worker compares one number before each answer and reads what
came since (``indexes.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pgbulk
from django.db import transaction

from campaigns.models import Ad
from mlops.models import Winner, WinnerLibrary, WinnerSource
from mlops.selectors.winners import AdFigures, figures_of
from workspaces.engine.embedding.shapes import FloatArray
from workspaces.models import Workspace

_BATCH: Final = 1_000
#: Figures of ``metadata`` that are columns, and filters.
FIGURES: Final = ("ctr", "roas", "impressions", "clicks", "spend", "conversions", "age_hours")


@dataclass(frozen=True)
class Entry:
    """What becomes a winner. Without figures of ours, those of ``metadata`` are its figures."""

    ad_id: int
    vector: FloatArray
    embedder: str
    text: str = ""
    traits: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    figures: AdFigures | None = None

    @property
    def packed(self) -> bytes:
        """The vector as it is stored."""
        return self.vector.astype("<f4").tobytes()


def add_winner(
    *,
    workspace: Workspace,
    ad: Ad,
    entry: Entry,
    by_label: str,
    now: datetime,
) -> tuple[Winner, str]:
    """Keep an ad as a winner because somebody says so; the same again changes nothing.

    Returns
    -------
    the winner, and 'added', 'updated' or 'unchanged'
    """
    figures = figures_of(workspace, [ad.pk], now).get(ad.pk)
    with transaction.atomic():
        library = _locked(workspace)
        known = Winner.objects.filter(workspace=workspace, ad=ad).first()
        wanted = {
            **_content(entry),
            **(figures.columns() if figures else _told(entry.metadata, ad)),
            "figures_at": now,
        }
        if known is not None and _holds(known, entry):
            return known, "unchanged"
        version = _bumped(library, now, is_addition=known is None)
        values = wanted | {"version": version, "source": WinnerSource.ADDED,
                           "added_by_label": by_label[:200]}  # fmt: skip
        if known is None:
            made = Winner.objects.create(workspace=workspace, ad=ad, added_at=now, **values)
            return made, "added"
        for name, value in values.items():
            setattr(known, name, value)
        known.save(update_fields=list(values))
    return known, "updated"


def _holds(known: Winner, entry: Entry) -> bool:
    return (
        bytes(known.embedding) == entry.packed
        and known.embedder == entry.embedder
        and known.metadata == dict(entry.metadata)
        and known.source == WinnerSource.ADDED
    )


def keep_winners(*, workspace: Workspace, entries: Sequence[Entry], now: datetime) -> None:
    """Keep ads that are winners by policy, new ones and those whose text or embedder changed.

    An ad that somebody added stays his, with its own text.
    """
    if not entries:
        return
    with transaction.atomic():
        library = _locked(workspace)
        rows = Winner.objects.filter(workspace=workspace)
        known = set(
            rows.filter(ad__in=[entry.ad_id for entry in entries]).values_list("ad_id", flat=True)
        )
        version = _bumped(library, now, is_addition=not known)
        made = [
            Winner(
                workspace=workspace,
                ad_id=entry.ad_id,
                version=version,
                source=WinnerSource.POLICY,
                added_by_label="Policy",
                added_at=now,
                figures_at=now,
                **_content(entry),
                **(entry.figures.columns() if entry.figures else {}),
            )
            for entry in entries
        ]
        changed = ("text", "traits", "embedder", "embedding", "version")
        Winner.objects.bulk_create(
            made,
            batch_size=_BATCH,
            update_conflicts=True,
            unique_fields=["ad"],
            update_fields=changed,
        )


def keep_figures(*, workspace: Workspace, figures: Sequence[AdFigures], now: datetime) -> int:
    """Bring the figures of winners up to date; no index reads them, so no number changes."""
    found = {one.ad_id: one.columns() for one in figures}
    rows = Winner.objects.filter(workspace=workspace, ad__in=found).defer("embedding")
    changed = [row for row in rows if _take(row, found[row.ad_id])]
    for row in changed:
        row.figures_at = now
    if changed:
        pgbulk.update(Winner.objects.all(), changed, [*next(iter(found.values())), "figures_at"])
    return len(changed)


def _take(row: Winner, columns: Mapping[str, Any]) -> bool:
    """Set columns; whether any of them differed."""
    differ = any(getattr(row, name) != value for name, value in columns.items())
    for name, value in columns.items():
        setattr(row, name, value)
    return differ


def drop_winners(*, workspace: Workspace, keep: Sequence[int], now: datetime) -> int:
    """Take out those that the policy chose and no longer would; ``keep`` are ids of ads."""
    with transaction.atomic():
        library = _locked(workspace)
        gone = Winner.objects.filter(workspace=workspace, source=WinnerSource.POLICY).exclude(
            ad__in=keep
        )
        count, _ = gone.delete()
        if count:
            _bumped(library, now, is_addition=False)
    return count


def reembed(
    *, workspace: Workspace, rows: Sequence[Winner], vectors: FloatArray, embedder: str,
    now: datetime,
) -> None:  # fmt: skip
    """Give winners that somebody added with a text the vectors of another embedder."""
    with transaction.atomic():
        version = _bumped(_locked(workspace), now, is_addition=False)
        for row, vector in zip(rows, vectors, strict=True):
            row.embedding, row.embedder, row.version = (
                vector.astype("<f4").tobytes(),
                embedder,
                version,
            )
        Winner.objects.bulk_update(rows, ["embedding", "embedder", "version"], batch_size=_BATCH)


def _locked(workspace: Workspace) -> WinnerLibrary:
    """Hold the library until the transaction ends: numbers are committed in their order."""
    WinnerLibrary.objects.bulk_create([WinnerLibrary(workspace=workspace)], ignore_conflicts=True)
    return WinnerLibrary.objects.select_for_update().get(workspace=workspace)


def _bumped(library: WinnerLibrary, now: datetime, *, is_addition: bool) -> int:
    library.version += 1
    if not is_addition:
        library.rebuilt_version = library.version
    library.changed_at = now
    library.save(update_fields=["version", "rebuilt_version", "changed_at"])
    return library.version


def _content(entry: Entry) -> dict[str, Any]:
    return {
        "text": entry.text,
        "traits": dict(entry.traits),
        "metadata": dict(entry.metadata),
        "embedder": entry.embedder,
        "embedding": entry.packed,
    }


def _told(metadata: Mapping[str, Any], ad: Ad) -> dict[str, Any]:
    """Figures as whoever added the ad says, where we know none."""
    said = {name: metadata[name] for name in FIGURES if metadata.get(name) is not None}
    money = {name: Decimal(str(said[name])) for name in ("spend", "conversions") if name in said}
    return {
        "channel": ad.campaign.channel or ad.account.platform,
        "currency": ad.account.currency,
        "impressions": int(said.get("impressions", 0)),
        "clicks": int(said.get("clicks", 0)),
        "spend": money.get("spend", Decimal(0)),
        "conversions": money.get("conversions"),
        "ctr": said.get("ctr"),
        "roas": said.get("roas"),
        "age_h": int(said["age_hours"]) if "age_hours" in said else None,
    }
