"""Paths of imports."""

from __future__ import annotations

from django.urls import path

from campaigns.views import imports

urlpatterns = [
    path("campaigns/import/", imports.import_list, name="campaigns-imports"),
    path("campaigns/import/<uuid:public_id>/", imports.import_run, name="campaigns-import"),
    path(
        "campaigns/import/<uuid:public_id>/progress/",
        imports.import_progress,
        name="campaigns-import-progress",
    ),
    path(
        "campaigns/import/<uuid:public_id>/bad-rows.csv",
        imports.import_bad_rows,
        name="campaigns-import-bad-rows",
    ),
]
