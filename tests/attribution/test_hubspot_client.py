"""The client of HubSpot: what it sends, how it names what went wrong; and the connection's page."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest
from django.urls import reverse

from attribution.hubspot.client import HubSpot
from attribution.hubspot.reading import deal_of, moment_of
from sandbox.server import Sandbox
from tests.attribution.hubspot_steps import Crm
from workspaces.models import Connection
from workspaces.platforms.errors import PlatformError

TOKEN = "pat-eu1-canary-token"


def _client(answer: httpx.Response, seen: list | None = None, **options) -> HubSpot:
    def reply(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return answer

    return HubSpot(token=TOKEN, transport=httpx.MockTransport(reply), **options)


def _refused(status: int, body: dict | None = None, **headers: str) -> PlatformError:
    answer = httpx.Response(status, json=body or {}, headers=headers)
    with pytest.raises(PlatformError) as caught:
        _client(answer).stage_labels()
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid"), (401, "auth"), (403, "permission"), (404, "gone"), (423, "throttled"),
     (429, "throttled"), (477, "transient"), (502, "transient"), (524, "transient")],
)  # fmt: skip
def test_each_refusal_has_its_kind(status, kind):
    assert _refused(status).kind == kind


@pytest.mark.parametrize(
    ("status", "body", "headers", "wait_s"),
    [(429, {"policyName": "TEN_SECONDLY_ROLLING"}, {}, 10), (429, {}, {}, None),
     (429, {"policyName": "DAILY"}, {"Retry-After": "60"}, 60), (423, {}, {}, 2),
     (477, {}, {"Retry-After": "30"}, 30)],
)  # fmt: skip
def test_it_waits_as_long_as_it_is_told(status, body, headers, wait_s):
    assert _refused(status, body, **headers).retry_after_s == wait_s


def test_the_token_travels_in_a_header_and_is_never_shown():
    seen: list[httpx.Request] = []
    answer = httpx.Response(400, json={"message": f"bad {TOKEN}", "correlationId": "c-1"})

    with pytest.raises(PlatformError) as caught:
        _client(answer, seen).read_deals(["1"])

    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(seen[0].url)
    assert TOKEN not in f"{caught.value} {caught.value.response}"
    assert caught.value.trace_id == "c-1"


@pytest.mark.parametrize(
    ("version", "path"),
    [("v3", "/crm/v3/objects/deals/batch/read"),
     ("2026-09", "/crm/objects/2026-09/0-3/batch/read")],
)  # fmt: skip
def test_the_version_decides_the_path(version, path):
    seen: list[httpx.Request] = []

    _client(httpx.Response(200, json={"results": []}), seen, api_version=version).read_deals(["7"])

    assert seen[0].url.path == path
    assert json.loads(seen[0].content)["propertiesWithHistory"] == [
        "dealstage",
        "pipeline",
        "amount",
    ]


@pytest.mark.parametrize(
    "body", [{"status": "COMPLETE"}, {"results": [{"properties": {}}]}, {"results": [{"id": "1"}]}]
)
def test_an_answer_without_what_it_must_have_is_no_success(body):
    with pytest.raises(PlatformError):
        _client(httpx.Response(200, json=body)).read_deals(["1"])


def test_stages_belong_to_the_pipeline_of_their_moment():
    deal = deal_of(
        {
            "id": "1",
            "properties": {
                "createdate": "2026-11-20T08:00:00.000Z",
                "hs_lastmodifieddate": "1795177800000",
                "pipeline": "9", "amount": "-5",
            },
            "propertiesWithHistory": {
                "pipeline": [
                    {"value": "9", "timestamp": "2026-11-20T10:00:00.020Z"},
                    {"value": "default", "timestamp": "2026-11-20T08:00:00.000Z"},
                ],
                "dealstage": [
                    {"value": "901", "timestamp": "2026-11-20T10:00:00.010Z"},
                    {"value": "contractsent", "timestamp": "2026-11-20T09:00:00.000Z"},
                ],
            },
        }
    )  # fmt: skip

    told = [(one.pipeline, one.stage) for one in deal.stages]
    assert told == [("default", "contractsent"), ("9", "901")]
    assert (deal.amount, deal.amount_at) == (None, None)
    assert deal.modified_at == datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


def test_moments_are_texts_or_milliseconds():
    at = datetime(2026, 11, 20, 8, 0, 0, 123000, tzinfo=UTC)

    assert moment_of("2026-11-20T08:00:00.123Z") == moment_of("1795161600123") == at
    with pytest.raises(PlatformError, match="where a moment belongs"):
        moment_of("yesterday")


@pytest.fixture
def crm(tmp_path, workspace):
    """A connected portal."""
    with Sandbox(tmp_path / "state.sqlite3") as box:
        yield Crm(box, workspace)


def _connect(client_as, admin, crm, **changes):
    form = {
        "workspace": str(crm.connection.workspace.public_id), "name": "Sales",
        "base_url": crm.box.base_url, "access_token": "pat-sandbox-33", "portal_id": "33",
        "client_secret": "s3cret", **changes,
    }  # fmt: skip
    page = client_as(admin).post(reverse("connection-new", args=["hubspot"]), form, follow=True)
    return page.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({}, "Portal 33 answers. It sends its webhooks to"),
     ({"client_secret": ""}, "asked for every five minutes"),
     ({"portal_id": "44"}, "The token opens portal 33, not 44"),
     ({"access_token": "pat-other"}, "The token is unknown"),
     ({"app_type": "open"}, "Type of app must be private or public")],
)  # fmt: skip
def test_a_portal_is_connected_and_tried(client_as, admin, crm, changes, words):
    assert words in _connect(client_as, admin, crm, **changes)


def test_what_was_entered_is_stored_as_ciphertext(client_as, admin, crm):
    _connect(client_as, admin, crm)

    row = Connection.objects.get(name="Sales")
    assert (row.kind, row.status, row.last_error) == ("hubspot", "active", "")
    assert "pat-sandbox-33" not in row.secret
    assert row.last_ok_at is not None


def test_amounts_are_exact(crm):
    client = HubSpot(token="pat-sandbox-33", base_url=crm.box.base_url, allow_loopback=True)
    crm.do("deal", id="1", stage="closedwon", properties={"amount": "1234.560001"})

    assert client.read_deals(["1"]).deals["1"].amount == Decimal("1234.560001")
    client.close()
