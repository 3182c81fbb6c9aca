"""Asking the language model of a workspace; how it went is kept at its connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from django.conf import settings

from workspaces.crypto import SecretUnreadableError
from workspaces.llm import endpoint_of, installation_endpoint, model_connection
from workspaces.models import ConnectionStatus, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.llm import Question, ask
from workspaces.services.connections import record_use

if TYPE_CHECKING:
    from pydantic import BaseModel

T = TypeVar("T", bound="BaseModel")


class NoModelError(Exception):
    """There is no model to ask, or none that is in use; says which."""


@dataclass(frozen=True)
class Said(Generic[T]):
    """An answer, and the model that gave it."""

    answer: T
    model: str


def ask_model(*, workspace: Workspace, question: Question[T], now: datetime) -> Said[T]:
    """Ask the workspace's own model, else that of the installation.

    Not to be called in a transaction: it goes over the network.

    Raises
    ------
    NoModelError : none is connected, or the workspace switched its own off
    PlatformError : it gave no such answer; the message says why and may be shown
    SecretUnreadableError : the stored key does not decrypt
    """
    connection = model_connection(workspace)
    if connection is None:
        endpoint = installation_endpoint()
        if endpoint is None:
            raise NoModelError("No language model is connected")
        return Said(ask(endpoint, question, timeout_s=settings.LLM_TIMEOUT_S), endpoint.model)
    if connection.status != ConnectionStatus.ACTIVE:
        state = connection.get_status_display().lower()
        raise NoModelError(f"The connection {connection.name} is not in use ({state})")
    try:
        endpoint = endpoint_of(connection)
        answer = ask(endpoint, question, timeout_s=settings.LLM_TIMEOUT_S)
    except (PlatformError, SecretUnreadableError) as error:
        is_auth = isinstance(error, PlatformError) and error.kind == ErrorKind.AUTH
        record_use(connection=connection, now=now, error=str(error), needs_login=is_auth)
        raise
    record_use(connection=connection, now=now)
    return Said(answer, endpoint.model)
