"""What a careful person with pen and paper makes of what happened to three visitors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from attribution.models import IdentityMerge, Site
from attribution.services.identity import merge_people, person_of, undo_merge
from experiments.models import ABTest
from experiments.services.counting.counting import count_waiting
from experiments.services.counting.telling import (
    Did,
    MetVariant,
    record_exposure,
    record_unit_event,
)
from tests.attribution.steps import convert
from tests.experiments.counting.steps import ANN, BOB, CID, DAY, HOUR, LATER, START, event, meet
from tests.workspaces.factories import UserFactory

WHO = {"ann": ANN, "bob": BOB, "cid": CID}
ARMS = ("control", "blue")
_WORTH = {"amount": "value", "kind": "mean"}
METRICS: dict[str, dict[str, Any]] = {
    "done": {"event": "buy", "window_h": 30, "covariate_days": 1},
    "worth": {"event": "buy", "window_h": 50, "cap": Decimal(9), "covariate_days": 2, **_WORTH},
    "each": {"event": "buy", "window_h": 50, "kind": "ratio", "amount": "value",
             "per_event": "page_view"},
    "wait": {"event": "buy", "window_h": 40, "kind": "time_to_event"},
    "sale": {"event": "", "window_h": 60, "source": "conversion", "covariate_days": 1, **_WORTH},
    "told": {"event": "buy", "window_h": 60, "source": "tracked", **_WORTH},
}  # fmt: skip
_SOURCE = {"sale": "sale", "told": "told"}
Figures = dict[tuple[str, str, str, date], dict[str, Decimal]]


@dataclass
class Met:
    """A unit in its arm."""

    arm: str
    at: datetime
    device: str


@dataclass
class World:
    """A test, and all that happened; told to the product and written down beside it."""

    test: ABTest
    site: Site
    number: int = 0
    now: datetime = LATER
    shown: dict[str, list[tuple[datetime, UUID, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    did: dict[str, list[tuple[str, datetime, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    met: dict[str, Met] = field(default_factory=dict)
    links: list[frozenset[str]] = field(default_factory=list)

    def do(self, kind: str, who: str, hour: int, value: int) -> None:
        """Let something happen."""
        self.number += 1
        getattr(self, kind)(who, START + hour * HOUR, value)

    def meet(self, who: str, at: datetime, value: int) -> None:
        arm = ARMS[value % 2]
        row = meet(self.site, WHO[who], at, arm, device=arm[:4])
        self.did[who].append(("page_view", at, 0))
        if at >= START:
            self.shown[who].append((at, row.event_id, arm))

    def tell_met(self, who: str, at: datetime, value: int) -> None:
        at, arm = max(at, START), ARMS[value % 2]
        met = MetVariant(unit=str(WHO[who]), variant=arm, at=at, device="api")
        record_exposure(test=self.test, met=met, now=LATER)
        self.met.setdefault(who, Met(arm, at, "api"))
        self.shown[who].append((at, UUID(int=0), arm))

    def buy(self, who: str, at: datetime, value: int) -> None:
        event(self.site, WHO[who], at, "buy", value=value)
        self.did[who].append(("buy", at, value))

    def sale(self, who: str, at: datetime, value: int) -> None:
        convert(self.test.workspace, at, key=str(self.number), value=Decimal(value),
                visitor_id=str(WHO[who]))  # fmt: skip
        self.did[who].append(("sale", at, value))

    def tell(self, who: str, at: datetime, value: int) -> None:
        did = Did(str(self.number), str(WHO[who]), "buy", at, Decimal(value))
        for _ in range(2):
            record_unit_event(workspace=self.test.workspace, did=did, now=LATER)
        self.did[who].append(("told", at, value))

    def merge(self, who: str, _at: datetime, value: int) -> None:
        other = sorted(WHO)[value % 3]
        if frozenset(WHO) in self._people() or other in self._one_with(who):
            return
        left, right = (
            person_of(workspace=self.test.workspace, identifiers={"visitor_id": str(WHO[name])},
                      now=START)
            for name in (who, other)
        )  # fmt: skip
        merge_people(left=left, right=right, by=UserFactory(), reason="Same.", now=START)
        self.links.append(frozenset((who, other)))

    def undo(self, _who: str, _at: datetime, _value: int) -> None:
        if self.links:
            merge = IdentityMerge.objects.filter(undone_at=None).order_by("pk").first()
            undo_merge(merge=merge, by=UserFactory(), now=START)
            self.links.pop(0)

    def count(self, _who: str, at: datetime, value: int) -> None:
        """Work off the queue by a few rows at a time; windows pass, all else is done by then."""
        self.now = max(START + 131 * HOUR, at)
        while count_waiting(workspace=self.test.workspace, now=self.now, most=4 + 4 * value).worked:
            pass
        for who, shown in self.shown.items():
            at, _, arm = min(shown)
            self.met.setdefault(who, Met(arm, at, arm[:4]))

    def exposed(self) -> dict[tuple[str, str, date], tuple[int, int]]:
        """Units, and those in several, by arm, device and day."""
        found: dict[tuple[str, str, date], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for who, met in self.met.items():
            key = (met.arm, met.device, self._day(met.at))
            several = any(arm != met.arm for _, _, arm in self.shown[who])
            units, others = found[key]
            found[key] = (units + 1, others + several)
        return dict(found)

    def sums(self, *, by_device: bool) -> Figures:
        """Sufficient statistics as of the end of each day, less those of the day before."""
        found: Figures = defaultdict(lambda: defaultdict(Decimal))
        for who, met in self.met.items():
            for metric in METRICS:
                before: dict[str, Decimal] = {}
                for number in range(12):
                    day = self._day(met.at) + number * DAY
                    figures = self._figures(metric, who, met, day)
                    row = found[metric, met.arm, met.device if by_device else "", day]
                    for name, figure in figures.items():
                        row[name] += figure - before.get(name, Decimal(0))
                    before = figures
        rows = {key: {name: one for name, one in row.items() if one} for key, row in found.items()}
        return {key: row for key, row in rows.items() if row}

    def _figures(self, metric: str, who: str, met: Met, day: date) -> dict[str, Decimal]:
        """Of one unit as of the end of a day."""
        rule = METRICS[metric]
        window = timedelta(hours=rule["window_h"])
        source = _SOURCE.get(metric, "buy")
        within = [one for one in self._of(who, source) if met.at <= one[0] < met.at + window]
        if metric == "wait":
            if self._day(met.at + window) > day or met.at + window > self.now:
                return {}
            after = min((at - met.at for at, _ in within), default=window)
            y = Decimal(after // timedelta(microseconds=1)) / Decimal(3_600_000_000)
            y = round(y, 6)
            return {"units": Decimal(1), "sum": y, "sum_squares": y * y}
        then = [one for one in within if self._day(one[0]) <= day]
        earlier = met.at - timedelta(days=rule.get("covariate_days", 0))
        past = [one for one in self._of(who, source) if earlier <= one[0] < met.at]
        y, x = (self._amount(metric, rows) for rows in (then, past))
        z = Decimal(0)
        if metric == "each":
            seen = [at for at, _ in self._of(who, "page_view") if met.at <= at < met.at + window]
            z = Decimal(sum(self._day(at) <= day for at in seen))
        return {
            "units": Decimal(1), "sum": y, "sum_squares": y * y, "denominator_sum": z,
            "denominator_sum_squares": z * z, "sum_product": y * z, "covariate_sum": x,
            "covariate_sum_squares": x * x, "sum_covariate_product": x * y,
        }  # fmt: skip

    def _amount(self, metric: str, rows: list[tuple[datetime, int]]) -> Decimal:
        if metric == "done":
            return Decimal(bool(rows))
        total = Decimal(sum(value for _, value in rows))
        return min(total, METRICS[metric].get("cap", total))

    def _of(self, who: str, source: str) -> Iterator[tuple[datetime, int]]:
        names = self._one_with(who) if source == "sale" else {who}
        for name in names:
            yield from ((at, value) for kind, at, value in self.did[name] if kind == source)

    def _people(self) -> list[frozenset[str]]:
        return [self._one_with(who) for who in WHO]

    def _one_with(self, who: str) -> frozenset[str]:
        found = {who}
        for _ in WHO:
            for link in self.links:
                if link & found:
                    found |= link
        return frozenset(found)

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.test.workspace.zone).date()
