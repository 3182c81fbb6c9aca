"""The model that serves: the champion, loaded once per process and checked when it is.

Every call asks the database which version is the champion, so a promotion or a roll-back holds on
every worker with the next call. Only the bytes are kept.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final, NamedTuple, cast

from django.urls import reverse
from django.utils import timezone

from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shapes import Artefact, Format, Served
from mlops.models import ModelVersion
from mlops.selectors.registry import champion_of, earlier_champions, label_of
from mlops.services.registry.artefact_cache import artefact_bytes
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.notices import notify

logger = logging.getLogger(__name__)

MOST_KEPT: Final = 32


class FaultyError(Exception):
    """The artefact of a version cannot be served; the text says why."""


class ServedVersion(NamedTuple):
    """A loaded model and the version that it is."""

    version: ModelVersion
    model: Served


@dataclass
class Shelf:
    """Loaded models of one process, the least used given up first; of a faulty one, the fault."""

    _models: OrderedDict[tuple[int, str], Served | FaultyError] = field(default_factory=OrderedDict)
    # Of a workspace and name: what served last.
    _last: dict[tuple[int, str], ServedVersion] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def take(
        self, version: ModelVersion, *, now: datetime, is_serving: bool = True
    ) -> Served | None:
        """Model of a version, loaded where it is not there yet; ``None``: it is faulty.

        A fault is logged and told when it is found. What is only a canary, or waits, is not what
        serves on should the champion be lost.
        """
        key = (version.pk, version.sha256)
        with self._lock:
            model = self._models.get(key)
            if model is None:
                model = _tried(version, now)
                self._models[key] = model
            self._models.move_to_end(key)
            if len(self._models) > MOST_KEPT:
                self._models.popitem(last=False)
            if isinstance(model, FaultyError):
                return None
            if is_serving:
                self._last[version.workspace_id, version.name] = ServedVersion(version, model)
            return model

    def last(self, version: ModelVersion) -> ServedVersion | None:
        """What served last in this process under the name of a version."""
        return self._last.get((version.workspace_id, version.name))

    def clear(self) -> None:
        """Forget everything, as a new process would."""
        self._models.clear()
        self._last.clear()


shelf = Shelf()


def served(*, workspace: Workspace, name: str, now: datetime | None = None) -> ServedVersion | None:
    """Find the champion of a name, loaded; ``None``: no model yet.

    Where its artefact is faulty, what served last in this process serves on, else the champion
    before it.
    """
    champion = champion_of(workspace=workspace, name=name)
    if champion is None:
        return None
    for version in _in_turn(champion):
        model = shelf.take(version, now=now or timezone.now())
        if model is not None:
            return ServedVersion(version, model)
        if last := shelf.last(version):
            return last
    return None


def _in_turn(champion: ModelVersion) -> Iterator[ModelVersion]:
    yield champion
    yield from earlier_champions(champion)


def _loaded(version: ModelVersion) -> Served:
    kind = KINDS.get(version.name)
    data = artefact_bytes(version)
    if data is None or kind is None:
        missing = "its artefact" if kind else f"the kind {version.name} in this installation"
        raise FaultyError(f"Version {version.version} cannot serve: {missing} is missing.")
    artefact = Artefact(cast(Format, version.format), data)
    if artefact.sha256 != version.sha256:
        raise FaultyError(
            f"Version {version.version} cannot serve: its artefact no longer has its checksum."
        )
    try:
        model = kind.load(artefact)
    except ValueError as error:
        raise FaultyError(f"Version {version.version} cannot be read: {error}") from error
    if list(model.features) != version.features:
        raise FaultyError(
            f"Version {version.version} reads other features than it was stored with."
        )
    return model


def _tried(version: ModelVersion, now: datetime) -> Served | FaultyError:
    try:
        return _loaded(version)
    except FaultyError as error:
        _tell(version, str(error), now)
        return error


def _tell(version: ModelVersion, why: str, now: datetime) -> None:
    logger.error("a model cannot serve", extra={"version": version.pk, "why": why})
    notify(
        workspace=version.workspace,
        rank=Role.APPROVER.rank,
        topic="model.faulty",
        title=f"{label_of(version.name)}: {why}"[:200],
        body="An earlier version serves meanwhile, where there is one. Promote a sound one.",
        url=reverse("models"),
        dedup_key=f"model-fault:{version.public_id}",
        now=now,
    )
