"""Versions that read messages: what two of them make of the same ones, and what has moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from inbox.services.classifying import base
from mlops.engine.learning.drift import Calibration, calibration_of
from mlops.engine.learning.message_intent import JUDGED_AT, KIND, MessageIntent
from mlops.engine.learning.shadow import Agreement, Gain, agreement_of, gain_by_campaign
from mlops.engine.learning.shapes import FloatArray
from mlops.models import ModelVersion
from mlops.selectors.messages import Messages, handled_messages, newest_messages
from mlops.selectors.watch import LEAST_DRIFT_ROWS, Pairs, unseen_from
from mlops.services.registry.serving import shelf
from mlops.services.training.sources import LONGEST

#: Of messages, as many as tell: the newest.
MOST_LOOKED_AT: Final = 20_000
_KNOWN: Final = timedelta(days=28)


def unread_together(champion: ModelVersion, shadow: ModelVersion, now: datetime) -> Messages:
    """Corrected or answered messages that neither learned, of people of whom neither learned.

    The oldest is from when both were only judged; who wrote before may be known to one of them.
    """
    found = handled_messages(champion.workspace, since=now - LONGEST)
    since = max(_judged_at(champion), _judged_at(shadow)).timestamp()
    is_new = found.at >= since
    return found.take(is_new & ~np.isin(found.writer, found.writer[~is_new]))


def read_by(
    version: ModelVersion, messages: Messages, now: datetime
) -> tuple[np.ndarray, FloatArray] | None:
    """What a version reads messages as, and how surely; ``None``: it cannot be loaded."""
    model = shelf.take(version, now=now, is_serving=False)
    if not isinstance(model, MessageIntent):
        return None
    logits = model.head.logits(base().intent.embed(messages.text))
    names = np.array(model.head.labels)
    return names[logits.argmax(axis=1)], model.head.confidences(logits)


def gain_in_messages(
    before: np.ndarray, after: np.ndarray, messages: Messages, *, seed: int
) -> Gain:
    """Tell by how much fewer are read wrong; drawn by writer, whose messages are alike."""
    wrong, still = (np.asarray(one != messages.meant, dtype=np.float64) for one in (before, after))
    gain = gain_by_campaign(wrong, still, np.ones(len(messages)), messages.writer, seed=seed)
    return Gain(gain.rows, gain.champion, gain.challenger, gain.share, gain.top, gain.confidence)


def agreement_in_messages(
    said: tuple[np.ndarray, np.ndarray], sure: tuple[FloatArray, FloatArray]
) -> Agreement:
    """Tell how many are read as the same; of the others the surest first."""
    ranks = agreement_of(*sure, thresholds=None)
    differs = np.flatnonzero(said[0] != said[1])
    surest = differs[np.argsort(-sure[1][differs], kind="stable")]
    share = 1 - differs.size / said[0].size if said[0].size else None
    return Agreement(ranks.rank_correlation, share, surest)


def pairs_in_messages(
    messages: Messages, champion: FloatArray, challenger: FloatArray, after: np.ndarray
) -> Pairs:
    """Messages as comparisons keep them; what came of one is whether the new version is right."""
    is_right = (after == messages.meant).astype(np.float64)
    return Pairs(messages.keys, messages.days, champion, challenger, is_right)


def messages_read_by(version: ModelVersion, *, now: datetime, days: int) -> Messages:
    """Newest messages that a version has read in earnest."""
    return newest_messages(
        version.workspace, since=now - timedelta(days=days), most=MOST_LOOKED_AT,
        read_by=(KIND, str(version.version)),
    )  # fmt: skip


def confidence_now(version: ModelVersion, now: datetime) -> tuple[Calibration | None, int]:
    """How far a version's confidence is off what people let stand of its readings, and of how many.

    So more corrections than it expects show here.
    """
    found = handled_messages(
        version.workspace, since=now - _KNOWN, read_by=(KIND, str(version.version))
    )
    if len(found) < LEAST_DRIFT_ROWS:
        return None, len(found)
    is_right = (found.intent == found.meant).astype(np.float64)
    return calibration_of(is_right, found.sure, is_chance=True), len(found)


def _judged_at(version: ModelVersion) -> datetime:
    told = version.card.get(JUDGED_AT)
    if told:
        return datetime.fromisoformat(told)
    # Of a version that came without it: nothing of its days.
    start = datetime.combine(unseen_from(version), datetime.min.time(), UTC)
    return start + timedelta(days=1)
