"""What is believed of a channel before its figures are seen; stated wherever it is used."""

from __future__ import annotations

import numpy as np

from campaigns.engine.response.series import Series
from campaigns.engine.response.transforms import FloatArray

# Advertising brings half of the outcome, give or take a factor of 1.6 for all channels together;
# a channel's return per money is that of the others, give or take a factor of two.
PAID_SHARE = 0.5  # the rest is baseline.EXPECTED_LEVEL
LOG_ALL_SD, LOG_RETURN_SD = 0.5, 0.7
# Logit of the share of an effect that is left a step later: 0.40, mostly 0.2 to 0.65.
LOGIT_DECAY, LOGIT_DECAY_SD = -0.4, 1.0
# Half of the greatest response at the usual spend, give or take a factor of two.
LOG_HALF, LOG_HALF_SD = 0.0, 0.7
# Hill's slope 1.1, mostly 0.8 to 1.6.
LOG_SLOPE, LOG_SLOPE_SD = 0.1, 0.35

PARAMETERS = ("log_return", "logit_decay", "log_half", "log_slope")
_SPREAD = np.array([LOG_RETURN_SD, LOGIT_DECAY_SD, LOG_HALF_SD, LOG_SLOPE_SD])


def usual_spend(series: Series) -> FloatArray:
    """Mean spend of the steps on which a channel ran at all.

    Returns
    -------
    (n_channels,) money per step; a channel that never ran has the median of the others, and
    1.0 where none ran
    """
    runs = series.spend > 0
    days = runs.sum(axis=0)
    mean = series.spend.sum(axis=0) / np.maximum(days, 1)
    others = float(np.median(mean[days > 0])) if days.any() else 1.0
    return np.where(days > 0, mean, others)


def centre(series: Series) -> FloatArray:
    """Prior means of the parameters, the outcome measured in its own mean.

    Returns
    -------
    (n_channels, 4) in the order of PARAMETERS
    """
    total = float(series.spend.mean(axis=0).sum())
    usual = usual_spend(series)
    shares = usual / total if total > 0 else np.full(len(usual), 1 / len(usual))
    means = np.tile([0.0, LOGIT_DECAY, LOG_HALF, LOG_SLOPE], (len(usual), 1))
    # The mean of a lognormal lies above its middle, and it is the mean that sums to the share.
    means[:, 0] = np.log(PAID_SHARE * shares) - 0.5 * LOG_RETURN_SD**2
    return means


def covariance(channels: int) -> FloatArray:
    """Prior covariance of the parameters: returns of all channels share a part.

    Returns
    -------
    (4 · channels, 4 · channels), PARAMETERS of a channel side by side
    """
    spread = np.diag(np.tile(_SPREAD**2, channels))
    spread[::4, ::4] += LOG_ALL_SD**2
    return spread
