"""When figures are too thin to learn from: what is missing, said politely."""

from __future__ import annotations

import numpy as np

from campaigns.engine.response.series import Series

LEAST_DAYS = 56
LEAST_STEPS = 26
LEAST_SPENDING_DAYS = 28
LEAST_SPENDING_STEPS = 12
LEAST_VARIATION = 0.1
MOST_ALIKE = 0.98


class NoOutcomeError(ValueError):
    """There is nothing to scale even a prior by; the text says what is missing."""


def whole_reasons(series: Series) -> tuple[str, ...]:
    """Why nothing can be learnt from a series as a whole.

    Parameters
    ----------
    series : all of it

    Returns
    -------
    sentences that say what is missing; empty where the series will do

    Raises
    ------
    NoOutcomeError : the outcome never happened, so that even priors have no size
    """
    if not series.outcome.any():
        raise NoOutcomeError(
            "There is no outcome in this period: connect a source of installs or revenue, or choose"
            " a period that has some."
        )
    unit, least = _unit(series), LEAST_DAYS if series.step_days == 1 else LEAST_STEPS
    reasons = []
    if series.steps < least:
        reasons.append(
            f"There are {series.steps} {unit} of figures; {least} are the least from which a"
            " response can be told from the weekday and the trend."
        )
    if not series.spend.any():
        reasons.append("No channel spent anything in this period.")
    if series.outcome.std() == 0:
        reasons.append("The outcome is the same at every step, so nothing can be seen to move it.")
    return tuple(reasons)


def channel_reasons(series: Series) -> tuple[str, ...]:
    """Why little can be learnt of single channels.

    Returns
    -------
    (n_channels) sentences; empty where a channel's figures will do; names of others in braces
    """
    return tuple(_channel_reason(series, number) for number in range(len(series.channels)))


def _channel_reason(series: Series, number: int) -> str:
    spend, unit = series.spend[:, number], _unit(series)
    least = LEAST_SPENDING_DAYS if series.step_days == 1 else LEAST_SPENDING_STEPS
    days = int((spend > 0).sum())
    if days < least:
        return f"It spent on {days} {unit}; {least} are the least to learn its response from."
    if spend.std() < LEAST_VARIATION * spend.mean():
        return (
            "Its spend hardly varied, so what it brings cannot be told from the level: change its"
            f" budget for some {unit}."
        )
    twin = _twin(series, number)
    if twin:
        return (
            f"It and {{{twin}}} were always raised and cut together, so what each brings cannot be"
            " told apart: change one without the other for some weeks."
        )
    return ""


def _twin(series: Series, number: int) -> str:
    spend = series.spend - series.spend.mean(axis=0)
    size = np.sqrt((spend**2).sum(axis=0))
    for other, name in enumerate(series.channels):
        if other != number and size[other] > 0:
            alike = float(spend[:, number] @ spend[:, other]) / (size[number] * size[other])
            if alike > MOST_ALIKE:
                return name
    return ""


def _unit(series: Series) -> str:
    return "days" if series.step_days == 1 else "weeks"
