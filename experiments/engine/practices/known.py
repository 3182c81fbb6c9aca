"""Rules that are looked for in tests, and those that others recommend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from experiments.engine.practices.traits import Rule

_YES: Final = ((1, None),)
_NO: Final = ((None, 0),)


@dataclass(frozen=True)
class Known:
    """A rule with the words that people read."""

    key: str
    category: str
    practice_type: str
    title: str
    recommendation: str
    rule: Rule
    channel: str = ""


def _text(key: str, practice_type: str, title: str, recommendation: str, rule: Rule) -> Known:
    return Known(key, "copy", practice_type, title, recommendation, rule)


#: What tests of texts are searched for; few, so that chance finds little.
SEARCHED: Final = (
    _text("number", "headline", "Name a number", "Put a figure into the headline.",
          {"number": _YES}),
    _text("question", "headline", "Ask a question", "Write the headline as a question.",
          {"question": _YES}),
    _text("no-question", "headline", "Say it, do not ask",
          "Write the headline as a statement, not as a question.", {"question": _NO}),
    _text("you", "headline", "Speak to the reader", "Say you or your in the headline.",
          {"you": _YES}),
    _text("no-you", "headline", "Tell the story, not the reader",
          "Leave you and your out of the headline.", {"you": _NO}),
    _text("urgency", "headline", "Give a reason to act now",
          "Say in the headline until when it holds.", {"urgency": _YES}),
    _text("quote", "headline", "Quote somebody", "Put a quotation into the headline.",
          {"quote": _YES}),
    _text("short-headline", "headline", "Keep the headline short",
          "Stay within 60 characters.", {"headline_length": ((None, 60),)}),
    _text("long-headline", "headline", "Let the headline tell more",
          "Use more than 80 characters.", {"headline_length": ((81, None),)}),
    _text("no-capitals", "headline", "Do not shout", "Write no word in capitals.",
          {"capitals": _NO}),
    _text("few-emoji", "emoji", "Use an emoji or two", "Put one or two emoji into the text.",
          {"emoji": ((1, 2),)}),
    _text("no-emoji", "emoji", "Leave emoji out", "Write without emoji.", {"emoji": _NO}),
    Known("call", "cta", "call_to_action", "Say what to do next",
          "Name the step that you want people to take.", {"call_to_action": _YES}),
)  # fmt: skip

#: What is said elsewhere: hypotheses until the workspace's own data says something.
RECOMMENDED: Final = (
    Known("instagram-dm-length", "copy", "length", "Keep the first message short",
          "Write the first direct message in less than 150 characters.",
          {"length": ((None, 149),)}, "instagram"),
    Known("instagram-dm-emoji", "copy", "emoji", "Use an emoji or two",
          "Put one or two emoji into the message.", {"emoji": ((1, 2),)}, "instagram"),
    Known("instagram-dm-hour", "timing", "send_time", "Write in the evening",
          "Send between 19 and 21 h, where people are.", {"hour": ((19, 20),)}, "instagram"),
    Known("linkedin-length", "copy", "length", "Write two to four sentences",
          "Use 150 to 300 characters.", {"length": ((150, 300),)}, "linkedin"),
    Known("linkedin-time", "timing", "send_time", "Write on working mornings or late afternoons",
          "Send Tuesday to Thursday, 8–10 or 16–18 h.",
          {"weekday": ((1, 3),), "hour": ((8, 9), (16, 17))}, "linkedin"),
    Known("linkedin-follow-up", "follow_up", "pause", "Follow up after three to five days",
          "Let three to five days pass before the next message.",
          {"follow_up_days": ((3, 5),)}, "linkedin"),
)  # fmt: skip

KNOWN: Final[Mapping[str, Known]] = MappingProxyType(
    {one.key: one for one in (*SEARCHED, *RECOMMENDED)}
)
