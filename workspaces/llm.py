"""The language model of a workspace: how it is connected, and which one is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.conf import settings

from workspaces import crypto, hooks
from workspaces.models import Connection, ConnectionStatus, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.llm import OPENAI, WIRES, Endpoint, find_model

KIND: Final = "llm"
FIELDS: Final = (
    hooks.SecretField("model", "Model", "Its name as the provider spells it."),
    hooks.SecretField(
        "api_key", "API key", "A server of your own may want none.", is_required=False
    ),
    hooks.SecretField(
        "provider",
        "Provider",
        "anthropic, or openai for all that speak as OpenAI does (the default); the address of"
        " such a server ends in /v1.",
        is_required=False,
    ),
)


def register() -> None:
    """Called once, when the app is ready."""
    hooks.register_connection_kind(KIND, "Language model", FIELDS, try_connection)


def model_connection(workspace: Workspace) -> Connection | None:
    """The connection of the model that is asked: the newest that is active, else the newest."""
    rows = Connection.objects.filter(workspace=workspace, kind=KIND).order_by("-pk")
    return rows.filter(status=ConnectionStatus.ACTIVE).first() or rows.first()


def endpoint_of(connection: Connection, secret: Mapping[str, str] | None = None) -> Endpoint:
    """Where a connection's model is, and which.

    Raises
    ------
    SecretUnreadableError : the stored key does not decrypt
    PlatformError : a provider that nobody here speaks with
    """
    opened = crypto.decrypt(connection.secret) if secret is None else secret
    return Endpoint(
        wire=_wire(opened.get("provider", "")),
        model=opened.get("model", ""),
        api_key=opened.get("api_key", ""),
        base_url=connection.base_url,
        allow_loopback=settings.ALLOW_SANDBOX,
    )


def installation_endpoint() -> Endpoint | None:
    """The model of the whole installation, for workspaces without one; ``None``: there is none.

    Raises
    ------
    PlatformError : a provider that nobody here speaks with
    """
    if not settings.LLM_MODEL:
        return None
    return Endpoint(
        wire=_wire(settings.LLM_PROVIDER),
        model=settings.LLM_MODEL,
        api_key=settings.LLM_API_KEY,
        base_url=settings.LLM_BASE_URL,
        is_ours=True,
    )


def _wire(provider: str) -> str:
    wire = provider.strip().lower() or OPENAI
    if wire not in WIRES:
        raise PlatformError(
            ErrorKind.INVALID,
            f"There is no provider {provider!r} of language models; write {' or '.join(WIRES)}.",
            field="provider",
        )
    return wire


def try_connection(connection: Connection, secret: Mapping[str, str]) -> str:
    """Look whether the model is there; it is asked nothing."""
    try:
        return find_model(endpoint_of(connection, secret))
    except PlatformError as error:
        raise hooks.ConnectionTestError(
            error.message, needs_login=error.kind == ErrorKind.AUTH
        ) from error
