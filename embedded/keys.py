"""The secrets of a local installation: made once, kept beside its data."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from embedded.state import EmbeddedError

NAMES = ("SECRET_KEY", "FIELD_ENCRYPTION_KEY")


def local_secrets(state: Path) -> dict[str, str]:
    """Read `secrets.json` of the state directory, or make it, readable by its owner only."""
    path = state / "secrets.json"
    if not path.exists():
        _write_once(
            path, {"SECRET_KEY": secrets.token_urlsafe(50), "FIELD_ENCRYPTION_KEY": _fernet()}
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(found[name]) for name in NAMES}
    except (ValueError, KeyError, TypeError) as error:
        raise EmbeddedError(
            f"{path} does not hold {' and '.join(NAMES)}. Restore it from a backup; without"
            " FIELD_ENCRYPTION_KEY the stored credentials cannot be read."
        ) from error


def _fernet() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode("ascii")


def _write_once(path: Path, content: dict[str, str]) -> None:
    """Two processes may start together: the first file wins, and nobody reads half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return
    finally:
        aside.unlink()
