"""Settings shared by every way to run. The environment is read here and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from kombu import Queue
from kombu.common import Broadcast

from config import env
from config.frame import FRAME
from config.logs import logging_at
from config.openapi import DESCRIPTION
from config.schedule import BEAT_SCHEDULE
from config.settings.servers import REDIS, REDIS_TCP, databases, redis_options
from config.static_files import add_headers
from embedded.state import state_directory
from embedded.urls import celery_broker_url, redis_py_url

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parents[2]

SECRET_KEY = env.text("SECRET_KEY", None)
# First key encrypts, all decrypt: rotate by putting a new one in front.
FIELD_ENCRYPTION_KEYS = [key for key in env.text("FIELD_ENCRYPTION_KEY").split(",") if key]
DEBUG = False
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_BASE_URL = env.text("PUBLIC_BASE_URL", "http://localhost:8000")
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS")
# How many proxies of ours stand in front; 0: X-Forwarded-For is not believed.
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0)
# Headers in which a proxy tells where a visitor is; empty: his time zone tells the country.
GEO_HEADERS = {
    "country": env.text("COUNTRY_HEADER", ""),
    "region": env.text("REGION_HEADER", ""),
    "city": env.text("CITY_HEADER", ""),
}

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the site is ours: config.admin
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "config.admin.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "template_partials",
    "django_htmx",
    "import_export",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "rest_framework_api_key",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_structlog",
    "axes",
    "workspaces",
    "campaigns",
    "attribution",
    "experiments",
    "outreach",
    "inbox",
    "mlops",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "workspaces.middleware.CountingMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "workspaces.middleware.WorkspaceMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# Paths answer with and without the slash themselves: a redirected POST would lose its body.
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            # Its csrf_token also names the workspace that the form was drawn for.
            "builtins": ["workspaces.templatetags.forms"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workspaces.context.workspace",
            ],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = databases(
    env.text("DATABASE_URL"),
    direct=env.text("DATABASE_DIRECT_URL", ""),
    replica=env.text("DATABASE_REPLICA_URL", ""),
    max_age_s=env.integer("DATABASE_CONN_MAX_AGE_S", 60),
)
DATABASE_ROUTERS = ["workspaces.databases.Router"]
REPLICA_LATEST_S = 30  # dashboards read the primary while the replica is further behind
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_py_url(REDIS_URL),
        "KEY_PREFIX": "countersign",
        "TIMEOUT": 300,
        # Django's default serializer pickles; ours does not.
        "OPTIONS": {
            "serializer": "workspaces.cache.JSONSerializer",
            **redis_options(redis_py_url(REDIS_URL)),
        },
    }
}

CELERY_BROKER_URL = celery_broker_url(REDIS_URL)
CELERY_RESULT_BACKEND = celery_broker_url(REDIS_URL)
CELERY_RESULT_EXPIRES = 3600
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
# A message of the second reaches every worker that listens; all other queues give each to one.
CELERY_TASK_QUEUES = (Queue("default"), Broadcast("infer-all"))
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# No soft limit beside it: Celery sends no task whose own limit is below the general soft one.
CELERY_TASK_TIME_LIMIT = 2 * 3600
# A task that runs longer than this is delivered again, so it stays above every time limit.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3 * 3600,
    # A worker of several queues serves them by name: what waits in ``infer-drafts`` waits for
    # ``infer``, for a message is read before any answer is drafted.
    "queue_order_strategy": "sorted",
    # A web request that only nudges a worker must not wait long for a broker that is away.
    "max_retries": 1,
    "interval_start": 0,
    **REDIS,
    **REDIS_TCP,  # not told to a Unix socket
    # One more try, on a new connection. Without it an acknowledgement that meets a broken one is
    # lost, and its worker takes one task less at once, for ever.
    "retry_on_timeout": True,
}
CELERY_REDIS_SOCKET_TIMEOUT = REDIS["socket_timeout"]
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = REDIS["socket_connect_timeout"]
CELERY_REDIS_BACKEND_HEALTH_CHECK_INTERVAL = REDIS["health_check_interval"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker as long as it takes
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "config.beat:Scheduler"
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE
CELERY_TASK_ROUTES = {
    "workspaces.execute_due": {"queue": "gate"},
    "workspaces.reap_lapsed": {"queue": "gate"},
    # It waits for a language model, and sends wait for nothing.
    "outreach.write_text": {"queue": "default"},
    "outreach.*": {"queue": "outreach"},
    # Where the sentence model is loaded already.
    "inbox.read_new": {"queue": "infer"},
    # Beside the queue of what is to be read, which a worker takes in turn with it.
    "inbox.draft_answers": {"queue": "infer-drafts"},
    "inbox.analyse": {"queue": "infer"},
    "inbox.suggest": {"queue": "infer"},
    # They wait for language models and for networks that keep files, and nobody for them.
    "inbox.adapt_drafts": {"queue": "slow"},
    "inbox.fetch_media": {"queue": "slow"},
    "inbox.*": {"queue": "outreach"},
}
DJANGO_STRUCTLOG_CELERY_ENABLED = True

AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/home/"
LOGOUT_REDIRECT_URL = "login"
INVITATION_VALID_DAYS = 7
SESSION_ENGINE = "workspaces.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_HTTP_RESPONSE_CODE = 429

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
# Served as they are from /: the tracking script, before a session is looked at.
WHITENOISE_ROOT = BASE_DIR / "attribution" / "tracker" / "dist"
WHITENOISE_ADD_HEADERS_FUNCTION = add_headers

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes of a JSON or form body
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Uploads wait here until a worker has read them; never served. Shared where hosts are several.
MEDIA_ROOT = env.text("MEDIA_ROOT", str(BASE_DIR / "var" / "media"))
# Artefacts of models by checksum, once they were read from the database; empty: none are kept.
MODEL_CACHE_DIR = env.text(
    "MODEL_CACHE_DIR", str(state_directory(os.environ, project=BASE_DIR) / "models")
)
IMPORT_MAX_BYTES = env.integer("IMPORT_MAX_BYTES", 512 * 1024 * 1024)  # unpacked

_mail = urlsplit(env.text("EMAIL_URL", "console://"))
EMAIL_BACKEND = {
    "console": "django.core.mail.backends.console.EmailBackend",
    "smtp": "django.core.mail.backends.smtp.EmailBackend",
    "smtps": "django.core.mail.backends.smtp.EmailBackend",
}[_mail.scheme]
EMAIL_HOST = _mail.hostname or "localhost"
EMAIL_PORT = _mail.port or 25
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = _mail.query == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Countersign <countersign@localhost>")

# Adapters may talk to a loopback base URL (the sandbox) only where this is on.
ALLOW_SANDBOX = env.flag("ALLOW_SANDBOX", default=False)
SANDBOX_URL = env.text("SANDBOX_URL", "")

# v3, or a dated version such as 2026-09, whose paths differ.
HUBSPOT_API_VERSION = env.text("HUBSPOT_API_VERSION", "v3")

# The language model of workspaces that have not connected one; no model: rules write. The operator
# names the address, so it may lie in his own network.
LLM_MODEL = env.text("LLM_MODEL", "")
LLM_BASE_URL = env.text("LLM_BASE_URL", "")
LLM_API_KEY = env.text("LLM_API_KEY", "")
LLM_PROVIDER = env.text("LLM_PROVIDER", "openai")
LLM_TIMEOUT_S = env.integer("LLM_TIMEOUT_S", 30)  # for one answer

# How long what is kept. Runs of a job: its own history_days, this where it has none.
CLICK_KEEP_DAYS = 30  # no window of attribution is longer
TOUCH_KEEP_DAYS = 395  # thirteen months: a month against itself a year before
WEB_EVENT_KEEP_DAYS = 400  # events and page views; sessions and the figures of days stay
WEB_EVENT_LATEST_DAYS = 7  # what a browser kept while it was offline is taken for so long
EXPOSURE_KEEP_DAYS = 396  # of a test, after its end; its sums stay
QUARANTINE_KEEP_DAYS = 30
ATTRIBUTION_RUN_KEEP_DAYS = 60  # each night stores a few hundred
ATTRIBUTION_REPLICATES = 200  # resampled sets of journeys behind an interval
EXECUTION_RESPONSE_KEEP_DAYS = 180
INBOUND_KEEP_DAYS = 30
JOB_RUN_KEEP_DAYS = 7
READ_NOTICE_KEEP_DAYS = 90
MODEL_PREDICTION_KEEP_DAYS = 90  # long enough to see what came of a week's and a month's forecast

# The executor. A lease outlives every time-out of one call, so a lapsed one means a dead worker.
EXECUTOR_LEASE_S = 600
EXECUTOR_BATCH = 50  # changes of one ad account that are claimed and settled together
EXECUTOR_MIN_LEASE_LEFT_S = 120
# A call without an answer may still commit this long; with beat's five seconds less than a minute.
EXECUTOR_SETTLE_GRACE_S = 50
EXECUTOR_MAX_ATTEMPTS = 5
OUTREACH_THREADS = 4  # calls of providers at once in each process of worker-outreach

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "workspaces.api.authentication.ApiKeyAuthentication",
        "workspaces.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["workspaces.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "workspaces.api.pagination.CursorPages",
    "DEFAULT_THROTTLE_CLASSES": ["workspaces.api.throttling.KeyThrottle"],
    "DEFAULT_SCHEMA_CLASS": "workspaces.api.schema.ProblemAutoSchema",
    "EXCEPTION_HANDLER": "workspaces.api.problems.handle",
    "PAGE_SIZE": 50,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = DESCRIPTION

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, "'unsafe-eval'"],  # Alpine, which the admin shell needs
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [SELF],
        "object-src": [NONE],
    }
}

UNFOLD = FRAME

# Who may read /metrics; empty: programs on the web process's own machine.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
TELEMETRY_DELAY_S = 1.0  # what web counts is written together, this much later

LOGGING = logging_at(env.text("LOG_LEVEL", "INFO"))
