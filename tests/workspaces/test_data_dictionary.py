"""The data dictionary says what the models say."""

from __future__ import annotations

from django.apps import apps
from django.core.management import call_command

from workspaces.management.commands.data_dictionary import APPS, PATH, dictionary


def test_page_is_in_step_with_the_models():
    assert PATH.read_text() == dictionary(), "run manage.py data_dictionary"
    call_command("data_dictionary", check=True)


def test_every_table_and_column_is_named():
    text = dictionary()

    for label in APPS:
        for model in apps.get_app_config(label).get_models():
            assert f"`{model._meta.db_table}`" in text
    assert "| `daily_budget` | numeric(20, 6) | yes |" in text
    assert "### JobQueueHealth: `v_job_queue_health` (view)" in text
