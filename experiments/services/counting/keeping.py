"""Forgetting units: of a person on request, of tests long over by themselves; sums stay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.forms.models import model_to_dict

from attribution.models import Identifier, IdentifierKind
from experiments.models import ABTest, CountingWork, Exposure, UnitEvent
from experiments.services.counting.counting import lock_counting
from workspaces.models import Workspace

BATCH: Final = 5_000
ERASED: Final = "erased:"
_KEPT: Final = timedelta(days=settings.EXPOSURE_KEEP_DAYS)
# As long as website events: outcomes may be made again of what both tell.
_EVENTS_KEPT: Final = timedelta(days=settings.WEB_EVENT_KEEP_DAYS)


class UnitKeeper:
    """Units of tests that are people known to attribution."""

    def erase(
        self, *, workspace_id: int, people: Collection[int], now: datetime
    ) -> Mapping[str, int]:
        """Part exposures from the person and delete what was told of him.

        What was counted of him stays in the sums; what was not, nobody knows any more.
        """
        units = _units_of(people)
        if not units:
            return {}
        lock_counting(workspace_id)
        CountingWork.objects.filter(workspace=workspace_id, unit__in=units).delete()
        exposures = Exposure.objects.filter(workspace=workspace_id, unit__in=units)
        # In the order in which whoever tells of them holds them.
        list(exposures.select_for_update().order_by("pk").values_list("pk"))
        exposures.filter(counted=0).delete()
        name = Concat(Value(ERASED), Cast(F("pk"), CharField()))
        counts = {
            "exposures": exposures.update(unit=name),
            "unit_events": UnitEvent.objects.filter(
                workspace=workspace_id, unit__in=units
            ).delete()[0],
        }
        return {kind: count for kind, count in counts.items() if count}

    def export(self, *, people: Collection[int]) -> Mapping[str, list[dict[str, Any]]]:
        """What variants he met, and what was told of him."""
        workspaces = Identifier.objects.filter(person__in=people).values("workspace")
        own = {"workspace__in": workspaces, "unit__in": _units_of(people)}
        exposures = Exposure.objects.filter(**own).order_by("pk")
        return {
            "exposures": [
                {"test": key, "variant": variant, "unit": unit, "at": at}
                for key, variant, unit, at in exposures.values_list(
                    "test__key", "variant__key", "unit", "at"
                )
            ],
            "unit_events": [
                model_to_dict(row, exclude=["id", "workspace"])
                for row in UnitEvent.objects.filter(**own).order_by("pk")
            ],
        }


def purge_units(*, workspace: Workspace, now: datetime, batch: int = BATCH) -> int:
    """Delete exposures of tests that ended long ago and old events of units; how many rows.

    Their sums stay, and are not counted again.
    """
    over = ABTest.objects.filter(workspace=workspace, ended_at__lt=now - _KEPT, is_imported=False)
    exposures = Exposure.objects.filter(test__in=list(over))
    events = UnitEvent.objects.filter(workspace=workspace, at__lt=now - _EVENTS_KEPT)
    return _delete(exposures, batch) + _delete(events, batch)


def has_units(test: ABTest, now: datetime) -> bool:
    """Whether its exposures are still there."""
    return test.ended_at is None or test.ended_at >= now - _KEPT


def _delete(rows: QuerySet[Any], batch: int) -> int:
    total = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:batch]):
        total += len(keys)
        rows.filter(pk__in=keys).delete()
    return total


def _units_of(people: Collection[int]) -> list[str]:
    kinds = (IdentifierKind.VISITOR, IdentifierKind.USER_ID)
    rows = Identifier.objects.filter(person__in=people, kind__in=kinds)
    return sorted(set(rows.values_list("value", flat=True)))
