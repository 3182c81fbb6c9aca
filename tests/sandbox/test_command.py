"""`python -m sandbox` as a process."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_prints_where_it_takes_mail_and_stops(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0"]
    process = subprocess.Popen(
        [*command, "--state", str(state)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    try:
        assert process.stdout is not None
        mail, ready = process.stdout.readline(), process.stdout.readline()
        with smtplib.SMTP("127.0.0.1", int(mail.rpartition(":")[2]), timeout=120) as client:
            client.sendmail("us@shop.example", "mara@example.com", "Subject: Hi\r\n\r\nHello")
    finally:
        process.terminate()

    assert process.wait(20) == 0
    assert ready.startswith("sandbox ready on http://127.0.0.1:")
    assert state.exists()


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    taken = smtplib.socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", str(port)]

    done = subprocess.run(
        [*command, "--state", str(tmp_path / "s.sqlite3")],
        capture_output=True, text=True, cwd=PROJECT, timeout=120, check=False,
    )  # fmt: skip

    taken.close()
    assert done.returncode == 1
    assert f"{port}" in done.stderr
    assert "Stop what uses it" in done.stderr
