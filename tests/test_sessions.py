"""Nothing of ours but two locks outlives a transaction: a pooler may give each another session."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

APPS = ("campaigns", "attribution", "experiments", "outreach", "inbox", "mlops", "workspaces")
# These go past the pooler; the load set is made for benchmarks, straight on a server.
OWN_SESSION = {"workspaces/services/beat_lock.py", "workspaces/services/run_locks.py"}
BENCHMARK = {"campaigns/services/loadset.py", "campaigns/services/loadset_sql.py"}
TEMPORARY = re.compile(r"CREATE TEMP(?:ORARY)? TABLE\b.*?(?=\bAS\b|\"\"\"|\Z)", re.DOTALL)
LASTING = re.compile(
    r"pg_(?:try_)?advisory_lock|\bLISTEN\b|\bUNLISTEN\b|WITH HOLD|PREPARE TRANSACTION"
    r"|\bSET SESSION\b|\"SET (?!LOCAL)[a-z_]+ |set_config\([^)]*false\)"
)


def sources() -> dict[str, str]:
    root = Path(settings.BASE_DIR)
    files = (path for app in APPS for path in (root / app).rglob("*.py"))
    return {
        name: path.read_text(encoding="utf-8")
        for path in files
        if "/migrations/" not in (name := path.relative_to(root).as_posix())
        and name not in BENCHMARK
    }


def test_only_two_locks_need_a_session_of_their_own():
    assert {name for name, text in sources().items() if LASTING.search(text)} == OWN_SESSION


def test_every_temporary_table_ends_with_its_transaction():
    lasting = [
        (name, made.group())
        for name, text in sources().items()
        for made in TEMPORARY.finditer(text)
        if "ON COMMIT DROP" not in made.group()
    ]

    assert lasting == []
