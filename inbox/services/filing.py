"""Files that came with messages: kept once by their content, never under a name of the sender's."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from inbox.engine.mail import Attachment as File
from inbox.models import Attachment, CustomerResponse
from workspaces.models import Workspace


def place_of(workspace: Workspace, file: File) -> str:
    """Where a file is kept; nowhere what is held back."""
    if file.held_because:
        return ""
    return f"inbox/{workspace.pk}/{file.sha256[:2]}/{file.sha256}"


def store(workspace: Workspace, files: Sequence[File]) -> None:
    """Keep the content of files. Before the rows: a row never names a file that is not there."""
    for file in files:
        place = place_of(workspace, file)
        if place and not default_storage.exists(place):
            default_storage.save(place, ContentFile(file.content))


def delete_unnamed(places: Collection[str]) -> None:
    """Delete what no row names; after the transaction, for somebody may send the same meanwhile."""
    for place in sorted(places):
        if not Attachment.objects.filter(file=place).exists():
            default_storage.delete(place)


def rows_of(response: CustomerResponse, files: Sequence[File]) -> list[Attachment]:
    """Rows of the files of a message; they are not stored yet."""
    return [
        Attachment(
            workspace=response.workspace, response=response, name=file.name[:200],
            content_type=file.content_type[:100], size=file.size, sha256=file.sha256,
            content_id=file.content_id[:255], file=place_of(response.workspace, file),
            held_because=file.held_because[:200],
        )
        for file in files
    ]  # fmt: skip
