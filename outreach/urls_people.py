"""Paths of the pages of people."""

from __future__ import annotations

from django.urls import path

from outreach.views.people import audiences, contacts, imports, suppressions

urlpatterns = [
    path("outreach/contacts/", contacts.contacts, name="contacts"),
    path("outreach/contacts/add/", contacts.add, name="contact-add"),
    path("outreach/contacts/export.<slug:kind>", audiences.export_contacts, name="contacts-export"),
    path("outreach/contacts/bulk/", contacts.bulk, name="contacts-bulk"),
    path("outreach/contacts/<uuid:public_id>/", contacts.contact, name="contact"),
    path("outreach/contacts/<uuid:public_id>/journey/", contacts.journey, name="contact-journey"),
    path("outreach/contacts/<uuid:public_id>/export.json", contacts.export, name="contact-export"),
    path("outreach/contacts/<uuid:public_id>/do/<slug:action>/", contacts.act, name="contact-act"),
    path("outreach/imports/", imports.imports, name="contact-imports"),
    path("outreach/imports/<uuid:public_id>/", imports.contact_import, name="contact-import"),
    path("outreach/imports/<uuid:public_id>/check/", imports.check, name="contact-import-check"),
    path("outreach/imports/<uuid:public_id>/write/", imports.write, name="contact-import-write"),
    path(
        "outreach/imports/<uuid:public_id>/not-taken.csv",
        imports.bad_rows,
        name="contact-import-bad-rows",
    ),
    path("outreach/audiences/", audiences.audiences, name="audiences"),
    path("outreach/audiences/new/", audiences.new, name="audience-new"),
    path("outreach/audiences/draft/", audiences.draft, name="audience-draft"),
    path("outreach/audiences/<uuid:public_id>/", audiences.audience, name="audience"),
    path("outreach/audiences/<uuid:public_id>/save/", audiences.save, name="audience-save"),
    path(
        "outreach/audiences/<uuid:public_id>/archive/", audiences.archive, name="audience-archive"
    ),
    path(
        "outreach/audiences/<uuid:public_id>/export.<slug:kind>",
        audiences.export,
        name="audience-export",
    ),
    path(
        "outreach/audiences/<uuid:public_id>/off/<uuid:contact_id>/",
        audiences.take_off,
        name="audience-take-off",
    ),
    path("outreach/suppressions/", suppressions.suppressions, name="suppressions"),
    path("outreach/suppressions/add/", suppressions.add, name="suppression-add"),
    path("outreach/suppressions/<uuid:public_id>/lift/", suppressions.end, name="suppression-lift"),
]
