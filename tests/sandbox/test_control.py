from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.server import Sandbox
from tests.sandbox.conftest import META, NOON, Box


def test_calls_count_effects_and_hide_the_token(meta: Box) -> None:
    meta.http.post("/v26.0/201", data={"daily_budget": "15000", "access_token": "token-a"})
    meta.meta("POST", "201", daily_budget="15000")
    meta.meta("POST", "201", daily_budget="1")
    meta.meta("GET", "201")

    log = meta.control("calls", method="GET")

    assert [(call["status"], call["committed"]) for call in log["calls"]] == [
        (200, 1),
        (200, 1),
        (400, 0),
    ]
    assert [(e["old"], e["new"], e["call_id"]) for e in log["effects"]] == [
        ("120", "150", 1),
        ("150", "150", 2),
    ]
    assert "token-a" not in str(log)


def test_edits_come_from_outside(meta: Box) -> None:
    meta.control("edit", {"platform": "meta", "id": "201", "daily_budget": "55.00"})
    meta.control("edit", {"platform": "meta", "id": "201", "status": "paused"})

    shown = meta.meta("GET", "201", fields="daily_budget,status").json()
    assert (shown["daily_budget"], shown["status"]) == ("5500", "PAUSED")
    sources = {effect["source"] for effect in meta.control("calls", method="GET")["effects"]}
    assert sources == {"edit"}


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("edit", {"platform": "meta", "id": "999", "status": "paused"}, "999"),
        ("edit", {"platform": "meta", "id": "201", "colour": "red"}, "daily_budget"),
        ("edit", {"platform": "meta", "id": "201", "daily_budget": "much"}, "much"),
        ("seed", {}, "world"),
        ("seed", {"world": "mars"}, "mars"),
        ("seed", {"accounts": [{"platform": "myspace"}]}, "platform"),
        ("clock", {"set": "2026-11-21T12:00:00"}, "zone"),
        ("clock", {"advance_s": "soon"}, "soon"),
    ],
)
def test_bad_control_calls_say_what_is_wrong(meta: Box, path: str, body: dict, word: str) -> None:
    answer = meta.http.post(f"/_sandbox/{path}", json=body)

    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_seed_takes_the_place_of_the_account_only(meta: Box) -> None:
    meta.seed({"platform": "meta", "id": "2002"})
    meta.meta("POST", "201", daily_budget="15000")
    meta.seed(META, skip_present=True)
    kept = meta.meta("GET", "201", fields="daily_budget").json()["daily_budget"]
    meta.seed(META)

    assert kept == "15000"
    assert meta.meta("GET", "201", fields="daily_budget").json()["daily_budget"] == "12000"
    accounts = meta.control("state", method="GET")["accounts"]
    assert [(account["id"], account["token"]) for account in accounts] == [
        ("1001", "token-a"),
        ("2002", "sandbox-meta-2002"),
    ]


def test_bad_seed_changes_nothing(meta: Box) -> None:
    broken = {**META, "campaigns": [{"id": "101", "adsets": [{"name": "no id"}]}]}

    assert meta.http.post("/_sandbox/seed", json={"accounts": [broken]}).status_code == 400
    assert meta.meta("GET", "201", fields="name").json()["name"] == "First set"


def test_clock_runs_again(box: Box) -> None:
    box.control("clock", {"set": NOON})
    frozen = [box.control("health", method="GET")["now"] for _ in range(2)]
    running = box.control("clock", {"real": True})["unix"]
    ahead = box.control("clock", {"advance_s": 3600})["unix"]

    assert frozen == ["2026-11-21T12:00:00+0000"] * 2
    assert 3600 <= ahead - running < 3660


def test_state_survives_a_restart(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "state.sqlite3") as server:
        box = Box(server.base_url)
        box.seed(META)
        box.meta("POST", "201", daily_budget="15000")
        box.http.close()

    with Sandbox(tmp_path / "state.sqlite3") as server:
        box = Box(server.base_url)

        assert box.meta("GET", "201", fields="daily_budget").json()["daily_budget"] == "15000"
        assert box.effects("201") == [("120", "150")]
        box.http.close()


def test_process_starts_on_a_free_port_survives_a_kill_and_stops_cleanly(tmp_path: Path) -> None:
    def start() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"COUNTERSIGN_STATE": str(tmp_path)},
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        return process, line.split()[3].rstrip(",")

    process, url = start()
    httpx.post(f"{url}/_sandbox/seed", json={"accounts": [META]})
    process.kill()
    process.wait(5)
    process, url = start()
    state = httpx.get(f"{url}/_sandbox/state").json()
    process.send_signal(signal.SIGTERM)

    assert [account["id"] for account in state["accounts"]] == ["1001"]
    assert process.wait(5) == 0
    assert (tmp_path / "sandbox.sqlite3").exists()


def test_busy_port_is_told_in_words(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "a.sqlite3") as server:
        port = server.base_url.rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", "--port", port, "--state", str(tmp_path / "b")],
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert f"cannot listen on port {port}" in done.stderr
    assert "SANDBOX_PORT" in done.stderr


def test_kept_connection_does_not_reach_a_stopped_sandbox(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "a.sqlite3") as server:
        box = Box(server.base_url)
        box.seed(META)
        port = int(server.base_url.rpartition(":")[2])

    with Sandbox(tmp_path / "b.sqlite3", port=port):
        try:
            accounts = box.control("state", method="GET")["accounts"]
        except httpx.RemoteProtocolError:
            # The client notices the end of its connection only when it uses it.
            accounts = box.control("state", method="GET")["accounts"]
    box.http.close()

    assert accounts == []
