"""One spelling per reader of a database or Redis address.

Django wants a dict, redis-py `unix://path?db=2`, Celery `redis+socket://path?virtual_host=2`,
production hands in `postgresql://…` and `redis://:pw@host:6379/0`. All of them start from the two
environment variables DATABASE_URL and REDIS_URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

DATABASE_SCHEMES = ("postgresql", "postgres")
NETWORK_REDIS_SCHEMES = ("redis", "rediss", "valkey", "valkeys")


class UrlError(ValueError):
    """An address that cannot be read; the message names the variable and a good example."""


@dataclass(frozen=True)
class DatabaseUrl:
    """Where a PostgreSQL database is; `host` is a directory when it is a Unix socket."""

    name: str
    user: str
    password: str
    host: str
    port: str
    options: Mapping[str, str] = field(default_factory=dict)

    def connection_settings(self) -> dict[str, object]:
        """The connection keys of one entry of Django's DATABASES (no ENGINE)."""
        return {
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": self.port,
            "OPTIONS": dict(self.options),
        }


def parse_database_url(url: str) -> DatabaseUrl:
    """Read `postgresql://user:password@host:5432/name?sslmode=require` or `…@/name?host=/run/dir`.

    A `host` in the query is the socket directory (or a host name); what else stands in the query
    goes to `options`, as libpq would understand it.
    """
    example = "postgresql://user:password@host:5432/name or postgresql://user@/name?host=/run/dir"
    parts = urlsplit(url)
    if parts.scheme not in DATABASE_SCHEMES:
        raise UrlError(f"DATABASE_URL must look like {example}; it starts with {parts.scheme!r}.")
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise UrlError(f"DATABASE_URL names no database; it must look like {example}.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    port = options.pop("port", "") or _port(parts.netloc, variable="DATABASE_URL")
    return DatabaseUrl(
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=host,
        port=port,
        options=options,
    )


def socket_database_url(directory: Path, *, name: str, user: str = "postgres") -> str:
    """Address of a database behind the Unix socket in `directory`; libpq reads it as well."""
    return f"postgresql://{quote(user)}@/{quote(name)}?host={quote(str(directory))}"


@dataclass(frozen=True)
class RedisUrl:
    """Where a Redis is, with one method per spelling; `db` picks another logical database."""

    scheme: str
    netloc: str
    path: str
    db: int
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_socket(self) -> bool:
        """Whether it is reached through a Unix socket."""
        return self.scheme == "unix"

    def client(self, db: int | None = None) -> str:
        """For redis-py and Django's cache."""
        chosen = self.db if db is None else db
        if self.is_socket:
            query = {**self.query, "db": str(chosen)}
            return f"unix://{self.netloc}{quote(self.path)}?{urlencode(query)}"
        query_text = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.scheme}://{self.netloc}/{chosen}{query_text}"

    def celery(self, db: int | None = None) -> str:
        """For Celery's broker and result backend."""
        chosen = self.db if db is None else db
        if not self.is_socket:
            return self.client(db)
        query = {**self.query, "virtual_host": str(chosen)}
        return f"redis+socket://{self.netloc}{quote(self.path)}?{urlencode(query)}"


def parse_redis_url(url: str) -> RedisUrl:
    """Read any of the three spellings."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme in ("unix", "redis+socket"):
        db = query.pop("db", "") or query.pop("virtual_host", "") or "0"
        if not parts.path.strip("/"):
            raise UrlError("REDIS_URL names no socket; write unix:///run/dir/redis.sock?db=0.")
        return RedisUrl("unix", parts.netloc, unquote(parts.path), _db(db), query)
    if parts.scheme in NETWORK_REDIS_SCHEMES:
        db = query.pop("db", "") or parts.path.strip("/") or "0"
        _port(parts.netloc, variable="REDIS_URL")
        scheme = parts.scheme.replace("valkey", "redis")
        return RedisUrl(scheme, parts.netloc, "", _db(db), query)
    raise UrlError(
        "REDIS_URL must look like redis://:password@host:6379/0 or unix:///run/dir/redis.sock?db=0;"
        f" it starts with {parts.scheme!r}."
    )


def redis_py_url(url: str, *, db: int | None = None) -> str:
    """REDIS_URL as redis-py and Django's cache spell it; `db` picks another logical database."""
    return parse_redis_url(url).client(db)


def celery_broker_url(url: str, *, db: int | None = None) -> str:
    """REDIS_URL as Celery spells it."""
    return parse_redis_url(url).celery(db)


def socket_redis_url(path: Path, *, db: int = 0) -> str:
    """Address of the Redis behind the Unix socket at `path`."""
    return RedisUrl("unix", "", str(path), db).client()


def _port(netloc: str, *, variable: str) -> str:
    try:
        port = urlsplit(f"//{netloc}").port
    except ValueError as error:
        raise UrlError(f"{variable} has a port that is not a number up to 65535.") from error
    return "" if port is None else str(port)


def _db(text: str) -> int:
    if not text.isdecimal():
        raise UrlError(f"REDIS_URL must end in the number of a logical database, not {text!r}.")
    return int(text)
