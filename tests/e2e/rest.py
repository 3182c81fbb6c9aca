"""The REST interface as somebody uses it who is logged in with a browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

#: What workers are given to do is over within so many quarters of a second.
PATIENCE = 240


def get(page: Page, path: str) -> Any:
    answer = page.request.get(f"/api/{path}")
    assert answer.ok, answer.text()
    return answer.json()


def post(page: Page, path: str, body: dict[str, object]) -> Any:
    token = next(c["value"] for c in page.context.cookies() if c["name"] == "csrftoken")
    headers = {"X-CSRFToken": token, "Referer": page.url}
    answer = page.request.post(f"/api/{path}", data=body, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()


def rows(page: Page, path: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found, url = [], path
    while url:
        answer = get(page, url)
        found += answer["results"]
        url = (answer["next"] or "").partition("/api/")[2]
    return found


def run_job(page: Page, name: str) -> None:
    """Ask for a run and wait until it is over."""
    asked = post(page, f"jobs/{name}/run/", {})["id"]
    for _ in range(PATIENCE):
        runs = get(page, f"jobs/?name={name}")["results"]
        state = next(row["state"] for row in runs if row["id"] == asked)
        if state not in ("queued", "active", "retry"):
            assert state == "completed", runs[0]
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"{name} never ended")
