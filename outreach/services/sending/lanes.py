"""Lanes: a channel of a workspace, the connection that it is sent by, and how fast."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef

from outreach.models import ChannelPolicy, Halt, MessageStatus, OutreachMessage
from outreach.platforms.registry import KINDS
from outreach.selectors.messages_facts import law_of
from workspaces.cache import pause_tokens, take_tokens
from workspaces.models import Connection, ConnectionStatus, Workspace

logger = logging.getLogger(__name__)

#: A provider that names no time is asked again after so long.
DEFAULT_PAUSE_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 24 * 3600.0


@dataclass(frozen=True)
class Lane:
    """One channel of one workspace, with what it is sent by."""

    policy: ChannelPolicy

    @property
    def workspace(self) -> Workspace:
        """Whose it is."""
        return self.policy.workspace

    @property
    def channel(self) -> str:
        """Channel of its messages."""
        return self.policy.channel

    @property
    def connection(self) -> Connection | None:
        """What it is sent by; ``None`` where people send by hand."""
        return self.policy.connection

    @property
    def is_by_hand(self) -> bool:
        """Whether no machine sends there."""
        return not KINDS[self.channel]

    @property
    def _bucket(self) -> str:
        # Channels that share a connection share what it lets through.
        return f"outreach:rate:{self.policy.connection_id or f'hand:{self.policy.pk}'}"

    def take(self, wanted: int) -> tuple[int, float]:
        """Take the right to send up to so many now; else after how many seconds."""
        rate = self.policy.rate_per_second
        return take_tokens(self._bucket, rate=rate, burst=rate, wanted=wanted)

    def give_back(self, unused: int) -> None:
        """Give rights back that were not used."""
        if unused:
            self.take(-unused)

    def pause(self, seconds: float | None) -> None:
        """Send nothing by this connection for a while, as the provider asks."""
        pause_tokens(
            self._bucket,
            seconds=min(_LONGEST_PAUSE_S, DEFAULT_PAUSE_S if seconds is None else seconds),
        )


def lanes_due(*, now: datetime) -> list[Lane]:
    """Lanes that are on and have messages which are due, those of all workspaces."""
    due = OutreachMessage.objects.filter(
        workspace=OuterRef("workspace"), channel=OuterRef("channel"),
        status=MessageStatus.SCHEDULED, send_at__lte=now,
    )  # fmt: skip
    policies = (
        ChannelPolicy.objects.filter(Exists(due), is_on=True, workspace__kill_switch=False)
        .select_related("workspace", "connection")
        .order_by("pk")
    )
    return list(open_lanes(policies))


def open_lanes(policies: Iterable[ChannelPolicy]) -> Iterator[Lane]:
    """Lanes of policies that nothing stops: connected, and not halted."""
    lanes = [Lane(policy) for policy in policies]
    halts = Halt.objects.filter(
        lifted_at=None, workspace__in={lane.workspace.pk for lane in lanes}
    ).values_list("workspace", "channel", "scope")
    stopped = set(halts)
    for lane in lanes:
        where = (lane.workspace.pk, lane.channel)
        if (*where, "") in stopped or (*where, sending_domain(lane.policy.sender)) in stopped:
            continue
        if _is_lawful(lane) and (lane.is_by_hand or _is_connected(lane)):
            yield lane


def _is_lawful(lane: Lane) -> bool:
    """Whether the rules of the channel can be read; where they cannot, nothing is sent."""
    try:
        law_of(lane.policy)
    except ValueError as error:
        logger.warning("channel policy %s cannot be read: %s", lane.policy.pk, error)
        return False
    return True


def _is_connected(lane: Lane) -> bool:
    connection = lane.connection
    return (
        connection is not None
        and connection.status == ConnectionStatus.ACTIVE
        and connection.kind in KINDS[lane.channel]
    )


def sending_domain(sender: str) -> str:
    """Domain of an address such as ``News <news@shop.example>``; empty without one."""
    return sender.rpartition("@")[2].strip("> ").lower() if "@" in sender else ""
