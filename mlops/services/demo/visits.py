"""A website for the demo: three weeks of visits, some of which end in a purchase.

Who comes and what he does is drawn from a seed; it goes in as a file of events would. On phones
the checkout loses more people than elsewhere: something to find.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np

from attribution.engine.web_drafts import Draft, made_id
from attribution.models import Site
from attribution.services.funnels.defining import create_funnel
from attribution.services.funnels.refreshing import refresh_funnel
from attribution.services.website.importing import import_events
from attribution.services.website.sites import create_site
from workspaces.models import Workspace

SEED: Final = 21
DAYS: Final = 21
SESSIONS_A_DAY: Final = 45
RETURNING: Final = 180  # people who agreed to be known again
ORIGIN: Final = "https://ptd-fitness.example"
_CONSENTS: Final = 0.6
_PRODUCTS: Final = ("strength-12-weeks", "couch-to-5k", "mobility", "personal-coach")
_PRICES: Final = (690, 290, 190, 1490)
_DEVICES: Final = (
    ({"device": "mobile", "os": "iOS", "browser": "Mobile Safari"}, 0.34),
    ({"device": "mobile", "os": "Android", "browser": "Chrome Mobile"}, 0.22),
    ({"device": "desktop", "os": "Windows", "browser": "Chrome"}, 0.22),
    ({"device": "desktop", "os": "Mac OS X", "browser": "Safari"}, 0.12),
    ({"device": "desktop", "os": "Windows", "browser": "Firefox"}, 0.06),
    ({"device": "tablet", "os": "iOS", "browser": "Mobile Safari"}, 0.04),
)
_COUNTRIES: Final = (("US", 0.7), ("CA", 0.18), ("GB", 0.12))
# Tags or referrer of a visit, the page where it begins, and its weight.
_SOURCES: Final[tuple[tuple[dict[str, str], str, float], ...]] = (
    ({"utm_source": "meta", "utm_medium": "paid_social", "utm_campaign": "Strong in 12 weeks"},
     "/product/strength-12-weeks", 0.26),
    ({"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "Brand search"}, "/", 0.16),
    ({"utm_source": "tiktok", "utm_medium": "paid_social", "utm_campaign": "Couch to 5k"},
     "/product/couch-to-5k", 0.10),
    ({"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "Coach letter"},
     "/blog/warm-up", 0.08),
    ({"referrer": "https://www.google.com/"}, "/blog/warm-up", 0.17),
    ({"referrer": "https://www.instagram.com/"}, "/", 0.06),
    ({"referrer": "https://runners.example/best-plans"}, "/product/couch-to-5k", 0.03),
    ({}, "/", 0.14),
)  # fmt: skip
# Chance to go on from here, for those who came this far.
_TO_PRODUCT, _TO_CART, _TO_CHECKOUT = 0.45, 0.30, 0.62
_TO_PURCHASE: Final = {"mobile": 0.34, "tablet": 0.55, "desktop": 0.68}


@dataclass
class _Visit:
    """Drafts of one visit, as it goes."""

    rng: np.random.Generator
    visitor: str
    at: datetime
    facts: dict[str, str]
    drafts: list[Draft] = field(default_factory=list)
    page: str = ""
    url: str = ""

    def see(self, path: str, *, title: str, tags: dict[str, str] | None = None) -> None:
        """Look at a page for a while."""
        tags = dict(tags or {})
        referrer = tags.pop("referrer", "")
        self.url = f"{ORIGIN}{path}" + (f"?{urlencode(tags)}" if tags else "")
        told = {"url": self.url, "title": title, "referrer": referrer}
        self.page = self._add("page_view", told)
        seconds = float(np.clip(self.rng.lognormal(3.2, 0.9), 2, 600))
        self.at += timedelta(seconds=seconds)
        self._add("engagement", {"seconds": round(seconds, 1)})
        self._add("scroll", {"scroll": int(self.rng.choice((25, 50, 75, 100)))})

    def do(self, name: str, **properties: Any) -> None:
        """Something of the page's own."""
        self._add("custom", {"name": name, "properties": properties})
        self.at += timedelta(seconds=3)

    def _add(self, kind: str, told: dict[str, Any]) -> str:
        place = len(self.drafts)
        event_id = made_id(self.at, counter=place, text=f"{self.visitor} {place} {kind}")
        event = {"id": event_id, "type": kind, "url": self.url, **told}
        if kind != "page_view":
            event["page_id"] = self.page
        self.drafts.append(Draft(event, self.visitor, facts=self.facts))
        return event_id


def fill_website(*, workspace: Workspace, now: datetime) -> Site:
    """Give the workspace a website and its visits."""
    site = create_site(workspace=workspace, name="ptd-fitness.example", origins=[ORIGIN])
    rng = np.random.default_rng(SEED)
    known: list[Draft] = []
    others: list[Draft] = []
    for number, at in enumerate(_moments(rng, now)):
        is_known = rng.random() < _CONSENTS
        visitor = f"person {rng.integers(RETURNING)}" if is_known else f"visit {number}"
        (known if is_known else others).extend(_visit(rng, visitor, at))
    for drafts, has_consent in ((known, True), (others, False)):
        import_events(site=site, drafts=drafts, now=now, has_consent=has_consent)
    _add_funnel(site, now)
    return site


def _add_funnel(site: Site, now: datetime) -> None:
    """From a programme to its purchase, counted over all of the visits."""
    pages = (("Programme", "/product/*"), ("Cart", "/cart"), ("Checkout", "/checkout"),
             ("Purchase", "/thank-you"))  # fmt: skip
    document = {
        "steps": [
            {"name": name, "any_of": [{"kind": "page", "match": match}]} for name, match in pages
        ],
        "window_seconds": int(timedelta(days=7).total_seconds()),
        "mode": "loose",
    }
    funnel = create_funnel(
        workspace=site.workspace, name="Programme to purchase", document=document, by=None,
        now=now, site=site.public_id, alert_drop_pct=20,
    )  # fmt: skip
    refresh_funnel(funnel=funnel, now=now)


def _moments(rng: np.random.Generator, now: datetime) -> Iterator[datetime]:
    for days_ago in range(DAYS, 0, -1):
        for _ in range(int(rng.poisson(SESSIONS_A_DAY))):
            yield now - timedelta(days=days_ago) + timedelta(hours=float(rng.uniform(0, 23)))


def _visit(rng: np.random.Generator, visitor: str, at: datetime) -> list[Draft]:
    place = int(rng.choice(len(_DEVICES), p=[weight for _, weight in _DEVICES]))
    country = str(rng.choice([c for c, _ in _COUNTRIES], p=[weight for _, weight in _COUNTRIES]))
    tags, landing, _ = _SOURCES[
        int(rng.choice(len(_SOURCES), p=[weight for *_, weight in _SOURCES]))
    ]
    facts = {**_DEVICES[place][0], "country": country}
    visit = _Visit(rng, visitor, at, facts)
    visit.see(landing, title=_title(landing), tags=tags)
    product = landing.removeprefix("/product/") if landing.startswith("/product/") else ""
    if not product:
        if rng.random() > _TO_PRODUCT:
            return visit.drafts
        product = _PRODUCTS[int(rng.integers(len(_PRODUCTS)))]
        visit.see(f"/product/{product}", title=_title(product))
    _buy(visit, product)
    return visit.drafts


def _buy(visit: _Visit, product: str) -> None:
    rng = visit.rng
    if rng.random() > _TO_CART:
        return
    visit.do("add_to_cart", product=product)
    visit.see("/cart", title="Cart")
    if rng.random() > _TO_CHECKOUT:
        return
    visit.see("/checkout", title="Checkout")
    if rng.random() > _TO_PURCHASE[visit.facts["device"]]:
        return
    visit.see("/thank-you", title="Thank you")
    price = _PRICES[_PRODUCTS.index(product)]
    visit.do("purchase", product=product, value=price, currency="USD")


def _title(path: str) -> str:
    return path.rpartition("/")[2].replace("-", " ").capitalize() or "PTD Fitness"
