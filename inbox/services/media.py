"""Pictures, voice and files of texts and direct messages: their network keeps them, we fetch them.

The row of a file is the queue: it says when it is to be fetched, and whoever moves that forward
works on it. After three tries the file is held back and says why.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from inbox.engine.mail import LIMITS
from inbox.engine.mail.attachments import attachment
from inbox.models import Attachment, CustomerResponse
from inbox.services.filing import delete_unnamed, place_of, store
from inbox.services.topics import TOPIC
from outreach.services.listening.media import fetch_file
from workspaces.models import Connection, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.services.live import bump

BATCH: Final = 20
MOST_TRIES: Final = 3
MOST_FILES: Final = 20
#: Longer than its task may run: a lapsed lease is a dead worker's.
_LEASE: Final = timedelta(minutes=6)
_WAIT: Final = timedelta(minutes=1)
#: Another try would not help.
_FINAL: Final = (ErrorKind.POLICY, ErrorKind.GONE, ErrorKind.INVALID)
_NAMES: Final = {"image": "Picture", "video": "Video", "audio": "Voice message", "file": "File"}

Fetch = Callable[[Connection, str], bytes]


def fetch_one(connection: Connection, url: str) -> bytes:
    """Fetch a file of at most the size that mails may carry."""
    return fetch_file(connection, url, most=LIMITS.attachment_size)


def rows_of_media(
    response: CustomerResponse, media: Sequence[Mapping[str, Any]], now: datetime
) -> list[Attachment]:
    """Rows of what came beside words; what has no address of a file stays with its network."""
    return [_row(response, one, now) for one in media[:MOST_FILES]]


def _row(response: CustomerResponse, one: Mapping[str, Any], now: datetime) -> Attachment:
    kind = str(one.get("type") or "file")
    is_file = bool(one.get("url")) and kind.partition("/")[0] in (*_NAMES, "application", "text")
    return Attachment(
        workspace=response.workspace, response=response, size=0, sha256="",
        name=(str(one.get("name") or "") or name_of(kind))[:200], content_type=kind[:100],
        source_url=str(one.get("url") or "") if is_file else "", fetch_at=now if is_file else None,
        held_because="" if is_file else "Only its network shows it. Look at it there.",
    )  # fmt: skip


def name_of(kind: str) -> str:
    """A name for what came without one, by its type."""
    base, is_mime, _ = kind.partition("/")
    if is_mime:
        return f"{_NAMES.get(base, 'File')}{mimetypes.guess_extension(kind) or ''}"
    return _NAMES.get(base) or kind.replace("_", " ").capitalize()


def fetch_due(*, now: datetime, fetch: Fetch = fetch_one) -> int:
    """Fetch files that wait for it; returns how many were tried."""
    rows = Attachment.objects.filter(fetch_at__lte=now, workspace__in=Workspace.objects.open())
    tried = 0
    for pk in list(rows.order_by("fetch_at", "pk").values_list("pk", flat=True)[:BATCH]):
        claimed = Attachment.objects.filter(pk=pk, fetch_at__lte=now).update(
            fetch_at=now + _LEASE, fetch_tries=F("fetch_tries") + 1
        )
        if claimed:
            _get(Attachment.objects.select_related("response__workspace").get(pk=pk), fetch, now)
            tried += 1
    return tried


def _get(row: Attachment, fetch: Fetch, now: datetime) -> None:
    try:
        if row.fetch_tries > MOST_TRIES:
            # Each try ended with its worker: the file itself may be what ends them.
            raise PlatformError(ErrorKind.GONE, "Every try broke off.")
        content = fetch(_connection_of(row), row.source_url)
    except PlatformError as error:
        _fail(row, error, now)
    else:
        _keep(row, content)
    bump(row.workspace_id, TOPIC)


def _connection_of(row: Attachment) -> Connection:
    """The connection that told of a file."""
    told = {one.get("url"): one.get("connection") for one in row.response.media}
    found = Connection.objects.filter(
        pk=told.get(row.source_url) or 0, workspace=row.workspace_id
    ).first()
    if found is None:
        raise PlatformError(ErrorKind.GONE, "The connection that told of it is gone.")
    return found


def _keep(row: Attachment, content: bytes) -> None:
    name, kind = row.name, row.content_type
    file = attachment(
        content, name, kind, content_id="", is_inline=False, max_size=LIMITS.attachment_size
    )
    workspace = row.response.workspace
    store(workspace, [file])
    place = place_of(workspace, file)
    is_kept = Attachment.objects.filter(pk=row.pk, source_url=row.source_url).update(
        name=file.name[:200], content_type=file.content_type[:100], size=file.size,
        sha256=file.sha256, file=place, fetch_at=None, source_url="",
        held_because=file.held_because[:200],
    )  # fmt: skip
    if not is_kept and place:
        # Who was erased meanwhile left nothing to keep it for.
        transaction.on_commit(lambda: delete_unnamed([place]))


def _fail(row: Attachment, error: PlatformError, now: datetime) -> None:
    rows = Attachment.objects.filter(pk=row.pk, source_url=row.source_url)
    if row.fetch_tries < MOST_TRIES and error.kind not in _FINAL:
        rows.update(fetch_at=now + _WAIT * 4.0 ** (row.fetch_tries - 1))
        return
    rows.update(fetch_at=None, held_because=f"It could not be fetched. {error.message}"[:200])
