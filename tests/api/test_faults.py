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
