"""Where each page of ``tests/page_table.py`` is opened in a browser."""

from __future__ import annotations

from django.urls import resolve

from tests.e2e.pages import MAIN_PAGES, MainPage

# Main pages that one comes to from another: the page's name in the table.
LEADS_TO = {
    "inbox-conversation": "inbox-conversation",
    "inbox-rating": "inbox-rate",
    "alert-rules": "alert-rules",
    "entity": "entity",
    "attribution-channel": "attribution",
    "website-session": "website-session",
    "funnel": "funnel",
    "experiment": "experiment",
    "experiment-won": "experiment",
    "experiment-editor": "experiment-edit",
    "practice": "practice",
    "outreach-report": "outreach-campaign",
    "outreach-plan": "outreach-campaign-edit",
    "outreach-texts": "outreach-campaign-edit",
    "outreach-message": "outreach-message",
    "contact": "contact",
    "contact-journey": "contact-journey",
    "audience": "audience",
    "contact-import": "contact-import",
    "social-funnel": "social-funnel",
    "template": "text",
    "template-versions": "text-versions",
}


def _other(name: str, path: str, person: str = "ada", **found: str) -> MainPage:
    return MainPage(name, path, "", person, **found)


# Pages that no picture shows, by their names in the table.
OTHER_PAGES = (
    _other("password_change", "/accounts/password/"),
    _other("password_reset", "/accounts/reset/", ""),
    _other("two-step", "/account/two-step/"),
    _other("start-workspace", "/start/workspace/"),
    _other("start-invite", "/start/invite/"),
    _other("connection-new", "/connections/new/meta/"),
    _other("connection-secret", "/connections/", follow="a[href$='/secret/']"),
    _other("text-new", "/outreach/texts/new/", "olga"),
    _other("social-funnel-new", "/social/funnels/new/", "olga"),
    _other("stage-values", "/stage-values/", "olga"),
    _other("funnel-edit", "/funnels/", follow="#found tbody a.cs-subject",
           then="main a[href$='/edit/']"),
    _other("practice-add", "/experiments/practices/add/", "olga"),
    _other("contact-add", "/outreach/contacts/add/", "olga"),
    _other("audience-new", "/outreach/audiences/new/", "olga"),
    _other("board", "/models/dashboards/roi-forecast/"),
    _other("approvals-proposal", "/approvals/", follow="tr.cs-row a[data-open]",
           then="#drawer a:has-text('own page')"),
    _other("accept-invitation", "/accounts/invitations/none/", ""),
    _other("password_reset_done", "/accounts/reset/sent/", ""),
    _other("password_reset_confirm", "/accounts/reset/MQ/none/", ""),
    _other("outreach-unsubscribe", "/o/u/none", ""),
    _other("outreach-preferences", "/o/preferences/none", ""),
    _other("inbox-missed", "/inbox/report/missed/"),
    _other("scenario-try", "/scenarios/try/"),
    _other("funnel-people", "/funnels/", follow="#found tbody a.cs-subject",
           then="#board a[href*='/people/']"),
)  # fmt: skip
# One of each kind of page that the admin makes by itself.
ADMIN_PAGES = (
    _other("admin-figures", "/admin/campaigns/dailyperformance/", ready="#changelist"),
    _other("admin-row", "/admin/campaigns/campaign/", follow="#result_list tbody a"),
    _other("admin-record", "/admin/workspaces/proposal/", follow="#result_list tbody a"),
    _other("admin-new", "/admin/workspaces/apikey/add/"),
)
# Pages with rows that the demo has none of, or that stand in another page, where they are seen.
NOT_OPENED = {
    "inbox-group": "the demo's drafts differ",
    "inbox-customer": "beside a conversation",
    "inbox-compose": "below a conversation",
    "inbox-file": "a refusal: the file is held",
    "outreach-click": "a refusal: the link is broken",
    "model": "the demo has trained no model",
    "model-try": "the demo has trained no model",
    "policies-trial": "the demo has tried no policy",
    "scenario": "the demo has kept no scenario",
}


def opened() -> set[str]:
    """Names of the table's pages that a browser opens."""
    plain = [one.path.partition("?")[0] for one in MAIN_PAGES if one.name not in LEADS_TO]
    return {
        *(str(resolve(path).url_name) for path in plain),
        *LEADS_TO.values(),
        *(one.name for one in OTHER_PAGES),
    }
