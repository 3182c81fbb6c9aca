"""By what our own mails are known when they come back."""

from __future__ import annotations

from typing import Final

#: Our answers carry it; a mail that comes with it has been here before.
LOOP_HEADER: Final = "X-Countersign-Loop"
