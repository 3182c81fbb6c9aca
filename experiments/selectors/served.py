"""The tests that run now, as those who assign units need them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.core.cache import cache
from django.db.models import QuerySet

from attribution.models import Site
from experiments.engine.assignment import Assignment, Holdout, TestPlan, assign
from experiments.engine.changes import ChangeError, Look, look_of
from experiments.engine.snippet import SiteTest
from experiments.engine.targeting import ANY_PAGE, Facts, Targeting, TargetingError, targeting_of
from experiments.models import (
    ABTest,
    ABTestStatus,
    ABTestVariant,
    ExperimentPolicy,
    Exposure,
    Surface,
    WebsiteABTest,
)
from workspaces.models import Workspace

logger = logging.getLogger(__name__)
#: A paused test shows the control, and whoever met a variant keeps it for when it goes on.
_SERVED: Final = (ABTestStatus.RUNNING, ABTestStatus.PAUSED)
ASKED_S: Final = 24 * 3600  # how long it is known that pages of a site asked


@dataclass(frozen=True)
class Served:
    """A test that runs or is paused, with its variants in their order."""

    test: ABTest
    variants: tuple[ABTestVariant, ...]

    @property
    def is_open(self) -> bool:
        """Whether it takes units in."""
        return self.test.status == ABTestStatus.RUNNING

    @cached_property
    def plan(self) -> TestPlan:
        """What decides who gets which variant."""
        test = self.test
        layer = test.layer
        return TestPlan(
            key=test.key,
            seed=test.seed,
            variants=tuple((one.key, one.weight) for one in self.variants),
            traffic=test.traffic,
            layer_seed=layer.seed if layer else "",
            layer_from=test.layer_from if layer else 0,
            layer_to=test.layer_to if layer else TestPlan.layer_to,
            targeting=self._targeting(),
        )

    def on_site(self) -> SiteTest:
        """As a page is told of it; a test that no page could follow changes nothing."""
        place = _place(self.test)
        try:
            looks = {one.key: _look(one, place) for one in self.variants}
        except ChangeError as error:
            logger.warning("A variant cannot be shown: %s", error, extra={"test": self.test.pk})
            return SiteTest(self.plan, {}, is_open=False)
        return SiteTest(self.plan, looks, self.is_open)

    def config_of(self, variant: str | None) -> Mapping[str, Any] | None:
        """What a variant changes, as it was written down."""
        return next((one.config for one in self.variants if one.key == variant), None)

    def _targeting(self) -> Targeting:
        place = _place(self.test)
        pages = (place.page_pattern if place else ANY_PAGE,)
        return targeting_of(self.test.targeting, pages=pages)


def asked_name(site: Site) -> str:
    """Where the cache holds that pages of a site asked for their tests."""
    return f"ab-asked:{site.pk}"


def has_script(site: Site) -> bool:
    """Whether pages asked for their tests within a day, or ever showed one."""
    shown = WebsiteABTest.objects.filter(site=site, deployed_at__isnull=False)
    return bool(cache.get(asked_name(site))) or shown.exists()


def served_tests(workspace: Workspace, *, site: Site | None = None) -> list[Served]:
    """Tests that run or are paused, oldest first; those of a site's pages, or of everything."""
    rows: QuerySet[ABTest] = ABTest.objects.filter(workspace=workspace, status__in=_SERVED)
    if site is not None:
        rows = rows.filter(surface=Surface.WEBSITE, website__site=site)
    found = rows.select_related("layer", "website").prefetch_related("variants").order_by("pk")
    return [one for test in found if (one := _served(test))]


def _served(test: ABTest) -> Served | None:
    variants = tuple(sorted(test.variants.all(), key=lambda one: one.position))
    served = Served(test, variants)
    try:
        served.plan  # noqa: B018  # reads what may be wrong
    except (TargetingError, ValueError) as error:
        logger.warning("A test cannot be served: %s", error, extra={"test": test.pk})
        return None
    return served


def holdout_of(workspace: Workspace) -> Holdout | None:
    """Who is in no test of a workspace."""
    policy = ExperimentPolicy.objects.filter(workspace=workspace).first()
    return Holdout(policy.holdout_seed, policy.holdout) if policy and policy.holdout else None


def known_variants(workspace: Workspace, unit: str, served: list[Served]) -> dict[int, str]:
    """The variant that a unit met first in each test, by the test's primary key."""
    tests = [one.test.pk for one in served]
    rows = Exposure.objects.filter(workspace=workspace, unit=unit, test__in=tests)
    return dict(rows.values_list("test_id", "variant__key"))


def assigned(
    workspace: Workspace,
    unit: str,
    facts: Facts,
    served: list[Served],
    forced: Mapping[str, str],
) -> list[tuple[Served, Assignment]]:
    """Decide a unit's variants of tests; whom a paused test has not met gets none."""
    holdout, known = holdout_of(workspace), known_variants(workspace, unit, served)
    return [
        (
            one,
            assign(
                one.plan, unit, facts, holdout=holdout,
                known=known.get(one.test.pk, ""), forced=forced.get(one.test.key, ""),
            ),
        )
        for one in served
        if one.is_open
    ]  # fmt: skip


def _place(test: ABTest) -> WebsiteABTest | None:
    return getattr(test, "website", None)


def _look(variant: ABTestVariant, place: WebsiteABTest | None) -> Look:
    return look_of(variant.config, selector=place.selector if place else "")
