"""What messages cost, out of the budgets that were signed: reserved first, paid when written."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from outreach.models import ChannelPolicy, MessageStatus, OutreachMessage, OutreachPolicy
from outreach.selectors.budgets import Left, left_of
from outreach.selectors.laws import outreach_policy_of
from outreach.selectors.prices import cost_of, price_of, segments_in, segments_of
from workspaces.services.locks import lock_names

REASON: Final = "budget_exceeded"
WORDS: Final = "The campaign's budget does not cover it."


class Purse:
    """Budgets of campaigns within one transaction; each is read once, when it is needed.

    Planning reserved what its rows cost. So only what costs more than that (a longer text, the
    next channel) asks for what is left, one transaction after the other.
    """

    def __init__(self, rules: OutreachPolicy | None = None) -> None:
        self._rules = rules
        self._left: dict[int, Left] = {}
        self._prices: dict[tuple[int, str], Decimal] = {}

    def pay(self, message: OutreachMessage, policy: ChannelPolicy) -> bool:
        """Put its real cost on a message that is written; whether the budget covers it."""
        cost = cost_of(message.channel, message.text, self._price(message, policy))
        if not self._takes(message, cost - message.cost):
            message.status, message.refusal_reason = MessageStatus.CANCELLED, WORDS
            message.proof["refused"] = REASON
            return False
        message.cost = cost
        return True

    def reserve(self, message: OutreachMessage) -> bool:
        """Put on a message that nobody planned what it will cost; whether the budget covers it."""
        found = ChannelPolicy.objects.filter(
            workspace=message.workspace_id, channel=message.channel
        ).first()
        price = self._price(message, found) if found else Decimal(0)
        if price and message.channel == "sms":
            version = message.version
            price *= segments_of(version) if version else segments_in(message.text)
        if not self._takes(message, price):
            return False
        message.cost = price
        return True

    def _price(self, message: OutreachMessage, policy: ChannelPolicy) -> Decimal:
        key = (message.workspace_id, message.channel)
        if key not in self._prices:
            rules = self._rules or outreach_policy_of(message.workspace)
            self._prices[key] = price_of(policy, rules)
        return self._prices[key]

    def _takes(self, message: OutreachMessage, more: Decimal) -> bool:
        campaign = message.campaign_id
        if more <= 0 or campaign is None or message.plan_id is None:
            return True
        left = self._left.get(campaign)
        if left is None:
            lock_names([f"outreach:budget:{campaign}"])
            left = left_of(message.plan_id)
        fits = left.covers(message.channel, more)
        self._left[campaign] = left.less(message.channel, more) if fits else left
        return fits
