"""A landing page with visitors enough for tests: who comes, which variant he sees, what he does.

Visitors meet the variants that the product's own assignment gives them and are told as events of
the page, so exposures, outcomes and sums are made by the counting. How many of an arm do something
is drawn from nothing: only the daily rates move by a seed. So the tests end the same each time,
whoever is in which arm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from attribution.engine.web_drafts import Draft, made_id
from attribution.models import Site
from attribution.services.website.importing import import_events
from experiments.engine.assignment import assign
from experiments.engine.targeting import Facts
from experiments.selectors.served import Served, served_tests

SEED: Final = 22
ORIGIN: Final = "https://trial.ptd-fitness.example"
#: Page → visitors a day, and the share of them that does something. None of it is a conversion of
#: attribution: the demo's journeys tell their own.
PAGES: Final[Mapping[str, tuple[int, Mapping[str, float]]]] = {
    "/": (620, {"trial_begun": 0.10, "talk_booked": 0.04}),
    "/plans": (320, {"trial_begun": 0.12, "plan_bought": 0.03}),
    "/book": (230, {"form_sent": 0.20, "talk_booked": 0.12}),
}
#: What a variant changes of these shares; what is not named stays.
EFFECTS: Final[Mapping[str, Mapping[str, float]]] = {
    "in-12-weeks": {"trial_begun": 1.40},
    "price-a-week": {"trial_begun": 1.26, "plan_bought": 1.10},
    "two-fields": {"form_sent": 1.15, "talk_booked": 0.35},
}
_PRICE: Final = 190
_DAILY: Final = 0.08  # by how much the rates of a day differ
_DEVICES: Final = (("mobile", "iOS"), ("mobile", "Android"), ("desktop", "Windows"),
                   ("tablet", "iOS"))  # fmt: skip
_DEVICE_SHARES: Final = (0.40, 0.24, 0.32, 0.04)
_COUNTRIES: Final = ("US", "CA", "GB")
_COUNTRY_SHARES: Final = (0.72, 0.17, 0.11)
_SOURCES: Final[tuple[Mapping[str, str], ...]] = (
    {"utm_source": "meta", "utm_medium": "paid_social", "utm_campaign": "Free trial"},
    {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "Trial search"},
    {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "Coach letter"},
    {},
)
_SOURCE_SHARES: Final = (0.46, 0.27, 0.09, 0.18)


@dataclass
class Visitors:
    """Those who come to the site, day after day."""

    site: Site
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(SEED))
    # Of page, variants and deed: how much of one is due.
    _due: dict[tuple[str, ...], float] = field(default_factory=lambda: defaultdict(lambda: 0.5))

    def come(self, *, since: datetime, until: datetime) -> int:
        """Let a day's visitors see what runs now; returns how many events they left."""
        served = [one for one in served_tests(self.site.workspace, site=self.site) if one.is_open]
        drafts = [
            draft
            for path, (daily, _) in PAGES.items()
            for draft in self._visits(path, daily, served, since, until)
        ]
        return import_events(site=self.site, drafts=drafts, now=until).accepted

    def _visits(
        self, path: str, daily: int, served: list[Served], since: datetime, until: datetime
    ) -> Iterator[Draft]:
        # Nobody comes in the last minutes, so that what they do lies before the day's end too.
        room = (until - since - timedelta(minutes=10)).total_seconds()
        count = int(self.rng.poisson(daily))
        factor = float(self.rng.normal(1, _DAILY))
        devices = self.rng.choice(len(_DEVICES), count, p=_DEVICE_SHARES)
        countries = self.rng.choice(_COUNTRIES, count, p=_COUNTRY_SHARES)
        sources = self.rng.choice(len(_SOURCES), count, p=_SOURCE_SHARES)
        moments = self.rng.uniform(0, room, count)
        for number in range(count):
            device, system = _DEVICES[int(devices[number])]
            facts = {"device": device, "os": system, "country": str(countries[number])}
            yield from self._visit(
                f"{path} {since:%Y-%m-%d} {number}", since + timedelta(seconds=moments[number]),
                path, _SOURCES[int(sources[number])], facts, served, factor,
            )  # fmt: skip

    def _visit(
        self,
        unit: str,
        at: datetime,
        path: str,
        tags: Mapping[str, str],
        facts: dict[str, str],
        served: list[Served],
        factor: float,
    ) -> Iterator[Draft]:
        variants = _met(unit, path, facts, served)
        told: dict[str, Any] = {"url": _address(path, tags), "variants": variants}
        yield _draft(unit, at, 0, facts, type="page_view", **told)
        for place, (name, share) in enumerate(PAGES[path][1].items(), 1):
            if self._does(path, variants, name, share * factor):
                deed: dict[str, Any] = {"type": "custom", "name": name}
                if name == "plan_bought":
                    deed |= {"properties": {"value": _PRICE, "currency": "USD"}}
                yield _draft(unit, at, place, facts, **told, **deed)

    def _does(self, path: str, variants: Mapping[str, str], name: str, share: float) -> bool:
        for variant in variants.values():
            share *= EFFECTS.get(variant, {}).get(name, 1.0)
        key = (path, *variants.values(), name)
        self._due[key] += share
        if self._due[key] < 1:
            return False
        self._due[key] -= 1
        return True


def _met(unit: str, path: str, facts: Mapping[str, str], served: list[Served]) -> dict[str, str]:
    """Variants by test, of the tests that run on a page."""
    known = Facts(facts["device"], facts["country"], url=path)
    found = {one.test.key: assign(one.plan, unit, known).variant for one in served}
    return {test: variant for test, variant in found.items() if variant}


def _address(path: str, tags: Mapping[str, str]) -> str:
    query = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in tags.items())
    return f"{ORIGIN}{path}" + (f"?{query}" if query else "")


def _draft(unit: str, at: datetime, place: int, facts: dict[str, str], **event: Any) -> Draft:
    at += timedelta(minutes=2 * place)
    made = made_id(at, counter=place, text=f"{unit} {place}")
    return Draft({"id": made, **event}, unit, facts=facts)
