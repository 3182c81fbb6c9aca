"""Drafts from plain values: what is made of them, and which field is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from attribution.models import Site, WebDay
from attribution.services.website.sites import create_site
from experiments.models import ABTest, ABTestStatus, ExperimentPolicy, Metric
from experiments.selectors.checklist import checklist
from experiments.selectors.sizing import sizing_of
from experiments.selectors.traffic import Traffic, traffic_of
from experiments.services.drafting import archive_test, copy_test, create_draft, edit_draft
from experiments.services.library import define_metric, seed_library
from tests.experiments.steps import NOW, draft_of, metric_of, on_site, running_of
from workspaces.gate import NotAllowedError, Proposer, StateError
from workspaces.models import User, Workspace
from workspaces.services.workspaces import create_workspace

pytestmark = pytest.mark.django_db
RULE = Proposer.rule("test")


@pytest.fixture
def site(workspace: Workspace) -> Site:
    """A shop."""
    return create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])


def _values(site: Site, **other: Any) -> dict[str, Any]:
    return {
        "name": "Buy button, blue",
        "website": {"site": str(site.public_id), "page_pattern": "/product/*", "selector": "#buy"},
        "variants": [
            {"name": "Control"},
            {"name": "Blue", "config": {"changes": [{"kind": "text", "value": "Buy now"}]}},
        ],
        "metrics": [{"metric": "purchase", "role": "primary"}, {"metric": "revenue"}],
        **other,
    }


def _refused(workspace: Workspace, values: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        create_draft(workspace=workspace, values=values, by=RULE, now=NOW)
    assert not ABTest.objects.exists()
    return sorted(refused.value.message_dict)


def test_a_key_is_taken_once_in_a_workspace(workspace: Workspace) -> None:
    values = {"name": "Price", "key": "price"}
    create_draft(workspace=workspace, values=values, by=RULE, now=NOW)

    with pytest.raises(ValidationError, match="There is a test of this key already"):
        create_draft(workspace=workspace, values=values, by=RULE, now=NOW)


def test_a_draft_takes_what_is_usual(workspace: Workspace, site: Site) -> None:
    ExperimentPolicy.objects.create(workspace=workspace, max_days=21, alpha_bp=100)

    test = create_draft(workspace=workspace, values=_values(site), by=RULE, now=NOW)

    assert (test.key, test.status, test.max_days, test.alpha_bp) == (
        "buy-button-blue", "draft", 21, 100,
    )  # fmt: skip
    arms = test.variants.order_by("position").values_list("key", "weight", "is_control")
    assert list(arms) == [("control", 5_000, True), ("blue", 5_000, False)]
    parts = test.metrics.order_by("position").values_list("metric__key", "role")
    assert list(parts) == [("purchase", "primary"), ("revenue", "secondary")]
    assert test.website.page_pattern == "/product/*"


def test_keys_of_one_name_differ(workspace: Workspace) -> None:
    made = [
        create_draft(workspace=workspace, values={"name": "Größe"}, by=RULE, now=NOW).key
        for _ in range(3)
    ]

    assert made == ["groe", "groe-2", "groe-3"]


def test_three_variants_are_split_evenly(workspace: Workspace) -> None:
    names = [{"name": name} for name in ("A", "B", "C")]
    test = create_draft(
        workspace=workspace, values={"name": "x", "variants": names}, by=RULE, now=NOW
    )

    weights = test.variants.order_by("position").values_list("weight", flat=True)
    assert list(weights) == [3_334, 3_333, 3_333]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"surface": "radio"}, "surface"),
        ({"key": "Not a key"}, "key"),
        ({"alpha_bp": 5_000}, "alpha_bp"),
        ({"targeting": {"devices": ["watch"]}}, "targeting.devices"),
        ({"targeting": {"countries": ["Germany"]}}, "targeting.countries"),
        ({"targeting": {"age": 3}}, "targeting.age"),
        ({"website": {"site": "nowhere"}}, "website.site"),
        ({"variants": []}, "variants"),
        ({"variants": [{"weight": 1}, {"weight": 2}]}, "variants"),
        ({"variants": [{"weight": 5_000}, {"weight": "x"}]}, "variants.1.weight"),
        ({"variants": [{"name": "A"}, {"name": "A", "key": "control"}]}, "variants.1.key"),
        ({"metrics": [{"metric": "luck"}]}, "metrics.0.metric"),
        ({"metrics": [{"metric": "lead", "role": "boss"}]}, "metrics.0.role"),
        ({"metrics": [{"metric": "lead"}, {"metric": "lead"}]}, "metrics"),
        ({"layer": ["x"]}, "layer"),
    ],
)
def test_the_field_that_is_wrong_is_named(
    workspace: Workspace, site: Site, values: dict[str, Any], field: str
) -> None:
    assert _refused(workspace, _values(site, **values)) == [field]


def test_an_unsafe_change_is_refused(workspace: Workspace, site: Site) -> None:
    script = {"kind": "attribute", "name": "onclick", "value": "alert(1)"}
    arms = [{"name": "Control"}, {"name": "Bad", "config": {"changes": [script]}}]

    assert _refused(workspace, _values(site, variants=arms)) == [
        "variants.1.config.changes[0].name"
    ]


def test_another_workspaces_site_is_no_site(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    foreign = create_site(workspace=other_workspace, name="X", origins=["https://x.example"])

    assert _refused(workspace, _values(foreign)) == ["website.site"]


def test_a_viewer_makes_no_test(workspace: Workspace, viewer: User) -> None:
    with pytest.raises(NotAllowedError, match="operator"):
        create_draft(workspace=workspace, values={"name": "x"}, by=Proposer.person(viewer), now=NOW)

    assert not ABTest.objects.exists()


def test_an_edit_changes_only_what_it_names(workspace: Workspace, site: Site) -> None:
    test = create_draft(workspace=workspace, values=_values(site), by=RULE, now=NOW)

    edit_draft(test=test, values={"name": "Other", "traffic": 2_000}, by=RULE, now=NOW)

    test.refresh_from_db()
    assert (test.name, test.traffic, test.key) == ("Other", 2_000, "buy-button-blue")
    assert test.variants.count() == 2


def test_what_runs_is_not_edited(workspace: Workspace) -> None:
    test = running_of(workspace)

    with pytest.raises(StateError, match="has started"):
        edit_draft(test=test, values={"name": "Other"}, by=RULE, now=NOW)
    with pytest.raises(StateError, match="Stop it first"):
        archive_test(test=test, by=RULE, now=NOW)

    test.refresh_from_db()
    assert (test.name, test.archived_at) == ("Button", None)


def test_a_copy_is_a_draft_of_the_same_making(workspace: Workspace, site: Site) -> None:
    test = create_draft(workspace=workspace, values=_values(site), by=RULE, now=NOW)

    copy = copy_test(test=test, by=RULE, now=NOW)

    assert (copy.name, copy.status) == ("Buy button, blue (copy)", ABTestStatus.DRAFT)
    assert copy.seed != test.seed
    assert copy.variants.get(key="blue").config == test.variants.get(key="blue").config
    assert copy.website.selector == "#buy"


def test_a_new_workspace_has_rules_and_metrics(admin: User) -> None:
    made = create_workspace(
        name="New", slug="new", currency="EUR", time_zone="Europe/Berlin", mode="direct",
        by=admin, now=NOW,
    )  # fmt: skip

    assert ExperimentPolicy.objects.get(workspace=made).holdback == 500
    keys = set(Metric.objects.filter(workspace=made).values_list("key", flat=True))
    assert {"purchase", "lead", "revenue", "order-value", "ad-clicks"} <= keys


def test_the_library_knows_the_events_of_sites(workspace: Workspace, site: Site) -> None:
    site.conversion_events = ["trial-started"]
    site.save(update_fields=["conversion_events"])

    seed_library(workspace=workspace)

    assert Metric.objects.get(workspace=workspace, key="trial-started").name == "Trial started"


def test_a_metric_of_ones_own(workspace: Workspace, viewer: User) -> None:
    values = {"key": "demo", "name": "Demos", "event": "demo"}

    with pytest.raises(NotAllowedError):
        define_metric(workspace=workspace, values=values, by=Proposer.person(viewer), now=NOW)
    with pytest.raises(ValidationError, match="Name the event"):
        define_metric(workspace=workspace, values={**values, "event": ""}, by=RULE, now=NOW)
    made = define_metric(workspace=workspace, values=values, by=RULE, now=NOW)

    assert list(Metric.objects.filter(workspace=workspace)) == [made]


def _verdicts(test: ABTest) -> dict[str, str]:
    return {one.name: one.verdict for one in checklist(test, NOW)}


def test_the_checklist_names_what_is_missing(workspace: Workspace) -> None:
    test = draft_of(workspace, metrics={}, weights={"control": 10_000})

    assert _verdicts(test) == {
        "variants": "blocked", "differences": "passed", "metrics": "blocked", "place": "blocked",
        "layer": "passed",
    }  # fmt: skip


def test_the_checklist_warns_of_a_test_on_the_same_page(workspace: Workspace) -> None:
    test = draft_of(workspace)
    place = on_site(test, pattern="/product/*")
    for key, pattern in (("other", "/pro*"), ("far", "/blog/*")):
        on_site(running_of(workspace, key), place.site, pattern)

    overlaps = next(one for one in checklist(test, NOW) if one.name == "overlaps")

    assert overlaps.verdict == "warning"
    assert "Other may run" in overlaps.text


def test_the_checklist_sizes_by_what_pages_saw(workspace: Workspace) -> None:
    test = draft_of(workspace, method="fixed")
    site = on_site(test, pattern="/p/*").site
    day = NOW.date() - timedelta(days=1)
    own = {"workspace": workspace, "site": site, "day": day}
    WebDay.objects.create(**own, dimension="total", visitors=1_000, sessions=1_000)
    WebDay.objects.create(**own, dimension="page", key="/p/1", visitors=400, page_views=400)
    WebDay.objects.create(**own, dimension="page", key="/q/1", visitors=600, page_views=600)
    WebDay.objects.create(**own, dimension="event", key="purchase", visitors=100, events=100)

    traffic = next(one for one in checklist(test, NOW) if one.name == "traffic")

    assert traffic.verdict == "warning"
    assert traffic.text.startswith("It needs 29,502 units, which take about 74 days")


def test_the_checklist_sizes_by_those_whom_the_targeting_lets_in(workspace: Workspace) -> None:
    test = draft_of(workspace, method="fixed", targeting={"countries": ["GB"]})
    site = on_site(test, pattern="/p/*").site
    own = {"workspace": workspace, "site": site}
    day, before = NOW.date() - timedelta(days=1), NOW.date() - timedelta(days=28)
    WebDay.objects.create(**own, day=day, dimension="total", visitors=1_000, sessions=1_000)
    WebDay.objects.create(**own, day=day, dimension="page", key="/p/1", visitors=400,
                          page_views=400)  # fmt: skip
    # What was seen four weeks ago still tells who comes, not how many.
    WebDay.objects.create(**own, day=before, dimension="total", visitors=1_000, sessions=1_000)
    WebDay.objects.create(**own, day=before, dimension="country", key="GB", visitors=500,
                          sessions=500)  # fmt: skip

    assert traffic_of(test, NOW) == Traffic(daily_units=100.0, share=0.25)
    traffic = next(one for one in checklist(test, NOW) if one.name == "traffic")
    assert traffic.text == "About 100 units a day."


def test_whoever_fits_nothing_brings_no_units(workspace: Workspace) -> None:
    test = draft_of(workspace, targeting={"devices": ["tablet"]})
    site = on_site(test).site
    WebDay.objects.create(workspace=workspace, site=site, day=NOW.date() - timedelta(days=1),
                          dimension="total", visitors=9, sessions=9)  # fmt: skip

    assert traffic_of(test, NOW) == Traffic(daily_units=0.0, share=0.0)
    traffic = next(one for one in checklist(test, NOW) if one.name == "traffic")
    assert (traffic.verdict, "Nobody visited" in traffic.text) == ("warning", True)


def test_sizes_are_those_of_the_engine() -> None:
    found = sizing_of(baseline=0.05, minimum_effect=0.1, method="fixed", daily_units=10_000)

    assert (found.units, found.total_units, found.days, found.fits) == (31_234, 62_468, 7, True)


def test_metrics_of_ads_are_for_tests_of_ads(workspace: Workspace) -> None:
    clicks = metric_of(workspace, "click", source="ad_performance")
    test = draft_of(workspace, metrics={"primary": clicks})
    on_site(test)

    assert _verdicts(test)["metrics"] == "blocked"
