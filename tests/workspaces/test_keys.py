"""API keys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workspaces import scopes
from workspaces.models import ApiKey
from workspaces.services import keys
from workspaces.services.refusals import NotPermittedError


def test_key_is_shown_once_and_stored_hashed(workspace, admin, now):
    key, plain = keys.create_key(
        workspace=workspace,
        name="CRM",
        scopes=[scopes.ML_READ, scopes.EVENTS_WRITE, scopes.ML_READ],
        by=admin,
        now=now,
        expires_at=now + timedelta(days=90),
    )

    stored = ApiKey.objects.get_from_key(plain)
    assert stored == key
    assert stored.scopes == ["events:write", "ml:read"]
    assert stored.expiry_date == now + timedelta(days=90)
    assert plain.partition(".")[2] not in stored.hashed_key


def test_revoked_key_is_revoked_for_good(workspace, admin, now):
    key, _ = keys.create_key(
        workspace=workspace, name="CRM", scopes=[scopes.ML_READ], by=admin, now=now
    )

    assert keys.revoke_key(key=key, by=admin).revoked
    with pytest.raises(keys.KeyRefusedError, match="already"):
        keys.revoke_key(key=key, by=admin)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scopes": []}, "at least one scope"),
        ({"scopes": ["changes:all"]}, "Unknown scope 'changes:all'"),
        ({"scopes": [scopes.CHANGES_SIGN]}, "bound to a person"),
        ({"days": 0}, "expired already"),
    ],
)
def test_impossible_key_is_refused(workspace, admin, now, change, words):
    with pytest.raises(keys.KeyRefusedError, match=words):
        keys.create_key(
            workspace=workspace,
            name="CRM",
            scopes=change.get("scopes", [scopes.ML_READ]),
            by=admin,
            now=now,
            expires_at=now + timedelta(days=change.get("days", 1)),
        )
    assert not ApiKey.objects.exists()


def test_signing_key_speaks_only_for_its_maker(workspace, admin, approver, now):
    options = {"workspace": workspace, "name": "s", "scopes": [scopes.CHANGES_SIGN], "now": now}

    with pytest.raises(keys.KeyRefusedError, match="yourself only"):
        keys.create_key(**options, by=admin, acts_as=approver)
    key, _ = keys.create_key(**options, by=admin, acts_as=admin)

    assert ApiKey.objects.get() == key
    assert key.acts_as == admin


@pytest.mark.parametrize("role", ["viewer", "agent", "operator", "approver", "outsider"])
def test_only_admins_make_and_revoke_keys(role, workspace, admin, now, request):
    by = request.getfixturevalue(role)
    options = {"workspace": workspace, "name": "CRM", "scopes": [scopes.ML_READ], "now": now}
    key, _ = keys.create_key(**options, by=admin)

    with pytest.raises(NotPermittedError):
        keys.create_key(**options, by=by)
    with pytest.raises(NotPermittedError):
        keys.revoke_key(key=key, by=by)
    key.refresh_from_db()
    assert not key.revoked
    assert ApiKey.objects.count() == 1
