"""What a champion and its shadow said of the same rows, and what that was worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.campaign_kinds import CAMPAIGN_KINDS, errors_of
from mlops.engine.learning.columns import take
from mlops.engine.learning.drift import REFERENCE, Moved, chance_of, moved
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shadow import Agreement, Gain, gain_by_campaign, gain_of
from mlops.engine.learning.shadow_rules import rule_of
from mlops.engine.learning.shapes import FloatArray
from mlops.models import ModelVersion
from mlops.selectors.app_users import app_users
from mlops.selectors.campaign_scores import CampaignPairs, campaign_pairs_of
from mlops.selectors.watch import Pairs, pairs_of
from mlops.services.watch.campaigns import campaign_panel, rows_since
from mlops.services.watch.messages import (
    agreement_in_messages,
    gain_in_messages,
    pairs_in_messages,
    read_by,
    unread_together,
)

Words = npt.NDArray[np.str_]
_LEAST: Final = 30  # rows below which a gain says nothing at all


@dataclass(frozen=True)
class Beside:
    """Rows of two versions that neither learnt from.

    Attributes
    ----------
    known : those whose outcome is known, with one figure that stands for what each said
    both : the same, or all that both scored while nothing is known
    gain : ``None`` while there are too few rows to tell
    moved : indices of the inputs of the known rows against what the shadow learnt from
    chance : what chance alone may make of them; ``None`` where rows stand for themselves
    agreement : how far they say the same, where the figures do not tell
    words : of each of both what the champion and the shadow said, and what is right
    """

    known: Pairs
    both: Pairs
    gain: Gain | None
    moved: Moved
    chance: Moved | None = None
    agreement: Agreement | None = None
    words: tuple[Words, Words, Words] | None = None


def _users(champion: ModelVersion, shadow: ModelVersion, now: datetime) -> Beside:
    known = pairs_of(champion=champion, challenger=shadow, known=True)
    both = known if len(known) else pairs_of(champion=champion, challenger=shadow, known=False)
    gain = None
    if len(known) >= _LEAST:
        gain = gain_of(
            rule_of(shadow.name), known.outcome, known.champion, known.challenger,
            seed=shadow.version,
        )  # fmt: skip
    return Beside(known, both, gain, _users_moved(shadow, known))


def _users_moved(shadow: ModelVersion, pairs: Pairs) -> Moved:
    reference = shadow.card.get(REFERENCE)
    if reference is None or not len(pairs):
        return _UNMOVED
    users = app_users(
        shadow.workspace, since=pairs.began_on.min().item(), until=pairs.began_on.max().item()
    )
    rows = take(users.rows, np.isin(users.keys, pairs.keys))
    return moved(reference, rows, pairs.challenger)


def _campaigns(champion: ModelVersion, shadow: ModelVersion, now: datetime) -> Beside:
    kind = CAMPAIGN_KINDS[shadow.name]
    pairs = campaign_pairs_of(champion=champion, challenger=shadow, known=True)
    gain = None
    if len(pairs):
        before, weights = errors_of(kind.middle(pairs.champion), pairs.outcomes, pairs.scales)
        after, _ = errors_of(kind.middle(pairs.challenger), pairs.outcomes, pairs.scales)
        counts = weights > 0
        pairs = pairs.where(counts)
        if len(pairs) >= _LEAST:
            gain = gain_by_campaign(
                before[counts], after[counts], weights[counts], pairs.campaigns,
                seed=shadow.version,
            )  # fmt: skip
    known = _scored(shadow.name, pairs)
    both = known
    if not len(known):
        waiting = campaign_pairs_of(champion=champion, challenger=shadow, known=False)
        both = _scored(shadow.name, waiting)
    return Beside(known, both, gain, *_campaigns_moved(shadow, known, now))


def _scored(name: str, pairs: CampaignPairs) -> Pairs:
    """The one figure that stands for each row."""
    kind = CAMPAIGN_KINDS[name]

    def score(outcomes: FloatArray) -> FloatArray:
        return kind.score(outcomes) if outcomes.shape[1] else np.full(len(pairs), np.nan)

    first, second = (
        score(kind.middle(said)) if len(pairs) else np.empty(0)
        for said in (pairs.champion, pairs.challenger)
    )
    return Pairs(pairs.campaigns, pairs.began_on, first, second, score(pairs.outcomes))


def _campaigns_moved(
    shadow: ModelVersion, pairs: Pairs, now: datetime
) -> tuple[Moved, Moved | None]:
    reference = shadow.card.get(REFERENCE)
    found = campaign_panel(shadow.workspace, now) if len(pairs) else None
    if reference is None or found is None:
        return _UNMOVED, None
    kind, nature = CAMPAIGN_KINDS[shadow.name], KINDS[shadow.name].nature
    wanted = set(zip(pairs.keys.tolist(), pairs.began_on.astype(object), strict=True))
    parts = []
    for rows in rows_since(found, shadow.name, pairs.began_on.min().item()):
        keys = zip(found.keys[rows.series].tolist(), rows.origin.astype(object), strict=True)
        chosen = np.array([key in wanted for key in keys], dtype=bool)
        parts.append((take(kind.watched(rows.rows), chosen), rows.series[chosen]))
    together = {
        name: np.concatenate([part[name] for part, _ in parts])
        for name in parts[0][0]
        if name not in nature
    }
    series, none = np.concatenate([owner for _, owner in parts]), np.empty(0)
    return moved(reference, together, pairs.challenger), chance_of(
        reference, together, none, series
    )


def _messages(champion: ModelVersion, shadow: ModelVersion, now: datetime) -> Beside:
    """Both read them now: nothing of a shadow is stored beside a message."""
    messages = unread_together(champion, shadow, now)
    before, after = (read_by(version, messages, now) for version in (champion, shadow))
    if before is None or after is None:
        messages = messages.take(np.empty(0, dtype=np.int64))
        before = after = (np.empty(0, dtype="U11"), np.empty(0))
    known = pairs_in_messages(messages, before[1], after[1], after[0])
    gain = None
    if len(known) >= _LEAST:
        gain = gain_in_messages(before[0], after[0], messages, seed=shadow.version)
    # What was corrected is another mix than what comes, so that it moved says nothing.
    return Beside(
        known, known, gain, _UNMOVED,
        agreement=agreement_in_messages((before[0], after[0]), (before[1], after[1])),
        words=(before[0], after[0], messages.meant),
    )  # fmt: skip


_UNMOVED: Final = Moved({}, 0.0)
#: By kind of model; what is not in it is not compared.
BESIDE: Final[Mapping[str, Callable[[ModelVersion, ModelVersion, datetime], Beside]]] = (
    MappingProxyType({
        "churn": _users, "ltv": _users, "roi": _campaigns, "forecast": _campaigns,
        "message_intent": _messages,
    })
)  # fmt: skip
