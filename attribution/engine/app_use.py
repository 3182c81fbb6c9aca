"""When somebody counts as gone, and as which kind of user: rules on what was seen of him."""

from __future__ import annotations

from typing import Final

#: Full days without a session after which a user has left.
GONE_AFTER_DAYS: Final = 14
#: Mean minutes of a session from which on somebody is a power user, or a regular one.
POWER_MINUTES: Final = 25
REGULAR_MINUTES: Final = 10
#: Days after the install whose activity is kept, and horizons of revenue and of value, in days.
ACTIVE_DAYS: Final = (1, 3, 7, 30)
REVENUE_DAYS: Final = (7, 30)
VALUE_DAYS: Final = (7, 30, 90, 180)
