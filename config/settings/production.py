"""A host: every secret from the environment, HTTPS, no sandbox."""

from __future__ import annotations

from config import env
from config.settings.base import *  # noqa: F403  # settings modules extend each other

ALLOWED_HOSTS = [host for host in env.text("ALLOWED_HOSTS").split(",") if host]
PUBLIC_BASE_URL = env.text("PUBLIC_BASE_URL")
ALLOW_SANDBOX = False
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^health(/|$)", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 31536000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
