"""Paths of contacts, audiences and suppressions."""

from __future__ import annotations

from outreach.api import audiences, contact_imports, contacts, suppressions
from workspaces.api.routing import api_path

urlpatterns = [
    api_path("contacts/", contacts.Contacts.as_view(), "api-contacts"),
    api_path("contacts/<uuid:public_id>/", contacts.ContactDetail.as_view(), "api-contact"),
    api_path(
        "contacts/<uuid:public_id>/consent/", contacts.ContactConsent.as_view(), "api-consent"
    ),
    api_path("contacts/import/", contact_imports.ContactImports.as_view(), "api-contact-imports"),
    api_path(
        "contacts/import/<uuid:public_id>/",
        contact_imports.ContactImportDetail.as_view(),
        "api-contact-import",
    ),
    api_path(
        "contacts/import/<uuid:public_id>/write/",
        contact_imports.ContactImportWrite.as_view(),
        "api-contact-import-write",
    ),
    api_path("audiences/", audiences.Audiences.as_view(), "api-audiences"),
    api_path("audiences/preview/", audiences.AudiencePreview.as_view(), "api-audience-preview"),
    api_path("audiences/<uuid:public_id>/", audiences.AudienceDetail.as_view(), "api-audience"),
    api_path("suppressions/", suppressions.Suppressions.as_view(), "api-suppressions"),
    api_path(
        "suppressions/<uuid:public_id>/lift/",
        suppressions.SuppressionLift.as_view(),
        "api-suppression-lift",
    ),
]
