"""People as tests of pages need them."""

from __future__ import annotations

from outreach.models import ContactImport, Suppression
from tests.outreach.steps import NOW, audience_of, contact_of
from workspaces.models import Workspace


def people_rows(workspace: Workspace) -> dict[str, object]:
    """Ids of a contact, a list, a file and a suppression."""
    contact = contact_of(workspace, "ann@acme.example")
    suppression = Suppression.objects.create(
        workspace=workspace, value="bob@acme.example", reason="manual", at=NOW
    )
    return {
        "contact": contact.public_id,
        "audience": audience_of(workspace, contact, name="Readers of Acme").public_id,
        "people file": ContactImport.objects.create(
            workspace=workspace, file_name="people.csv"
        ).public_id,
        "suppression": suppression.public_id,
    }
