"""Faults of ours are told as problems, without what went wrong."""

from __future__ import annotations

import json

from django.test import RequestFactory

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
