"""What the law and the providers' terms say of each channel, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from outreach.engine.channels import Channel
from outreach.engine.zones import Span

HOUR: Final = 3_600
DAY: Final = 24 * HOUR


class Region(IntEnum):
    """Whose law of hours holds for a person."""

    OTHER = 0
    US = 1
    US_STRICT = 2


#: States of the US that let nobody be texted after 20 h.
STRICT_STATES: Final = frozenset({"FL", "OK", "WA"})
#: Minutes of the day in which nobody may be texted there, whatever a workspace says.
LEGAL_QUIET: Final[Mapping[Region, Span]] = MappingProxyType(
    {Region.US: (21 * 60, 8 * 60), Region.US_STRICT: (20 * 60, 8 * 60)}
)


def region_of(country: str, state: str = "") -> Region:
    """Whose law of hours holds: of an unknown state of the US the stricter one.

    Parameters
    ----------
    country : ISO 3166 code of two capital letters; '' if not known
    state : of the US, as `FL` or `US-FL`; '' if not known
    """
    state = state.removeprefix("US-")
    if country != "US":
        return Region.OTHER
    return Region.US_STRICT if state in STRICT_STATES or not state else Region.US


class Outside(IntEnum):
    """What becomes of a message for which no conversation is open."""

    SENT = 0  # the channel knows no conversations
    TEMPLATE = 1  # only one that the provider approved
    PERSON = 2  # a person's task, while the provider lets people write
    TASK = 3  # always a person's, conversation or not


@dataclass(frozen=True)
class ChannelLaw:
    """What a channel lets us do.

    Attributes
    ----------
    outside : of a message while no conversation is open
    window_s : how long a conversation is open after the person's last message
    ad_window_s : how long after the first message that an advertisement brought
    person_window_s : how long a person of ours may answer after the person's last message
    comment_window_s : how long the one private reply to a comment may be sent
    quiet : minutes of the local day in which nobody is disturbed; replies are exempt
    quiet_too : the same; for a law that keeps to two that differ
    legal_hours : whether the law's hours (`LEGAL_QUIET`) are quiet too
    consent_for_service : whether service messages need consent, not only no withdrawal
    reply_despite_stop : whether somebody who unsubscribed and then wrote is answered
    needs_acceptance : whether the recipient has to allow messages in the settings there
    templates_to_nanp : whether marketing templates reach numbers that begin with +1
    receipts : whether the provider tells of delivery, so that silence means failure
    """

    outside: Outside = Outside.SENT
    window_s: int = 0
    ad_window_s: int = 0
    person_window_s: int = 0
    comment_window_s: int = 0
    quiet: Span | None = None
    quiet_too: Span | None = None
    legal_hours: bool = False
    consent_for_service: bool = False
    reply_despite_stop: bool = True
    needs_acceptance: bool = False
    templates_to_nanp: bool = True
    receipts: bool = True


_DM_QUIET: Final = (21 * 60, 8 * 60)
_META: Final = ChannelLaw(
    Outside.PERSON, window_s=DAY, ad_window_s=7 * DAY, person_window_s=7 * DAY,
    comment_window_s=7 * DAY, quiet=_DM_QUIET,
)  # fmt: skip

Laws = Mapping[Channel, ChannelLaw]

#: protocols.md §6: text messages 6.2, WhatsApp 6.3, Messenger and Instagram 6.4, the rest 6.5.
DEFAULT_LAWS: Final[Laws] = MappingProxyType(
    {
        Channel.EMAIL: ChannelLaw(),
        Channel.SMS: ChannelLaw(
            quiet=(20 * 60, 9 * 60),
            legal_hours=True,
            consent_for_service=True,
            reply_despite_stop=False,
        ),
        Channel.WHATSAPP: ChannelLaw(
            Outside.TEMPLATE,
            window_s=DAY,
            ad_window_s=3 * DAY,
            quiet=_DM_QUIET,
            consent_for_service=True,
            reply_despite_stop=False,
            templates_to_nanp=False,
        ),
        Channel.INSTAGRAM: _META,
        Channel.FACEBOOK: _META,
        Channel.LINKEDIN: ChannelLaw(Outside.TASK, receipts=False),
        Channel.TWITTER: ChannelLaw(quiet=_DM_QUIET, needs_acceptance=True, receipts=False),
        Channel.CHAT: ChannelLaw(receipts=False),
    }
)
