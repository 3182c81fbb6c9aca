"""What customers are worth and how likely they leave, and where each figure comes from.

Models that predict stand in an app above this one, which brings its figures when it starts. Where
nothing is predicted of somebody, what they spent counts, else what their deals are held for; and
their own words instead of a predicted risk.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.db.models import Sum

from attribution.models import Journey, ValueKind
from outreach.models import Contact, ContactStanding

SPENT: Final = "what they spent so far"
HELD_FOR: Final = "what their deals are held for"
THEIR_WORDS: Final = "by their words"
#: Somebody who is worth nothing is known; 0 in a row says that nobody knows.
LEAST: Final = 0.01


@dataclass(frozen=True)
class Worth:
    """What somebody is worth and how likely they leave; ``None`` is what nobody knows."""

    ltv: float | None = None
    ltv_from: str = ""
    churn: float | None = None
    churn_from: str = ""

    @property
    def ltv_money(self) -> Decimal | None:
        """The value as money."""
        return None if self.ltv is None else Decimal(str(round(self.ltv, 2)))

    @property
    def at_risk_money(self) -> Decimal:
        """What is at risk as money."""
        return Decimal(str(round(self.at_risk, 2)))

    @property
    def at_risk(self) -> float:
        """Money that waiting may cost; 0 where a part of it is not known."""
        if self.ltv is None or self.churn is None:
            return 0.0
        return max(self.ltv * self.churn, LEAST)


#: Of people of a workspace by their roots, what is predicted.
Find = Callable[[int, Collection[int]], Mapping[int, Worth]]
_finders: list[Find] = []


def register_worth(find: Find) -> None:
    """Bring what is predicted of people; called in ``ready()``."""
    if find not in _finders:
        _finders.append(find)


def worth_of(
    workspace_id: int,
    contacts: Collection[Contact],
    money: Mapping[int, Worth] | None = None,
) -> dict[int, Worth]:
    """Of contacts, with their people loaded, by their keys. A query of each kind for any number.

    ``money`` is what was looked up already of what they spent.
    """
    roots = {one.pk: one.person.root_id or one.person_id for one in contacts}
    predicted = _predicted(workspace_id, set(roots.values()))
    money = _money(workspace_id, roots) if money is None else money
    words = _words(workspace_id, roots)
    return {
        pk: _joined(predicted.get(root, Worth()), money.get(pk, Worth()), words.get(pk))
        for pk, root in roots.items()
    }


def _joined(predicted: Worth, money: Worth, words: float | None) -> Worth:
    found = predicted
    if found.ltv is None:
        found = replace(found, ltv=money.ltv, ltv_from=money.ltv_from)
    if found.churn is None and words is not None:
        found = replace(found, churn=words, churn_from=THEIR_WORDS)
    return found


def _predicted(workspace_id: int, roots: Collection[int]) -> dict[int, Worth]:
    found: dict[int, Worth] = {}
    for find in _finders:
        found |= find(workspace_id, roots)
    return found


def _money(workspace_id: int, roots: Mapping[int, int]) -> dict[int, Worth]:
    standings = ContactStanding.objects.filter(contact__in=list(roots), spent__gt=0)
    spent: dict[int, Decimal] = dict(standings.values_list("contact", "spent"))
    journeys = Journey.objects.filter(
        workspace=workspace_id, person__in=set(roots.values()), conversion__isnull=False
    ).order_by()
    sums = journeys.values_list("person", "conversion__value_kind").annotate(sum=Sum("value"))
    by_root = {(root, kind): value for root, kind, value in sums if value}
    found = {}
    for pk, root in roots.items():
        cash = spent.get(pk) or by_root.get((root, ValueKind.CASH))
        held = by_root.get((root, ValueKind.SYNTHETIC))
        found[pk] = money_worth(cash, held)
    return found


def money_worth(cash: Decimal | None, held: Decimal | None) -> Worth:
    """What somebody is worth by what they spent, else by what their deals are held for."""
    if not cash and not held:
        return Worth()
    return Worth(ltv=float(cash or held or 0), ltv_from=SPENT if cash else HELD_FOR)


# The last of theirs that was read, of each.
_WORDS: Final = """
SELECT k.contact_id, w.churn_score
  FROM unnest(%s::bigint[]) AS k(contact_id)
  JOIN LATERAL (
    SELECT a.churn_score
      FROM inbox_conversation c
      JOIN inbox_customerresponse r ON r.conversation_id = c.id AND r.direction = 'in'
      JOIN inbox_aiclassification a ON a.response_id = r.id
     WHERE c.workspace_id = %s AND c.contact_id = k.contact_id
     ORDER BY r.at DESC, r.id DESC LIMIT 1
  ) w ON TRUE
"""


def _words(workspace_id: int, contacts: Collection[int]) -> dict[int, float]:
    with connection.cursor() as cursor:
        cursor.execute(_WORDS, [list(contacts), workspace_id])
        rows: list[Any] = cursor.fetchall()
    return dict(rows)
