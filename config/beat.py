"""Beat's scheduler: the schedule starts from the code, and then belongs to the operators."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from django.db import Error
from django_celery_beat.models import PeriodicTask, PeriodicTasks
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from workspaces.services.beat_lock import BeatLock, beats
from workspaces.workers import worker_name

logger = logging.getLogger(__name__)

_STAND_BY_S: Final = 2.0

# What an operator may have changed, of all that the code says of an entry.
_OPERATORS = frozenset({"interval", "crontab", "solar", "clocked", "enabled"})


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # the library has no types
    """Sends while it holds the lock: of several beats one does, and another when that one is gone.

    Entries of the schedule are written when they are new; the library's own scheduler writes the
    intervals back at every start.
    """

    _sends: bool | None = None  # not known before the first tick

    def __init__(self, *args: Any, **options: Any) -> None:
        self._lock = BeatLock(worker_name())
        super().__init__(*args, **options)

    def tick(self, *args: Any, **options: Any) -> Any:
        """Send what is due, where this beat is the one; else say when to ask again."""
        if self._lock.is_ours():
            if not self._sends:
                self._take_over()
            return super().tick(*args, **options)
        if self._sends is not False:
            self._stand_by()
        return _STAND_BY_S

    def _take_over(self) -> None:
        """Read the schedule anew: another beat may have sent since it was read."""
        logger.info("this beat sends the scheduled tasks")
        self._sends, self._initial_read, self._heap = True, True, None

    def _stand_by(self) -> None:
        """Say who sends, and forget what was sent: it is written down by whoever sends now."""
        self._sends = False
        self._dirty.clear()
        try:
            sender = beats().sender
        except Error:
            sender = ""
        who = f"{sender} is beat" if sender else "the database does not answer"
        logger.info("this beat stands by: %s", who)

    def update_from_dict(self, mapping: Mapping[str, Any]) -> None:
        """Add what is not there yet; of known entries renew what is sent, not when."""
        rows = PeriodicTask.objects.filter(name__in=mapping)
        known = set(rows.values_list("name", flat=True))
        for name in known:
            told = ModelEntry._unpack_fields(**mapping[name])
            ours = {field: value for field, value in told.items() if field not in _OPERATORS}
            rows.filter(name=name).update(**ours)
        PeriodicTasks.update_changed()
        super().update_from_dict({name: one for name, one in mapping.items() if name not in known})
