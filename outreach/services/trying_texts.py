"""Tests of texts: a contact meets a variant when its message goes out; what follows is counted.

A test of subjects would tell nothing of who never opened, were a contact to meet its variant only
by opening it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from experiments.models import ABTest, MetricSource
from experiments.services.counting.news import queue_units
from experiments.services.counting.telling import MOST_AT_ONCE, MetVariant, record_exposures
from experiments.sources import register_source
from outreach.models import OutreachMessage
from outreach.selectors.message_tests import UNIT, unit_of
from workspaces.models import Workspace

#: What a metric of message events may name: the kinds of `MessageEvent`, and ``sent``.
_EVENTS: Final = f"""
SELECT s.exposure_id, a.metric_id, a.is_below, e.at, NULL::numeric
  FROM count_span s
  JOIN count_ask a ON a.test_id = s.test_id AND a.source = s.source
  JOIN outreach_outreachcampaign g ON g.test_id = s.test_id AND g.workspace_id = %(workspace)s
  JOIN outreach_outreachmessage m ON m.workspace_id = %(workspace)s AND m.campaign_id = g.id
   AND m.contact_id = CASE WHEN s.unit ~ '^{UNIT}[0-9]{{1,18}}$'
                           THEN substr(s.unit, {len(UNIT) + 1})::bigint END
  JOIN outreach_messageevent e ON e.message_id = m.id AND a.event IN ('', e.kind)
   AND e.at >= s.since AND e.at < s.until
 WHERE s.source = 'message_event'
"""  # noqa: S608  # constants of ours


def register() -> None:
    """Answer for the events of messages; called in ``ready()``."""
    register_source(MetricSource.MESSAGE_EVENT, _EVENTS)


def tell_tests(
    *, workspace: Workspace, told: Iterable[tuple[OutreachMessage, Iterable[str]]], now: datetime
) -> None:
    """Tell the tests of campaigns who met which text, and whose messages have news."""
    by_test: dict[int, list[tuple[OutreachMessage, tuple[str, ...]]]] = defaultdict(list)
    for message, new in told:
        if message.campaign is not None and message.campaign.test_id and message.variant:
            by_test[message.campaign.test_id].append((message, tuple(new)))
    if not by_test:
        return
    tests = ABTest.objects.select_related("workspace").filter(
        workspace=workspace, pk__in=by_test, started_at__isnull=False
    )
    for test in tests.order_by("pk"):
        _expose(test, [one for one, new in by_test[test.pk] if "sent" in new], now)
        units = {unit_of(one.contact_id) for one, _ in by_test[test.pk]}
        since = min(one.sent_at or now for one, _ in by_test[test.pk])
        queue_units(workspace_id=workspace.pk, units=units, since=since)


def _expose(test: ABTest, messages: list[OutreachMessage], now: datetime) -> None:
    keys = set(test.variants.values_list("key", flat=True))
    met = [
        MetVariant(
            unit_of(one.contact_id), one.variant, one.sent_at,
            source=one.channel, country=one.contact.country,
            customer_type=one.contact.customer_type,
        )
        for one in messages
        if one.variant in keys and one.sent_at is not None and _ran(test, one.sent_at, now)
    ]  # fmt: skip
    for start in range(0, len(met), MOST_AT_ONCE):
        record_exposures(test=test, met=met[start : start + MOST_AT_ONCE], now=now)


def _ran(test: ABTest, at: datetime, now: datetime) -> bool:
    """Whether the test ran then; what is sent before or after it is of no arm."""
    has_begun = test.started_at is not None and test.started_at <= at <= now
    return has_begun and (test.ended_at is None or at < test.ended_at)
