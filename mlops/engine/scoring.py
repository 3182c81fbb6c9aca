"""How good an arm looks: blended score, fatigue, confidence."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
DecayForm = Literal["frequency", "impressions"]

TARGET_CTR = 0.05
TARGET_ROAS = 3.0
SIMILARITY_LIFT = 0.2
FATIGUE_FLOOR = 0.3
FREE_FREQUENCY = 2.0
FREQUENCY_DECAY = 0.15
IMPRESSION_DECAY = 1e-4
SURE_IMPRESSIONS = 1_000
SURE_AGE_H = 72


def ctr_weight(age_h: FloatArray) -> FloatArray:
    """Weight of clicks against revenue, falling as revenue has had time to arrive.

    Parameters
    ----------
    age_h : (n,) hours since the arm started

    Returns
    -------
    (n,) weights: 1 below 6 hours, .7 at 24, .3 at 72, .1 from about two weeks
    """
    return np.select(
        [age_h < 6, age_h < 24, age_h < 72],
        [
            np.ones_like(age_h),
            1.0 - 0.3 * (age_h - 6) / 18,
            0.7 - 0.4 * (age_h - 24) / 48,
        ],
        np.maximum(0.1, 0.3 * np.exp(-0.1 * (np.maximum(age_h, 72) - 72) / 24)),
    )


def blended_score(
    ctr: FloatArray, roas: FloatArray, age_h: FloatArray, has_revenue: npt.NDArray[np.bool_]
) -> FloatArray:
    """Mix of click rate and return, each against its target and capped at one.

    Parameters
    ----------
    ctr : (n,) clicks per impression
    roas : (n,) revenue per spend; not read where `has_revenue` is false
    age_h : (n,) hours
    has_revenue : (n,) false where revenue is not known; clicks then count alone

    Returns
    -------
    (n,) values in [0, 1]
    """
    weight = np.where(has_revenue, ctr_weight(age_h), 1.0)
    clicks = np.minimum(ctr / TARGET_CTR, 1.0)
    value = np.minimum(np.where(has_revenue, roas, 0.0) / TARGET_ROAS, 1.0)
    blended: FloatArray = weight * clicks + (1 - weight) * value
    return blended


def fatigue(frequency: FloatArray, impressions: FloatArray, form: DecayForm) -> FloatArray:
    """Factor by which an audience that has seen too much answers less.

    Parameters
    ----------
    frequency : (n,) impressions per person reached; read by the form 'frequency'
    impressions : (n,) counts; read by the form 'impressions'
    form : 'frequency' exp(-.15 * (frequency - 2)) floored at .3, or 'impressions'
        exp(-.0001 * impressions)

    Returns
    -------
    (n,) factors in (0, 1]
    """
    if form == "impressions":
        decayed: FloatArray = np.exp(-IMPRESSION_DECAY * impressions)
        return decayed
    worn = np.maximum(0.0, frequency - FREE_FREQUENCY)
    return np.maximum(FATIGUE_FLOOR, np.exp(-FREQUENCY_DECAY * worn))


def final_score(blended: FloatArray, decay: FloatArray, similarity: FloatArray) -> FloatArray:
    """Blended score after fatigue and likeness to past winners, in [0, 1].

    Parameters
    ----------
    blended, decay : (n,) from `blended_score` and `fatigue`
    similarity : (n,) likeness to past winners in [0, 1]; lifts by up to a fifth

    Returns
    -------
    (n,) values in [0, 1]
    """
    return np.clip(blended * decay * (1 + SIMILARITY_LIFT * similarity), 0.0, 1.0)


def confidence(impressions: FloatArray, age_h: FloatArray, score: FloatArray) -> FloatArray:
    """Mean of how much was shown, how long it ran and how good it looks.

    Parameters
    ----------
    impressions : (n,) counts; full at 1 000
    age_h : (n,) hours; full at 72
    score : (n,) from `final_score`

    Returns
    -------
    (n,) values in [0, 1]
    """
    shown = np.minimum(impressions / SURE_IMPRESSIONS, 1.0)
    lasted = np.minimum(age_h / SURE_AGE_H, 1.0)
    mean: FloatArray = (shown + lasted + score) / 3
    return mean
