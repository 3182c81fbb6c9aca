"""``manage.py doctor``: looks at the installation and says what to do."""

from __future__ import annotations

import shutil
import smtplib
import sys
from typing import Any

from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.core.mail import get_connection
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workspaces import crypto
from workspaces.models import Connection, WebhookEndpoint
from workspaces.services import health
from workspaces.services.health import Check

_MIN_FREE_BYTES = 2 * 1024**3


class Command(BaseCommand):
    """Checks of the whole installation; exit status 1 when something needs doing."""

    help = "Check the installation and say what to do."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check and print one line each."""
        checks = [check_python(), check_settings(), *check_services(), check_mail(), check_disk()]
        for check in checks:
            mark = self.style.SUCCESS("ok  ") if check.is_ok else self.style.ERROR("FAIL")
            self.stdout.write(f"{mark} {check.name:15} {check.words}")
        failed = sum(not check.is_ok for check in checks)
        if failed:
            raise CommandError(f"{failed} of {len(checks)} checks need attention.")
        self.stdout.write(f"All {len(checks)} checks passed at {timezone.now():%Y-%m-%d %H:%M %Z}.")


def check_services() -> list[Check]:
    """Readiness, beat, and whether what is stored can be read."""
    checks = health.readiness()
    names = {check.name for check in checks if check.is_ok}
    if "redis" in names:
        checks.append(health.check_beat())
        checks.extend(health.check_worker(queue) for queue in health.LATER_QUEUES)
    if "migrations" in names:
        checks.append(check_secrets())
    return checks


def check_python() -> Check:
    """The one version that the pins were tried with."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    is_ok = sys.version_info[:2] == (3, 11)
    words = f"Python {version}." if is_ok else f"Python {version} runs; install Python 3.11."
    return Check("python", is_ok=is_ok, words=words)


def check_settings() -> Check:
    """Django's own checks, for a host also those for deployment."""
    is_host = not settings.ALLOW_SANDBOX
    found = [
        message
        for message in run_checks(include_deployment_checks=is_host)
        if message.level >= WARNING
    ]
    if found:
        first = f"{found[0].id}: {found[0].msg}"
        return Check("settings", is_ok=False, words=f"{len(found)} problems; {first}")
    return Check("settings", is_ok=True, words=f"{settings.SETTINGS_MODULE} has no problems.")


def check_secrets() -> Check:
    """Open every stored secret with the configured keys."""
    try:
        crypto.encrypt({})
    except ValueError:
        words = "FIELD_ENCRYPTION_KEYS holds a malformed key; see .env.example for how to make one."
        return Check("encryption", is_ok=False, words=words)
    stored = [
        *Connection.objects.exclude(secret="").values_list("secret", flat=True),
        *WebhookEndpoint.objects.exclude(secret="").values_list("secret", flat=True),
    ]
    unreadable = sum(not _opens(secret) for secret in stored)
    if unreadable:
        words = (
            f"{unreadable} of {len(stored)} stored secrets do not open; add the key they were"
            " stored with to FIELD_ENCRYPTION_KEYS, or enter them again."
        )
        return Check("encryption", is_ok=False, words=words)
    return Check("encryption", is_ok=True, words=f"All {len(stored)} stored secrets open.")


def _opens(secret: str) -> bool:
    try:
        crypto.decrypt(secret)
    except crypto.SecretUnreadableError:
        return False
    return True


def check_mail() -> Check:
    """Reach the mail server; without one, mail is only printed."""
    if "smtp" not in settings.EMAIL_BACKEND:
        return Check(
            "mail", is_ok=True, words="Mail is printed, not sent; set EMAIL_URL to send it."
        )
    connection = get_connection()
    try:
        connection.open()
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        words = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} refuses ({error}); correct EMAIL_URL."
        return Check("mail", is_ok=False, words=words)
    return Check("mail", is_ok=True, words=f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} answers.")


def check_disk() -> Check:
    """Room for logs, models and the embedded database."""
    free = shutil.disk_usage(settings.BASE_DIR).free
    gigabytes = f"{free / 1024**3:.1f} GB free."
    if free < _MIN_FREE_BYTES:
        return Check("disk", is_ok=False, words=f"{gigabytes} Make room: 2 GB are needed.")
    return Check("disk", is_ok=True, words=gigabytes)
