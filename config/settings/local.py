"""One machine: `make demo`, `make run`, development. Embedded servers, sandbox allowed."""

from __future__ import annotations

from config import env
from config.settings.base import *  # noqa: F403  # settings modules extend each other

DEBUG = env.flag("DEBUG", default=False)
ALLOW_SANDBOX = True
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
