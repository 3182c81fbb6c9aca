"""How a workspace ends: closed for everybody, exported whole, and nothing of it left."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attribution.models import Site
from attribution.selectors.website.keys import site_of_key
from inbox.models import Attachment
from tests import admin_rows
from tests.workspaces.factories import ConnectionFactory, MembershipFactory, UserFactory
from tests.workspaces.inbound_calls import SECRET, connect, standard
from workspaces.gate import NotAllowedError, RequestError, StateError
from workspaces.models import Connection, JobRun, KillSwitchEvent, Membership, User, Workspace
from workspaces.services import brake, invitations, keys
from workspaces.services.closing.belongings import belongings, grouped, in_order
from workspaces.services.closing.closing import close_workspace, reopen_workspace
from workspaces.services.closing.exporting import LEFT_OUT, export_workspace
from workspaces.services.closing.purging import left_alone, purge_workspace
from workspaces.services.workspaces import create_workspace
from workspaces.tasks.jobs import start_job

_TABLES = """
SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE a.attname = 'workspace_id' AND NOT a.attisdropped AND c.relnamespace = 'public'::regnamespace
   AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


def _close(workspace: Workspace, by: User, now: datetime) -> Workspace:
    return close_workspace(workspace=workspace, by=by, reason="Contract ended", now=now)


def _rows(workspace: Workspace) -> dict[str, int]:
    """How many rows of each table belong to a workspace, where there are any."""
    found = {}
    with connection.cursor() as cursor:
        for table, one in belongings().items():
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {one.of(workspace.pk)}")
            found[table] = cursor.fetchone()[0]
    return {table: count for table, count in found.items() if count}


def _silent(line: str) -> None:
    """Tell nobody."""


@pytest.fixture
def full(workspace: Workspace, admin: User, approver: User) -> Workspace:
    """A workspace with a row in every table that belongs to one."""
    admin_rows.fill(workspace, admin, approver)
    assert set(_rows(workspace)) == set(belongings())
    return workspace


@pytest.fixture
def rival(other_workspace: Workspace, outsider: User) -> Workspace:
    """Another one, which goes on."""
    ConnectionFactory(workspace=other_workspace)
    Site.objects.create(workspace=other_workspace, name="Shop", origins=["https://rival.example"])
    return other_workspace


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_every_table_with_a_workspace_is_known(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = {name for (name,) in cursor.fetchall()}

    assert len(tables) > 150
    assert tables - set(belongings()) == set()


def test_children_go_before_their_parents(db: None) -> None:
    place = {one.table: number for number, group in enumerate(in_order()) for one in group}

    assert set(place) == set(belongings())
    assert place["workspaces_signature"] < place["workspaces_plan"]
    assert place["workspaces_plan"] == place["workspaces_proposal"]  # each names the other


def test_groups_keep_circles_together() -> None:
    pairs = {("leaf", "a"), ("a", "b"), ("b", "a"), ("b", "root"), ("alone", "root")}

    found = list(grouped({"leaf", "a", "b", "root", "alone"}, pairs))

    assert found == [["alone"], ["leaf"], ["a", "b"], ["root"]]


def test_nobody_enters_a_closed_workspace(
    workspace: Workspace, admin: User, client_as: Callable[[User], Client], now: datetime
) -> None:
    _, plain = keys.create_key(
        workspace=workspace, name="CRM", scopes=["changes:read"], by=admin, now=now
    )
    asked = {"path": "/api/proposals/", "headers": {"Authorization": f"Api-Key {plain}"}}
    browser = client_as(admin)
    assert browser.get("/approvals/").status_code == 200
    assert Client().get(**asked).status_code == 200

    _close(workspace, admin, now)

    assert browser.get("/approvals/").status_code == 302
    assert b"Acme" not in browser.get(reverse("account")).content
    assert Client().get(**asked).status_code == 401


def test_member_of_two_goes_on_in_the_other(
    workspace: Workspace, rival: Workspace, admin: User, client_as: Callable[[User], Client],
    now: datetime,
) -> None:  # fmt: skip
    browser = client_as(admin)
    MembershipFactory(workspace=rival, user=admin, role="viewer")
    _close(workspace, admin, now)

    page = browser.get("/approvals/")

    assert page.status_code == 200
    assert page.wsgi_request.workspace == rival  # type: ignore[attr-defined]  # set by our middleware


def test_who_keeps_the_installation_sees_which_are_closed(
    workspace: Workspace, rival: Workspace, outsider: User, admin: User,
    client_as: Callable[[User], Client], now: datetime,
) -> None:  # fmt: skip
    _close(workspace, admin, now)
    browser = client_as(outsider)
    path = reverse("admin:workspaces_workspace_changelist")

    def listed(query: str = "") -> list[tuple[Workspace, str]]:
        page = browser.get(path + query).context["cl"]
        return [(row, page.model_admin.standing(row)) for row in page.result_list]

    assert listed() == [(rival, "open")]
    Membership.objects.filter(user=outsider).update(role="admin")
    User.objects.filter(pk=outsider.pk).update(is_superuser=True)
    assert listed() == [(workspace, "closed"), (rival, "open")]
    assert listed("?standing=closed") == [(workspace, "closed")]
    assert listed("?standing=open") == [(rival, "open")]
    assert listed("?standing=purged") == []
    other = reverse("admin:workspaces_workspace_change", args=[workspace.pk])
    told = {"name": "Mine", "workspace": str(rival.public_id)}
    assert browser.get(other).status_code == 200
    assert browser.post(other, told).status_code == 403


def test_nothing_runs_in_a_closed_workspace(
    workspace: Workspace, rival: Workspace, admin: User, now: datetime
) -> None:
    site = Site.objects.create(workspace=workspace, name="S", origins=["https://acme.example"])
    feed = connect(workspace, "generic", secret=SECRET)
    assert _called(feed) == 200
    assert site_of_key(site.key) is not None

    _close(workspace, admin, now)

    feed.refresh_from_db()
    assert feed.status == "paused"
    assert site_of_key(site.key) is None
    assert _called(feed) == 401
    start_job(name="actuals-sync")
    assert set(JobRun.objects.values_list("workspace", flat=True)) == {rival.pk}
    (pulled,) = KillSwitchEvent.objects.filter(workspace=workspace)
    assert (pulled.is_on, pulled.by, pulled.reason) == (True, admin, "Contract ended")


def _called(feed: Connection) -> int:
    """Status of the answer to a signed call."""
    signed = standard(b"{}", now=timezone.now(), message_id="m", secret=SECRET)
    path = f"/api/webhooks/generic/{feed.public_id}"
    return Client().post(path, b"{}", "application/json", headers=signed).status_code


def test_kill_switch_of_a_closed_workspace_stays_pulled(
    workspace: Workspace, admin: User, now: datetime
) -> None:
    _close(workspace, admin, now)

    with pytest.raises(NotAllowedError):
        brake.release(workspace=workspace, by=admin, reason="Why not", now=now)
    with pytest.raises(IntegrityError, match="closed_stands_still"), transaction.atomic():
        Workspace.objects.filter(pk=workspace.pk).update(kill_switch=False)


def test_invitation_to_a_closed_workspace_does_not_hold(
    workspace: Workspace, admin: User, now: datetime
) -> None:
    offer = invitations.invite(
        workspace=workspace, email="new@example.com", role=admin.memberships.get().role,
        by=admin, now=now,
    )  # fmt: skip
    token = invitations.invitation_token(offer)
    assert invitations.find_invitation(token=token, now=now) == offer

    _close(workspace, admin, now)

    with pytest.raises(invitations.InvitationError, match="withdrawn"):
        invitations.find_invitation(token=token, now=now)


def test_whose_it_is_closes_it_once_and_says_why(
    workspace: Workspace, admin: User, approver: User, outsider: User, now: datetime
) -> None:
    for person in (approver, outsider):
        with pytest.raises(NotAllowedError, match="neither an admin of Acme"):
            _close(workspace, person, now)
    with pytest.raises(RequestError):
        close_workspace(workspace=workspace, by=admin, reason=" ", now=now)

    _close(workspace, admin, now)

    with pytest.raises(StateError, match="closed already"):
        _close(workspace, admin, now)


def test_reopened_workspace_lets_people_in_and_still_stands_still(
    workspace: Workspace, admin: User, client_as: Callable[[User], Client], now: datetime
) -> None:
    _close(workspace, admin, now)
    browser = client_as(admin)

    found = reopen_workspace(workspace=workspace, by=UserFactory(is_superuser=True), now=now)

    assert (found.closed_at, found.kill_switch) == (None, True)
    assert browser.get("/approvals/").status_code == 200
    with pytest.raises(StateError, match="is open"):
        reopen_workspace(workspace=workspace, by=admin, now=now)


def test_export_holds_every_row_and_file_and_no_secret(
    full: Workspace, tmp_path: Path, now: datetime
) -> None:
    Connection.objects.filter(workspace=full).update(secret="gAAAAA-ciphertext")
    attached = Attachment.objects.filter(workspace=full).first()
    assert attached is not None
    kept = default_storage.save("inbox/bill.pdf", ContentFile(b"%PDF-1.7 bill"))
    Attachment.objects.filter(pk=attached.pk).update(file=kept)
    path = tmp_path / "acme.zip"

    rows = export_workspace(workspace=full, path=path, now=now, told=_silent)

    counted = _rows(full)
    assert rows == sum(counted.values())
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for table in manifest["tables"]:
            content = archive.read(table["file"])
            lines = [json.loads(line) for line in content.splitlines()]
            assert len(lines) == table["rows"] == counted[table["table"]]
            assert hashlib.sha256(content).hexdigest() == table["sha256"]
            assert not any(LEFT_OUT & set(line) for line in lines)
        assert archive.read(f"files/{kept}") == b"%PDF-1.7 bill"
        assert b"gAAAAA-ciphertext" not in b"".join(map(archive.read, archive.namelist()))
    left_out = {one["table"]: one["left_out"] for one in manifest["tables"] if one["left_out"]}
    assert left_out["workspaces_connection"] == ["secret"]
    assert left_out["workspaces_apikey"] == ["hashed_key"]
    assert {"email": "admin@acme.example", "name": "", "role": "admin"}.items() <= next(
        one for one in manifest["members"] if one["role"] == "admin"
    ).items()
    with pytest.raises(FileExistsError):
        export_workspace(workspace=full, path=path, now=now, told=_silent)


def test_texts_of_any_sort_come_back_as_they_were(
    workspace: Workspace, admin: User, tmp_path: Path, now: datetime
) -> None:
    reason = 'Line\nbreak, "quote", \\slash, =SUM(A1), \u2028 and \x7f'
    close_workspace(workspace=workspace, by=admin, reason=reason, now=now)

    export_workspace(workspace=workspace, path=tmp_path / "a.zip", now=now, told=_silent)

    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        lines = archive.read("tables/workspaces_killswitchevent.jsonl").split(b"\n")
    assert [json.loads(line)["reason"] for line in lines if line] == [reason]


def test_purge_leaves_nothing_of_it_and_touches_nobody_else(
    full: Workspace, rival: Workspace, admin: User, now: datetime
) -> None:
    kept = default_storage.save("inbox/bill.pdf", ContentFile(b"%PDF-1.7 bill"))
    Attachment.objects.filter(workspace=full).update(file=kept)
    feed = Connection.objects.filter(workspace=full).first()
    theirs = Connection.objects.get(workspace=rival)
    for row in (feed, theirs):
        _logged(admin, row)
    before = _rows(rival)
    _close(full, admin, now)
    full.refresh_from_db()

    deleted = purge_workspace(workspace=full, now=now, told=_silent, without_export=True)

    connection.check_constraints()
    assert deleted > len(belongings())
    assert _rows(full) == {}
    assert _rows(rival) == before
    assert not default_storage.exists(kept)
    assert list(LogEntry.objects.values_list("object_id", flat=True)) == [str(theirs.pk)]
    full.refresh_from_db()
    assert (full.purged_at, full.slug) == (now, "acme")
    assert admin in left_alone()
    with pytest.raises(StateError, match="Nothing is left"):
        purge_workspace(workspace=full, now=now, told=_silent, without_export=True)
    with pytest.raises(StateError, match="Nothing is left"):
        reopen_workspace(workspace=full, by=UserFactory(is_superuser=True), now=now)


def _logged(by: User, row: Connection | None) -> None:
    assert row is not None
    LogEntry.objects.create(
        user=by, content_type=ContentType.objects.get_for_model(Connection), object_id=row.pk,
        object_repr=str(row), action_flag=CHANGE,
    )  # fmt: skip


def test_name_of_a_purged_workspace_is_not_used_again(
    workspace: Workspace, admin: User, now: datetime
) -> None:
    _close(workspace, admin, now)
    workspace.refresh_from_db()
    purge_workspace(workspace=workspace, now=now, told=_silent, without_export=True)

    with pytest.raises(ValidationError, match="slug"):
        create_workspace(
            name="Acme", slug="acme", currency="USD", time_zone="UTC", mode="direct", by=admin,
            now=now,
        )  # fmt: skip


def test_command_goes_step_by_step(workspace: Workspace, admin: User, tmp_path: Path) -> None:
    def say(*words: str) -> str:
        out = StringIO()
        call_command("workspace", *words, stdout=out)
        return out.getvalue()

    path = str(tmp_path / "acme.zip")
    with pytest.raises(CommandError, match="is open; close it first"):
        say("purge", "acme", "--confirm", "acme")
    with pytest.raises(CommandError, match="nobody with the address"):
        say("close", "acme", "--by", "no@one.example", "--reason", "Over")
    assert "Acme is closed" in say("close", "acme", "--by", admin.email, "--reason", "Over")
    with pytest.raises(CommandError, match="was not exported since"):
        say("purge", "acme", "--confirm", "acme")
    assert f"rows of Acme are in {path}" in say("export", "acme", path)
    with pytest.raises(CommandError, match="nothing was deleted"):
        say("purge", "acme", "--confirm", "acmee")
    assert Membership.objects.filter(workspace=workspace).exists()

    told = say("purge", "acme", "--confirm", "acme")

    assert "rows of Acme were deleted" in told
    assert admin.email in told
    assert not Membership.objects.filter(workspace=workspace).exists()
    with pytest.raises(CommandError, match="There is no workspace 'nobody'; known: acme"):
        say("export", "nobody", path)


def test_reopened_workspace_must_be_exported_again(
    workspace: Workspace, admin: User, tmp_path: Path, now: datetime
) -> None:
    _close(workspace, admin, now)
    export_workspace(workspace=workspace, path=tmp_path / "a.zip", now=now, told=_silent)
    reopen_workspace(workspace=workspace, by=admin, now=now)
    _close(workspace, admin, now)
    workspace.refresh_from_db()

    with pytest.raises(StateError, match="not exported"):
        purge_workspace(workspace=workspace, now=now, told=_silent)
