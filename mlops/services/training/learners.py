"""Which models can be trained, and on which of a source's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from campaigns.models import ResponseFit
from campaigns.selectors.scenarios import models_of
from mlops.engine.learning.campaign_days import CampaignDays, panel
from mlops.engine.learning.leakage import LeakageError
from mlops.engine.learning.shapes import TooFewError, Trained
from mlops.engine.learning.splits import by_time
from mlops.models import JUDGED_FROM, ModelVersion
from mlops.selectors.app_users import AppUsers
from mlops.services.budget.planning import NoCurvesError, checksum_of, curves_for
from mlops.services.registry.adding import DataWindow
from mlops.services.training.messages import checksum_of_messages, learn_messages, why_wait
from mlops.services.training.sources import FromWorkspace, Source
from workspaces import formats
from workspaces.services.refusals import RefusedError

LEAST_USERS: Final = 1_000

Told = Callable[[str], None]


class TrainingError(RefusedError):
    """The model cannot be trained here and now; says why and what would help."""


class TooLittleError(TrainingError):
    """There is too little to learn from yet."""


@dataclass(frozen=True)
class Learnt:
    """A trained model, and what it learnt from."""

    trained: Trained
    data: DataWindow


@dataclass(frozen=True)
class Trainer:
    """How a model learns, and how the rows that it would learn from are told from others.

    ``why_wait`` tells why a scheduled training is not worth its time yet, empty where it is.
    """

    learn: Callable[[Source, int, Told], Learnt]
    checksum: Callable[[Source], str]
    why_wait: Callable[[FromWorkspace, ModelVersion], str] = lambda source, newest: ""


def learn(name: str, source: Source, *, seed: int = 42, told: Told = lambda text: None) -> Learnt:
    """Train a model and judge it on the newest rows; nothing is kept.

    Raises
    ------
    TooLittleError : too few rows
    TrainingError : no such model, or a feature that knows the answer
    """
    trainer = _trainer(name)
    try:
        learnt = trainer.learn(source, seed, told)
    except LeakageError as error:
        raise TrainingError(f"Training was stopped: {error}") from error
    except TooFewError as error:
        raise TooLittleError(str(error)) from error
    except ValueError as error:
        raise TrainingError(str(error)) from error
    told(learnt.trained.verdict)
    return learnt


def checksum_of_rows(name: str, source: Source) -> str:
    """Checksum of what a training would learn from; a source keeps its rows for the training.

    Raises
    ------
    TooLittleError : there is nothing yet
    TrainingError : no such model
    """
    try:
        return _trainer(name).checksum(source)
    except TooFewError as error:
        raise TooLittleError(str(error)) from error


def why_scheduled_waits(name: str, source: FromWorkspace, newest: ModelVersion) -> str:
    """Why a scheduled training waits for more than there is since a version; empty: it does not.

    Raises
    ------
    TrainingError : no such model
    """
    return _trainer(name).why_wait(source, newest)


def _trainer(name: str) -> Trainer:
    if name not in TRAINERS:
        known = ", ".join(sorted(TRAINERS))
        raise TrainingError(f"{name!r} cannot be trained; what can is {known}.")
    return TRAINERS[name]


def _churn(source: Source, seed: int, told: Told) -> Learnt:
    from mlops.engine.learning import churn

    users = _enough_users("churn", source, told)
    held_out = by_time(users.installed_on)
    trained = churn.train(
        users.rows, users.has_left, held_out, churn.Settings(seed, progress=_learning(told))
    )
    trained = _dated(trained, users.installed_on[held_out])
    return Learnt(trained, _window(users.installed_on, users.sha256))


def _ltv(source: Source, seed: int, told: Told) -> Learnt:
    from mlops.engine.learning import ltv

    users = _enough_users("ltv", source, told)
    known = ~np.isnan(users.later_value)
    if known.sum() < LEAST_USERS:
        raise TooLittleError(
            f"The value of 180 days is known of {int(known.sum()):,} users; at least"
            f" {LEAST_USERS:,} are needed. It is counted by itself once they are over."
        )
    told(f"{int(known.sum()):,} of them have a known value of 180 days")
    rows = {name: values[known] for name, values in users.rows.items()}
    held_out = by_time(users.installed_on[known])
    trained = ltv.train(
        rows, users.later_value[known], held_out, ltv.Settings(seed, progress=_learning(told))
    )
    trained = _dated(trained, users.installed_on[known][held_out])
    return Learnt(trained, _window(users.installed_on, users.sha256))


def _roi(source: Source, seed: int, told: Told) -> Learnt:
    from mlops.engine.learning import roi
    from mlops.engine.learning.roi_rows import roi_rows

    days = _some_days("roi", source, told)
    trained = roi.train(roi_rows(panel(days)), roi.Settings(seed, progress=_learning(told)))
    return Learnt(trained, _window(days.day, days.sha256))


def _budget(source: Source, seed: int, told: Told) -> Learnt:
    from mlops.engine.budget import training

    fit = _curves(source)
    told(f"Curves of {fit.days} days to {fit.until}")
    settings = training.Settings(
        seed=seed, progress=lambda share: told(f"{formats.share(share)} of the days lived")
    )
    trained = training.train(models_of(fit), settings)
    window = DataWindow(fit.since, fit.until + timedelta(days=1), checksum_of(fit))
    return Learnt(trained, window)


def _curves(source: Source) -> ResponseFit:
    if not isinstance(source, FromWorkspace):
        raise TrainingError(
            "The budget policy learns from response curves, which stay in their workspace: train it"
            " there."
        )
    try:
        return curves_for(workspace=source.workspace, now=source.now)
    except NoCurvesError as error:
        raise TooLittleError(str(error)) from error


def _forecast(source: Source, seed: int, told: Told) -> Learnt:
    from mlops.engine.learning.forecast import training

    days = _some_days("forecast", source, told)
    trained = training.train(panel(days), training.Settings(seed=seed))
    return Learnt(trained, _window(days.day, days.sha256))


def _message_intent(source: Source, seed: int, told: Told) -> Learnt:
    here = _with_messages(source)
    sha256 = checksum_of_messages(here)
    trained = learn_messages(here, seed, told)
    return Learnt(trained, _window(here.messages.days, sha256))


def _with_messages(source: Source) -> FromWorkspace:
    if not isinstance(source, FromWorkspace):
        raise TrainingError(
            "What customers write does not leave its workspace: train its intents there."
        )
    return source


def _learning(told: Told) -> Callable[[float], None]:
    return lambda share: told(f"Learning: {formats.share(share)}")


def _enough_users(name: str, source: Source, told: Told) -> AppUsers:
    users = source.users
    told(f"{len(users):,} users read whose first two weeks are over")
    if len(users) < LEAST_USERS:
        raise TooLittleError(
            f"{len(users):,} users are known for two weeks; {name} learns from {LEAST_USERS:,} at"
            " least. Import installs and sessions, or wait."
        )
    return users


def _some_days(name: str, source: Source, told: Told) -> CampaignDays:
    days = source.campaign_days
    told(f"{len(days):,} days of {days.keys.size:,} campaigns read")
    if not len(days):
        raise TooLittleError(
            f"There is no day of a campaign whose conversions are trusted; {name} learns from"
            " those. Import or sync performance."
        )
    return days


def _dated(trained: Trained, judged_on: npt.NDArray[np.datetime64]) -> Trained:
    """Keep on the card from which day on it learnt nothing: there it may be judged again."""
    return replace(trained, card={**trained.card, JUDGED_FROM: str(judged_on.min())})


def _window(days: npt.NDArray[np.datetime64], sha256: str) -> DataWindow:
    return DataWindow(
        starts_on=days.min().item(), ends_on=days.max().item() + timedelta(days=1), sha256=sha256
    )


def _of_users(source: Source) -> str:
    return source.users.sha256


def _of_days(source: Source) -> str:
    return source.campaign_days.sha256


def _of_messages(source: Source) -> str:
    return checksum_of_messages(_with_messages(source))


def _of_curves(source: Source) -> str:
    return checksum_of(_curves(source))


TRAINERS: Final[Mapping[str, Trainer]] = {
    "churn": Trainer(_churn, _of_users),
    "budget": Trainer(_budget, _of_curves),
    "forecast": Trainer(_forecast, _of_days),
    "ltv": Trainer(_ltv, _of_users),
    "message_intent": Trainer(_message_intent, _of_messages, why_wait),
    "roi": Trainer(_roi, _of_days),
}
#: What needs no more than a source's users and days.
FROM_FILES: Final = ("churn", "forecast", "ltv", "roi")
