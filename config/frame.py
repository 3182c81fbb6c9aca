"""What stands around every page: names, icons, styles and the sidebar, as unfold wants them."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static

from config.navigation import SIDEBAR

FRAME: dict[str, Any] = {
    "SITE_TITLE": "Countersign",
    "SITE_HEADER": "Countersign",
    "SITE_SUBHEADER": "Machines propose, people countersign",
    "SITE_URL": "/home/",
    "SITE_ICON": lambda request: static("countersign/favicon.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("countersign/favicon.svg"),
        }
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "workspaces.context.environment_label",
    "DASHBOARD_CALLBACK": "workspaces.context.dashboard",
    "STYLES": ["/static/countersign/app.css"],
    "SCRIPTS": ["/static/countersign/app.js"],
    "SIDEBAR": SIDEBAR,
}
