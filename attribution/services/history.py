"""Past people and conversions, many at once: what a system knew before it was connected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from attribution.models import Conversion, Identifier, IdentifierKind, Person
from attribution.services.news import tell_people_news
from attribution.services.tracking import FUTURE, TrackingError
from workspaces.models import Workspace
from workspaces.services.locks import lock_names

BATCH: Final = 2_000


@dataclass(frozen=True)
class PastConversion:
    """A conversion of somebody known; its click is looked for by the matching job."""

    conversion_id: str
    type: str
    converted_at: datetime
    value: Decimal
    person: Person
    country: str = ""
    currency: str = ""


@transaction.atomic
def import_people(*, workspace: Workspace, user_ids: Sequence[str], now: datetime) -> list[Person]:
    """People of these user ids in their order; made where nobody is known by one."""
    lock_names([f"identity:{workspace.pk}"])
    rows = Identifier.objects.filter(
        workspace=workspace, kind=IdentifierKind.USER_ID, value__in=user_ids
    ).select_related("person")
    known = {row.value: row.person for row in rows}
    missing = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in known]
    made = Person.objects.bulk_create(
        [Person(workspace=workspace) for _ in missing], batch_size=BATCH
    )
    Identifier.objects.bulk_create(
        [
            Identifier(
                workspace=workspace, person=person, kind=IdentifierKind.USER_ID, value=user_id,
                first_seen_at=now,
            )
            for user_id, person in zip(missing, made, strict=True)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    known |= dict(zip(missing, made, strict=True))
    return [known[user_id] for user_id in user_ids]


@transaction.atomic
def import_conversions(
    *, workspace: Workspace, conversions: Sequence[PastConversion], now: datetime
) -> int:
    """Store many past conversions, each once by its id; returns how many are new.

    Nobody is told of them by webhook: they are history.

    Raises
    ------
    TrackingError : one lies in the future, or its person is of another workspace
    """
    for row in conversions:
        if row.converted_at > now + FUTURE:
            raise TrackingError("converted_at", f"{row.conversion_id} lies in the future.")
        if row.person.workspace_id != workspace.pk:
            raise TrackingError("person", f"The person of {row.conversion_id} is not known here.")
    known = Conversion.objects.filter(workspace=workspace)
    keys = [row.conversion_id for row in conversions]
    before = known.filter(conversion_id__in=keys).count()
    Conversion.objects.bulk_create(
        (
            Conversion(
                workspace=workspace, conversion_id=row.conversion_id, type=row.type,
                value=row.value, currency=row.currency or workspace.currency,
                converted_at=row.converted_at, person=row.person, country=row.country,
                has_consent=True,
            )
            for row in conversions
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )  # fmt: skip
    if conversions:
        tell_people_news(
            workspace_id=workspace.pk,
            people={row.person.pk for row in conversions},
            since=min(row.converted_at for row in conversions),
        )
    return known.filter(conversion_id__in=keys).count() - before
