"""The round of the job: who is a winner now, what changed, and the saved index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from campaigns.models import Ad
from mlops.models import Winner, WinnerSource
from mlops.selectors.winners import (
    AdFigures,
    ads_with_text,
    figures_of,
    policy_of,
    qualifying,
    text_of,
    traits_of,
)
from mlops.services.winners.keeping import (
    Entry,
    drop_winners,
    keep_figures,
    keep_winners,
    reembed,
)
from workspaces.engine.embedding.choosing import embedder as own_embedder
from workspaces.engine.embedding.shapes import Embedder
from workspaces.models import Workspace
from workspaces.services.jobs import Progress

WINNERS_JOB: Final = "winners"
_BATCH: Final = 256


def collect_for_workspace(progress: Progress) -> None:
    """Keep what the policy chooses, drop what it no longer does, and save the index."""
    from mlops.services.winners.indexes import save_index

    workspace, now = progress.workspace, progress.now
    embedder = own_embedder()
    progress.step("Looking for ads that did well")
    chosen = {one.ad_id: one for one in qualifying(workspace, policy_of(workspace), now)}
    speaking = {ad.pk: ad for ad in ads_with_text(workspace).filter(pk__in=chosen)}
    new = _changed(workspace, [*speaking.values()], embedder.name)
    for start in range(0, len(new), _BATCH):
        progress.step("Reading their texts", done=start, total=len(new))
        keep_winners(
            workspace=workspace,
            entries=_entries(new[start : start + _BATCH], embedder, chosen),
            now=now,
        )
    dropped = drop_winners(workspace=workspace, keep=[*speaking], now=now)
    again = _embedded_again(workspace, embedder, now)
    added = Winner.objects.filter(workspace=workspace, source=WinnerSource.ADDED)
    others = figures_of(workspace, [*added.values_list("ad_id", flat=True)], now)
    keep_figures(workspace=workspace, figures=[*chosen.values(), *others.values()], now=now)
    progress.step("Saving the index")
    kinds = Winner.objects.filter(workspace=workspace).values_list("embedder", flat=True)
    saved = [
        save_index(workspace=workspace, embedder=name, now=now)
        for name in kinds.order_by("embedder").distinct()
    ]
    progress.count(
        winners=len(speaking), read=len(new) + again, dropped=dropped,
        without_text=len(chosen) - len(speaking), saved=sum(saved),
    )  # fmt: skip


def _changed(workspace: Workspace, ads: Sequence[Ad], embedder: str) -> list[Ad]:
    """Ads that are no winners yet, or were with another text or embedder."""
    rows = Winner.objects.filter(workspace=workspace, ad__in=[ad.pk for ad in ads])
    known = {
        ad_id: (source, text, by)
        for ad_id, source, text, by in rows.values_list("ad_id", "source", "text", "embedder")
    }

    def is_due(ad: Ad) -> bool:
        if ad.pk not in known:
            return True
        source, text, by = known[ad.pk]
        is_same = text == text_of(traits_of(ad)) and by == embedder
        return source == WinnerSource.POLICY and not is_same

    return [ad for ad in ads if is_due(ad)]


def _entries(ads: Sequence[Ad], embedder: Embedder, figures: dict[int, AdFigures]) -> list[Entry]:
    traits = [traits_of(ad) for ad in ads]
    texts = [text_of(one) for one in traits]
    return [
        Entry(ad.pk, vector, embedder.name, text, said, figures=figures[ad.pk])
        for ad, said, text, vector in zip(ads, traits, texts, embedder.embed(texts), strict=True)
    ]


def _embedded_again(workspace: Workspace, embedder: Embedder, now: datetime) -> int:
    """Added winners whose text was read by an embedder of ours that is not the present one."""
    stale = Winner.objects.filter(workspace=workspace, source=WinnerSource.ADDED)
    rows = list(stale.exclude(text="").exclude(embedder=embedder.name).order_by("pk"))
    for start in range(0, len(rows), _BATCH):
        some = rows[start : start + _BATCH]
        vectors = embedder.embed([row.text for row in some])
        reembed(workspace=workspace, rows=some, vectors=vectors, embedder=embedder.name, now=now)
    return len(rows)
