"""Whom a model is asked about: features of the workspace's own rows, by the model's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from campaigns.models import Campaign
from mlops.engine.learning.campaign_days import panel
from mlops.engine.learning.campaign_kinds import CAMPAIGN_KINDS
from mlops.engine.learning.feature_rows import FeatureRow, rows_of
from mlops.engine.learning.forecast.windows import LEAST_DAYS
from mlops.selectors.app_users import FEATURE_DAYS, features_of, newest_known_user, users_by_id
from mlops.selectors.campaign_days import (
    campaign_days,
    campaigns_by_id,
    newest_day,
    running_campaigns,
)
from mlops.selectors.registry import label_of
from mlops.services.training.sources import LONGEST
from workspaces.gate import RequestError
from workspaces.models import Workspace


@dataclass(frozen=True)
class Example:
    """A real row of the workspace, and whom it is of."""

    subject: str
    row: FeatureRow


@dataclass(frozen=True)
class Choice:
    """One whom a form offers: the id that is asked by, and a name."""

    id: str
    name: str


@dataclass(frozen=True)
class Source:
    """Where the features of a model's subjects stand.

    ``rows`` gives features of the named ones, in their order, by a model's name, or raises
    ``RequestError``; ``example`` one that is real; ``choices`` whom a form offers, where they are
    few enough.
    """

    noun: str
    field: str
    rows: Callable[[Workspace, str, Sequence[str], date], list[FeatureRow]]
    example: Callable[[Workspace, str, date], Example | None]
    choices: Callable[[Workspace, date], list[Choice]] = lambda workspace, today: []


def rows_of_subjects(
    *, workspace: Workspace, name: str, field: str, ids: Sequence[str], now: datetime
) -> list[FeatureRow]:
    """Features of users of the workspace's app, or of its campaigns, for a model that reads them.

    Parameters
    ----------
    field : ``user_ids`` or ``campaign_ids``, as the door calls them

    Raises
    ------
    RequestError : the model reads no such rows, one is not known or cannot be read yet
    """
    source = SOURCES.get(name)
    if source is None or source.field != field:
        noun = field.removesuffix("_ids")
        instead = f"{source.field} or rows" if source else "rows"
        raise RequestError(field, f"{label_of(name)} is not about {noun}s; send {instead} instead.")
    return source.rows(workspace, name, ids, _today(workspace, now))


def example_of(*, workspace: Workspace, name: str, now: datetime) -> Example | None:
    """A real row that a model could be asked about; ``None``: there is none yet."""
    source = SOURCES.get(name)
    return source.example(workspace, name, _today(workspace, now)) if source else None


def choices_of(*, workspace: Workspace, name: str, now: datetime) -> list[Choice]:
    """Whom a form offers for a model; none: they are named by hand."""
    source = SOURCES.get(name)
    return source.choices(workspace, _today(workspace, now)) if source else []


def _today(workspace: Workspace, now: datetime) -> date:
    return now.astimezone(workspace.zone).date()


def _app_users(
    workspace: Workspace, name: str, user_ids: Sequence[str], today: date
) -> list[FeatureRow]:
    known = users_by_id(workspace, user_ids)
    for at, user_id in enumerate(user_ids):
        install = known.get(user_id)
        if install is None:
            raise RequestError(f"user_ids[{at}]", f"There is no user “{user_id}” here.")
        ready = install.installed_on + timedelta(days=FEATURE_DAYS)
        if today < ready:
            raise RequestError(
                f"user_ids[{at}]",
                f"“{user_id}” installed on {install.installed_on}; the model reads a user's first"
                f" week, so ask from {ready} on.",
            )
    return list(rows_of(features_of(workspace, [known[user_id] for user_id in user_ids])))


def _an_app_user(workspace: Workspace, name: str, today: date) -> Example | None:
    install = newest_known_user(workspace, today)
    if install is None:
        return None
    return Example(install.user_id, rows_of(features_of(workspace, [install]))[0])


def _campaigns(
    workspace: Workspace, name: str, campaign_ids: Sequence[str], today: date
) -> list[FeatureRow]:
    known = campaigns_by_id(workspace, campaign_ids)
    for at, campaign_id in enumerate(campaign_ids):
        if campaign_id not in known:
            raise RequestError(f"campaign_ids[{at}]", f"There is no campaign “{campaign_id}” here.")
    until = newest_day(workspace, today) or today - timedelta(days=1)
    days = campaign_days(
        workspace,
        since=until - LONGEST,
        until=until,
        campaigns=[campaign.pk for campaign in known.values()],
    )
    found: dict[int, FeatureRow] = {}
    if len(days):
        series = panel(days, until=until)
        rows = CAMPAIGN_KINDS[name].rows(series, np.array([series.days.size]))
        keys = series.keys[rows.series].tolist()
        found = dict(zip(keys, rows_of(rows.rows), strict=True))
    for at, campaign_id in enumerate(campaign_ids):
        if known[campaign_id].pk not in found:
            raise RequestError(f"campaign_ids[{at}]", _unreadable(known[campaign_id], name, until))
    return [found[known[campaign_id].pk] for campaign_id in campaign_ids]


def _unreadable(campaign: Campaign, name: str, until: date) -> str:
    """Why a campaign has no row; the model would read what is not there."""
    young = f", is younger than {LEAST_DAYS} days" if name == "forecast" else ""
    return (
        f"“{campaign.name}” spent nothing in the week to {until:%d %b %Y}{young} or has results"
        " that are not trusted; the model reads that week."
    )


def _a_campaign(workspace: Workspace, name: str, today: date) -> Example | None:
    """The one that spent most of late, where it can be read."""
    for choice in _running(workspace, today)[:1]:
        try:
            return Example(choice.id, _campaigns(workspace, name, [choice.id], today)[0])
        except RequestError:
            return None
    return None


def _running(workspace: Workspace, today: date) -> list[Choice]:
    return [Choice(str(id), name) for id, name in running_campaigns(workspace, today)]


_USERS: Final = Source("user", "user_ids", _app_users, _an_app_user)
_CAMPAIGNS: Final = Source("campaign", "campaign_ids", _campaigns, _a_campaign, _running)
SOURCES: Final[Mapping[str, Source]] = {
    "churn": _USERS, "ltv": _USERS, "roi": _CAMPAIGNS, "forecast": _CAMPAIGNS,
}  # fmt: skip
