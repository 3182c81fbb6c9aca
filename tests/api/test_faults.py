"""Faults of ours are told as problems, without what went wrong."""

from __future__ import annotations

import json

import psycopg2
import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.test import RequestFactory
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import ConnectionError as RedisAwayError

from workspaces.api import search
from workspaces.api.problems import server_error


def test_fault_under_the_api_is_a_problem_without_details():
    answer = server_error(RequestFactory().get("/api/proposals/"))

    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == 500


def test_fault_elsewhere_is_a_page():
    answer = server_error(RequestFactory().get("/approvals/"))

    assert answer.status_code == 500
    assert "Nothing was half-written" in answer.content.decode()


def test_a_page_that_is_not_there_says_so(client_as, viewer):
    browser = client_as(viewer)

    nowhere = browser.get("/dashboards/nothing/<b>/")
    chart = browser.get("/dashboards/export/overview.png?chart=nothing")

    assert (nowhere.status_code, chart.status_code) == (404, 404)
    assert "There is no page at /dashboards/nothing/%3Cb%3E/." in nowhere.text
    assert "There is no chart" in chart.text
    assert "To the approvals" in chart.text


def told(request, error):
    """The answer to a request that met an error."""
    try:
        raise error
    except type(error):
        return server_error(request)


def answered(code):
    """What PostgreSQL itself answered, under its code."""
    error = OperationalError("no")
    error.__cause__ = type("Coded", (psycopg2.OperationalError,), {"pgcode": code})("no")
    return error


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, RedisAwayError, BrokerError])
def test_who_reads_while_a_server_is_away_is_asked_to_come_back(error):
    answer = told(RequestFactory().get("/api/proposals/"), error("gone"))

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert json.loads(answer.content)["title"] == "Service Unavailable"


@pytest.mark.parametrize("code", ["08006", "53300", "57P01", "57P03"])
def test_server_that_stops_or_is_full_is_away(code):
    assert told(RequestFactory().get("/api/proposals/"), answered(code)).status_code == 503


@pytest.mark.parametrize("error", [answered("40P01"), answered("57014"), ProgrammingError("no")])
def test_server_that_refuses_is_there(error):
    assert told(RequestFactory().get("/api/proposals/"), error).status_code == 500


def test_only_what_has_one_effect_is_asked_to_be_sent_again():
    plain = RequestFactory().post("/api/proposals/")
    keyed = RequestFactory().post("/api/proposals/", headers={"Idempotency-Key": "one"})
    gone = OperationalError("gone")

    assert [told(one, gone).status_code for one in (plain, keyed)] == [504, 503]


def test_person_is_told_that_it_is_not_known_whether_his_step_was_kept():
    answer = told(RequestFactory().post("/approvals/"), OperationalError("gone"))

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Whether your last step was kept is not known" in answer.content.decode()


def test_view_that_loses_its_database_ends_there(client_as, viewer, monkeypatch):
    def away(*args, **options):
        raise OperationalError("gone")

    browser = client_as(viewer)
    browser.raise_request_exception = False
    monkeypatch.setattr(search, "search", away)

    assert browser.get("/api/search/?q=ann").status_code == 503
