"""Files of contacts that end without being written, and what is kept of people in them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from outreach.models import ContactImport, ContactImportState
from outreach.services.people.staging import Stage, staged_keys
from workspaces.services.jobs import Progress

SWEEP_JOB: Final = "contact-import-sweep"
KEPT_DAYS: Final = 7
STALE: Final = (
    f"Nobody wrote it within {KEPT_DAYS} days, so the file and its rows were removed;"
    " upload it again."
)
ERASED: Final = "Somebody was erased while this file waited; upload it again without them."
_WAITING: Final = (
    ContactImportState.UPLOADED, ContactImportState.CHECKED, ContactImportState.FAILED,
)  # fmt: skip
_AT_WORK: Final = (ContactImportState.CHECKING, ContactImportState.WRITING)


def fail(run: ContactImport, reason: str) -> None:
    """Close a file that cannot be taken, with the reason."""
    run.state, run.error = ContactImportState.FAILED, reason[:500]
    run.save()
    Stage(run.pk).drop()


def sweep_for_workspace(progress: Progress) -> None:
    """End files that nobody goes on with, and remove rows that belong to none."""
    progress.count(ended=end_stale(progress.workspace.pk, progress.now))
    progress.count(removed=_drop_left_over(progress.workspace.pk))


def end_stale(workspace_id: int, now: datetime) -> int:
    """Remove what was uploaded or checked a week ago and never written; how many files."""
    waiting = ContactImport.objects.filter(
        workspace=workspace_id, state__in=_WAITING, created_at__lt=now - timedelta(days=KEPT_DAYS)
    ).exclude(state=ContactImportState.FAILED, file="")  # fmt: skip
    ended = 0
    for key in waiting.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            run = waiting.select_for_update().filter(pk=key).first()
            if run is not None:
                _end(run, run.error or STALE)
                ended += 1
    return ended


def _end(run: ContactImport, reason: str) -> None:
    """Close a locked file and remove what it held."""
    drop_file(run)
    fail(run, reason)


def drop_file(run: ContactImport) -> None:
    """Take the upload off a locked file, which stays to be saved; it goes with the commit."""
    storage, name = run.file.storage, run.file.name
    run.file = ""
    if name:
        transaction.on_commit(lambda: storage.delete(name))


def _drop_left_over(workspace_id: int) -> int:
    """Drop tables of files that are over, as a worker that died may leave them."""
    over = ContactImport.objects.filter(workspace=workspace_id, pk__in=staged_keys()).exclude(
        state__in=(*_AT_WORK, ContactImportState.CHECKED)
    )
    keys = list(over.values_list("pk", flat=True))
    for key in keys:
        Stage(key).drop()
    return len(keys)


def forget_in_files(
    workspace_id: int, texts: Collection[str], external_ids: Collection[str]
) -> int:
    """Take somebody out of files that are not written yet; in how many they were, or may be.

    Checked rows go, and the upload with them: the other rows can still be written. A file that
    nobody looked through yet may hold them under any column, so it ends.
    """
    runs = ContactImport.objects.filter(workspace=workspace_id).exclude(
        state=ContactImportState.DONE
    )
    held = runs.exclude(state=ContactImportState.FAILED, file="").select_for_update()
    return sum(_forget_in(run, texts, external_ids) for run in held.order_by("pk"))


def _forget_in(run: ContactImport, texts: Collection[str], external_ids: Collection[str]) -> bool:
    if run.state in (ContactImportState.CHECKED, ContactImportState.WRITING):
        stage = Stage(run.pk)
        if stage.has_rows():
            if not stage.forget(list(texts), list(external_ids)):
                return False
            drop_file(run)
            run.save(update_fields=["file"])
            return True
    drop_file(run)
    if run.state != ContactImportState.FAILED:
        # Rows that a worker reads in just now are dropped by it, when it finds this.
        run.state, run.error = ContactImportState.FAILED, ERASED
    run.save(update_fields=["file", "state", "error"])
    return True
