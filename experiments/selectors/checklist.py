"""Common mistakes, looked for before a test starts: each with what to do about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from attribution.selectors.website.sites import last_event_of
from experiments.engine.places import can_meet
from experiments.models import (
    WHOLE,
    ABTest,
    ABTestMetric,
    ABTestStatus,
    ABTestVariant,
    MetricKind,
    MetricRole,
    MetricSource,
    Mode,
    Surface,
    WebsiteABTest,
)
from experiments.selectors.results import variants_of
from experiments.selectors.rules import parts_of
from experiments.selectors.served import has_script
from experiments.selectors.sizing import sizing_for
from experiments.selectors.traffic import traffic_of
from workspaces.gate import CheckResult

TAKING: Final = (ABTestStatus.PENDING_START, ABTestStatus.RUNNING, ABTestStatus.PAUSED)
_SILENT: Final = timedelta(days=2)


@dataclass(frozen=True)
class Check:
    """One line: ``verdict`` is passed, warning or blocked; ``text`` says what to do."""

    name: str
    label: str
    verdict: str
    text: str

    def as_result(self) -> CheckResult:
        """As the gate tells it."""
        return CheckResult(self.name, self.verdict, self.text)  # type: ignore[arg-type]  # its words


@dataclass(frozen=True)
class _Draft:
    """A draft with what every check reads."""

    test: ABTest
    variants: list[ABTestVariant]
    parts: list[ABTestMetric]
    place: WebsiteABTest | None
    now: datetime

    @property
    def primary(self) -> ABTestMetric | None:
        return next((one for one in self.parts if one.role == MetricRole.PRIMARY), None)


def checklist(test: ABTest, now: datetime) -> list[Check]:
    """Look at a draft: what would keep it from starting, and what would spoil it."""
    place = WebsiteABTest.objects.select_related("site").filter(test=test).first()
    draft = _Draft(test, variants_of(test), parts_of(test), place, now)
    found = [_variants(draft), _differences(draft), _metrics(draft), _place(draft), _slot(draft)]
    if test.surface == Surface.WEBSITE and place is not None:
        found += [_events(draft), _overlaps(draft), _traffic(draft)]
    return found


def blockers_of(test: ABTest, now: datetime) -> list[Check]:
    """Only what keeps it from starting."""
    return [one for one in checklist(test, now) if one.verdict == "blocked"]


def _check(name: str, label: str, problem: str, *, passed: str, blocks: bool = False) -> Check:
    verdict = ("blocked" if blocks else "warning") if problem else "passed"
    return Check(name, label, verdict, problem or passed)


def _variants(draft: _Draft) -> Check:
    whole = sum(one.weight for one in draft.variants)
    problem = ""
    if len(draft.variants) < 2:
        problem = "Add a variant: a test compares two at least."
    elif sum(one.is_control for one in draft.variants) != 1:
        problem = "Make one variant the control: the others are held against it."
    elif whole != WHOLE:
        problem = f"The shares are {whole / 100:g} % in all. Make them 100 %."
    elif draft.variants[0].weight == 0:
        problem = "Give the control a share, or nothing can be compared with it."
    shares = ", ".join(f"{one.name} {one.weight / 100:g} %" for one in draft.variants)
    return _check("variants", "Variants", problem, passed=f"{shares}.", blocks=True)


def _differences(draft: _Draft) -> Check:
    problem, blocks = "", False
    if draft.test.surface == Surface.AD:
        ads = [one.ad_id for one in draft.variants]
        if None in ads or len(set(ads)) < len(ads):
            problem, blocks = "Choose an ad for each variant, each another one.", True
    else:
        looks: dict[str, str] = {}
        for one in draft.variants:
            look = json.dumps(one.config, sort_keys=True)
            if look in looks:
                problem = (
                    f"{looks[look]} and {one.name} look alike. Change one of them, unless you test "
                    "the test itself."
                )
            looks[look] = one.name
    return _check(
        "differences", "Differences", problem, passed="Every variant is another one.", blocks=blocks
    )


def _metrics(draft: _Draft) -> Check:
    primary = draft.primary
    problem = ""
    if primary is None:
        problem = "Choose the primary metric: it decides the test."
    elif draft.test.mode == Mode.BANDIT and primary.metric.kind not in (
        MetricKind.BINOMIAL,
        MetricKind.MEAN,
    ):
        problem = "A bandit needs a conversion or a mean as its primary metric."
    else:
        is_ad = draft.test.surface == Surface.AD
        odd = [
            one.metric.name
            for one in draft.parts
            if (one.metric.source == MetricSource.AD_PERFORMANCE) != is_ad
        ]
        if odd:
            words = "only by figures of ads" if is_ad else "not by figures of ads"
            problem = f"{odd[0]} is of the wrong source: this test is measured {words}."
    name = primary.metric.name if primary else ""
    return _check("metrics", "Metrics", problem, passed=f"{name} decides.", blocks=True)


def _place(draft: _Draft) -> Check:
    problem = ""
    if draft.test.surface == Surface.WEBSITE:
        if draft.place is None:
            problem = "Say on which website and pages it runs."
        elif not draft.place.site.is_active:
            problem = f"{draft.place.site.name} is switched off. Switch it on in the admin."
    where = f"{draft.place.site.name}, {draft.place.page_pattern}." if draft.place else "Set."
    return _check("place", "Place", problem, passed=where, blocks=True)


def _slot(draft: _Draft) -> Check:
    test = draft.test
    if test.layer is None:
        return Check("layer", "Layer", "passed", "It shares no layer with other tests.")
    taken = test.layer.tests.filter(
        status__in=TAKING, layer_from__lt=test.layer_to, layer_to__gt=test.layer_from
    ).exclude(pk=test.pk)
    names = ", ".join(taken.values_list("name", flat=True)[:3])
    problem = f"{names} has its slot in {test.layer.name}. Choose a free one." if names else ""
    size = (test.layer_to - test.layer_from) / 100
    passed = f"{size:g} % of the layer {test.layer.name}, shared with no other test."
    return _check("layer", "Layer", problem, passed=passed, blocks=True)


def _events(draft: _Draft) -> Check:
    place = draft.place
    if place is None:
        raise ValueError("a test of a website has a place")
    seen = last_event_of(place.site)
    if seen is None or draft.now - seen > _SILENT:
        problem = f"No events came from {place.site.name} lately. Put its tracking script in."
    elif not has_script(place.site):
        problem = (
            "No page of this website has asked for a test lately. Put the script for tests, "
            "/ab.js, into the head of its pages."
        )
    else:
        problem = ""
    return _check("events", "Script", problem, passed="Pages send events and ask for tests.")


def _overlaps(draft: _Draft) -> Check:
    names = [one.name for one in _meeting(draft.test, draft.place, TAKING)]
    problem = (
        f"{', '.join(names[:3])} may run on the same page for the same people. Put both into one "
        "layer, each with a slot of its own, or wait."
        if names
        else ""
    )
    return _check("overlaps", "Other tests", problem, passed="No other test runs on these pages.")


def _traffic(draft: _Draft) -> Check:
    test, found = draft.test, sizing_for(draft.test, draft.now)
    if found is None or found.days is None:
        daily = traffic_of(test, draft.now).daily_units
        problem = (
            "" if daily else "Nobody visited these pages lately: it may never have enough units."
        )
        return _check("traffic", "Traffic", problem, passed=f"About {daily or 0:,.0f} units a day.")
    problem = (
        f"It needs {found.total_units:,} units, which take about {found.days} days; it runs for "
        f"{test.max_days} at most. Look for a larger effect, take more traffic or more days."
        if not found.fits
        else ""
    )
    passed = f"{found.total_units:,} units come within about {found.days} days."
    return _check("traffic", "Traffic", problem, passed=passed)


def colliding(test: ABTest, statuses: tuple[ABTestStatus, ...]) -> list[ABTest]:
    """Tests in these states that may meet the same people on the same page."""
    return _meeting(test, WebsiteABTest.objects.filter(test=test).first(), statuses)


def _meeting(
    test: ABTest, place: WebsiteABTest | None, statuses: tuple[ABTestStatus, ...]
) -> list[ABTest]:
    if place is None:
        return []
    others = (
        ABTest.objects.filter(
            workspace=test.workspace_id, status__in=statuses, website__site=place.site_id
        )
        .exclude(pk=test.pk)
        .select_related("website")
        .order_by("pk")
    )
    return [
        other
        for other in others
        if not are_apart(test, other) and can_meet(place.page_pattern, other.website.page_pattern)
    ]


def are_apart(first: ABTest, second: ABTest) -> bool:
    """Whether a layer keeps two tests from meeting the same people."""
    return (
        first.layer_id is not None
        and first.layer_id == second.layer_id
        and (first.layer_from >= second.layer_to or second.layer_from >= first.layer_to)
    )
