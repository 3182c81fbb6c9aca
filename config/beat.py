"""Beat's scheduler: the schedule starts from the code, and then belongs to the operators."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from typing import Any

from django_celery_beat.models import PeriodicTask, PeriodicTasks
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry
from redis.exceptions import RedisError

from workspaces.services import health
from workspaces.workers import worker_name

logger = logging.getLogger(__name__)

_TELL_EACH_S = 10.0

# What an operator may have changed, of all that the code says of an entry.
_OPERATORS = frozenset({"interval", "crontab", "solar", "clocked", "enabled"})


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # the library has no types
    """Writes entries that are new; the library's own writes the intervals back at every start."""

    _told_s = -math.inf

    def tick(self, *args: Any, **options: Any) -> Any:
        """Send what is due, and say that this beat lives: two would send everything twice."""
        if time.monotonic() - self._told_s >= _TELL_EACH_S:
            self._told_s = time.monotonic()
            try:
                health.name_beat(worker_name())
            except RedisError:
                logger.warning("this beat could not say that it lives")
        return super().tick(*args, **options)

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
