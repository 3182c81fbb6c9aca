"""Running ads like past winners, as notes of a recommendation."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from campaigns.engine.advice.evidence import shown_name
from campaigns.models import DeliveryStatus
from mlops.models import Winner
from mlops.selectors.winners import ads_with_text, text_of, traits_of, winners_by_id
from mlops.services.winners.searching import likenesses
from workspaces.models import Workspace

_SHOWN: Final = 3


def winner_notes(workspace: Workspace, now: datetime) -> list[str]:
    """Name the running ads that are most like past winners, at most three."""
    if not Winner.objects.filter(workspace=workspace).exists():
        return []
    running = ads_with_text(workspace).filter(status=DeliveryStatus.ACTIVE)
    ads = {ad.pk: ad for ad in running.exclude(winner__isnull=False)}
    texts = {pk: text_of(traits_of(ad)) for pk, ad in ads.items()}
    near = likenesses(workspace=workspace, texts=texts, now=now)
    best = sorted(near.items(), key=lambda pair: (-pair[1].similarity, pair[0]))[:_SHOWN]
    known = winners_by_id(workspace, [like.winner_id for _, like in best])
    return [
        f"The running ad '{shown_name(texts[ad].partition(chr(10))[0])}' says what a past winner"
        f" said: '{shown_name(known[like.winner_id].text.partition(chr(10))[0])}'."
        for ad, like in best
    ]
