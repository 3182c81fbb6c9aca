"""``manage.py data_dictionary``: write the table of all tables from the models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Field, ForeignKey, GeneratedField, Model

APPS = ("workspaces", "campaigns", "attribution", "experiments", "outreach", "inbox", "mlops")
PATH = Path(settings.BASE_DIR) / "docs" / "data-dictionary.md"

HEAD = """# Data dictionary

All tables of our own, column by column. `manage.py data_dictionary` writes this page from the
models; a test fails when the two differ.

Other names of our models: WebsiteVisitor = `Visitor`, WebsiteSession = `WebSession`,
WebsiteEvent = `WebEvent`, CustomerTouchpoint = `Touchpoint`, ConversionEvent = `Conversion`,
DailyCampaignPerformance = `DailyPerformance` summed to campaign and day.

Money is `numeric(20, 6)` beside its currency; moments are stored in UTC; a `day` of performance is
the platform's reporting day in the account's zone. Tables named `…event` beside a table of the same
name hold every state that a row had, written by triggers: who, when, and all its columns.
"""


class Command(BaseCommand):
    """Write or compare ``docs/data-dictionary.md``."""

    help = "Write docs/data-dictionary.md from the models."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--check`` compares only."""
        parser.add_argument(
            "--check", action="store_true", help="Fail when the page is out of date."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, or say what to do."""
        text = dictionary()
        if not options["check"]:
            PATH.write_text(text)
            self.stdout.write(f"Wrote {PATH.relative_to(settings.BASE_DIR)}.")
        elif not PATH.exists() or PATH.read_text() != text:
            self.stderr.write("docs/data-dictionary.md is out of date: run data_dictionary.")
            raise SystemExit(1)


def dictionary() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for label in APPS:
        config = apps.get_app_config(label)
        parts.append(f"\n## {config.verbose_name}\n")
        models = sorted(config.get_models(), key=lambda model: model.__name__)
        parts.extend(_table(model) for model in models if not _is_event(model))
        events = [model._meta.db_table for model in models if _is_event(model)]
        if events:
            names = ", ".join(f"`{name}`" for name in events)
            parts.append(f"\nRecorded states of: {names}.\n")
    return "".join(parts)


def _is_event(model: type[Model]) -> bool:
    return getattr(model, "pgh_tracked_model", None) is not None


def _table(model: type[Model]) -> str:
    kind = "" if model._meta.managed else " (view)"
    lines = [
        f"\n### {model.__name__}: `{model._meta.db_table}`{kind}\n",
        f"{_purpose(model)}\n",
        "| column | type | empty | meaning |",
        "|---|---|---|---|",
    ]
    lines += [_row(field) for field in model._meta.local_concrete_fields]
    return "\n".join(lines) + "\n"


def _purpose(model: type[Model]) -> str:
    return (model.__doc__ or "").strip().split("\n\n", maxsplit=1)[0].replace("\n    ", " ")


def _row(field: Field[Any, Any]) -> str:
    empty = "yes" if field.null else "no"
    return f"| `{field.column}` | {_type(field)} | {empty} | {_meaning(field)} |"


def _type(field: Field[Any, Any]) -> str:
    if isinstance(field, ForeignKey):
        return f"→ `{field.remote_field.model._meta.db_table}`"
    if isinstance(field, GeneratedField) and field.output_field:
        return f"{_type(field.output_field)}, computed"
    # The type alone: what depends on the server's version stays out of the page.
    names = {
        "AutoField": "integer", "BigAutoField": "bigint", "BigIntegerField": "bigint",
        "BooleanField": "boolean", "CharField": f"varchar({field.max_length})", "DateField": "date",
        "DateTimeField": "timestamptz", "DecimalField": _numeric(field), "EmailField": "varchar",
        "FileField": "varchar", "FloatField": "double precision", "IntegerField": "integer",
        "JSONField": "jsonb", "PositiveBigIntegerField": "bigint",
        "PositiveIntegerField": "integer", "PositiveSmallIntegerField": "smallint",
        "SlugField": "varchar", "SmallIntegerField": "smallint", "TextField": "text",
        "URLField": "varchar", "UUIDField": "uuid", "BinaryField": "bytea", "ArrayField": "array",
    }  # fmt: skip
    return names[field.get_internal_type()]


def _numeric(field: Any) -> str:
    digits, places = getattr(field, "max_digits", None), getattr(field, "decimal_places", None)
    return f"numeric({digits}, {places})"


def _meaning(field: Field[Any, Any]) -> str:
    text = str(field.help_text)
    if field.choices:
        choices = ", ".join(str(value) for value, _ in field.flatchoices if value)
        text = f"{text} One of: {choices}.".strip()
    return (text or str(field.verbose_name).capitalize()).replace("|", "\\|")
