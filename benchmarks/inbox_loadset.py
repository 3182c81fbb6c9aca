"""``python -m benchmarks.inbox_loadset``: years of an inbox, beside the load set.

It fills a workspace of its own in the database that ``manage.py`` uses, in parts that are committed
one by one: it can be stopped at any time, and the next run goes on.
"""

from __future__ import annotations

import argparse

from benchmarks.servers import standing_servers


def main() -> None:
    """Fill up to so many conversations; about seven messages belong to each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inbox_loadset", description=__doc__)
    parser.add_argument("--conversations", type=int, default=450_000)
    options = parser.parse_args()
    with standing_servers():
        from django.utils import timezone

        from benchmarks.inbox_rows import top_up

        top_up(options.conversations, now=timezone.now())


if __name__ == "__main__":
    main()
