"""One machine: `make demo`, `make run`, development. Embedded servers, sandbox allowed."""

from __future__ import annotations

from config import env
from config.settings.base import *  # noqa: F403  # settings modules extend each other

DEBUG = env.flag("DEBUG", default=False)
ALLOW_SANDBOX = True
STATIC_ROOT = None  # WhiteNoise serves from the apps; nothing is collected on one machine
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
