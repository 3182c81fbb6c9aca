"""What messages cost: the price of a channel, and of text messages its segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from outreach.engine.channels import Channel, ChannelTable
from outreach.engine.rendering import TemplateError, render, samples
from outreach.engine.sms_text import MAX_TEXT, sms_size
from outreach.message_values import compiled_of
from outreach.models import ChannelPolicy, MessageChannel, OutreachPolicy, TemplateVersion
from outreach.selectors.laws import channel_of, table_of
from outreach.selectors.text_looks import known_variables
from workspaces.gate import Json
from workspaces.models import Workspace

_MICROS: Final = 1_000_000


def price_of(policy: ChannelPolicy, rules: OutreachPolicy) -> Decimal:
    """Price of one message, or segment: the channel's own, else that of the workspace's table."""
    if policy.unit_cost:
        return Decimal(policy.unit_cost)
    return Decimal(table_of(rules).costs_micros[channel_of(policy.channel)]) / _MICROS


def cost_of(channel: str, text: str, price: Decimal) -> Decimal:
    """Cost of a message that is written; each segment of an SMS is paid for."""
    return price * (segments_in(text) if channel == MessageChannel.SMS else 1)


def segments_in(text: str) -> int:
    """Segments of a text, at least one; what is longer than any message is refused elsewhere."""
    return max(1, sms_size(text[:MAX_TEXT]).segments)


def segments_of(version: TemplateVersion) -> int:
    """Segments that a text takes with its samples: an estimate for who is not known yet."""
    try:
        written = render(compiled_of(version), samples(known_variables(version.variables)))
    except TemplateError:
        return 1
    return segments_in(written.text)


def costs_of(
    workspace: Workspace,
    policies: Mapping[str, ChannelPolicy],
    table: ChannelTable,
    channels: Iterable[Channel],
    step: Json,
) -> dict[Channel, int]:
    """Micros of one message of a step by channel; of several texts the dearest counts."""
    found = {}
    for one in channels:
        own = policies[one.key].unit_cost if one.key in policies else Decimal(0)
        price = int(own * _MICROS) or table.costs_micros[one]
        found[one] = price * (_segments(workspace, step) if one == Channel.SMS else 1)
    return found


def _segments(workspace: Workspace, step: Json) -> int:
    named = [
        one["version"]
        for one in step["texts"]
        if one["channel"] == MessageChannel.SMS and one["version"]
    ]
    versions = TemplateVersion.objects.filter(workspace=workspace, public_id__in=named)
    return max((segments_of(one) for one in versions), default=1)
