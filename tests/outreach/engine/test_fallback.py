"""The next channel is for messages that failed, never for those that were ignored."""

from __future__ import annotations

import numpy as np
import pytest

from outreach.engine.channels import Channel
from outreach.engine.fallback import Failure, Outcome, failures, next_channels

NOW = np.datetime64("2026-11-22T12:00:00")


def failure(channel: Channel, outcome: Outcome, hours: float) -> Failure:
    sent_at = NOW - np.timedelta64(int(hours * 3_600), "s")
    found = failures(
        np.array([channel], np.int8), np.array([outcome], np.int8), np.array([sent_at]), now=NOW
    )
    return Failure(found[0])


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        (Outcome.BOUNCED, Failure.BOUNCED),
        (Outcome.BLOCKED, Failure.BLOCKED),
        (Outcome.SENT, Failure.NO_RECEIPT),
        (Outcome.DELIVERED, Failure.NONE),  # and ignored for a week
        (Outcome.ENGAGED, Failure.NONE),
        (Outcome.DEFERRED, Failure.NONE),
        (Outcome.UNSUBSCRIBED, Failure.NONE),
        (Outcome.COMPLAINED, Failure.NONE),
    ],
)
def test_what_counts_as_failed(outcome, wanted) -> None:
    assert failure(Channel.EMAIL, outcome, 168) == wanted


def test_four_hours_without_a_receipt() -> None:
    assert failure(Channel.SMS, Outcome.SENT, 3.999) == Failure.NONE
    assert failure(Channel.SMS, Outcome.SENT, 4) == Failure.NO_RECEIPT
    for channel in (Channel.LINKEDIN, Channel.TWITTER, Channel.CHAT):
        assert failure(channel, Outcome.SENT, 100) == Failure.NONE  # they give none


def test_the_first_that_is_left_and_allowed() -> None:
    fallbacks = np.array([[2, 3], [2, 3], [2, 3], [2, -1], [-1, -1]], np.int8)
    tried = np.array([1, 1 | 1 << 2, 1, 1 | 1 << 2, 1], np.int16)
    allowed = np.array([[1, 1], [1, 1], [0, 1], [1, 1], [1, 1]], np.bool_)

    assert next_channels(fallbacks, tried, allowed).tolist() == [2, 3, 3, -1, -1]
    assert next_channels(fallbacks[:, :0], tried, allowed[:, :0]).tolist() == [-1] * 5
    assert next_channels(fallbacks[:0], tried[:0], allowed[:0]).tolist() == []
