"""The spellings of database and Redis addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedded.urls import (
    UrlError,
    parse_database_url,
    parse_redis_url,
    socket_database_url,
    socket_redis_url,
)


def test_network_database_url_is_taken_apart() -> None:
    found = parse_database_url("postgresql://ann:p%40ss%2Fw@db.example:6543/shop?sslmode=require")

    assert found.connection_settings() == {
        "NAME": "shop",
        "USER": "ann",
        "PASSWORD": "p@ss/w",
        "HOST": "db.example",
        "PORT": "6543",
        "OPTIONS": {"sslmode": "require"},
    }


def test_socket_database_url_survives_the_round_trip_with_spaces() -> None:
    url = socket_database_url(Path("/srv/my state/run"), name="countersign")

    found = parse_database_url(url)

    assert url == "postgresql://postgres@/countersign?host=/srv/my%20state/run"
    assert (found.host, found.name, found.user) == ("/srv/my state/run", "countersign", "postgres")
    assert (found.password, found.port, found.options) == ("", "", {})


def test_ipv6_host_and_default_port() -> None:
    found = parse_database_url("postgres://ann@[::1]/shop")

    assert (found.host, found.port) == ("::1", "")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://ann@db/shop", "it starts with 'mysql'"),
        ("postgresql://ann@db", "names no database"),
        ("postgresql://ann@db:many/shop", "a port that is not a number"),
    ],
)
def test_unreadable_database_url_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(UrlError, match=words):
        parse_database_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "unix:///srv/my%20state/redis.sock?db=3",
        "redis+socket:///srv/my%20state/redis.sock?virtual_host=3",
    ],
)
def test_both_socket_spellings_read_the_same(url: str) -> None:
    found = parse_redis_url(url)

    assert found.client() == "unix:///srv/my%20state/redis.sock?db=3"
    assert found.celery() == "redis+socket:///srv/my%20state/redis.sock?virtual_host=3"
    assert found.client(7) == "unix:///srv/my%20state/redis.sock?db=7"


def test_network_redis_is_spelt_alike_for_everybody() -> None:
    found = parse_redis_url("rediss://:p%40ss@cache.example:6380/2?ssl_cert_reqs=required")

    assert found.client() == "rediss://:p%40ss@cache.example:6380/2?ssl_cert_reqs=required"
    assert found.celery(5) == "rediss://:p%40ss@cache.example:6380/5?ssl_cert_reqs=required"


def test_redis_database_defaults_to_the_first() -> None:
    assert parse_redis_url("redis://cache.example").client() == "redis://cache.example/0"
    assert socket_redis_url(Path("/run/redis.sock")) == "unix:///run/redis.sock?db=0"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://cache.example", "it starts with 'http'"),
        ("redis://cache.example/two", "not 'two'"),
        ("unix://", "names no socket"),
        ("redis://cache.example:70000/0", "REDIS_URL has a port"),
    ],
)
def test_unreadable_redis_url_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(UrlError, match=words):
        parse_redis_url(url)
