"""The newest rows of what a model is asked about, in which drift is looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.campaign_kinds import CAMPAIGN_KINDS
from mlops.engine.learning.drift import Calibration, calibration_of
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shadow import LEAST_CAMPAIGNS
from mlops.engine.learning.shadow_rules import rule_of
from mlops.engine.learning.shapes import FloatArray, Rows, Served
from mlops.models import ModelVersion, UserScore
from mlops.selectors.app_users import app_users, readable_until
from mlops.selectors.campaign_scores import known_scores
from mlops.selectors.watch import LEAST_DRIFT_ROWS, unseen_from
from mlops.services.watch.campaigns import campaign_panel, end_of, rows_since
from mlops.services.watch.messages import confidence_now, messages_read_by

#: Two whole weeks: inputs differ by weekday.
WINDOW_DAYS: Final = 14
#: So far back the beginning of a drift is looked for.
LOOKED_BACK_DAYS: Final = 180
_KNOWN_DAYS: Final = 28


@dataclass(frozen=True)
class Newest:
    """Rows of some days up to now; arrays are (rows,).

    Attributes
    ----------
    watched : columns in which drift is looked for
    began_on : the day of each
    score : the one figure that a model predicts of each; none where no model was asked
    campaigns : whose each is; ``None`` where each is somebody's of his own
    """

    watched: Rows
    began_on: npt.NDArray[np.datetime64]
    score: FloatArray
    campaigns: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return self.began_on.size

    @property
    def is_enough(self) -> bool:
        """Whether they tell drift from chance."""
        some = self.campaigns is None or np.unique(self.campaigns).size >= LEAST_CAMPAIGNS
        return some and len(self) >= LEAST_DRIFT_ROWS


Look = Callable[[ModelVersion, datetime, int, Served | None], Newest]
Known = Callable[[ModelVersion, datetime], tuple[Calibration | None, int]]


def newest_of(
    version: ModelVersion, now: datetime, days: int, model: Served | None = None
) -> Newest:
    """Rows of so many days of whom a version would be asked about now."""
    return _LOOKS[rule_of(version.name).subject](version, now, days, model)


def calibration_now(version: ModelVersion, now: datetime) -> tuple[Calibration | None, int]:
    """How far its newest scores with a known outcome were off, and of how many; none learnt from.

    ``None``: there are too few.
    """
    return _KNOWN[rule_of(version.name).subject](version, now)


def _users(version: ModelVersion, now: datetime, days: int, model: Served | None) -> Newest:
    until = readable_until(version.workspace, _today(version, now))
    users = app_users(version.workspace, since=until - timedelta(days=days - 1), until=until)
    score = model.predict(users.rows) if model and len(users) else np.empty(0)
    return Newest(users.rows, users.installed_on, score)


def _campaigns(version: ModelVersion, now: datetime, days: int, model: Served | None) -> Newest:
    found = campaign_panel(version.workspace, now)
    if found is None:
        return _NOTHING
    kind, nature = CAMPAIGN_KINDS[version.name], KINDS[version.name].nature
    parts = []
    for rows in rows_since(found, version.name, end_of(found) - timedelta(days=days - 1)):
        score = np.empty(0)
        if model and len(rows):
            figures = np.asarray(model.predict(rows.rows), dtype=np.float64)
            score = kind.score(kind.middle(figures.reshape(len(rows), -1)))
        watched = kind.watched(rows.rows)
        parts.append((watched, rows.origin, score, found.keys[rows.series]))
    return Newest(
        {
            name: np.concatenate([watched[name] for watched, *_ in parts])
            for name in parts[0][0]
            if name not in nature
        },
        *(np.concatenate([part[place] for part in parts]) for place in (1, 2, 3)),
    )


def _messages(version: ModelVersion, now: datetime, days: int, model: Served | None) -> Newest:
    """As it has read them; it is not asked again."""
    found = messages_read_by(version, now=now, days=days)
    watched = {"intent": found.intent, "language": found.language, "channel": found.channel}
    return Newest(watched, found.days, found.sure)


def _known_users(version: ModelVersion, now: datetime) -> tuple[Calibration | None, int]:
    rule = rule_of(version.name)
    until = readable_until(version.workspace, _today(version, now))
    newest = until - timedelta(days=rule.horizon_days + _KNOWN_DAYS)
    rows = UserScore.objects.filter(
        version=version, outcome__isnull=False, began_on__gte=max(newest, unseen_from(version))
    ).values_list("outcome", "score")
    pairs = np.array(rows, dtype=np.float64).reshape(-1, 2)
    if len(pairs) < LEAST_DRIFT_ROWS:
        return None, len(pairs)
    return calibration_of(pairs[:, 0], pairs[:, 1], is_chance=rule.is_chance), len(pairs)


def _known_campaigns(version: ModelVersion, now: datetime) -> tuple[Calibration | None, int]:
    days = rule_of(version.name).horizon_days + _KNOWN_DAYS
    since = max(_today(version, now) - timedelta(days=days), unseen_from(version))
    scores = known_scores(version, since=since)
    if len(scores) < LEAST_DRIFT_ROWS:
        return None, len(scores)
    kind = CAMPAIGN_KINDS[version.name]
    return kind.calibration(scores.outcomes, scores.figures), len(scores)


def _today(version: ModelVersion, now: datetime) -> date:
    return now.astimezone(version.workspace.zone).date()


_NOTHING: Final = Newest({}, np.empty(0, dtype="datetime64[D]"), np.empty(0))
_LOOKS: Final[Mapping[str, Look]] = MappingProxyType({
    "user": _users, "campaign": _campaigns, "message": _messages,
})  # fmt: skip
_KNOWN: Final[Mapping[str, Known]] = MappingProxyType({
    "user": _known_users, "campaign": _known_campaigns, "message": confidence_now,
})  # fmt: skip
