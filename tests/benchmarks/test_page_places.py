"""Which addresses the benchmark of every page opens."""

from __future__ import annotations

import pytest
from django.contrib import admin

from benchmarks.page_places import places
from tests.page_table import NONE, PAGES
from tests.workspaces.factories import WorkspaceFactory


@pytest.mark.django_db
def test_every_page_and_every_list_of_the_admin_is_named():
    found = {place.name: place for place in places(WorkspaceFactory(), "2026-11-23")}

    pages = {name.partition(":")[0] for name, (get, _) in PAGES.items() if get != NONE}
    assert pages <= set(found)
    assert {f"admin:{model._meta.label_lower}" for model in admin.site._registry} <= set(found)
    assert all(place.path or place.why for place in found.values())
