"""The builder's form: what it says, what its buttons do to it, and what is saved of it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from attribution.models import FunnelDefinition
from attribution.views.funnel_draft import Draft, change, draft_of, read_draft
from tests.attribution.funnels.steps import counted_funnel, make_site, store, walk
from tests.attribution.website.web_steps import counted

HTMX = {"headers": {"HX-Request": "true"}}
NEW = "/funnels/new/"


@pytest.fixture
def form(workspace):
    return {
        "workspace": str(workspace.public_id), "name": "Shop", "site": "", "number": "2",
        "unit": "hours", "mode": "strict", "alert": "15",
        "steps-0-name": "Home", "steps-0-any_of-0-kind": "page", "steps-0-any_of-0-match": "/",
        "steps-1-name": "", "steps-1-any_of-0-kind": "page", "steps-1-any_of-0-match": "/p/*",
        "steps-1-any_of-1-kind": "event", "steps-1-any_of-1-match": "view_item",
        "steps-1-any_of-1-where-0-property": "value", "steps-1-any_of-1-where-0-op": "gte",
        "steps-1-any_of-1-where-0-value": "20",
        "exclusions-0-kind": "event", "exclusions-0-match": "logout", "do": "save",
    }  # fmt: skip


DEFINITION = {
    "steps": [
        {"name": "Home", "any_of": [{"kind": "page", "match": "/", "where": []}]},
        {
            "name": "/p/*",
            "any_of": [
                {"kind": "page", "match": "/p/*", "where": []},
                {
                    "kind": "event", "match": "view_item",
                    "where": [{"property": "value", "op": "gte", "value": 20}],
                },
            ],
        },
    ],
    "exclusions": [{"kind": "event", "match": "logout", "where": []}],
}  # fmt: skip


def test_a_form_becomes_a_funnel(form, workspace, operator, client_as):
    answer = client_as(operator).post(NEW, form)

    made = FunnelDefinition.objects.get(workspace=workspace)
    assert answer.url == f"/funnels/{made.public_id}/"
    assert made.definition == DEFINITION
    assert (made.name, made.window_seconds, made.mode, made.alert_drop_pct, made.site) == (
        "Shop", 7_200, "strict", 15, None,
    )  # fmt: skip
    assert made.created_by == operator


def test_with_scripts_the_browser_is_sent_to_the_funnel(form, workspace, operator, client_as):
    answer = client_as(operator).post(NEW, form, **HTMX)

    made = FunnelDefinition.objects.get(workspace=workspace)
    assert answer["HX-Redirect"] == f"/funnels/{made.public_id}/"


def test_saving_what_stands_changes_nothing_in_the_count(form, workspace, operator, client_as):
    client = client_as(operator)
    client.post(NEW, form)
    made = FunnelDefinition.objects.get(workspace=workspace)
    path = f"/funnels/{made.public_id}/edit/"
    assert 'value="view_item"' in client.get(path).text

    client.post(path, {**form, "name": "Renamed", "alert": ""})

    made.refresh_from_db()
    assert (made.name, made.version, made.alert_drop_pct) == ("Renamed", 1, None)
    client.post(path, {**form, "steps-0-any_of-0-match": "/home"})
    made.refresh_from_db()
    assert made.version == 2


@pytest.mark.parametrize(
    ("changes", "place", "why"),
    [
        ({"name": ""}, "name", "Give the funnel a name"),
        ({"steps-1-any_of-0-match": "p"}, "steps-1-any_of-0-match", "path begins with / or *"),
        ({"steps-0-any_of-0-match": ""}, "steps-0-any_of-0-match", "Give a text of 1 to 300"),
        ({"steps-0-name": "", "steps-0-any_of-0-match": ""}, "steps-0-any_of-0-match",
         "Give a text of 1 to 300"),
        ({"steps-1-any_of-1-where-0-value": "x"}, "steps-1-any_of-1-where-0-value",
         "Gte compares with a number"),
        ({"number": "many"}, "window_seconds", "Give a number, and choose its unit."),
        ({"number": "NaN"}, "window_seconds", "Give a window of 1 second to 90 days."),
        ({"number": "91", "unit": "days"}, "window_seconds", "is not within 1 second and 90 days"),
        ({"alert": "a"}, "alert_drop_pct", "Give a fall of 1 to 100 percent"),
        ({"alert": "101"}, "alert_drop_pct", "Give a fall of 1 to 100 percent"),
        ({"site": "x"}, "site", "is no website"),
        ({"mode": "odd"}, "mode", "Choose one of"),
    ],
)  # fmt: skip
def test_an_error_stands_beside_its_field_and_nothing_is_lost(
    form, workspace, operator, client_as, changes, place, why
):
    page = client_as(operator).post(NEW, {**form, **changes}, **HTMX)

    assert page.status_code == 422
    assert page.context["place"] == place
    assert why in page.text
    assert 'aria-describedby="why"' in page.text
    assert 'id="why"' in page.text
    assert 'value="view_item"' in page.text
    assert not FunnelDefinition.objects.filter(workspace=workspace).exists()


def test_a_name_is_taken_once(form, workspace, operator, client_as):
    counted_funnel(workspace, "Shop")

    page = client_as(operator).post(NEW, form)

    assert page.status_code == 422
    assert "There is a funnel called Shop already" in page.text


def matches(draft):
    return [[one["match"] for one in step["any_of"]] for step in draft.steps]


@pytest.mark.parametrize(
    ("do", "after", "focus"),
    [
        ("add:steps", [["/"], ["/p/*", "view_item"], [""]], "steps-2-name"),
        ("add:steps-0-any_of", [["/", ""], ["/p/*", "view_item"]], "steps-0-any_of-1-match"),
        ("remove:steps-1-any_of-0", [["/"], ["view_item"]], "do-add-steps-1-any_of"),
        ("remove:steps-0", [["/p/*", "view_item"]], "do-add-steps"),
        ("up:steps-1", [["/p/*", "view_item"], ["/"]], "do-down-steps-0"),
        ("down:steps-0", [["/p/*", "view_item"], ["/"]], "do-up-steps-1"),
        ("up:steps-0", [["/"], ["/p/*", "view_item"]], ""),
        ("remove:steps-7", [["/"], ["/p/*", "view_item"]], ""),
        ("add:steps-7-any_of", [["/"], ["/p/*", "view_item"]], ""),
        ("add:steps-0-name", [["/"], ["/p/*", "view_item"]], ""),
        ("remove:", [["/"], ["/p/*", "view_item"]], ""),
        ("odd", [["/"], ["/p/*", "view_item"]], ""),
    ],
)
def test_buttons_add_remove_and_move(form, do, after, focus):
    draft = read_draft(form)

    change(draft, do)

    assert matches(draft) == after
    assert draft.focus == focus


def test_a_filter_and_an_exclusion_are_added(form):
    draft = read_draft(form)

    change(draft, "add:steps-0-any_of-0-where")
    change(draft, "add:exclusions")

    assert draft.steps[0]["any_of"][0]["where"] == [{"property": "", "op": "eq", "value": ""}]
    assert len(draft.exclusions) == 2


def test_no_more_steps_than_there_may_be():
    draft = Draft()

    for _ in range(99):
        change(draft, "add:steps")
    held = len(draft.steps)
    change(draft, "add:steps")

    assert len(draft.steps) == held < 99


def test_a_button_draws_the_form_again_and_saves_nothing(form, workspace, operator, client_as):
    page = client_as(operator).post(NEW, {**form, "do": "add:steps"}, **HTMX)

    assert page.status_code == 200
    assert 'name="steps-2-name"' in page.text
    assert "<html" not in page.text
    assert not FunnelDefinition.objects.filter(workspace=workspace).exists()


def test_names_that_the_form_does_not_have_are_passed_over(form):
    odd = {"steps": "x", "steps-0": "x", "steps-a-name": "x", "steps-100-name": "x", "focus": "x"}

    assert read_draft({**form, **odd}) == read_draft(form)


@pytest.mark.parametrize(
    ("seconds", "number", "unit"),
    [(7 * 86_400, "7", "days"), (7_200, "2", "hours"), (5_400, "90", "minutes"),
     (45, "0.75", "minutes")],
)  # fmt: skip
def test_a_window_is_written_in_its_largest_unit(workspace, seconds, number, unit):
    draft = draft_of(counted_funnel(workspace, window_seconds=seconds))

    assert (draft.number, draft.unit) == (number, unit)
    assert draft.document()["window_seconds"] == seconds


def test_any_window_comes_back_as_it_was(workspace):
    draft = draft_of(counted_funnel(workspace, window_seconds=100))

    assert draft.document()["window_seconds"] == 100


@pytest.fixture
def walked(workspace):
    """Three people on the home page an hour ago, two of them on a product."""
    site = make_site(workspace)
    at = timezone.now() - timedelta(hours=1)
    store([
        *walk(site, UUID(int=1), at, "/", "/p/1"),
        *walk(site, UUID(int=2), at, "/", "/p/2"),
        *walk(site, UUID(int=3), at, "/"),
    ])  # fmt: skip
    return site


def test_preview_counts_the_events_themselves(form, walked, operator, client_as):
    page = client_as(operator).post("/funnels/preview/", form, **HTMX)

    rows = page.context["rows"]
    assert [(row["name"], row["people"]) for row in rows] == [("Home", 3), ("/p/*", 2)]
    assert "67 % of the step before" in page.text


def test_preview_without_scripts_stands_in_the_page(form, walked, operator, client_as):
    page = client_as(operator).post(NEW, {**form, "do": "preview"})

    assert "67 % of the step before" in page.text
    assert 'value="view_item"' in page.text


def test_preview_says_what_is_missing(form, operator, client_as):
    client = client_as(operator)

    blank = client.post("/funnels/preview/", {**form, "steps-0-any_of-0-match": ""}, **HTMX)
    wrong = client.post("/funnels/preview/", {**form, "steps-0-any_of-0-match": "p"}, **HTMX)

    assert "as soon as every step names a page or an event" in blank.text
    assert "path begins with / or *" in wrong.text


def test_builder_offers_what_was_really_seen(
    walked, operator, client_as, django_assert_max_num_queries
):
    today = timezone.now().date()
    counted(walked, today, "page", "/p/1", visitors=2, page_views=2)
    counted(walked, today, "event", "purchase", visitors=1, events=1)
    counted(walked, today - timedelta(days=60), "page", "/old", visitors=9, page_views=9)
    client = client_as(operator)

    with django_assert_max_num_queries(12):
        page = client.get(NEW)

    assert page.context["suggestions"] == [("/p/1", "Page"), ("purchase", "Event")]


def test_a_funnel_that_is_not_ours_cannot_be_edited(other_workspace, operator, client_as):
    theirs = counted_funnel(other_workspace)

    assert client_as(operator).get(f"/funnels/{theirs.public_id}/edit/").status_code == 404
    assert client_as(operator).get(f"/funnels/{uuid4()}/edit/").status_code == 404
