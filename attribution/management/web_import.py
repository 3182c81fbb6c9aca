"""What the commands share that read files of website events."""

from __future__ import annotations

import gzip
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TextIO, cast
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from attribution.engine.web_drafts import Draft, Skipped
from attribution.models import Site
from attribution.services.website.importing import base_of, import_events
from attribution.services.website.sites import SiteError
from workspaces.models import Workspace


class WebImportCommand(BaseCommand):
    """Reads a file, plain or gzipped, and says what became of it."""

    has_consent: ClassVar[bool | None] = None  # None: an option says it

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, which file, and when."""
        parser.add_argument("workspace", help="slug of the workspace")
        parser.add_argument("site", help="name or key of the website")
        parser.add_argument("file", type=Path, help="plain or gzipped")
        parser.add_argument("--url", default="", help="where its pages live; else the first origin")
        parser.add_argument(
            "--end-on", type=date.fromisoformat, metavar="DAY",
            help="move all times by whole days so that the newest event is of this day",
        )  # fmt: skip
        if self.has_consent is None:
            parser.add_argument(
                "--with-consent", action="store_true",
                help="the people of the file agreed to be known again",
            )  # fmt: skip

    @abstractmethod
    def drafts(
        self, lines: TextIO, base_url: str, workspace: Workspace, options: dict[str, Any]
    ) -> Iterable[Draft | Skipped]:
        """Events of the file."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, and say what there is now."""
        site = _site(options["workspace"], options["site"])
        try:
            base_url = base_of(site, options["url"])
        except SiteError as error:
            raise CommandError(str(error)) from error
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")

        def fresh() -> Iterator[Draft | Skipped]:
            with _opened(options["file"]) as lines:
                yield from self.drafts(lines, base_url, site.workspace, options)

        has_consent = options["with_consent"] if self.has_consent is None else self.has_consent
        done = import_events(
            site=site, drafts=fresh(), now=timezone.now(), has_consent=has_consent,
            moved=_shift(fresh(), options["end_on"]),
        )  # fmt: skip
        self.stdout.write(
            f"{done.accepted:,} events are new, {done.duplicates:,} were there;"
            f" {done.sessions:,} sessions were made."
        )
        for reason, count in done.skipped.most_common():
            self.stdout.write(f"  left out {count:,}: {reason.replace('_', ' ')}")
        for sample in done.samples:
            self.stdout.write(f"  as in: {sample}")


def _site(slug: str, given: str) -> Site:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(f"There is no workspace {slug!r}; known: {known}.")
    sites = Site.objects.filter(workspace=workspace).select_related("workspace")
    site = sites.filter(name=given).first() or sites.filter(key=given).first()
    if site is None:
        known = ", ".join(sites.order_by("name").values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no website {given!r} in {slug}; known: {known}.")
    return site


def _opened(path: Path) -> TextIO:
    """Text of a file; what is no UTF-8 is replaced, as servers write what clients sent."""
    with path.open("rb") as file:
        is_gzipped = file.read(2) == b"\x1f\x8b"
    if is_gzipped:
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8", errors="replace", newline=""))
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _shift(drafts: Iterable[Draft | Skipped], end_on: date | None) -> timedelta:
    if end_on is None:
        return timedelta(0)
    newest = max((UUID(one.event["id"]).int >> 80 for one in drafts if isinstance(one, Draft)),
                 default=None)  # fmt: skip
    if newest is None:
        return timedelta(0)
    return end_on - datetime.fromtimestamp(newest / 1000, UTC).date()
