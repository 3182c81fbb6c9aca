"""What money does: it lingers (carry-over) and it wears thin (saturation)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# Stands for no money at all where a logarithm is taken.
NOTHING = 1e-9


def carryover(spend: FloatArray, decay: FloatArray, before: FloatArray) -> FloatArray:
    """Geometric adstock with weights that sum to one, so it keeps the unit of the spend.

    a[t] = (1 − decay) · spend[t] + decay · a[t − 1].

    Parameters
    ----------
    spend : (n_steps, …) money per step, 0 or more
    decay : (…) share of a step's effect that is left at the next one, in [0, 1)
    before : (…) adstock at the step before the first, in the unit of spend

    Returns
    -------
    (n_steps, …) as the trailing axes broadcast

    References
    ----------
    Broadbent (1979), Journal of the Market Research Society 21(4), 295-303. Jin, Wang, Sun, Chan,
    Koehler (2017), Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects,
    eq. 1-2, here without a longest lag.
    """
    shape = np.broadcast_shapes(spend.shape[1:], decay.shape, before.shape)
    left = np.empty((len(spend), *shape))
    np.multiply(spend, 1 - decay, out=left)
    last = np.broadcast_to(before, shape)
    for step in range(len(left)):
        left[step] += decay * last
        last = left[step]
    return left


def saturation(adstock: FloatArray, half: FloatArray, slope: FloatArray) -> FloatArray:
    """Share of a channel's greatest response that is reached (Hill's curve).

    Parameters
    ----------
    adstock : (…) money, 0 or more
    half : (…) money at which half of the greatest response is reached, above 0
    slope : (…) steepness, above 0; concave up to 1, S-shaped above

    Returns
    -------
    (…) values in [0, 1)

    References
    ----------
    Hill (1910), Journal of Physiology 40, iv-vii. Jin et al. (2017), eq. 5.
    """
    power = (np.maximum(adstock, NOTHING) / half) ** slope
    share: FloatArray = power / (1 + power)
    return share


def response(
    adstock: FloatArray, at_usual: FloatArray, half: FloatArray, slope: FloatArray
) -> FloatArray:
    """Units that a channel brings, told by what it brings at its usual spend.

    Parameters
    ----------
    adstock : (…) money in units of the usual spend
    at_usual : (…) units per step at an adstock of 1
    half, slope : (…) as in `saturation`, half in units of the usual spend

    Returns
    -------
    (…) units per step
    """
    greatest = at_usual * (1 + half**slope)
    return np.asarray(greatest * saturation(adstock, half, slope))
