"""Procfile, .env.example and the hosts' files agree with each other and with the settings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import embedded
from embedded.procfile import choose, read_procfile, stop_waves
from embedded.state import EmbeddedError, given

PROJECT = Path(embedded.__file__).parents[1]


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def documented_variables() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", text(".env.example"), flags=re.MULTILINE))


def test_every_variable_of_the_settings_is_documented() -> None:
    sources = [*(PROJECT / "config").glob("*.py"), *(PROJECT / "config/settings").glob("*.py")]
    read = {
        name
        for source in sources
        for name in re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source.read_text(encoding="utf-8"))
    }

    assert {"SECRET_KEY", "DATABASE_URL"} <= read
    assert read - documented_variables() == set()


def test_every_variable_of_the_procfile_is_documented() -> None:
    read = set(re.findall(r"\$\{([A-Z_]+)", text("Procfile")))

    assert read - documented_variables() == set()


def test_hosts_run_processes_that_the_procfile_has() -> None:
    processes = read_procfile(PROJECT / "Procfile")
    named = set(re.findall(r"embedded\.procfile ([a-z-]+)", text("compose.yaml")))

    assert named == set(processes) - {"sandbox"}
    assert "embedded.procfile" in json.loads(text("railway.json"))["deploy"]["startCommand"]


def test_processes_are_stopped_in_the_documented_order() -> None:
    workers = [
        "worker-gate", "worker-default", "worker-train", "worker-infer", "worker-outreach",
        "worker-slow",
    ]  # fmt: skip

    waves = stop_waves(list(read_procfile(PROJECT / "Procfile")))

    assert waves == [["beat"], workers, ["web"], ["sandbox"]]


def test_one_process_can_be_run_by_name(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: echo $WHO listens\n")

    result = subprocess.run(
        [sys.executable, "-m", "embedded.procfile", "web"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "WHO": "somebody"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout == "somebody listens\n"


def test_procfile_with_a_bad_line_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("# list\nweb gunicorn\n")

    with pytest.raises(EmbeddedError, match="line 2: write `name: command`"):
        read_procfile(tmp_path / "Procfile")


def test_processes_are_chosen_by_name() -> None:
    commands = {"web": "a", "beat": "b", "sandbox": "c"}

    assert choose(commands, without=["sandbox"]) == {"web": "a", "beat": "b"}
    assert choose(commands, only=["beat"]) == {"beat": "b"}


def test_secret_in_a_file_counts_as_given(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://cache.example/0\n")

    assert (
        given({"REDIS_URL_FILE": str(tmp_path / "url")}, "REDIS_URL") == "redis://cache.example/0"
    )
    assert given({"REDIS_URL": ""}, "REDIS_URL") is None
