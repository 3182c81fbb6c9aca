"""A week of visits to the demo shop under two A/B tests: one that was won, one that does harm.

Run on the stack's servers; prints the public ids of both. All goes the way of a visit: events are
stored, become sessions, exposures and sums by the product's own services.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from django.utils import timezone  # noqa: E402  # needs the settings

from attribution.engine.web_drafts import Draft, made_id  # noqa: E402
from attribution.models import Site  # noqa: E402
from attribution.services.website.importing import import_events  # noqa: E402
from experiments.models import ABTest  # noqa: E402
from experiments.services.counting.counting import count_all  # noqa: E402
from experiments.services.drafting import create_draft  # noqa: E402
from experiments.services.running import start_test  # noqa: E402
from workspaces.gate import Proposer  # noqa: E402
from workspaces.models import User  # noqa: E402

WON, HARMFUL = "Promise on the home page", "Fewer words on products"
PROMISE = "Everything your training needs"
VISITORS = 1_500  # of each variant


def fill() -> dict[str, str]:
    """Make both tests and their week; public ids by name."""
    now = timezone.now()
    site = Site.objects.select_related("workspace").get(name="Demo shop")
    by = Proposer.person(User.objects.get(email="olga@demo.example"))
    won = started(site, by, now, WON, "/shop/", {"selector": "h1", "value": PROMISE})
    harmful = started(site, by, now, HARMFUL, "/shop/products/*", {"selector": "h1", "value": "Hm"})
    rng = random.Random(7)
    drafts = [
        *visits(rng, site, won, "/shop/", {"purchase": (0.10, 0.20), "refund": (0.05, 0.05)}),
        *visits(
            rng, site, harmful, "/shop/products/mat",
            {"purchase": (0.10, 0.10), "refund": (0.05, 0.15)},
        ),
    ]  # fmt: skip
    import_events(site=site, drafts=drafts, now=now, has_consent=True)
    count_all(workspace=site.workspace, now=now)
    return {one.name: str(one.public_id) for one in (won, harmful)}


def started(
    site: Site, by: Proposer, now: datetime, name: str, pages: str, change: dict[str, str]
) -> ABTest:
    values: dict[str, Any] = {
        "name": name,
        "website": {"site": str(site.public_id), "page_pattern": pages},
        "variants": [
            {"name": "Control"},
            {"name": "Promise", "config": {"changes": [{"kind": "text", **change}]}},
        ],
        "metrics": [
            {"metric": "purchase", "role": "primary"},
            {"metric": "refund", "role": "guardrail", "harm_bp": 1_000},
        ],
    }
    test = create_draft(workspace=site.workspace, values=values, by=by, now=now)
    start_test(test=test, by=by, now=now - timedelta(days=8))
    return test


def visits(
    rng: random.Random,
    site: Site,
    test: ABTest,
    path: str,
    rates: dict[str, tuple[float, float]],
    number_of: int = VISITORS,
) -> Iterator[Draft]:
    """Who sees the page, and what of it they do within the hour."""
    url = f"{site.origins[0]}{path}"
    variants = list(test.variants.order_by("position").values_list("key", flat=True))
    began = timezone.now() - timedelta(days=7)
    for arm, variant in enumerate(variants):
        for number in range(number_of):
            visitor = f"{test.key}-{variant}-{number}"
            at = began + timedelta(seconds=rng.randrange(6 * 86_400))
            told = {"url": url, "variants": {test.key: variant}}
            yield _draft(visitor, at, 0, type="page_view", **told)
            for place, (name, shares) in enumerate(rates.items(), 1):
                if rng.random() < shares[arm]:
                    yield _draft(visitor, at, place, type="custom", name=name, **told)


def _draft(visitor: str, at: datetime, place: int, **event: Any) -> Draft:
    at += timedelta(minutes=place)
    made = made_id(at, counter=place, text=f"{visitor} {place}")
    return Draft({"id": made, **event}, visitor)


if __name__ == "__main__":
    from experiments.services.library import define_metric

    demo = Site.objects.select_related("workspace").get(name="Demo shop")
    define_metric(
        workspace=demo.workspace, now=timezone.now(),
        values={"key": "refund", "name": "Refunds", "event": "refund", "goal": "decrease"},
        by=Proposer.person(User.objects.get(email="olga@demo.example")),
    )  # fmt: skip
    print(json.dumps(fill()))  # noqa: T201  # what the caller reads
