"""The official HubSpot SDK, unmodified, reads the sandbox."""

from __future__ import annotations

import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.contacts import BatchReadInputSimplePublicObjectId as ContactsToRead
from hubspot.crm.deals import BatchReadInputSimplePublicObjectId, PublicObjectSearchRequest
from hubspot.crm.deals.exceptions import ApiException

from tests.sandbox.conftest import Box

TOKEN = "pat-sandbox-33"


@pytest.fixture
def crm(box: Box) -> HubSpot:
    """A portal with a deal of one contact that moved once, behind the SDK."""
    portal = {"platform": "hubspot", "id": "33", "token": TOKEN, "client_secret": "s3cret"}
    box.seed(portal)
    here = {"portal": "33"}
    box.control("hubspot/contact", {**here, "id": "9", "properties": {"email": "m@example.com"}})
    for stage in ("appointmentscheduled", "closedwon"):
        deal = {**here, "id": "1", "stage": stage, "contacts": ["9"]}
        box.control("hubspot/deal", {**deal, "properties": {"dealname": "Mara"}})
    return HubSpot(access_token=TOKEN, host=box.base_url)


def test_reads_deals_with_the_history_of_their_stage(crm: HubSpot) -> None:
    asked = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": "1"}],
        properties=["dealname"],
        properties_with_history=["dealstage"],
    )

    (deal,) = crm.crm.deals.batch_api.read(asked).results

    stages = deal.properties_with_history["dealstage"]
    assert (deal.id, deal.properties["dealname"]) == ("1", "Mara")
    assert [row.value for row in stages] == ["closedwon", "appointmentscheduled"]
    assert stages[0].timestamp > stages[1].timestamp


def test_finds_deals_that_changed(crm: HubSpot) -> None:
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"}
    asked = PublicObjectSearchRequest(
        filter_groups=[{"filters": [since]}],
        sorts=["hs_lastmodifieddate"],
        properties=["dealstage"],
        limit=100,
        after="0",
    )

    found = crm.crm.deals.search_api.do_search(asked)

    assert (found.total, found.paging) == (1, None)
    assert found.results[0].properties["dealstage"] == "closedwon"


def test_pages_through_all_deals(crm: HubSpot, box: Box) -> None:
    for number in range(2, 6):
        box.control("hubspot/deal", {"portal": "33", "id": str(number), "stage": "contractsent"})

    first = crm.crm.deals.basic_api.get_page(limit=3)
    rest = crm.crm.deals.basic_api.get_page(limit=3, after=first.paging.next.after)

    assert [deal.id for deal in [*first.results, *rest.results]] == ["1", "2", "3", "4", "5"]
    assert rest.paging is None


def test_follows_a_deal_to_its_contact(crm: HubSpot) -> None:
    asked = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": "1"}])

    (link,) = crm.crm.associations.v4.batch_api.get_page("deals", "contacts", asked).results
    asked = ContactsToRead(
        inputs=[{"id": link.to[0].to_object_id}], properties=["email"], properties_with_history=[]
    )
    (contact,) = crm.crm.contacts.batch_api.read(asked).results

    assert contact.properties["email"] == "m@example.com"


def test_reads_pipelines(crm: HubSpot) -> None:
    (pipeline,) = crm.crm.pipelines.pipelines_api.get_all("deals").results

    won = next(stage for stage in pipeline.stages if stage.id == "closedwon")
    assert (won.metadata["isClosed"], won.metadata["probability"]) == ("true", "1.0")


def test_a_refused_token_is_an_error_of_its_kind(crm: HubSpot, box: Box) -> None:
    stranger = HubSpot(access_token="pat-unknown", host=box.base_url)

    with pytest.raises(ApiException) as caught:
        stranger.crm.deals.basic_api.get_page()

    assert caught.value.status == 401
