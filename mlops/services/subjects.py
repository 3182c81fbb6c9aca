"""Whom a model is asked about: features of the workspace's own rows, by the model's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from mlops.engine.learning.feature_rows import FeatureRow, rows_of
from mlops.selectors.app_users import FEATURE_DAYS, features_of, newest_known_user, users_by_id
from mlops.selectors.registry import label_of
from workspaces.gate import RequestError
from workspaces.models import Workspace


@dataclass(frozen=True)
class Example:
    """A real row of the workspace, and whom it is of."""

    subject: str
    row: FeatureRow


@dataclass(frozen=True)
class Source:
    """Where the features of a model's subjects stand.

    ``rows`` gives features of the named ones, in their order, or raises ``RequestError``;
    ``example`` one that is real.
    """

    noun: str
    rows: Callable[[Workspace, Sequence[str], date], list[FeatureRow]]
    example: Callable[[Workspace, date], Example | None]


def rows_of_users(
    *, workspace: Workspace, name: str, user_ids: Sequence[str], now: datetime
) -> list[FeatureRow]:
    """Features of users of the workspace's app, for a model that reads them.

    Raises
    ------
    RequestError : the model reads no users, one is not known or his first week is not over
    """
    source = SOURCES.get(name)
    if source is None:
        raise RequestError("user_ids", f"{label_of(name)} is not about users; send rows instead.")
    return source.rows(workspace, user_ids, now.astimezone(workspace.zone).date())


def example_of(*, workspace: Workspace, name: str, now: datetime) -> Example | None:
    """A real row that a model could be asked about; ``None``: there is none yet."""
    source = SOURCES.get(name)
    if source is None:
        return None
    return source.example(workspace, now.astimezone(workspace.zone).date())


def _app_users(workspace: Workspace, user_ids: Sequence[str], today: date) -> list[FeatureRow]:
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


def _an_app_user(workspace: Workspace, today: date) -> Example | None:
    install = newest_known_user(workspace, today)
    if install is None:
        return None
    return Example(install.user_id, rows_of(features_of(workspace, [install]))[0])


_USERS: Final = Source("user", _app_users, _an_app_user)
SOURCES: Final[Mapping[str, Source]] = {"churn": _USERS, "ltv": _USERS}
