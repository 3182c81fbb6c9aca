"""Artefacts on this machine's disk by their checksum, so that a start asks the database for none.

The bytes are believed by nothing but their checksum: a file that does not have it is read anew
from the database, and one that cannot be written is done without.
"""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.conf import settings

from mlops.models import ModelArtefact, ModelVersion

logger = logging.getLogger(__name__)

MOST_FILES: Final = 64


def artefact_bytes(version: ModelVersion) -> bytes | None:
    """Bytes of a version, from disk where they are sound there; ``None``: there are none."""
    path = _path(version.sha256)
    if path is not None and (kept := _read(path, version.sha256)) is not None:
        return kept
    row = ModelArtefact.objects.filter(version=version).first()
    if row is None:
        return None
    data = bytes(row.data)
    if path is not None and _digest(data) == version.sha256:
        _write(path, data)
    return data


def _path(sha256: str) -> Path | None:
    return Path(settings.MODEL_CACHE_DIR) / sha256 if settings.MODEL_CACHE_DIR else None


def _read(path: Path, sha256: str) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if _digest(data) == sha256:
        return data
    logger.warning("a kept artefact has changed and is read anew", extra={"path": str(path)})
    return None


def _write(path: Path, data: bytes) -> None:
    """Put the file there in one step, and let the oldest go."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        aside.replace(path)
        _let_go(path.parent)
    except OSError:
        logger.warning("an artefact cannot be kept on disk", exc_info=True)


def _let_go(directory: Path) -> None:
    kept = (path for path in directory.iterdir() if path.is_file())
    files = sorted(kept, key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[MOST_FILES:]:
        with suppress(FileNotFoundError):  # another process was faster
            file.unlink()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
