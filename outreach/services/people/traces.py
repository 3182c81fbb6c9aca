"""What is left of somebody in rows that name no contact: found by their addresses and ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from django.db.models import Q

from outreach.models import ContactImportRow, ContactPoint, OutreachTask, TrackedLink
from workspaces.services.inbound import empty_events

ERASED: Final = "erased"
#: Shorter ones stand in what is somebody else's.
_LEAST: Final = 5


@dataclass(frozen=True)
class Traces:
    """What somebody may be found by: addresses, ids on networks, our own ids, their full name."""

    addresses: Sequence[str]
    external_ids: Sequence[str] = ()
    names: Sequence[tuple[str, str]] = ()

    @property
    def spellings(self) -> list[str]:
        """Addresses as they stand in bodies and links, too."""
        plain = {one.removeprefix("+") for one in self.addresses if len(one) >= _LEAST}
        return sorted(plain | {quote(one, safe="") for one in plain})


def forget_traces(*, workspace_id: int, traces: Traces, now: datetime) -> dict[str, int]:
    """Empty events, links and rows of files that hold them; how many of each."""
    if spellings := traces.spellings:
        links = TrackedLink.objects.filter(_any("url", spellings), workspace=workspace_id)
        return {
            "events": empty_events(workspace_id=workspace_id, texts=spellings, now=now),
            "links": links.delete()[0],
            "file_rows": _empty_rows(workspace_id, traces),
        }
    return {"file_rows": _empty_rows(workspace_id, traces)}


def forget_tasks(*, points: Collection[ContactPoint]) -> None:
    """Pages of theirs that a person was to open."""
    OutreachTask.objects.filter(message__point__in=points).update(link="")


def _any(field: str, texts: Collection[str]) -> Q:
    found = Q(pk__in=[])
    for text in texts:
        found |= Q(**{f"{field}__icontains": text})
    return found


def _empty_rows(workspace_id: int, traces: Traces) -> int:
    """Rows of files that could not be taken: told by an address, an id, or both names."""
    found = _any("text", traces.addresses)
    for key in traces.external_ids:
        # Cells are told apart by a comma and a space.
        found |= Q(text=key) | Q(text__startswith=f"{key}, ") | Q(text__endswith=f", {key}")
        found |= Q(text__contains=f", {key}, ")
    for first, last in traces.names:
        found |= Q(text__icontains=f"{first}, {last}")
    rows = ContactImportRow.objects.filter(found, run__workspace=workspace_id)
    return rows.update(text="", reason=ERASED)
