"""Amounts in whole cents that add up."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from campaigns.engine.response.transforms import FloatArray

CENT = Decimal("0.01")


def in_cents(amounts: FloatArray, total: Decimal, most: FloatArray | None = None) -> list[Decimal]:
    """Round amounts to cents so that they sum to a total.

    Each is rounded down; the cents that are left go to the largest remainders (Hamilton's method),
    never to one that stands at its greatest amount.

    Parameters
    ----------
    amounts : (n,) money, 0 or more, that sums to the total but for rounding
    total : in whole cents
    most : (n,) greatest amounts; None: none

    Returns
    -------
    n amounts; they sum to the total exactly, or to all that the greatest amounts take
    """
    exact = [Decimal(repr(round(float(amount), 6))) for amount in amounts]
    whole = [amount.quantize(CENT, ROUND_FLOOR) for amount in exact]
    tops = [Decimal("Infinity")] * len(exact) if most is None else [
        Decimal(repr(round(float(one), 6))) for one in most
    ]  # fmt: skip
    left = int((total - sum(whole, Decimal())) / CENT)
    order = sorted(range(len(exact)), key=lambda n: (whole[n] - exact[n], n))
    while left > 0:
        taken = [n for n in order if whole[n] + CENT <= tops[n]][:left]
        if not taken:
            break
        for n in taken:
            whole[n] += CENT
        left -= len(taken)
    return whole
