"""PostgreSQL's own programs on our database: `python -m embedded.client psql`.

The wheel's programs are of the server's version, which a `pg_dump` from elsewhere may not be.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from embedded.providers import find_postgres
from embedded.servers import ensure
from embedded.state import EmbeddedError, given, state_directory

PROJECT = Path(__file__).resolve().parents[1]


def run_program(name: str, *arguments: str) -> int:
    """Run `psql`, `pg_dump` or `pg_restore` on the database that the environment names, or ours."""
    state = state_directory(os.environ, project=PROJECT)
    with ensure(state, purpose=name) as servers:
        program = find_postgres().program(name)
        if not Path(program).is_file():
            raise EmbeddedError(f"PostgreSQL's program {name} is not in {Path(program).parent}.")
        # They set what holds for a session, which a pooler does not keep.
        url = given(os.environ, "DATABASE_DIRECT_URL") or servers.database_url
        command = [program, "--dbname", url, *arguments]
        return subprocess.run(command, check=False).returncode  # noqa: S603  # our own binaries


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("Use: python -m embedded.client psql|pg_dump|pg_restore [ARGUMENTS]")
    try:
        sys.exit(run_program(*sys.argv[1:]))
    except EmbeddedError as error:
        sys.exit(str(error))
