"""Where a training reads from: a workspace's rows, or files that were written from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Final, Protocol

from mlops.engine.learning.campaign_days import CampaignDays
from mlops.selectors.app_users import AppUsers, app_users, known_until
from mlops.selectors.campaign_days import campaign_days, newest_day
from mlops.selectors.messages import Messages, handled_messages, newest_messages
from workspaces.models import Workspace

#: Older rows say little of today's.
LONGEST: Final = timedelta(days=365)


class Source(Protocol):
    """Rows to learn from; each is read when it is first asked for."""

    @property
    def users(self) -> AppUsers:
        """Users whose first two weeks are over."""
        ...

    @property
    def campaign_days(self) -> CampaignDays:
        """Days of campaigns."""
        ...


@dataclass(frozen=True)
class FromWorkspace:
    """The last year of a workspace, as far as it is known; or what came ``since`` a day of it."""

    workspace: Workspace
    now: datetime
    since: date | None = None

    @cached_property
    def users(self) -> AppUsers:
        """Users who installed in the last year and whose first two weeks are over."""
        until = known_until(self.workspace, self.now.astimezone(self.workspace.zone).date())
        return app_users(self.workspace, since=self._since(until), until=until)

    @cached_property
    def campaign_days(self) -> CampaignDays:
        """Whole days of the last year."""
        today = self.now.astimezone(self.workspace.zone).date()
        until = newest_day(self.workspace, today) or today
        return campaign_days(self.workspace, since=self._since(until), until=until)

    @cached_property
    def messages(self) -> Messages:
        """Messages of the last year that were corrected, or answered as they were read."""
        return handled_messages(self.workspace, since=self._since_when)

    @cached_property
    def message_traffic(self) -> Messages:
        """Newest messages, whatever became of them."""
        return newest_messages(self.workspace, since=self._since_when)

    @property
    def _since_when(self) -> datetime:
        first = datetime.combine(self.since or date(1970, 1, 2), time.min, self.workspace.zone)
        return max(self.now - LONGEST, first)

    def _since(self, until: date) -> date:
        return max(until - LONGEST, self.since or date.min)
