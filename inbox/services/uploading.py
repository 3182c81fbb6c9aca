"""Files for an answer: kept beside from when they are chosen until the answer goes out.

There is no row for them: the page holds a signed word of what was kept where, and what nobody sent
within a day is deleted.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import IO, Any, Final

from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from inbox.engine.mail import Attachment as File
from inbox.engine.mail.attachments import attachment
from inbox.models import CustomerResponse
from inbox.services.wording import MOST_BYTES, AnswerError
from workspaces.gate import Proposer
from workspaces.ids import uuid7
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

_SALT: Final = "inbox.upload"
_KEPT_FOR: Final = timedelta(days=1)


@dataclass(frozen=True)
class Upload:
    """A file that is kept for an answer."""

    workspace: int
    name: str
    size: int
    place: str

    @property
    def token(self) -> str:
        """What the page holds of it: nobody else can name a place."""
        return signing.dumps(asdict(self), salt=_SALT)


def upload(
    *, workspace: Workspace, name: str, content: IO[bytes], by: Proposer, now: datetime
) -> Upload:
    """Keep a file for an answer.

    Raises
    ------
    NotAllowedError : the person is no agent
    AnswerError : it is empty, too large, or of a kind that may do harm
    """
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Sending files")
    told = content.read(MOST_BYTES + 1)
    file = _checked(name, told)
    if not told:
        raise AnswerError("file", f"{file.name} is empty.")
    if file.held_because:
        raise AnswerError("file", f"{file.name}: {file.held_because}")
    # A place of its own each time: nobody's clearing up or choosing again takes it away.
    place = default_storage.save(f"{_beside(workspace)}/{uuid7().hex}", ContentFile(told))
    return Upload(workspace.pk, file.name, file.size, place)


def uploads_of(row: CustomerResponse) -> list[Upload]:
    """Files of an answer that was taken back or did not arrive, to be sent once more."""
    return [
        Upload(row.workspace_id, one.name, one.size, str(one.file.name))
        for one in row.attachments.exclude(file="").order_by("pk")
    ]


def upload_named(*, workspace: Workspace, token: str) -> Upload:
    """A file by what the page holds of it.

    Raises
    ------
    AnswerError : it is not ours, or it was kept for too long
    """
    gone = AnswerError("file", "A file is not there any more. Choose it again.")
    try:
        told: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=_KEPT_FOR)
        found = Upload(**told)
    except (signing.BadSignature, TypeError):
        raise gone from None
    if found.workspace != workspace.pk or not default_storage.exists(found.place):
        raise gone
    return found


def file_of(kept: Upload) -> File:
    """What is kept of a file, told by its content anew."""
    with default_storage.open(kept.place) as content:
        return _checked(kept.name, content.read())


def clear_uploads(*, now: datetime) -> int:
    """Delete what nobody sent within a day; how many."""
    count = 0
    for workspace in Workspace.objects.open().order_by("pk"):
        place = _beside(workspace)
        names: list[str] = []
        with suppress(FileNotFoundError):
            names = default_storage.listdir(place)[1]
        for name in names:
            with suppress(FileNotFoundError):
                if default_storage.get_modified_time(f"{place}/{name}") < now - _KEPT_FOR:
                    default_storage.delete(f"{place}/{name}")
                    count += 1
    return count


def _checked(name: str, content: bytes) -> File:
    return attachment(content, name[:500], "", content_id="", is_inline=False, max_size=MOST_BYTES)


def _beside(workspace: Workspace) -> str:
    return f"inbox/{workspace.pk}/chosen"
