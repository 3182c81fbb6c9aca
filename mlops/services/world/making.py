"""Making a workspace's synthetic world, and taking it away."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import ProtectedError, Q

from attribution.models import UserInstall
from attribution.services.installs.rollups import refresh_rollups
from campaigns.models import (
    Ad,
    AdAccount,
    AdSet,
    Alert,
    Campaign,
    Creative,
    DailyOrganicMetric,
    DailyPerformance,
    Prediction,
    ResponseFit,
    Signal,
)
from mlops.models import ScoreDay, SyntheticWorld, WorldTruth
from mlops.services.world import filling
from mlops.services.world.entities import PREFIX, make_entities
from mlops.services.world.filling import Told
from mlops.simulation.world.world import Options, World, build_world
from workspaces.models import Workspace
from workspaces.services.locks import lock_names

# A table's own statistics, so that the next question is planned by what is there now.
_TABLES: Final = (
    "attribution_userinstall", "attribution_usersession", "campaigns_dailyperformance",
    "mlops_worldtruth", "attribution_appday", "attribution_appcohort", "campaigns_adaccount",
    "campaigns_campaign", "campaigns_ad",
)  # fmt: skip


class WorldError(Exception):
    """The world cannot be made here; says what to do."""


def make_world(
    *,
    workspace: Workspace,
    options: Options,
    now: datetime,
    told: Told,
    is_replaced: bool = False,
) -> SyntheticWorld:
    """Fill a workspace with a synthetic world, whole or not at all.

    Parameters
    ----------
    told : called with each step in words
    is_replaced : a world that is there already is taken away first

    Raises
    ------
    WorldError : the workspace has a world or installs, or something was built on its world
    """
    started = time.monotonic()

    def said(text: str) -> None:
        told(f"{time.monotonic() - started:5.1f} s  {text}")

    world = build_world(options)
    said(f"drawn: {options.users:,} users with {options.sessions:,} sessions")
    with transaction.atomic():
        lock_names([f"world:{workspace.pk}"])
        if is_replaced:
            remove_world(workspace=workspace)
        _check_empty(workspace, options)
        _fill(workspace, world, now, said)
        refresh_rollups(workspace=workspace, now=now)
        said("counted by day and by cohort")
        made = _record(workspace, world, now)
    _analyze()
    said("done")
    return made


def _fill(workspace: Workspace, world: World, now: datetime, said: Told) -> None:
    entities = make_entities(workspace=workspace, world=world, now=now)
    rows = filling.fill_performance(workspace=workspace, world=world, entities=entities, now=now)
    rows += filling.fill_organic(workspace=workspace, world=world)
    said(f"days: {rows:,} of ads and of none")
    keys = filling.fill_installs(workspace=workspace, world=world, entities=entities)
    filling.fill_truth(workspace=workspace, world=world, keys=keys)
    said(f"users: {len(keys):,}")
    filling.fill_sessions(workspace=workspace, world=world, keys=keys, told=said)


def _record(workspace: Workspace, world: World, now: datetime) -> SyntheticWorld:
    Workspace.objects.filter(pk=workspace.pk, data_since=None).update(data_since=now)
    options = world.options
    return SyntheticWorld.objects.create(
        workspace=workspace,
        seed=options.seed,
        starts_on=options.starts_on,
        days=options.days,
        users=options.users,
        sessions=options.sessions,
        session_factor=world.plan.factor,
        events=[asdict(event) for event in world.events],
        made_at=now,
    )


def _check_empty(workspace: Workspace, options: Options) -> None:
    if SyntheticWorld.objects.filter(workspace=workspace).exists():
        raise WorldError(
            f"{workspace.slug} has a synthetic world already; make it anew with --replace."
        )
    days = DailyOrganicMetric.objects.filter(
        workspace=workspace, day__range=(options.starts_on, options.ends_on)
    )
    if UserInstall.objects.filter(workspace=workspace).exists() or days.exists():
        raise WorldError(
            f"{workspace.slug} has users or organic days of its own, which a synthetic world"
            " would mix with; choose another workspace."
        )


@transaction.atomic
def remove_world(*, workspace: Workspace) -> None:
    """Take away everything that a world brought, and what was found in it; else nothing.

    Raises
    ------
    WorldError : people built on it, such as proposals for its campaigns
    """
    made = SyntheticWorld.objects.filter(workspace=workspace).first()
    if made is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM attribution_usersession s USING mlops_worldtruth t"
            " WHERE t.workspace_id = %s AND s.install_id = t.install_id",
            [workspace.pk],
        )
        cursor.execute(
            "WITH gone AS (DELETE FROM mlops_worldtruth WHERE workspace_id = %s"
            " RETURNING install_id)"
            " SELECT array_agg(install_id) FROM gone",
            [workspace.pk],
        )
        (keys,) = cursor.fetchone()
        cursor.execute("DELETE FROM attribution_userinstall WHERE id = ANY(%s)", [keys or []])
    # Scores went with their users, of whom there are no others; their sums are told no longer.
    ScoreDay.objects.filter(workspace=workspace).delete()
    accounts = AdAccount.objects.filter(workspace=workspace, external_id__startswith=PREFIX)
    _remove_found(workspace)
    try:
        DailyPerformance.objects.filter(account__in=accounts).delete()
        for model in (Ad, Creative, AdSet, Campaign):
            model._default_manager.filter(account__in=accounts).delete()
        accounts.delete()
    except ProtectedError as error:
        kinds = sorted({str(row._meta.verbose_name_plural) for row in error.protected_objects})
        raise WorldError(
            f"{' and '.join(kinds)} of {workspace.slug} stand on its synthetic world, so it"
            " stays as it is; make a new one in another workspace."
        ) from error
    last = made.starts_on + timedelta(days=made.days - 1)
    DailyOrganicMetric.objects.filter(
        workspace=workspace, day__range=(made.starts_on, last)
    ).delete()
    made.delete()


def _remove_found(workspace: Workspace) -> None:
    """Take away what jobs found in a world; what stands on days of others they find again.

    A recommendation stays: it is a record, and names no campaign.
    """
    of_world = Q(campaign__account__external_id__startswith=PREFIX)
    of_channels = Q(campaign=None)
    for model in (Alert, Signal):
        model._default_manager.filter(of_world | of_channels, workspace=workspace).delete()
    Prediction.objects.filter(of_world, workspace=workspace).delete()
    ResponseFit.objects.filter(workspace=workspace, scenarios=None).only("pk").delete()


def _analyze() -> None:
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"ANALYZE {table}")


__all__ = ["WorldError", "WorldTruth", "make_world", "remove_world"]
