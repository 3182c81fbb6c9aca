"""Funnels are made, changed and put away; their figures follow by the job."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg2.errors import QueryCanceled

from attribution.engine.funnel_definition import (
    Definition,
    DefinitionError,
    read_definition,
    write_definition,
)
from attribution.models import FunnelDefinition, Site
from attribution.selectors.funnels.sql import Question, count_people
from attribution.services.funnels.alerts import resolve_all
from attribution.services.funnels.refreshing import FUNNELS_JOB
from workspaces.models import User, Workspace
from workspaces.services.jobs import JobRefusedError, request_job
from workspaces.services.locks import lock_names
from workspaces.services.refusals import RefusedError

MOST_FUNNELS: Final = 200
PREVIEW_DAYS: Final = 7
PREVIEW_LIMIT_MS: Final = 10_000


class FunnelError(RefusedError):
    """A funnel that cannot be so; ``field`` says where."""

    status = 400

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def create_funnel(
    *,
    workspace: Workspace,
    name: str,
    document: object,
    by: User | None,
    now: datetime,
    site: UUID | str | None = None,
    alert_drop_pct: int | None = None,
) -> FunnelDefinition:
    """Make a funnel; its figures are there when the job has run.

    Raises
    ------
    FunnelError : the document, the name or the site is none; it names the field
    """
    funnel = FunnelDefinition(workspace=workspace, created_by=by)
    with transaction.atomic():
        lock_names([f"funnels:{workspace.pk}"])
        if FunnelDefinition.objects.filter(workspace=workspace).count() >= MOST_FUNNELS:
            raise FunnelError("name", f"{MOST_FUNNELS} funnels are the most; archive or reuse one.")
        _describe(funnel, name=name, document=document, site=site, alert_drop_pct=alert_drop_pct)
        funnel.save(force_insert=True)
        _ask_for_figures(workspace, by=by, now=now)
    return funnel


def update_funnel(
    *,
    funnel: FunnelDefinition,
    name: str,
    document: object,
    by: User | None,
    now: datetime,
    site: UUID | str | None = None,
    alert_drop_pct: int | None = None,
) -> FunnelDefinition:
    """Change a funnel; where it counts otherwise than before, all its days are counted anew.

    Raises
    ------
    FunnelError : as for ``create_funnel``
    """
    with transaction.atomic():
        lock_names([f"funnels:{funnel.workspace_id}"])
        funnel = _locked(funnel)
        before = (funnel.document, funnel.site_id)
        _describe(funnel, name=name, document=document, site=site, alert_drop_pct=alert_drop_pct)
        if (funnel.document, funnel.site_id) != before:
            funnel.version += 1
            resolve_all(funnel=funnel, now=now)
            _ask_for_figures(funnel.workspace, by=by, now=now)
        funnel.save()
    return funnel


@transaction.atomic
def archive_funnel(*, funnel: FunnelDefinition, now: datetime) -> FunnelDefinition:
    """Stop counting a funnel; what was counted stays."""
    funnel = _locked(funnel)
    funnel.is_active = False
    funnel.save(update_fields=["is_active", "updated_at"])
    resolve_all(funnel=funnel, now=now)
    return funnel


@transaction.atomic
def restore_funnel(*, funnel: FunnelDefinition, by: User | None, now: datetime) -> FunnelDefinition:
    """Count an archived funnel again."""
    funnel = _locked(funnel)
    funnel.is_active = True
    funnel.save(update_fields=["is_active", "updated_at"])
    _ask_for_figures(funnel.workspace, by=by, now=now)
    return funnel


def preview(
    *,
    workspace: Workspace,
    document: object,
    now: datetime,
    site: UUID | str | None = None,
    days: int = PREVIEW_DAYS,
    limit_ms: int = PREVIEW_LIMIT_MS,
) -> list[int]:
    """Count how many people reached each step in the last days, from the events themselves.

    Raises
    ------
    FunnelError : the document or the site is none, or counting takes longer than the limit
    """
    own = _site(workspace, site)
    question = Question(
        definition=_parsed(document),
        workspace_id=workspace.pk,
        site_id=own.pk if own else None,
        since=now - timedelta(days=days),
        until=now,
    )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [limit_ms])
            return count_people(question)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise FunnelError(
            "steps", "There is too much to count for a preview; save the funnel to have it counted."
        ) from error


def _describe(
    funnel: FunnelDefinition,
    *,
    name: str,
    document: object,
    site: UUID | str | None,
    alert_drop_pct: int | None,
) -> None:
    written = write_definition(_parsed(document))
    funnel.name = _free_name(funnel, name)
    funnel.site = _site(funnel.workspace, site)
    funnel.window_seconds = written.pop("window_seconds")
    funnel.mode = written.pop("mode")
    funnel.definition = written
    if alert_drop_pct is not None and not 1 <= alert_drop_pct <= 100:
        raise FunnelError("alert_drop_pct", "Give a fall of 1 to 100 percent, or none.")
    funnel.alert_drop_pct = alert_drop_pct


def _parsed(document: object) -> Definition:
    try:
        return read_definition(document)
    except DefinitionError as error:
        raise FunnelError(error.place, f"{error}.") from error


def _free_name(funnel: FunnelDefinition, name: str) -> str:
    name = name.strip()
    if not name or len(name) > 120 or "\x00" in name:
        raise FunnelError("name", "Give the funnel a name of at most 120 characters.")
    others = FunnelDefinition.objects.filter(workspace=funnel.workspace, name=name)
    if others.exclude(pk=funnel.pk).exists():
        raise FunnelError("name", f"There is a funnel called {name} already; take another name.")
    return name


def _site(workspace: Workspace, given: UUID | str | None) -> Site | None:
    if not given:
        return None
    try:
        public_id = given if isinstance(given, UUID) else UUID(given)
    except ValueError:
        raise FunnelError("site", f"{given!r} is no website's id.") from None
    found = Site.objects.filter(workspace=workspace, public_id=public_id).first()
    if found is None:
        raise FunnelError("site", "This workspace has no such website.")
    return found


def _locked(funnel: FunnelDefinition) -> FunnelDefinition:
    return (
        FunnelDefinition.objects.select_for_update(of=("self",))
        .select_related("workspace")
        .get(pk=funnel.pk)
    )


def _ask_for_figures(workspace: Workspace, *, by: User | None, now: datetime) -> None:
    """Queue the job; where it is switched off or running already, the night brings them."""
    with suppress(JobRefusedError):
        request_job(workspace=workspace, name=FUNNELS_JOB, trigger="saved", now=now, by=by)
