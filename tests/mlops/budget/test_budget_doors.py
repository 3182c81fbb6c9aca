"""The best budget on its page and over REST."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from campaigns.models import Scenario
from tests.api.conftest import key_client
from tests.campaigns.change_steps import policy_of
from tests.campaigns.scenarios.steps import curves_of, two_channels
from tests.mlops.budget.steps import NOW, learnt_fit
from workspaces import scopes
from workspaces.models import Proposal

pytestmark = pytest.mark.django_db
PATH = "/api/ml/optimize-budget/"
BODY = {"total_budget": "4800.00", "horizon_days": 30}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def fit(workspace):
    two_channels(workspace)
    return learnt_fit(workspace)


@pytest.fixture
def client(workspace, operator):
    return key_client(workspace, [scopes.ML_READ], acts_as=operator)


def post(client, **body):
    return client.post(PATH, {**BODY, **body}, format="json")


def test_money_goes_where_one_more_of_it_brings_more(fit, client):
    told = post(client).json()

    amounts = {name: Decimal(text) for name, text in told["allocation"].items()}
    assert sum(amounts.values()) == Decimal("4800.00")
    assert amounts["meta"] > Decimal(2000)
    assert told["method"] == "exact solver"
    assert told["baseline"]["allocation"] == {"google_ads": "3000.00", "meta": "1800.00"}
    gain = told["gain"]["revenue"]
    assert 0 < gain["p10"] < gain["p50"] < gain["p90"]
    expected, base = told["expected"]["revenue"], told["baseline"]["expected"]["revenue"]
    assert expected["p10"] < expected["p50"] < expected["p90"]
    assert expected["mean"] - base["mean"] == pytest.approx(gain["mean"], abs=0.001)
    brings = {one["name"]: one["brings"] for one in told["methods"]}
    assert max(brings, key=brings.get) == "exact solver"
    assert [one["name"] for one in told["methods"] if one["serves"]] == ["exact solver"]
    # Inside its bounds a solved plan has one marginal return.
    returns = told["marginal_returns"]
    assert returns["google_ads"] == pytest.approx(returns["meta"], rel=0.05)


def test_bounds_are_kept_and_cents_add_up(fit, client):
    told = post(client, total_budget="4799.99", bounds={"meta": {"max": "1000.00"}}).json()

    assert told["allocation"] == {"google_ads": "3799.99", "meta": "1000.00"}
    wide = post(client, bounds={"google_ads": {"max": "10"}}).json()
    assert wide["allocation"] == {"google_ads": "10.00", "meta": "4790.00"}
    raised = post(client, total_budget="96000").json()
    assert sum(Decimal(text) for text in raised["allocation"].values()) == 96_000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"total_budget": "0"}, "total_budget"),
        ({"total_budget": "-1"}, "total_budget"),
        ({"total_budget": None}, "total_budget"),
        ({"horizon_days": 0}, "horizon_days"),
        ({"bounds": {"radio": {"max": 5}}}, "bounds.radio"),
        ({"bounds": {"meta": {"min": 20, "max": 10}}}, "bounds.meta.min"),
        ({"bounds": {"meta": {"min": 9000}}}, "bounds"),
        ({"bounds": {"meta": {"max": 1}, "google_ads": {"max": 1}}}, "bounds"),
        ({"bounds": {"meta": {"least": 1}}}, "bounds.meta.least"),
        ({"budget": 5}, "budget"),
    ],
)
def test_what_is_wrong_is_named(fit, client, body, field):
    answer = post(client, **body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_without_curves_and_with_thin_ones_it_says_what_is_missing(
    workspace, client, client_as, viewer
):
    none = post(client)
    assert (none.status_code, "There are no response curves yet" in none.text) == (409, True)
    two_channels(workspace)
    curves_of(workspace)
    thin = post(client)
    assert (thin.status_code, "40 days of figures; 56 are the least" in thin.text) == (409, True)
    page = client_as(viewer).get(reverse("budget")).text
    assert "No budget can be recommended yet" in page
    assert "40 days of figures" in page


def test_page_says_what_rest_says_and_recomputes(
    fit, client, client_as, viewer, django_assert_max_num_queries
):
    told, house = post(client).json(), client_as(viewer)
    with django_assert_max_num_queries(12):
        page = house.get(reverse("budget")).text

    assert f"<strong>{Decimal(told['allocation']['meta']):,.2f}</strong>" in page
    assert f"Against the present plan: +{told['gain']['revenue']['mean']:,.0f} revenue" in page
    assert "That may be chance" not in page
    assert f">{told['expected']['revenue']['mean']:,.0f}<" in page
    assert f">now {told['baseline']['expected']['revenue']['mean']:,.0f}: +" in page
    assert "Send to approval" not in page
    part = house.get(
        f"{reverse('budget')}?total_budget=4800&max-meta=1000", headers={"HX-Request": "true"}
    )
    assert "at its most" in part.text
    assert "budget-form" not in part.text
    assert part["HX-Replace-Url"].endswith("total_budget=4800.00&horizon_days=30&max-meta=1000.00")
    wrong = house.get(f"{reverse('budget')}?min-meta=x").text
    assert "Meta: Give an amount from 0" in wrong


def test_sent_plan_is_a_bundle_with_its_predicted_effect(workspace, fit, client_as, operator):
    policy_of(workspace)
    house, form = client_as(operator), {"workspace": workspace.public_id, "question": ""}
    path = reverse("budget-send")

    assert house.post(path, form).url == reverse("approvals")

    scenario = Scenario.objects.get()
    proposals = Proposal.objects.filter(bundle_id=scenario.public_id)
    assert proposals.count() == 2
    evidence = proposals.first().current_plan.evidence["scenario"]
    assert evidence["change_in_revenue_of_all_channels"]["p50"] > 0
    page = house.get(reverse("budget")).text
    assert "Budget plan of 21 Nov 2026: 4,800 in 30 days" in page
    assert "pending" in page.lower()
    # The changes are open, so the same again proposes nothing and keeps nothing.
    again = house.post(path, form, follow=True).text
    assert Scenario.objects.count() == 1
    assert "No change could be proposed" in again
