"""Connections to outside systems: credentials go in encrypted and never come out."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from workspaces import crypto, hooks
from workspaces.models import Connection, ConnectionStatus, User, Workspace
from workspaces.services.accounts import require_admin
from workspaces.services.refusals import RefusedError


class ConnectionRefusedError(RefusedError):
    """A connection like that cannot be made or used."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class ConnectionTest:
    """What a try of a connection showed."""

    is_ok: bool
    words: str


def check_base_url(base_url: str) -> None:
    """Refuse addresses that only the sandbox may have, and unencrypted ones."""
    if not base_url:
        return
    try:
        url = urlsplit(base_url)
    except ValueError:
        raise ConnectionRefusedError("This is no address; write https://…", "base_url") from None
    if url.username or url.password:
        raise ConnectionRefusedError("Leave user name and password out of the address.", "base_url")
    if _is_local(url.hostname or ""):
        if settings.ALLOW_SANDBOX:
            return
        raise ConnectionRefusedError(
            "This address points at the server itself, which only the sandbox may do. Leave it"
            " empty for the platform's own address.",
            "base_url",
        )
    if url.scheme != "https":
        raise ConnectionRefusedError("The address must start with https://.", "base_url")


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return not address.is_global


def create_connection(
    *,
    workspace: Workspace,
    kind: str,
    name: str,
    secret: Mapping[str, str],
    by: User,
    base_url: str = "",
) -> Connection:
    """Store a connection with its credentials encrypted.

    Raises
    ------
    NotPermittedError : ``by`` is no admin
    ConnectionRefusedError : unknown kind, missing credential or forbidden address; names the field
    ValidationError : the name is taken or the address is none
    """
    with transaction.atomic():
        require_admin(user=by, workspace=workspace)
        check_base_url(base_url)
        connection = Connection(
            workspace=workspace,
            kind=kind,
            name=name.strip(),
            base_url=base_url,
            secret=crypto.encrypt(_complete(kind, secret)),
        )
        connection.full_clean()
        connection.save()
    return connection


def update_secret(*, connection: Connection, secret: Mapping[str, str], by: User) -> Connection:
    """Replace the credentials; a connection that waited for them is active again."""
    with transaction.atomic():
        require_admin(user=by, workspace=connection.workspace)
        current = Connection.objects.select_for_update().get(pk=connection.pk)
        current.secret = crypto.encrypt(_complete(current.kind, secret))
        if current.status == ConnectionStatus.NEEDS_LOGIN:
            current.status = ConnectionStatus.ACTIVE
        current.save(update_fields=["secret", "status", "updated_at"])
    return current


def _complete(kind: str, secret: Mapping[str, str]) -> dict[str, str]:
    known = hooks.connection_kind(kind)
    if known is None:
        kinds = ", ".join(item.kind for item in hooks.connection_kinds()) or "none"
        raise ConnectionRefusedError(
            f"There is no connection kind {kind!r}; known: {kinds}.", "kind"
        )
    values = {field.name: secret.get(field.name, "").strip() for field in known.fields}
    for field in known.fields:
        if field.is_required and not values[field.name]:
            raise ConnectionRefusedError(f"{field.label} is missing; enter it.", field.name)
    if unknown := set(secret) - set(values):
        raise ConnectionRefusedError(
            f"{known.label} has no field {min(unknown)!r}; known: {', '.join(values)}.",
            min(unknown),
        )
    return {name: value for name, value in values.items() if value}


def test_connection(*, connection: Connection, by: User, now: datetime) -> ConnectionTest:
    """Try the credentials at the outside system and record what came of it."""
    require_admin(user=by, workspace=connection.workspace)
    known = hooks.connection_kind(connection.kind)
    if known is None:
        return ConnectionTest(is_ok=False, words=f"No app here speaks {connection.kind!r}.")
    check_base_url(connection.base_url)
    try:
        words = known.tester(connection, crypto.decrypt(connection.secret))
    except crypto.SecretUnreadableError as error:
        return _failed(connection, hooks.ConnectionTestError(str(error), needs_login=True), now)
    except hooks.ConnectionTestError as error:
        return _failed(connection, error, now)
    with transaction.atomic():
        current = Connection.objects.select_for_update().get(pk=connection.pk)
        if current.status == ConnectionStatus.NEEDS_LOGIN:
            current.status = ConnectionStatus.ACTIVE
        current.last_ok_at, current.last_error = now, ""
        current.save(update_fields=["status", "last_ok_at", "last_error", "updated_at"])
    return ConnectionTest(is_ok=True, words=words)


def _failed(
    connection: Connection, error: hooks.ConnectionTestError, now: datetime
) -> ConnectionTest:
    with transaction.atomic():
        current = Connection.objects.select_for_update().get(pk=connection.pk)
        if error.needs_login and current.status == ConnectionStatus.ACTIVE:
            current.status = ConnectionStatus.NEEDS_LOGIN
        current.last_error, current.last_error_at = str(error), now
        current.save(update_fields=["status", "last_error", "last_error_at", "updated_at"])
    return ConnectionTest(is_ok=False, words=str(error))


def record_use(
    *, connection: Connection, now: datetime, error: str = "", needs_login: bool = False
) -> None:
    """Keep how a use of a connection ended; where only a new secret helps, it waits for one."""
    rows = Connection.objects.filter(pk=connection.pk)
    if not error:
        rows.update(last_ok_at=now, last_error="")
        return
    rows.update(last_error=error, last_error_at=now)
    if needs_login:
        rows.filter(status=ConnectionStatus.ACTIVE).update(status=ConnectionStatus.NEEDS_LOGIN)


def pause_connection(*, connection: Connection, by: User) -> Connection:
    """Stop using a connection until somebody resumes it."""
    return _set_status(connection, by=by, status=ConnectionStatus.PAUSED)


def resume_connection(*, connection: Connection, by: User) -> Connection:
    """Use a connection again."""
    return _set_status(connection, by=by, status=ConnectionStatus.ACTIVE)


@transaction.atomic
def _set_status(connection: Connection, *, by: User, status: ConnectionStatus) -> Connection:
    require_admin(user=by, workspace=connection.workspace)
    changed = (
        Connection.objects.filter(pk=connection.pk).exclude(status=status).update(status=status)
    )
    if not changed:
        raise ConnectionRefusedError(f"This connection is {status.label.lower()} already.")
    connection.refresh_from_db()
    return connection
