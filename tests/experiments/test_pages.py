"""Pages of experiments: the list, a draft step by step, a running test, what is done with it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from attribution.models import WebDay
from attribution.services.website.sites import create_site
from experiments.models import (
    ABTest,
    ABTestAllocation,
    ExperimentPolicy,
    Exposure,
    ExposureDay,
    MetricDay,
    UnitOutcome,
)
from experiments.services.drafting import create_draft
from tests.experiments.figures import count
from tests.experiments.steps import NOW, draft_of, metric_of, on_site, running_of, variant_of
from workspaces.gate import Proposer
from workspaces.models import Proposal

pytestmark = pytest.mark.django_db
WON = {"control": (20_000, 2_000), "blue": (20_000, 2_600)}


@pytest.fixture
def site(workspace):
    """A website that tests run on."""
    return create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])


@pytest.fixture
def post(client_as, operator, workspace):
    """Send a form as an operator."""
    client = client_as(operator)

    def send(path: str, **values: Any):
        return client.post(path, {"workspace": str(workspace.public_id), **values})

    return send


def _edit(test: ABTest, step: str) -> str:
    return reverse("experiment-edit", args=[test.public_id, step])


def _save(test: ABTest, step: str) -> str:
    return reverse("experiment-save", args=[test.public_id, step])


def _act(test: ABTest, action: str) -> str:
    return reverse("experiment-act", args=[test.public_id, action])


def test_empty_list_says_what_to_do(client_as, viewer):
    text = client_as(viewer).get(reverse("experiments")).content.decode()

    assert "No experiments yet." in text
    assert "New experiment" not in text


def test_list_shows_where_tests_stand(client_as, viewer, workspace, django_assert_max_num_queries):
    for key in ("one", "two", "three"):
        test = running_of(workspace, key, planned_units=40_000)
        on_site(test)
        count(test, "purchase", WON)
    draft_of(workspace, "later")
    client = client_as(viewer)
    client.get(reverse("experiments"))

    with django_assert_max_num_queries(12):
        text = client.get(reverse("experiments")).content.decode()

    assert "40,000" in text
    assert "50 %" in text
    assert "Later" not in text
    assert "Later" in client.get(reverse("experiments") + "?tab=drafts").content.decode()
    assert (
        "No experiment here." in client.get(reverse("experiments") + "?q=nobody").content.decode()
    )


def test_a_draft_is_made_step_by_step(post, client_as, operator, workspace, site):
    answer = post(
        reverse("experiment-new"), name="Buy button", type="button", surface="website",
        hypothesis="Because it is grey, we believe that blue sells more.",
    )  # fmt: skip
    test = ABTest.objects.get()
    assert answer.url == _edit(test, "audience")

    answer = post(
        _save(test, "audience"), site=str(site.public_id), page_pattern="/product/*",
        selector="#buy", traffic="50", devices=["mobile"], countries="de, fr",
        query="utm=spring\na", layer="Buttons", layer_from="0", layer_to="50",
    )  # fmt: skip
    assert answer.url == _edit(test, "variants")
    answer = post(
        _save(test, "variants"),
        **{
            "variant-0-name": "Control", "variant-0-key": "control", "variant-0-share": "40",
            "variant-1-name": "Blue", "variant-1-share": "60",
            "variant-1-change-0-kind": "style", "variant-1-change-0-value": "color: #00f",
            "variant-1-change-1-kind": "text", "variant-1-change-1-selector": "h1",
            "variant-1-change-1-value": "Buy now",
        },
    )  # fmt: skip
    assert answer.url == _edit(test, "metrics")
    answer = post(
        _save(test, "metrics"),
        **{"primary": "purchase", "role-revenue": "secondary", "role-page-views": "guardrail",
           "harm-page-views": "1.5", "role-purchase": "secondary"},
    )  # fmt: skip
    assert answer.url == _edit(test, "size")
    answer = post(
        _save(test, "size"), method="fixed", mode="split", alpha="1", power="90",
        minimum_effect="12.5", min_days="7", max_days="21", holdback="10", planned_units="5,000",
    )  # fmt: skip
    assert answer.url == _edit(test, "review")

    test.refresh_from_db()
    assert (test.traffic, test.layer_to, test.alpha_bp, test.power_bp) == (5_000, 5_000, 100, 9_000)
    assert (test.minimum_effect_bp, test.max_days, test.planned_units) == (1_250, 21, 5_000)
    assert test.targeting == {
        "devices": ["mobile"], "countries": ["DE", "FR"], "query": {"utm": "spring", "a": "*"},
    }  # fmt: skip
    blue = variant_of(test, "blue")
    assert blue.weight == 6_000
    assert [change["kind"] for change in blue.config["changes"]] == ["style", "text"]
    roles = dict(test.metrics.values_list("metric__key", "role"))
    assert roles == {"purchase": "primary", "revenue": "secondary", "page-views": "guardrail"}
    assert test.metrics.get(role="guardrail").harm_bp == 150
    text = client_as(operator).get(_edit(test, "review")).content.decode()
    assert "https://shop.example/product/?cs_variant=buy-button%3Ablue" in text


@pytest.mark.parametrize(
    ("step", "values", "words"),
    [
        ("audience", {"traffic": "150"}, "Traffic: Give 0 to 100 percent."),
        ("audience", {"traffic": "x"}, "Traffic: &#x27;x&#x27; is no number."),
        ("audience", {"site": "nope"}, "Site: There is no such website."),
        ("audience", {"countries": "Germany"}, "Countries:"),
        ("audience", {"layer": "A", "layer_from": "60", "layer_to": "40"}, "A slot begins below"),
        ("variants", {"variant-0-name": "A", "variant-0-share": "40"}, "Make them 100"),
        (
            "variants",
            {
                "variant-0-name": "A",
                "variant-1-name": "B",
                "variant-1-change-0-kind": "style",
                "variant-1-change-0-selector": "#buy",
                "variant-1-change-0-value": "background: url(x)",
            },
            "Variant 2, change 1, value: Write declarations",
        ),
        ("variants", {"variant-0-name": "A", "variant-0-redirect": "//evil"}, "Name a path"),
        ("metrics", {}, "Choose the primary metric"),
        ("metrics", {"primary": "nothing"}, "There is no metric"),
        ("size", {"min_days": "20"}, "no longer at least than at most"),
        ("size", {"max_days": "x"}, "Max days: &#x27;x&#x27; is no whole number."),
        ("size", {"planned_for": "soon"}, "Write the day as 2026-12-31."),
        ("size", {"method": "magic", "mode": "split"}, "Method:"),
    ],
)
def test_a_step_refuses_in_words(post, workspace, site, step, values, words):
    test = draft_of(workspace)
    on_site(test, site)
    usual = {
        "size": {"method": "fixed", "mode": "split"},
        "audience": {"site": str(site.public_id)},
    }
    before = ABTest.objects.values().get()

    answer = post(_save(test, step), **{**usual.get(step, {}), **values})

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert ABTest.objects.values().get() == before
    assert sorted(test.variants.values_list("key", flat=True)) == ["blue", "control"]


def test_a_viewer_reads_steps_and_saves_none(client_as, viewer, workspace):
    test = draft_of(workspace)
    client = client_as(viewer)

    assert client.get(_edit(test, "size")).status_code == 200
    own = {"workspace": str(workspace.public_id), "name": "Mine"}
    answer = client.post(_save(test, "idea"), own)

    test.refresh_from_db()
    assert answer.status_code == 403
    assert test.name == "Button"


def test_the_calculator_answers_as_one_types(client_as, viewer, workspace):
    test = draft_of(workspace, method="fixed")
    ask = {"baseline": "2", "daily_units": "20000", "minimum_effect": "10", "method": "fixed"}
    path = reverse("experiment-size", args=[test.public_id])

    text = client_as(viewer).get(path, ask).content.decode()
    wrong = client_as(viewer).get(path, {**ask, "alpha": "x"}).content.decode()

    assert "80,682" in text
    assert "9 days" in text
    assert "is no number" in wrong


def test_the_calculator_knows_the_traffic_of_the_pages(client_as, viewer, workspace, site):
    test = draft_of(workspace)
    on_site(test, site)
    rows = {"total": ("", 1_000), "event": ("purchase", 50)}
    for dimension, (key, visitors) in rows.items():
        for day in range(1, 4):
            WebDay.objects.create(
                workspace=workspace, site=site, day=_ago(workspace, day), dimension=dimension,
                key=key, sessions=visitors, visitors=visitors,
            )  # fmt: skip

    text = client_as(viewer).get(_edit(test, "size")).content.decode()

    assert 'value="5"' in text
    assert 'value="1000"' in text


def test_the_calculator_sizes_means_by_an_earlier_test(client_as, viewer, workspace, site):
    revenue = metric_of(workspace, "revenue", kind="mean")
    test = draft_of(workspace, metrics={"primary": revenue}, method="fixed")
    on_site(test, site)
    path = reverse("experiment-size", args=[test.public_id])
    client = client_as(viewer)
    assert "no earlier test was measured by this" in client.get(path).content.decode()

    earlier = running_of(workspace, "earlier", metrics={"primary": revenue})
    count(earlier, "revenue", {"control": (1_000, 5_000), "blue": (1_000, 9_000)})
    MetricDay.objects.filter(test=earlier).update(sum_squares=124_900)
    known = client.get(path).content.decode()
    told = client.get(path, {"baseline": "5", "spread": "20"}).content.decode()
    wrong = client.get(path, {"spread": "-1"}).content.decode()

    # A mean of 5, a variance of 100 (squares 25,000 + 999 · 100): 2 · 7.849 · 100 / 0.5².
    assert "6,280" in known
    assert "25,117" in told
    assert "Give a number above 0" in wrong


def test_the_calculator_counts_only_whom_the_audience_lets_in(client_as, viewer, workspace, site):
    test = draft_of(workspace, targeting={"devices": ["mobile"], "countries": ["US", "CA"]})
    on_site(test, site)
    rows = [("total", "", 1_000), ("device", "mobile", 600), ("device", "desktop", 400),
            ("country", "US", 300), ("country", "CA", 200), ("country", "GB", 500)]  # fmt: skip
    for dimension, key, sessions in rows:
        WebDay.objects.create(
            workspace=workspace, site=site, day=_ago(workspace, 1), dimension=dimension, key=key,
            sessions=sessions, visitors=sessions,
        )  # fmt: skip

    text = client_as(viewer).get(_edit(test, "size")).content.decode()

    assert 'value="300"' in text
    assert "30 % of the sessions of the last 28 days" in text


def _ago(workspace, days: int) -> date:
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now().astimezone(workspace.zone).date() - timedelta(days=days)


def test_a_running_test_shows_its_results(
    client_as, viewer, workspace, django_assert_max_num_queries
):
    metrics = {
        "primary": metric_of(workspace),
        "guardrail": metric_of(workspace, "refund", goal="decrease"),
    }
    rule = {"min_units_shown": 100, "first_step": 5_000, "step_days": 3}
    test = running_of(workspace, metrics=metrics, rule=rule)
    on_site(test)
    count(test, "purchase", WON)
    client = client_as(viewer)
    path = reverse("experiment", args=[test.public_id])
    client.get(path)

    with django_assert_max_num_queries(12):
        text = client.get(path).content.decode()

    assert "10.00 %" in text
    assert "13.00 %" in text
    assert "+30.0 %" in text
    assert "What you can do" not in text
    for part in ("segments", "history"):
        answer = client.get(reverse(f"experiment-{part}", args=[test.public_id]))
        assert answer.status_code == 200
    assert (
        "Blue"
        in client.get(reverse("experiment-export", args=[test.public_id, "csv"])).content.decode()
    )
    assert client.get(reverse("experiment-export", args=[test.public_id, "pdf"])).status_code == 404


def test_what_is_over_says_so(post, client_as, viewer, workspace):
    test = running_of(workspace)
    on_site(test)
    count(test, "purchase", WON)
    post(_act(test, "stop"), reason="The shop closes.")

    text = client_as(viewer).get(reverse("experiment", args=[test.public_id])).content.decode()

    assert "It is over: Somebody stopped it" in text
    assert "Waiting costs" not in text


def test_a_bandit_shows_estimates_that_allow_for_moving_shares(client_as, viewer, workspace):
    test = running_of(workspace, mode="bandit")
    ABTestAllocation.objects.create(
        workspace=workspace, test=test, at=NOW, weights={"control": 5_000, "blue": 5_000},
        reason="Started.",
    )  # fmt: skip
    for number in range(40):
        exposure = Exposure.objects.create(
            workspace=workspace, test=test, unit=str(number), at=NOW, day=NOW.date(),
            variant=variant_of(test, "blue" if number % 2 else "control"),
        )  # fmt: skip
        if number < 10:
            UnitOutcome.objects.create(
                workspace=workspace, exposure=exposure, metric=metric_of(workspace),
                day=NOW.date(), value=1,
            )  # fmt: skip

    path = reverse("experiment-history", args=[test.public_id])
    text = client_as(viewer).get(path).content.decode()

    assert "Estimates that allow for moving shares" in text
    assert text.count("25.00 %") == 2


def test_few_units_show_no_figure(client_as, viewer, workspace):
    test = running_of(workspace)
    on_site(test)
    count(test, "purchase", {"control": (99, 50), "blue": (500, 50)})

    text = client_as(viewer).get(reverse("experiment", args=[test.public_id])).content.decode()

    assert "50.51" not in text
    assert "from 100 units of each variant on" in text


def test_only_variants_that_pages_show_can_be_looked_at(client_as, viewer, workspace, site):
    test = running_of(workspace)
    on_site(test, site, "/p/*")
    path, client = reverse("experiment", args=[test.public_id]), client_as(viewer)
    address = "https://shop.example/p/?cs_variant=button%3Ablue"
    assert address in client.get(path).content.decode()

    ABTest.objects.update(status="paused", paused_at=NOW)

    assert address not in client.get(path).content.decode()


def test_a_split_that_is_off_keeps_figures_back(client_as, viewer, workspace):
    test = running_of(workspace)
    on_site(test)
    count(test, "purchase", {"control": (20_000, 2_000), "blue": (15_000, 2_600)})
    phones = {"key": "mobile", "dimension": "device"}
    count(test, "purchase", {"control": (12_000, 0), "blue": (7_000, 0)}, **phones)

    text = client_as(viewer).get(reverse("experiment", args=[test.public_id])).content.decode()

    assert "Results are kept back" in text
    assert "<li>device mobile</li>" in text
    assert "17.33" not in text


def test_a_draft_starts_by_its_button(post, workspace, site):
    test = draft_of(workspace)
    on_site(test, site)
    test.variants.filter(key="blue").update(config={"changes": [
        {"kind": "text", "selector": "h1", "value": "Hi"}]})  # fmt: skip

    answer = post(_act(test, "start"))

    test.refresh_from_db()
    assert answer.url == reverse("experiment", args=[test.public_id])
    assert test.status == "running"


def test_where_policy_asks_a_start_waits_for_a_signature(post, workspace, site):
    ExperimentPolicy.objects.update_or_create(
        workspace=workspace, defaults={"start_needs_signature": True}
    )
    test = draft_of(workspace)
    on_site(test, site)

    answer = post(_act(test, "start"))

    proposal = Proposal.objects.get(kind="ab_test")
    assert answer.url == reverse("approvals-proposal", args=[proposal.public_id])
    test.refresh_from_db()
    assert not test.has_started


def test_pausing_needs_a_reason(post, workspace):
    test = running_of(workspace)
    on_site(test)

    post(_act(test, "pause"))
    test.refresh_from_db()
    assert test.status == "running"
    post(_act(test, "pause"), reason="The shop is down.")

    test.refresh_from_db()
    assert test.status == "paused"


def test_shares_change_from_now_on(post, workspace):
    test = running_of(workspace)
    on_site(test)

    post(_act(test, "shares"), **{"traffic": "25", "weight-control": "70", "weight-blue": "30",
                                  "reason": "Careful."})  # fmt: skip

    test.refresh_from_db()
    assert (test.traffic, variant_of(test, "blue").weight) == (2_500, 3_000)
    assert test.allocations.get().reason == "Careful."


def test_a_winner_is_proposed_by_a_person(post, workspace):
    test = running_of(workspace)
    on_site(test)
    count(test, "purchase", WON)

    answer = post(_act(test, "declare"), variant="blue", reason="It sells more.")

    proposal = Proposal.objects.get(kind="ab_test")
    assert answer.url == reverse("approvals-proposal", args=[proposal.public_id])
    assert proposal.reason == "It sells more."


@pytest.mark.parametrize("action", ["resume", "stop", "declare", "take-back", "roll-out-pause"])
def test_what_a_draft_cannot_do_is_said(post, workspace, action):
    test = draft_of(workspace)

    answer = post(_act(test, action), reason="Why not?", variant="blue")

    assert answer.status_code == 302
    test.refresh_from_db()
    assert test.status == "draft"
    assert not Proposal.objects.filter(kind="ab_test").exists()


def test_an_unknown_action_is_not_found(post, workspace):
    assert post(_act(draft_of(workspace), "explode")).status_code == 404


def test_copy_and_archive(post, workspace, operator):
    test = create_draft(
        workspace=workspace, values={"name": "Buy"}, by=Proposer.person(operator), now=NOW
    )

    answer = post(_act(test, "copy"))
    post(_act(test, "archive"))

    made = ABTest.objects.exclude(pk=test.pk).get()
    assert answer.url == _edit(made, "idea")
    assert made.name == "Buy (copy)"
    test.refresh_from_db()
    assert test.archived_at is not None


def test_nothing_is_shown_of_another_workspace(client_as, viewer, other_workspace):
    test = running_of(other_workspace)
    client = client_as(viewer)

    for name in ("experiment", "experiment-segments", "experiment-history", "experiment-size"):
        assert client.get(reverse(name, args=[test.public_id])).status_code == 404
    assert ExposureDay.objects.count() == MetricDay.objects.count() == 0
