"""The job that works off files of contacts."""

from __future__ import annotations

from typing import Final

from outreach.models import ContactImport, ContactImportState
from outreach.services.people.checking import check
from outreach.services.people.import_writing import write
from workspaces.models import Workspace
from workspaces.services.jobs import Progress

IMPORT_JOB: Final = "contact-imports"


def workspaces_waiting() -> list[Workspace]:
    """Where a file waits for a worker."""
    waiting = ContactImport.objects.filter(
        state__in=[ContactImportState.CHECKING, ContactImportState.WRITING]
    )
    rows = Workspace.objects.open().filter(pk__in=waiting.values("workspace"))
    return list(rows.order_by("pk"))


def import_for_workspace(progress: Progress) -> None:
    """Check and write what waits, the oldest first."""
    open_ones = ContactImport.objects.filter(
        workspace=progress.workspace,
        state__in=[ContactImportState.CHECKING, ContactImportState.WRITING],
    ).select_related("workspace", "audience")
    while run := open_ones.order_by("pk").first():
        if run.state == ContactImportState.CHECKING:
            check(run, progress)
        else:
            write(run, progress)
        progress.count(files=1)
