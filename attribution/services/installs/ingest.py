"""Installs and sessions as they come in: each kept once, what they say of users set at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from attribution.engine.app_rows import (
    FieldError,
    InstallRow,
    SessionRow,
    read_install,
    read_session,
)
from attribution.models import UserInstall, UserSession
from attribution.services.installs.partitions import ensure_months
from attribution.services.installs.refreshing import lock_app, refresh_users
from attribution.services.tracking import TrackingError
from campaigns.models import Ad, Campaign, Creative
from workspaces.models import Workspace

R = TypeVar("R")
MOST: Final = 1_000
_AHEAD: Final = timedelta(days=1)  # clocks of devices
_Known = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch."""

    accepted: int
    duplicates: int


def read_rows(
    given: Sequence[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], R], name: str
) -> list[R]:
    """Read a batch whole.

    Raises
    ------
    TrackingError : a row cannot be read; names row, counted from 0, and field
    """
    rows = []
    for number, one in enumerate(given):
        try:
            rows.append(read(one))
        except FieldError as error:
            raise TrackingError(f"{name}[{number}].{error.field}", f"{error}.") from None
    return rows


@transaction.atomic
def take_installs(
    *, workspace: Workspace, given: Sequence[Mapping[str, Any]], now: datetime, name: str
) -> Taken:
    """Keep installs whose user is not known yet; the same again changes nothing.

    Parameters
    ----------
    given : rows of ``engine.app_rows.INSTALL_FIELDS``
    name : of the batch, for what is refused: ``name[3].country``

    Raises
    ------
    TrackingError : a row is wrong; nothing is kept
    """
    rows = read_rows(given, read_install, name)
    today = (now + _AHEAD).astimezone(workspace.zone).date()
    for number, row in enumerate(rows):
        if row.installed_on > today:
            raise TrackingError(f"{name}[{number}].installed_on", "This day is still to come.")
    lock_app(workspace)
    known = set(
        UserInstall.objects.filter(
            workspace=workspace, user_id__in={row.user_id for row in rows}
        ).values_list("user_id", flat=True)
    )
    named = _Named(workspace, rows)
    made: dict[str, UserInstall] = {}
    for number, row in enumerate(rows):
        if row.user_id not in known and row.user_id not in made:
            made[row.user_id] = named.install(row, f"{name}[{number}]")
    kept = UserInstall.objects.bulk_create(made.values())
    if kept:
        refresh_users(workspace=workspace, now=now, installs=[row.pk for row in kept])
        Workspace.objects.filter(pk=workspace.pk, data_since=None).update(data_since=now)
    return Taken(len(kept), len(rows) - len(kept))


class _Named:
    """Campaigns, creatives and ads of a batch, by our ids or the platforms'."""

    def __init__(self, workspace: Workspace, rows: Sequence[InstallRow]) -> None:
        self._workspace = workspace
        self._campaigns = self._found(Campaign, {row.campaign_id for row in rows})
        self._creatives = self._found(Creative, {row.creative_id for row in rows})
        self._ads = self._found(Ad, {row.ad_id for row in rows})

    def _found(self, model: Any, ids: set[str]) -> dict[str, list[Any]]:
        ours = {text: key for text in ids if (key := _uuid(text))}
        rows = model.objects.filter(
            Q(external_id__in=ids - {""}) | Q(public_id__in=ours.values()),
            workspace=self._workspace,
        )
        found: dict[str, list[Any]] = {}
        for row in rows:
            found.setdefault(row.external_id, []).append(row)
            found.setdefault(str(row.public_id), []).append(row)
        return found

    def install(self, row: InstallRow, place: str) -> UserInstall:
        """The install with what brought it."""
        ad = self._one(self._ads, row.ad_id, f"{place}.ad_id")
        campaign = self._one(self._campaigns, row.campaign_id, f"{place}.campaign_id")
        creative = self._one(self._creatives, row.creative_id, f"{place}.creative_id")
        if ad and campaign and ad.campaign_id != campaign.pk:
            raise TrackingError(f"{place}.ad_id", f"{row.ad_id} is no ad of {row.campaign_id}.")
        return UserInstall(
            workspace=self._workspace,
            ad=ad,
            campaign_id=ad.campaign_id if ad else campaign and campaign.pk,
            creative_id=creative.pk if creative else ad and ad.creative_id,
            **{name: getattr(row, name) for name in _PLAIN},
        )

    def _one(self, found: Mapping[str, list[Any]], given: str, field: str) -> Any:
        if not given:
            return None
        rows = found.get(given.lower() if _uuid(given) else given, [])
        if not rows:
            raise TrackingError(field, f"There is no {given!r} in this workspace.")
        if len(rows) > 1:
            raise TrackingError(field, f"{given!r} is in several accounts; use our id.")
        return rows[0]


_PLAIN: Final = (
    "user_id", "installed_on", "channel", "source", "device_type", "device_model", "os_version",
    "country", "region", "city",
)  # fmt: skip


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def take_sessions(
    *, workspace: Workspace, given: Sequence[Mapping[str, Any]], now: datetime, name: str
) -> Taken:
    """Keep sessions that are not known yet, and correct what they say of their users.

    Parameters
    ----------
    given : rows of ``engine.app_rows.SESSION_FIELDS``; their users are known
    name : of the batch, for what is refused: ``name[3].user_id``

    Raises
    ------
    TrackingError : a row is wrong; nothing is kept
    """
    rows = read_rows(given, read_session, name)
    days = {row.session_id: row.started_at.astimezone(workspace.zone).date() for row in rows}
    _check_moments(workspace, rows, now, name)
    # Before the transaction, which would keep others from the table until it ends.
    ensure_months(days.values())
    with transaction.atomic():
        lock_app(workspace)
        made = _new_sessions(workspace, rows, name)
        UserSession.objects.bulk_create(made)
        if made:
            users = {row.install_id for row in made}
            refresh_users(workspace=workspace, now=now, installs=users)
    return Taken(len(made), len(rows) - len(made))


def _check_moments(
    workspace: Workspace, rows: Sequence[SessionRow], now: datetime, name: str
) -> None:
    for number, row in enumerate(rows):
        if row.started_at > now + _AHEAD:
            raise TrackingError(f"{name}[{number}].started_at", "This moment is still to come.")
        if row.currency not in ("", workspace.currency):
            raise TrackingError(
                f"{name}[{number}].currency",
                f"Amounts are in the workspace's {workspace.currency}; convert {row.currency}.",
            )


def _new_sessions(workspace: Workspace, rows: Sequence[SessionRow], name: str) -> list[UserSession]:
    users: _Known = {
        user_id: (pk, day)
        for user_id, pk, day in UserInstall.objects.filter(
            workspace=workspace, user_id__in={row.user_id for row in rows}
        ).values_list("user_id", "pk", "installed_on")
    }
    seen = set(
        UserSession.objects.filter(
            workspace=workspace, session_id__in={row.session_id for row in rows}
        ).values_list("session_id", flat=True)
    )
    made = []
    for number, row in enumerate(rows):
        if row.user_id not in users:
            raise TrackingError(
                f"{name}[{number}].user_id",
                f"{row.user_id!r} is not known; send the install first.",
            )
        key, installed_on = users[row.user_id]
        day = row.started_at.astimezone(workspace.zone).date()
        if day < installed_on:
            raise TrackingError(
                f"{name}[{number}].started_at",
                f"This is before {row.user_id} installed on {installed_on}.",
            )
        if row.session_id not in seen:
            seen.add(row.session_id)
            made.append(
                UserSession(
                    workspace=workspace, install_id=key, session_id=row.session_id, day=day,
                    started_at=row.started_at, seconds=row.seconds, events=row.events,
                    features=row.features, revenue=row.revenue, quality=row.quality,
                )
            )  # fmt: skip
    return made
