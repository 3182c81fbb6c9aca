"""The studio: one plan by sliders, the same figures on the page, in JSON and in files."""

from __future__ import annotations

import csv
import io

import pytest
import time_machine
from django.urls import reverse

from campaigns.models import Scenario
from tests.campaigns.change_steps import policy_of
from tests.campaigns.scenarios.steps import NOW, curves_of, scenario_of, two_channels
from tests.chart_links import charts_in
from workspaces.models import JobRun, Proposal
from workspaces.services.jobs import perform

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def fit(workspace):
    two_channels(workspace)
    return curves_of(workspace)


@pytest.fixture
def house(operator, client_as):
    return client_as(operator)


def post(client, workspace, page, *args, **form):
    form["workspace"] = str(workspace.public_id)
    return client.post(reverse(page, args=args), form)


def test_without_curves_it_says_what_is_missing_and_fits_on_demand(workspace, house):
    assert "No channel has spent anything yet" in house.get(reverse("scenarios")).content.decode()
    two_channels(workspace)
    page = house.get(reverse("scenarios")).content.decode()
    # The first of them is 12 October; with 6 December there are 56.
    assert "There are 40 days of figures; 56 are needed" in page
    assert "There will be enough from 07 Dec 2026 on." in page

    post(house, workspace, "scenarios-fit")

    run = JobRun.objects.get(workspace=workspace)
    assert (run.name, run.trigger) == ("response-curves", "page")
    assert "Curves are being fitted" in house.get(reverse("scenarios")).content.decode()
    fragment = {"HX-Request": "true"}
    progress = house.get(reverse("scenarios-progress"), headers=fragment)
    assert "Curves are being fitted" in progress.content.decode()
    perform(run_id=run.pk, clock=lambda: NOW)
    assert house.get(reverse("scenarios-progress"), headers=fragment)["HX-Refresh"] == "true"
    assert "stated prior" in house.get(reverse("scenarios")).content.decode()


def test_page_json_and_file_say_the_same(fit, house, django_assert_max_num_queries):
    plan = "budget-meta=90.00&horizon_days=7"
    house.get(reverse("scenarios"))  # curves are read into memory once
    with django_assert_max_num_queries(12):
        page = house.get(f"{reverse('scenarios')}?{plan}").content.decode()
    body = {"budgets": {"meta": 90}, "horizon_days": 7}
    told = house.post("/api/scenarios/predict/", body, content_type="application/json").json()
    file = house.get(f"{reverse('scenarios-export', args=['csv'])}?{plan}").content

    total = told["results"]["total"]
    rows = [row for row in csv.reader(io.StringIO(file.decode())) if len(row) > 3]
    last = dict(zip(rows[0], rows[-1], strict=True))
    assert float(last["Installs plan P50"]) == total["installs"]["plan"]["p50"]
    assert float(last["Revenue change P90"]) == total["revenue"]["change"]["p90"]
    assert f"<strong>{total['installs']['plan']['p50']:,.0f}</strong>" in page
    assert all(sentence in page for sentence in told["results"]["narrative"])
    assert told["results"]["lines"][1]["channel"] == "meta"
    curves = charts_in(page)
    assert curves == ["installs-google_ads", "installs-meta", "revenue-google_ads", "revenue-meta"]
    path = reverse("scenarios-export", args=["png"])
    assert house.get(path, {"chart": curves[3]}).content.startswith(b"\x89PNG")
    assert house.get(path, {"chart": "revenue-radio"}).status_code == 404
    assert rows[2][0] in page
    assert rows[2][0] == "Meta"
    assert "stated prior" in page
    assert "There are 40 days of figures; 56 are the least" in page


def test_a_moved_slider_asks_for_the_result_only(fit, house, django_assert_max_num_queries):
    house.get(reverse("scenarios"))
    with django_assert_max_num_queries(12):
        answer = house.get(
            f"{reverse('scenarios')}?budget-meta=30.00&budget-google_ads=100.00",
            headers={"HX-Request": "true"},
        )

    assert answer["HX-Replace-Url"] == "/scenarios/?budget-meta=30.00"
    text = answer.content.decode()
    assert "The plan costs 3,900, 900 less than the present one." in text
    assert "scenario-form" not in text


def test_what_cannot_be_read_is_said_and_the_present_plan_stays(fit, house):
    page = house.get(f"{reverse('scenarios')}?budget-meta=-5").content.decode()

    assert "Meta: Give a number from 0 to" in page
    assert "The plan costs about what the present one does, 4,800." in page


def test_the_best_split_moves_the_sliders(fit, house):
    answer = house.get(
        f"{reverse('scenarios')}?do=best&most-google_ads=70", headers={"HX-Request": "true"}
    )

    text = answer.content.decode()
    assert "The best split found by revenue" in text
    assert "budget-google_ads=70.00" in answer["HX-Replace-Url"]
    assert 'value="90.00"' in text  # the rest goes to Meta


def test_saved_compared_exported_and_sent(workspace, fit, house, client_as, viewer):
    policy_of(workspace)
    for name, plan in (("More", "budget-meta=72.00"), ("Less", "budget-meta=48.00")):
        answer = post(house, workspace, "scenario-save", name=name, plan=plan)
        assert answer.status_code == 302
    more, less = Scenario.objects.order_by("pk")
    picks = f"pick={more.public_id}&pick={less.public_id}"

    beside = house.get(f"{reverse('scenarios-compare')}?{picks}").content.decode()
    assert ("72" in beside, "48" in beside, "5,160, now 4,800" in beside) == (True, True, True)
    one = f"{reverse('scenarios-compare')}?pick={more.public_id}"
    assert house.get(one).url == reverse("scenarios")
    sheet = house.get(f"{reverse('scenarios-export', args=['xlsx'])}?{picks}")
    assert sheet.content[:2] == b"PK"

    assert post(house, workspace, "scenario-send", more.public_id).url == reverse("approvals")
    assert Proposal.objects.get().bundle_id == more.public_id
    page = client_as(viewer).get(reverse("scenario", args=[more.public_id])).content.decode()
    assert "1 change, waiting" in page
    assert "Send to approval" not in page


def test_a_refusal_is_said_on_its_page(workspace, house, operator):
    kept = scenario_of(workspace, operator)

    answer = post(house, workspace, "scenario-send", kept.public_id)

    page = house.get(answer.url).content.decode()
    assert "It moves no live daily budget" in page


def test_one_prediction_is_tried(fit, house):
    path = reverse("scenario-try")
    budget = house.get(f"{path}?tab=budget&total=200").content.decode()

    assert "No campaign has a prediction yet." in house.get(path).content.decode()
    assert "Best split by revenue" in budget
    assert "There is no model yet." in house.get(f"{path}?tab=ltv").content.decode()
