"""Events and pages in the admin: one site at a time, so that millions open as one."""

from __future__ import annotations

import pytest
from django.urls import reverse

from attribution.models import Site, WebEvent
from attribution.services.website.sites import create_site
from tests.attribution.website.wire import ORIGIN, call, event

pytestmark = pytest.mark.django_db
LIST = "admin:attribution_webevent_changelist"


@pytest.fixture
def second(workspace) -> Site:
    return create_site(workspace=workspace, name="Second shop", origins=[ORIGIN])


def shown(response) -> list[WebEvent]:
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_one_site_at_a_time(browser, site, second, viewer, client_as):
    browser.send(call(event(), event(number=2)))
    house = client_as(viewer)
    address = reverse(LIST)

    first = house.get(address)
    assert [row.site_id for row in shown(first)] == [site.pk] * 2
    assert shown(house.get(address, {"of": second.pk})) == []
    assert "Second shop" in first.content.decode()


def test_another_workspaces_site_is_as_none(browser, site, viewer, client_as, other_workspace):
    browser.send(call(event()))
    theirs = create_site(workspace=other_workspace, name="Theirs", origins=[ORIGIN])

    page = client_as(viewer).get(reverse(LIST), {"of": theirs.pk})

    assert [row.site_id for row in shown(page)] == [site.pk]
    assert "Theirs" not in page.content.decode()


def test_a_workspace_without_sites(viewer, client_as):
    for name in ("webevent", "pageview"):
        page = client_as(viewer).get(reverse(f"admin:attribution_{name}_changelist"))
        assert shown(page) == []
