"""Signals as something one can wait for."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType, TracebackType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SignalInbox:
    """Counts the requests to stop; `wait` returns early when a signal or a child's death comes in.

    Only the main thread may use it, as Python delivers signals there.
    """

    def __init__(self) -> None:
        self.stops = 0
        self._reader, self._writer = -1, -1

    def __enter__(self) -> SignalInbox:
        self._reader, self._writer = os.pipe()
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._count)
        signal.signal(signal.SIGCHLD, self._wake_only)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number in (*STOP_SIGNALS, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, timeout_s: float) -> None:
        """Sleep until a signal comes in, at most `timeout_s`."""
        if select.select([self._reader], [], [], timeout_s)[0]:
            os.read(self._reader, 4096)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.stops += 1

    def _wake_only(self, number: int, frame: FrameType | None) -> None:
        """Exists so that the kernel tells the wake-up pipe."""
