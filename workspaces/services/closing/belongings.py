"""Which rows belong to a workspace, table by table, and in which order they can go."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import connection
from django.db.models import Field, ForeignKey, Model

#: Shared by workspaces, or what is left of one: people, their sessions, the workspace itself.
KEPT: Final = frozenset(
    {"workspaces.User", "workspaces.Session", "workspaces.Workspace", "workspaces.WorkspaceEvent"}
)
_REFERENCES: Final = """
SELECT child.relname, parent.relname
  FROM pg_constraint c
  JOIN pg_class child ON child.oid = c.conrelid
  JOIN pg_class parent ON parent.oid = c.confrelid
 WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid <> c.confrelid
"""


@dataclass(frozen=True)
class Belonging:
    """A table with rows of workspaces."""

    model: type[Model]
    condition: str  # with a place for the workspace's key

    @property
    def table(self) -> str:
        """Its name in the database."""
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        """Column of its primary key."""
        return str(self.model._meta.pk.column)

    def of(self, workspace_id: int) -> str:
        """Return the condition of SQL that a row of the workspace meets."""
        return self.condition.format(int(workspace_id))


@cache
def belongings() -> Mapping[str, Belonging]:
    """All of them by table: a row names its workspace, or a row that does."""
    found: dict[str, Belonging] = {}
    rest = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label not in KEPT
    ]
    while new := [one for model in rest if (one := _belonging(model, found))]:
        found |= {one.table: one for one in new}
        rest = [model for model in rest if model._meta.db_table not in found]
    return found


def _belonging(model: type[Model], found: Mapping[str, Belonging]) -> Belonging | None:
    fields = model._meta.local_concrete_fields
    if any(field.column == "workspace_id" for field in fields):
        return Belonging(model, "workspace_id = {}")
    for field in fields:
        parent = None if field.null else _parent(field, found)
        if parent:
            rows = f"SELECT {parent.key} FROM {parent.table} WHERE {parent.condition}"
            return Belonging(model, f"{field.column} IN ({rows})")
    return None


def _parent(field: Field[Any, Any], found: Mapping[str, Belonging]) -> Belonging | None:
    """Return the table to whose primary key a foreign key leads, if it is one of those found."""
    if not isinstance(field, ForeignKey) or not field.target_field.primary_key:
        return None
    return found.get(field.related_model._meta.db_table)


def in_order() -> list[list[Belonging]]:
    """Children before their parents; tables that name one another are one group."""
    with connection.cursor() as cursor:
        cursor.execute(_REFERENCES)
        pairs = set(cursor.fetchall())
    found = belongings()
    return [[found[table] for table in group] for group in grouped(found, pairs)]


def grouped(tables: Collection[str], pairs: Collection[tuple[str, str]]) -> Iterator[list[str]]:
    """Group tables so that no pair of (child, parent) points back to an earlier group.

    Tables of a circle, and those between two circles, make one group.
    """
    rest = set(tables)
    last: list[list[str]] = []
    while rest:
        inside = [(child, parent) for child, parent in pairs if {child, parent} <= rest]
        if free := rest - {parent for _, parent in inside}:
            yield from ([table] for table in sorted(free))
        elif free := rest - {child for child, _ in inside}:
            last += [[table] for table in sorted(free, reverse=True)]
        else:
            yield sorted(free := set(rest))
        rest -= free
    yield from reversed(last)
