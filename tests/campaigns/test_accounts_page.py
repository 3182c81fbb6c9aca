"""Ad accounts on their page."""

from __future__ import annotations

from campaigns.models import AdAccount
from tests.campaigns.conftest import PTD_META, connect
from tests.campaigns.factories import AdAccountFactory
from workspaces.models import JobRun


def add(client, workspace, connection, external_id):
    form = {
        "workspace": str(workspace.public_id),
        "connection": str(connection.public_id),
        "external_id": external_id,
    }
    return client.post("/campaigns/accounts/add/", form, follow=True)


def test_admin_adds_an_account_and_its_sync_is_queued(box, workspace, admin, client_as):
    connection = connect(box, workspace, "meta", {"access_token": "sandbox-meta-ptd-fitness"})

    page = add(client_as(admin), workspace, connection, f"act_{PTD_META}")

    account = AdAccount.objects.get(workspace=workspace)
    assert account.external_id == PTD_META
    assert account.currency == "USD"
    assert "was added" in page.content.decode()
    assert JobRun.objects.get().name == "actuals-sync"


def test_account_that_the_platform_does_not_know_is_told(box, workspace, admin, client_as):
    connection = connect(box, workspace, "meta", {"access_token": "sandbox-meta-ptd-fitness"})

    page = add(client_as(admin), workspace, connection, "404404")

    assert not AdAccount.objects.exists()
    assert page.status_code == 200
    assert "was added" not in page.content.decode()


def test_others_neither_add_nor_see(box, workspace, operator, outsider, client_as):
    connection = connect(box, workspace, "meta", {"access_token": "sandbox-meta-ptd-fitness"})
    AdAccountFactory(workspace=workspace, name="Secret account")

    refused = add(client_as(operator), workspace, connection, PTD_META)
    seen = client_as(outsider).get("/campaigns/accounts/").content.decode()

    assert refused.status_code == 403
    assert AdAccount.objects.count() == 1
    assert "Secret account" not in seen
