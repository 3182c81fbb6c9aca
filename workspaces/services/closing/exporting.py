"""Everything of a workspace in one ZIP: a table a file, a row a line of JSON, its files beside."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import FileField, Model

from workspaces.models import Membership, Workspace
from workspaces.services.closing.belongings import Belonging, belongings
from workspaces.snapshot import snapshot

#: Secrets, and what opens a door; ciphertext is of no use to whoever has no key for it.
LEFT_OUT: Final = frozenset({"secret", "previous_secret", "hashed_key", "token_hash"})
MANIFEST: Final = "manifest.json"
#: Such a character is in no text of JSON, so no line is ever quoted.
_AS_LINES: Final = r"WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02', ENCODING 'UTF8')"
_CHUNK: Final = 1 << 20
Told = Callable[[str], None]


def export_workspace(*, workspace: Workspace, path: Path, now: datetime, told: Told) -> int:
    """Write the archive of one moment; returns how many rows it holds.

    ``path`` appears only once the archive is whole. ``manifest.json`` names each table with its
    columns, rows, SHA-256 and the columns that were left out.

    Raises
    ------
    FileExistsError : there is something at ``path``
    """
    if path.exists():
        raise FileExistsError(f"{path} is there already; name another file.")
    draft = path.with_name(f"{path.name}.unfinished")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with snapshot():
            tables = [_table(archive, one, workspace, told) for one in belongings().values()]
            files = [name for one in belongings().values() for name in files_of(one, workspace)]
        missing = [name for name in dict.fromkeys(files) if not _file(archive, name)]
        manifest = _manifest(workspace, now) | {"tables": tables, "missing_files": missing}
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    draft.replace(path)
    Workspace.objects.filter(pk=workspace.pk).update(exported_at=now)
    return sum(table["rows"] for table in tables)


def files_of(belonging: Belonging, workspace: Workspace) -> Iterator[str]:
    """Names in the storage that a table's rows of the workspace hold."""
    names = [
        field.column
        for field in belonging.model._meta.local_concrete_fields
        if isinstance(field, FileField)
    ]
    for name in names:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {name} FROM {belonging.table}"
                f" WHERE {belonging.of(workspace.pk)} AND {name} <> ''"
            )
            yield from (found for (found,) in cursor.fetchall())


def _manifest(workspace: Workspace, now: datetime) -> dict[str, Any]:
    members = Membership.objects.filter(workspace=workspace).select_related("user")
    return {
        "workspace": {
            "slug": workspace.slug, "name": workspace.name, "currency": workspace.currency,
            "time_zone": workspace.time_zone, "mode": workspace.mode,
        },
        "exported_at": now.isoformat(),
        "members": [
            {"email": one.user.email, "name": one.user.get_full_name(), "role": one.role}
            for one in members.order_by("user__email")
        ],
    }  # fmt: skip


def _table(
    archive: zipfile.ZipFile, belonging: Belonging, workspace: Workspace, told: Told
) -> dict[str, Any]:
    kept, left_out = _columns(belonging.model)
    quoted = connection.ops.quote_name
    rows_of = (
        f"SELECT {', '.join(map(quoted, kept))} FROM {belonging.table}"
        f" WHERE {belonging.of(workspace.pk)} ORDER BY {quoted(belonging.key)}"
    )
    sql = f"COPY (SELECT row_to_json(one) FROM ({rows_of}) one) TO STDOUT {_AS_LINES}"
    name = f"tables/{belonging.table}.jsonl"
    with archive.open(name, "w", force_zip64=True) as file, connection.cursor() as cursor:
        hashed = _Hashed(file)
        cursor.copy_expert(sql, hashed)
        rows = cursor.rowcount
    if rows:
        told(f"{belonging.table}: {rows:,} rows")
    return {
        "table": belonging.table, "file": name, "rows": rows, "sha256": hashed.digest(),
        "columns": kept, "left_out": left_out,
    }  # fmt: skip


def _columns(model: type[Model]) -> tuple[list[str], list[str]]:
    names = [str(field.column) for field in model._meta.local_concrete_fields]
    return [n for n in names if n not in LEFT_OUT], [n for n in names if n in LEFT_OUT]


def _file(archive: zipfile.ZipFile, name: str) -> bool:
    try:
        source = default_storage.open(name)
    except FileNotFoundError:
        return False
    with source, archive.open(f"files/{name}", "w", force_zip64=True) as target:
        while block := source.read(_CHUNK):
            target.write(block)
    return True


class _Hashed:
    """Writes on, and keeps the SHA-256 of what went through."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target, self._hash = target, hashlib.sha256()

    def write(self, block: bytes) -> int:
        self._hash.update(block)
        return self._target.write(block)

    def digest(self) -> str:
        return self._hash.hexdigest()
