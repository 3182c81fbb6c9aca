"""``manage.py doctor``: each thing it looks at, well and unwell."""

from __future__ import annotations

import json
from io import StringIO
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import CommandError, call_command

from tests.workspaces.factories import ConnectionFactory
from workspaces import crypto
from workspaces.services import health, installation
from workspaces.services.beat_lock import BeatLock
from workspaces.services.installation import machine, secrets, stores

CHECKS = 25


@pytest.fixture
def dead():
    cache.clear()


@pytest.fixture
def alive(db, dead):
    for queue in (*health.QUEUES, *health.LATER_QUEUES):
        health.beat(queue)
    health.beat_schedule()
    lock = BeatLock("host-a:7:1")
    assert lock.is_ours()
    yield
    lock.let_go()
    cache.clear()


@pytest.fixture
def sound(settings, tmp_path, monkeypatch):
    """What the tests' own settings and servers lack of a sound installation."""
    monkeypatch.setattr(stores, "_settings", lambda: (180000, "UTF8", "on", "on", "on", 100, 10))
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.AUTHENTICATION_BACKENDS = [
        "axes.backends.AxesStandaloneBackend",
        "django.contrib.auth.backends.ModelBackend",
    ]


def doctor(*arguments: str) -> tuple[str, str]:
    """What it writes, and how it ends."""
    out = StringIO()
    try:
        call_command("doctor", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_doctor_is_content(db, alive, sound):
    told, end = doctor()

    assert [line for line in told.splitlines() if line.startswith("FAIL")] == []
    assert told.splitlines()[-1].startswith(f"All {CHECKS} checks passed")
    assert end == ""


def test_doctor_says_what_to_do(db, dead, sound):
    told, end = doctor()

    assert end == f"7 of {CHECKS} checks need attention."
    assert "start one: celery -A config beat" in told
    assert "celery -A config worker -Q infer" in told


def test_doctor_tells_programs(db, dead, sound):
    told, end = doctor("--json")

    answer = json.loads(told)
    levels = {check["name"]: check["level"] for check in answer["checks"]}
    assert (answer["status"], len(levels), end != "") == ("fail", CHECKS, True)
    assert (levels["database"], levels["worker gate"], levels["beat"]) == ("ok", "fail", "fail")


def test_secrets_of_a_lost_key_are_found(db):
    ConnectionFactory(secret="gAAAA-not-ours")

    check = installation.check_secrets()
    assert check.level == "fail"
    assert check.words.startswith("1 of 1 stored secrets do not open; add the key")


def test_dead_mail_server_and_malformed_key_are_found(db, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.FIELD_ENCRYPTION_KEYS = ["short"]

    assert "correct EMAIL_URL" in installation.check_mail().words
    assert "malformed key" in installation.check_secrets().words


def test_rotation_is_followed_to_its_end(db, settings):
    ConnectionFactory(secret=crypto.encrypt({"token": "x"}))
    settings.FIELD_ENCRYPTION_KEYS = [
        Fernet.generate_key().decode(),
        *settings.FIELD_ENCRYPTION_KEYS,
    ]
    pending = installation.check_secrets()
    call_command("rotate_keys", stdout=StringIO())
    rotated = installation.check_secrets()
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]

    assert (pending.level, "rotate_keys" in pending.words) == ("warn", True)
    assert (rotated.level, "remove all but the first" in rotated.words) == ("warn", True)
    assert installation.check_secrets().level == "ok"


@pytest.mark.parametrize(
    ("url", "hosts", "is_local", "level"),
    [
        ("https://countersign.example", ["countersign.example"], False, "ok"),
        ("http://countersign.example", ["countersign.example"], False, "fail"),
        ("http://localhost:8000", ["localhost"], True, "ok"),
        ("https://countersign.example", ["other.example"], False, "fail"),
        ("countersign.example", ["countersign.example"], False, "fail"),
    ],
)
def test_address_is_https_and_ours(settings, url, hosts, is_local, level):
    settings.PUBLIC_BASE_URL, settings.ALLOWED_HOSTS = url, hosts
    settings.ALLOW_SANDBOX = is_local

    assert installation.check_address().level == level


def test_storage_that_cannot_be_written_is_found(settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.MEDIA_ROOT = str(tmp_path / "file")

    check = machine.check_storage()
    assert (check.level, "correct MEDIA_ROOT" in check.words) == ("fail", True)


@pytest.mark.parametrize(("beside_s", "level"), [(0.0, "ok"), (10.0, "warn"), (-300.0, "fail")])
def test_wrong_clock_is_found(db, monkeypatch, beside_s, level):
    own = SimpleNamespace(time=lambda: machine_time() + beside_s)
    machine_time = machine.time.time
    monkeypatch.setattr(machine, "time", own)

    assert machine.check_clock().level == level


@pytest.mark.parametrize(
    ("facts", "level", "words"),
    [
        ({"maxmemory_policy": "noeviction", "aof_enabled": 1, "used_memory": 9}, "ok", "Nothing"),
        ({"maxmemory_policy": "allkeys-lru"}, "fail", "noeviction"),
        ({"maxmemory_policy": "noeviction", "aof_enabled": 0}, "warn", "appendonly yes"),
        ({"maxmemory": 100 << 20, "used_memory": 90 << 20}, "warn", "90 of 100 MB"),
    ],
)
def test_redis_must_forget_nothing(monkeypatch, facts, level, words):
    monkeypatch.setattr(stores, "server_facts", lambda: facts)

    check = stores.check_redis_settings()
    assert (check.level, words in check.words) == (level, True)


@pytest.mark.parametrize(
    ("row", "level", "words"),
    [
        ((180000, "UTF8", "on", "on", "on", 100, 10), "ok", "10 of 100"),
        ((140000, "UTF8", "on", "on", "on", 100, 10), "fail", "too old"),
        ((180000, "LATIN1", "on", "on", "on", 100, 10), "fail", "UTF8"),
        ((180000, "UTF8", "off", "on", "on", 100, 10), "fail", "fsync"),
        ((180000, "UTF8", "on", "off", "on", 100, 90), "warn", "PgBouncer"),
    ],
)
def test_database_is_set_so_that_a_commit_lasts(monkeypatch, row, level, words):
    monkeypatch.setattr(stores, "_settings", lambda: row)

    check = stores.check_database_settings()
    assert (check.level, words in check.words) == (level, True)


def test_the_tests_own_database_may_lose_data_in_a_crash(db):
    assert stores._settings()[0] >= 150_000
    assert "fsync is off" in stores.check_database_settings().words


def test_broken_connections_are_counted_by_kind(workspace):
    ConnectionFactory(workspace=workspace, kind="meta", name="a", status="needs_login")
    ConnectionFactory(workspace=workspace, kind="meta", name="b", status="stopped")
    ConnectionFactory(workspace=workspace, kind="google", name="c", status="paused")

    check = secrets.check_connections()
    assert (check.level, "(2 of meta)" in check.words) == ("warn", True)


def test_missing_sentence_model_is_a_warning(monkeypatch):
    monkeypatch.setattr(machine, "find_spec", lambda name: None)

    assert machine.check_embedder().level == "warn"


@pytest.mark.parametrize(("token", "level"), [("", "ok"), ("brief", "fail"), ("x" * 32, "ok")])
def test_metrics_have_a_guard(settings, token, level):
    settings.METRICS_TOKEN = token

    assert installation.check_metrics().level == level


def test_host_that_only_prints_mail_is_warned(settings):
    settings.ALLOW_SANDBOX = False
    assert installation.check_mail().level == "warn"
    assert django_settings.EMAIL_BACKEND.endswith("locmem.EmailBackend")
