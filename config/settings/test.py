"""Tests: as local, with a cheap password hasher and mail kept in memory."""

from __future__ import annotations

import os

os.environ.setdefault("SECRET_KEY", "tests-only-" + "x" * 50)
os.environ.setdefault("FIELD_ENCRYPTION_KEY", "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=")
os.environ.setdefault("DATABASE_URL", "postgresql://postgres@localhost/countersign")
os.environ.setdefault("REDIS_URL", "redis://localhost:6379/0")

from config.settings.base import *  # noqa: F403  # the environment must stand first
from config.settings.base import AUTHENTICATION_BACKENDS, DATABASES

DATABASES = {"default": DATABASES["default"]}
ALLOW_SANDBOX = True
STATIC_ROOT = None
MODEL_CACHE_DIR = ""  # a test that damages an artefact wants to see it
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
AUTHENTICATION_BACKENDS = AUTHENTICATION_BACKENDS[1:]
AXES_ENABLED = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TELEMETRY_DELAY_S = 0.0  # a test asks for counts at once
ATTRIBUTION_REPLICATES = 20  # no test of a page or a service asks how wide an interval is
# Each test client makes its own middleware: let it look for a file when one is asked for.
WHITENOISE_AUTOREFRESH = True
