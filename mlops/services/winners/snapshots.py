"""Saved indexes: rows with a checksum, kept on this host's disk under it.

A snapshot only saves time. One that lost its checksum is never read: it is told, and the index
comes from the winners themselves.
"""

from __future__ import annotations

import hashlib
import logging
import re
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from mlops.models import WinnerSnapshot
from mlops.models.registry import CHECKSUM
from workspaces.engine.embedding.index import VectorIndex
from workspaces.engine.embedding.shapes import Form
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.notices import notify

logger = logging.getLogger(__name__)

# A row travels as text of twice its size, and PostgreSQL sends at most a gigabyte.
LARGEST_BYTES: Final = 400 * 1024 * 1024


def save_snapshot(
    *, workspace: Workspace, embedder: str, index: VectorIndex, version: int, now: datetime
) -> bool:
    """Save an index instead of the one saved before; ``False`` where it is too large for a row."""
    data = index.to_bytes()
    if len(data) > LARGEST_BYTES:
        logger.warning("an index is too large to be saved", extra={"bytes": len(data)})
        return False
    with transaction.atomic():
        WinnerSnapshot.objects.filter(workspace=workspace, embedder=embedder).delete()
        WinnerSnapshot.objects.create(
            workspace=workspace,
            embedder=embedder,
            version=version,
            form=index.form,
            entries=len(index),
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            data=data,
            saved_at=now,
        )
    return True


def read_snapshot(
    *, workspace: Workspace, embedder: str, since: int, until: int, now: datetime
) -> tuple[VectorIndex, int] | None:
    """Read the saved index with the change that it holds; ``None`` where none fits or it is faulty.

    It fits when it holds a change from ``since`` to ``until``.
    """
    row = (
        WinnerSnapshot.objects.filter(
            workspace=workspace, embedder=embedder, version__gte=since, version__lte=until
        )
        .defer("data")
        .first()
    )
    if row is None:
        return None
    data = _from_disk(row) or _from_row(row)
    try:
        if data is not None:
            return VectorIndex.from_bytes(data, _form(row)), row.version
    except ValueError:
        logger.exception("a snapshot cannot be read", extra={"snapshot": row.pk})
    _tell(row, now)
    return None


def is_sound(*, workspace: Workspace, embedder: str, version: int) -> bool:
    """Whether the newest change is saved and the saved bytes have their checksum."""
    return WinnerSnapshot.objects.filter(
        workspace=workspace, embedder=embedder, version=version, sha256=CHECKSUM
    ).exists()


def _form(row: WinnerSnapshot) -> Form:
    return "hnsw" if row.form == "hnsw" else "exact"


def _path(row: WinnerSnapshot) -> Path | None:
    if not settings.MODEL_CACHE_DIR:
        return None
    of = re.sub(r"[^a-zA-Z0-9-]", "_", row.embedder)
    folder = Path(settings.MODEL_CACHE_DIR) / "winners" / f"{row.workspace_id}-{of}"
    return folder / f"{row.sha256}.index"


def _from_disk(row: WinnerSnapshot) -> bytes | None:
    path = _path(row)
    try:
        data = path.read_bytes() if path else b""
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == row.sha256 else None


def _from_row(row: WinnerSnapshot) -> bytes | None:
    data = bytes(row.data)
    if hashlib.sha256(data).hexdigest() != row.sha256:
        return None
    if path := _path(row):
        _to_disk(path, data)
    return data


def _to_disk(path: Path, data: bytes) -> None:
    """Keep the bytes and nothing older beside them; a full or read-only disk is no fault."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        Path(file.name).replace(path)
        for other in path.parent.glob("*.index"):
            if other != path:
                other.unlink(missing_ok=True)
    except OSError:
        logger.warning("a snapshot cannot be kept on disk", exc_info=True)


def _tell(row: WinnerSnapshot, now: datetime) -> None:
    logger.error("a snapshot lost its checksum", extra={"snapshot": row.pk})
    notify(
        workspace=row.workspace,
        rank=Role.ADMIN.rank,
        topic="winners.snapshot",
        title="The saved index of winners was damaged and has been built anew.",
        body=(
            "Nothing is lost: winners are rows, the index is made from them. If it happens again,"
            " look at the database's disk."
        ),
        url=reverse("winners"),
        dedup_key=f"winner-snapshot:{row.pk}",
        now=now,
    )
