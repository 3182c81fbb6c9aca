"""Who changed a row from what to what: read from the events that the database's triggers write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Model, Window
from django.db.models.functions import RowNumber

from workspaces.models import User

SHOWN = 50
_LABELS = {"insert": "made", "update": "changed", "delete": "removed"}


@dataclass(frozen=True)
class Edit:
    """One field, before and after."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Event:
    """One write to a row."""

    at: datetime
    what: str
    who: str
    edits: tuple[Edit, ...]


def history_of(row: Model) -> list[Event]:
    """Latest events of a row, newest first; none where the model is not tracked."""
    return histories_of([row]).get(row.pk, [])


def histories_of(rows: Sequence[Model]) -> dict[int, list[Event]]:
    """Latest events of each of some rows of one model, newest first, by their keys."""
    models = set(getattr(rows[0], "pgh_event_models", {}).values()) if rows else set()
    if not models:
        return {}
    (model,) = models
    # One more than shown, so that the oldest one shown has something to be compared with.
    newest = Window(RowNumber(), partition_by=F("pgh_obj_id"), order_by=F("pgh_id").desc())
    found: list[Any] = list(
        model._default_manager.filter(pgh_obj_id__in=[row.pk for row in rows])
        .annotate(place=newest)
        .filter(place__lte=SHOWN + 1)
        .select_related("pgh_context")
        .order_by("-pgh_id")
    )
    people = _people(found)
    by_row: dict[int, list[Any]] = {}
    for one in found:
        by_row.setdefault(one.pgh_obj_id, []).append(one)
    return {
        key: [
            _event(now, before, people) for now, before in zip(own, [*own[1:], None], strict=True)
        ][:SHOWN]
        for key, own in by_row.items()
    }


def _people(rows: list[Any]) -> dict[int, str]:
    ids = {user_id for row in rows if (user_id := _user_id(row)) is not None}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=ids)}


def _user_id(row: Any) -> int | None:
    context = row.pgh_context
    return context.metadata.get("user") if context else None


def _event(row: Any, before: Any, people: dict[int, str]) -> Event:
    user_id = _user_id(row)
    who = people.get(user_id, "") if user_id else ""
    edits = _edits(row, before) if before is not None and row.pgh_label == "update" else ()
    return Event(row.pgh_created_at, _LABELS.get(row.pgh_label, row.pgh_label), who, edits)


def _edits(row: Any, before: Any) -> tuple[Edit, ...]:
    fields = [f for f in row._meta.fields if not f.name.startswith("pgh_")]
    return tuple(
        Edit(str(field.verbose_name), _text(before, field), _text(row, field))
        for field in fields
        if field.name != "updated_at"
        and getattr(row, field.attname) != getattr(before, field.attname)
    )


def _text(row: Any, field: Any) -> str:
    value = getattr(row, field.attname)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return "–" if value is None or value == "" else str(value)
