"""Calls of providers: kept connections, a few at a time, and no transaction around any of them."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from django.conf import settings

from outreach.platforms.base import Outgoing, Sender, Sent
from outreach.platforms.registry import build
from outreach.services.sending.claiming import Claimed
from workspaces.crypto import SecretUnreadableError, decrypt
from workspaces.models import Connection
from workspaces.platforms.errors import ErrorKind, PlatformError

#: Mails that may be out and nobody can tell, at the most: each commit pays for so many.
UNSURE_AT_ONCE: Final = 8
#: Where the provider can tell, a death costs nothing but a question.
SAFE_AT_ONCE: Final = 100

Builder = Callable[[Connection], Sender]


@dataclass(frozen=True)
class Answer:
    """What a provider said to one message."""

    claimed: Claimed
    provider: str
    told: Sent | PlatformError


def sender_of(connection: Connection) -> Sender:
    """Return the sender of a connection.

    Raises
    ------
    PlatformError : its secret cannot be read or used
    """
    try:
        secret = decrypt(connection.secret)
    except SecretUnreadableError as error:
        raise PlatformError(ErrorKind.AUTH, str(error)) from error
    return build(
        connection.kind,
        secret=secret,
        base_url=connection.base_url or None,
        allow_loopback=settings.ALLOW_SANDBOX,
    )


class Senders:
    """Senders of one run of the dispatcher: each thread has its own, and keeps it."""

    def __init__(self, builder: Builder = sender_of, threads: int | None = None) -> None:
        self._builder = builder
        self._threads = threads or settings.OUTREACH_THREADS
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="outreach")
        self._idle: dict[tuple[int, str, str], queue.SimpleQueue[Sender]] = {}
        self._all: list[Sender] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
        for sender in self._all:
            sender.close()

    def first(self, connection: Connection) -> Sender:
        """Return one sender, which tells what the provider can do."""
        idle = self._queue(connection)
        sender = self._take(connection, idle)
        idle.put(sender)
        return sender

    def chunk_of(self, connection: Connection) -> int:
        """How many messages may be on their way at once without an answer."""
        sender = self.first(connection)
        is_safe = sender.is_idempotent or sender.can_look_up
        return SAFE_AT_ONCE if is_safe else max(self._threads, UNSURE_AT_ONCE)

    def call(self, connection: Connection, claimed: Sequence[Claimed]) -> list[Answer]:
        """Send messages of one connection, in any order; an answer each."""
        idle = self._queue(connection)

        def one(message: Claimed) -> Answer:
            try:
                sender = self._take(connection, idle)
            except PlatformError as error:
                return Answer(message, "", error)
            try:
                return Answer(message, sender.name, _send(sender, message.outgoing))
            finally:
                idle.put(sender)

        return list(self._pool.map(one, claimed))

    def _queue(self, connection: Connection) -> queue.SimpleQueue[Sender]:
        # New credentials or another address are another sender, in the middle of a run too.
        key = (connection.pk, connection.base_url, connection.secret)
        return self._idle.setdefault(key, queue.SimpleQueue())

    def _take(self, connection: Connection, idle: queue.SimpleQueue[Sender]) -> Sender:
        try:
            return idle.get_nowait()
        except queue.Empty:
            sender = self._builder(connection)
            self._all.append(sender)
            return sender


def _send(sender: Sender, message: Outgoing) -> Sent | PlatformError:
    try:
        return sender.send(message)
    except PlatformError as error:
        return error
