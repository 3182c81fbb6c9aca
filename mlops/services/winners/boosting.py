"""How much the running ads of a budget's owner are like past winners: what lifts the sampler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import Ad, AdAccount, AdSet, DeliveryStatus
from campaigns.selectors import Subject
from mlops.models import Winner
from mlops.selectors.winners import ads_with_text, text_of, traits_of
from mlops.services.winners.searching import Like, likenesses


@dataclass(frozen=True)
class Boost:
    """Likeness of one budget's running ads, and the winner that one of them is most like.

    Attributes
    ----------
    similarity : mean over the ads with a text, 0 for one that is not similar; in [0, 1]
    """

    similarity: float
    alike: int
    ads: int
    winner: Winner
    nearest: float

    @property
    def said(self) -> str:
        """What it rests on, as a sentence."""
        first = self.winner.text.partition("\n")[0][:80]
        return (
            f"{self.alike} of {self.ads} running ads with a text are like past winners, the nearest"
            f" ({self.nearest:.2f}) like “{first}”."
        )

    def evidence(self) -> dict[str, Any]:
        """The same for the proposal."""
        return {
            "similar_past_winner": self.winner.text.partition("\n")[0][:200],
            "similar_past_winner_ad": str(self.winner.ad.public_id),
            "similar_past_winner_likeness": round(self.nearest, 4),
        }


def boosts_of(
    *, account: AdAccount, subjects: Sequence[Subject], now: datetime
) -> dict[str, Boost]:
    """Boosts by subject key, of the owners whose running ads are like past winners.

    Without winners nothing is read. Call it in workers: it may load the embedder.
    """
    if not Winner.objects.filter(workspace=account.workspace).exists():
        return {}
    running = list(
        ads_with_text(account.workspace).filter(account=account, status=DeliveryStatus.ACTIVE)
    )
    texts = {ad.pk: text_of(traits_of(ad)) for ad in running}
    near = likenesses(workspace=account.workspace, texts=texts, now=now)
    known = Winner.objects.select_related("ad").defer("embedding")
    winners = known.in_bulk({like.winner_id for like in near.values()})
    found = {subject.key: _boost(_own(subject, running), near, winners) for subject in subjects}
    return {key: boost for key, boost in found.items() if boost is not None}


def _own(subject: Subject, ads: Sequence[Ad]) -> list[Ad]:
    if isinstance(subject.entity, AdSet):
        return [ad for ad in ads if ad.ad_set_id == subject.entity.pk]
    campaigns = {campaign.pk for campaign in subject.campaigns}
    return [ad for ad in ads if ad.campaign_id in campaigns]


def _boost(
    ads: Sequence[Ad], near: Mapping[int, Like], winners: Mapping[int, Winner]
) -> Boost | None:
    alike = [near[ad.pk] for ad in ads if ad.pk in near]
    if not alike:
        return None
    best = max(alike, key=lambda like: like.similarity)
    return Boost(
        similarity=sum(like.similarity for like in alike) / len(ads),
        alike=len(alike),
        ads=len(ads),
        winner=winners[best.winner_id],
        nearest=best.similarity,
    )
