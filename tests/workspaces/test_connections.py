"""Connections: secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from tests.workspaces.factories import ConnectionFactory
from workspaces import crypto, hooks
from workspaces.models import Connection
from workspaces.services import connections, webhook_delivery, webhooks_out
from workspaces.services.connections import ConnectionRefusedError
from workspaces.services.refusals import NotPermittedError

SECRET = {"token": "s3cr3t-token"}


def _tester(connection: Connection, secret: Mapping[str, str]) -> str:
    """An outside system that knows one token."""
    if secret["token"] != SECRET["token"]:
        raise hooks.ConnectionTestError("The token was refused; enter a new one.", needs_login=True)
    return f"{connection.name} answers as account 1."


@pytest.fixture(autouse=True)
def kind():
    fields = (
        hooks.SecretField("token", "Access token"),
        hooks.SecretField("account", "Account", is_required=False),
    )
    hooks.register_connection_kind("probe", "Probe", fields, _tester)


@pytest.fixture
def connection(workspace, admin):
    return connections.create_connection(
        workspace=workspace, kind="probe", name="Main", secret=SECRET, by=admin
    )


def test_secret_is_stored_encrypted(connection):
    stored = Connection.objects.get()

    assert "s3cr3t" not in stored.secret
    assert crypto.decrypt(stored.secret) == SECRET


def test_secret_stays_out_of_the_audit(connection, admin):
    connections.update_secret(connection=connection, secret={"token": "next-one"}, by=admin)

    event = Connection.pgh_event_model.objects.filter(pgh_obj=connection).first()
    assert not hasattr(event, "secret")


def test_good_connection_tests_well(connection, admin, now):
    result = connections.test_connection(connection=connection, by=admin, now=now)

    connection.refresh_from_db()
    assert (result.is_ok, result.words) == (True, "Main answers as account 1.")
    assert connection.last_ok_at == now


def test_refused_token_asks_for_a_new_one_and_a_new_one_heals(connection, admin, now):
    connections.update_secret(connection=connection, secret={"token": "old"}, by=admin)
    result = connections.test_connection(connection=Connection.objects.get(), by=admin, now=now)
    connection.refresh_from_db()
    assert (result.is_ok, connection.status) == (False, "needs_login")
    assert connection.last_error == "The token was refused; enter a new one."

    healed = connections.update_secret(connection=connection, secret=SECRET, by=admin)
    assert healed.status == "active"


def test_secret_of_a_lost_key_is_told_in_words(connection, admin, now):
    Connection.objects.update(secret="gAAAA-not-ours")

    result = connections.test_connection(connection=Connection.objects.get(), by=admin, now=now)

    assert not result.is_ok
    assert "FIELD_ENCRYPTION_KEY" in result.words


def test_pause_and_resume(connection, admin):
    assert connections.pause_connection(connection=connection, by=admin).status == "paused"
    with pytest.raises(ConnectionRefusedError, match="already"):
        connections.pause_connection(connection=connection, by=admin)
    assert connections.resume_connection(connection=connection, by=admin).status == "active"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "fax"}, "kind"),
        ({"secret": {}}, "token"),
        ({"secret": {"token": "a", "pin": "1"}}, "pin"),
        ({"base_url": "http://graph.example.com"}, "base_url"),
        ({"base_url": "https://[::1"}, "base_url"),
        ({"base_url": "https://me:pw@graph.example.com"}, "base_url"),
    ],
)
def test_impossible_connection_names_the_field(workspace, admin, change, field):
    options = {"kind": "probe", "name": "Main", "secret": SECRET, **change}

    with pytest.raises(ConnectionRefusedError) as refused:
        connections.create_connection(workspace=workspace, by=admin, **options)
    assert refused.value.field == field
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "https://localhost/x",
        "http://10.0.0.1",
        "https://[::1]/",
        "http://169.254.169.254/latest",
    ],
)
def test_local_address_needs_the_sandbox(workspace, admin, settings, url):
    options = {"kind": "probe", "name": "Main", "secret": SECRET, "base_url": url}
    settings.ALLOW_SANDBOX = False

    with pytest.raises(ConnectionRefusedError, match="only the sandbox"):
        connections.create_connection(workspace=workspace, by=admin, **options)
    settings.ALLOW_SANDBOX = True
    assert connections.create_connection(workspace=workspace, by=admin, **options).base_url == url


@pytest.mark.parametrize("role", ["viewer", "agent", "operator", "approver", "outsider"])
def test_only_admins_touch_connections(role, connection, workspace, now, request):
    by = request.getfixturevalue(role)

    for refused in (
        lambda: connections.create_connection(
            workspace=workspace, kind="probe", name="Two", secret=SECRET, by=by
        ),
        lambda: connections.update_secret(connection=connection, secret={"token": "x"}, by=by),
        lambda: connections.test_connection(connection=connection, by=by, now=now),
        lambda: connections.pause_connection(connection=connection, by=by),
    ):
        with pytest.raises(NotPermittedError):
            refused()
    stored = Connection.objects.get()
    assert crypto.decrypt(stored.secret) == SECRET
    assert stored.status == "active"


def test_rotation_stores_everything_with_the_first_key(connection, workspace, admin, now, settings):
    endpoint, _ = webhooks_out.create_endpoint(
        workspace=workspace, url="https://hooks.example/x", by=admin
    )
    webhooks_out.rotate_secret(endpoint=endpoint, by=admin, now=now)
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("rotate_keys", stdout=StringIO())

    settings.FIELD_ENCRYPTION_KEYS = [new]
    endpoint.refresh_from_db()
    assert crypto.decrypt(Connection.objects.get().secret) == SECRET
    assert len(webhook_delivery.secrets_in_use(endpoint, now=now)) == 2


def test_rotation_with_a_lost_key_changes_nothing(connection, workspace):
    broken = ConnectionFactory(workspace=workspace, secret="gAAAA-not-ours")
    before = Connection.objects.get(pk=connection.pk).secret

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("rotate_keys", stdout=StringIO())

    assert Connection.objects.get(pk=connection.pk).secret == before
    assert Connection.objects.get(pk=broken.pk).secret == "gAAAA-not-ours"
