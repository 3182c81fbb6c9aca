"""Mappings of a workspace, remembered by the columns that they read."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.engine.importing.fields import header_signature
from campaigns.engine.importing.guessing import Guess, describe, guess_mapping
from campaigns.engine.importing.mapping import Mapping
from campaigns.engine.importing.tables import Table
from campaigns.models import ImportMapping, ImportRun, Platform
from workspaces.models import Workspace


def mapping_for(*, workspace: Workspace, table: Table) -> Guess:
    """Take the mapping remembered for these columns, else guess one from the first rows."""
    known = ImportMapping.objects.filter(
        workspace=workspace, header_signature=header_signature(table.headers)
    ).first()
    if known is not None:
        return describe(Mapping.from_json(known.mapping), table.headers)
    return guess_mapping(table.headers, table.sample(), delimiter=table.delimiter)


def remember_mapping(*, run: ImportRun, headers: Sequence[str], mapping: Mapping) -> None:
    """Keep a mapping that worked for the next file with the same columns."""
    ImportMapping.objects.update_or_create(
        workspace=run.workspace,
        header_signature=header_signature(headers),
        defaults={"mapping": mapping.to_json()},
        create_defaults={
            "mapping": mapping.to_json(),
            "name": f"{Platform(mapping.platform).label}: {run.file_name}"[:120],
            "created_by": run.created_by,
        },
    )
