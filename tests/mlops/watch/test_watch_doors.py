"""What was found of versions, on their pages and over REST."""

from __future__ import annotations

import pytest
from django.utils import timezone

from mlops.models import DriftReport, ModelPolicy, ModelVersion
from mlops.selectors.registry import MOST_SHOWN, families
from mlops.services.watch.comparing import advance, compare, propose_ready
from tests.api.conftest import key_client
from tests.mlops.registry.steps import champion
from tests.mlops.watch.steps import DAY, drawn, installs_of, score, version_of


@pytest.fixture
def now():
    """Doors read the clock themselves."""
    return timezone.now()


@pytest.fixture
def pair(workspace, approver, now) -> tuple[ModelVersion, ModelVersion]:
    """What serves, with drift of two days, and its shadow, compared on too few users."""
    first = version_of(workspace, now - DAY)
    champion(first, now - DAY, approver)
    second = version_of(workspace, now)
    advance(workspace=workspace, name="churn", now=now)
    users = drawn(300)
    installs = installs_of(workspace, 300, (now - 50 * DAY).date())
    score(first, installs, users.dim, users.came)
    score(second, installs, users.sharp, users.came)
    compare(workspace=workspace, name="churn", now=now)
    for back, moved in ((1, 0.1), (0, 0.9)):
        DriftReport.objects.create(
            workspace=workspace, version=first, day=(now - back * DAY).date(), rows=500,
            moved={"sessions": moved, "minutes": moved / 2}, score_moved=moved, made_at=now,
            is_moved=moved > 0.25, verdict=f"What it reads has moved: sessions {moved:.2f}.",
            moved_since=(now - 20 * DAY).date() if moved > 0.25 else None,
        )  # fmt: skip
    return first, second


def test_page_of_what_serves_shows_its_drift_worst_first(
    pair, viewer, client_as, django_assert_max_num_queries
):
    client = client_as(viewer)
    with django_assert_max_num_queries(15):
        page = client.get(f"/models/{pair[0].public_id}/").text

    assert "What it reads has moved: sessions 0.90." in page
    assert page.index("sessions</th>") < page.index("minutes</th>")
    assert '<strong class="cs-bad">0.90</strong>' in page
    assert "compared with it every night" in page
    assert "10 groups of the rows held out" in page
    assert "&#x27;counts&#x27;" not in page  # of the reference, which is drawn and not told


def test_page_of_a_shadow_shows_what_it_would_decide_otherwise(
    pair, viewer, client_as, django_assert_max_num_queries
):
    client = client_as(viewer)
    with django_assert_max_num_queries(15):
        page = client.get(f"/models/{pair[1].public_id}/").text

    assert "Not shown to be better." in page
    assert "300 rows that neither learnt from" in page
    assert page.count('data-label="What came"') == 20
    assert "u000" in page
    assert "Only what serves is watched for drift." in page


def test_page_of_a_version_that_was_never_compared_says_when_it_is(
    workspace, now, viewer, client_as
):
    version = version_of(workspace, now, calibration_groups=[])

    page = client_as(viewer).get(f"/models/{version.public_id}/").text

    assert "Not compared yet." in page
    assert "its calibration cannot be drawn" in page


def test_list_says_how_what_serves_does_now(pair, viewer, client_as, django_assert_max_num_queries):
    client = client_as(viewer)
    with django_assert_max_num_queries(14):
        page = client.get("/models/").text

    assert "What it reads has moved: sessions 0.90." in page
    assert f'href="/models/{pair[1].public_id}/#shadow"' in page


def test_list_reads_no_more_versions_than_it_shows_and_what_serves(workspace, approver, now):
    first = version_of(workspace, now)
    champion(first, now, approver)
    for _ in range(MOST_SHOWN + 3):
        version_of(workspace, now)

    (family,) = families(workspace=workspace)

    assert len(family.shown) == MOST_SHOWN
    assert [row.version for row in family.versions][-1] == 1
    assert len(family.versions) == MOST_SHOWN + 1
    assert family.champion == first


def test_rest_tells_the_same(pair, workspace, other_workspace, operator):
    client = key_client(workspace, ["ml:read"], acts_as=operator)

    serving = client.get(f"/api/models/{pair[0].public_id}").json()
    shadow = client.get(f"/api/models/{pair[1].public_id}").json()

    assert (serving["drift"]["is_moved"], serving["shadow"]) == (True, None)
    assert serving["drift"]["moved"] == {"sessions": 0.9, "minutes": 0.45}
    assert (shadow["drift"], shadow["shadow"]["rows"]) == (None, 300)
    assert shadow["shadow"]["is_eligible"] is False
    assert shadow["shadow"]["champion_version"] == 1


def test_queue_tells_the_predicted_effect_in_its_own_words(pair, workspace, now, viewer, client_as):
    ModelPolicy.objects.create(workspace=workspace, least_rows=300)
    compare(workspace=workspace, name="churn", now=now)
    made = propose_ready(workspace=workspace, name="churn", now=now)
    client = client_as(viewer)

    row, page = client.get("/approvals/").text, client.get(f"/approvals/{made.public_id}/").text

    assert "users it is surest of<span" in row
    assert "users it is surest of</strong> (80 % interval" in page
    assert f'href="/models/{pair[1].public_id}/#shadow"' in page
