"""The checker of simulated messages finds what is wrong, and nothing in what the engine sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.outreach_checker import Sent, Truth, violations
from benchmarks.outreach_lives import Lives

NOON = 1_795_176_000  # 20 November 2026, 12:00 UTC
HOUR, DAY = 3_600, 86_400
FINE = Sent(NOON, 0, "email", "marketing", "free", 1, 1)


def truth(**more) -> Truth:
    """Somebody in London who agreed everywhere and wrote an hour ago."""
    channels = ("email", "sms", "whatsapp", "instagram", "linkedin")
    told = Truth([("Europe/London",)], [True])
    for channel in channels:
        told.said[0, channel] = [(0, "given")]
        told.wrote[0, channel] = [NOON - HOUR]
    for name, moments in more.items():
        getattr(told, name)[0, "email"] = moments
    return told


def broken(*sent: Sent, told: Truth | None = None) -> list[str]:
    return sorted(violations(sent, told or truth()).elements())


@pytest.mark.parametrize(
    ("messages", "rules"),
    [
        ([FINE], []),
        ([FINE, replace(FINE, at=NOON + DAY, campaign=2, content=2)], []),
        ([FINE, replace(FINE, at=NOON + DAY - 1, campaign=2, content=2)], ["cap"]),
        ([FINE, replace(FINE, at=NOON + 2 * DAY, campaign=2)], ["repeat"]),
        ([replace(FINE, channel="sms", at=NOON + 8 * HOUR - 1)], []),
        ([replace(FINE, channel="sms", at=NOON + 8 * HOUR)], ["quiet hours"]),
        ([replace(FINE, channel="instagram", at=NOON + 23 * HOUR - 1)], []),
        ([replace(FINE, channel="instagram", at=NOON + 23 * HOUR)], ["window"]),
        ([replace(FINE, channel="whatsapp", form="template")], ["window"]),  # marketing to +1
        ([replace(FINE, channel="whatsapp", form="template", purpose="service")], []),
        ([replace(FINE, channel="linkedin")], ["window"]),
        ([replace(FINE, channel="linkedin", form="task")], []),
        ([replace(FINE, channel="twitter", purpose="service")], []),
        ([replace(FINE, channel="twitter")], ["consent"]),
    ],
)
def test_what_breaks_a_rule_is_found(messages, rules) -> None:
    assert broken(*messages) == rules


def test_stops_and_withdrawals_count_from_their_second_on() -> None:
    assert broken(FINE, told=truth(stopped=[NOON])) == ["suppression"]
    assert broken(FINE, told=truth(stopped=[NOON + 1])) == []
    assert broken(FINE, told=truth(said=[(0, "given"), (NOON, "withdrawn")])) == ["consent"]
    assert broken(FINE, told=truth(said=[(0, "withdrawn"), (NOON, "given")])) == []


def test_weeks_of_lives_break_no_rule() -> None:
    """Plans that do not see each other and people who say stop are held back at the last check."""
    lives = Lives(40)

    lives.run(40 * 84)

    assert set(violations(lives.sent, lives.truth).values()) == {0}
    assert len(lives.sent) > 700
    assert lives.asked - len(lives.sent) > 30
