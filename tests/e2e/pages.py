"""The main pages, as the accessibility tests and the screenshots visit them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.e2e.conftest import APP, PTD, REAL


@dataclass(frozen=True)
class MainPage:
    """A page, who looks at it, and what a picture of it shows."""

    name: str
    path: str
    shows: str
    person: str = "amir"
    workspace: str = PTD
    follow: str = ""  # a selector: the first match is clicked
    then: str = ""  # another one, on the page that this leads to
    words: str = ""  # an address in the words of that page, which goes on there
    ready: str = "h1"  # a selector that is visible when the page is


MAIN_PAGES = (
    MainPage(
        "home",
        "/home/",
        "What waits, what changed since yesterday, money at stake, health.",
        ready="#home-waits",
    ),
    MainPage(
        "search",
        "/search/?q=an",
        "One search over everything: people, ads, changes, conversations, pages.",
        ready="#found h2",
    ),
    MainPage(
        "approvals",
        "/approvals/",
        "The queue: what waits for a signature, riskiest first.",
        ready="tr.cs-row",
    ),
    MainPage(
        "drawer",
        "/approvals/",
        "One change beside the queue: reason, evidence, checks.",
        follow="tr.cs-row:has(.cs-change) a[data-open]",
        ready="#drawer h2",
    ),
    MainPage(
        "proposal",
        "/approvals/?tab=done",
        "An executed change, opened: what was predicted, signed and done.",
        follow="tr.cs-row:has(.cs-state-executed) a[data-open]",
        ready="#drawer h2",
    ),
    MainPage(
        "approvals-real",
        "/approvals/",
        "The queue of the workspace that holds a real export.",
        workspace=REAL,
        ready="tr.cs-row",
    ),
    MainPage(
        "execution",
        "/approvals/execution/",
        "What runs, waits for its moment, or failed.",
        ready=".cs-panel h2",
    ),
    MainPage(
        "undo-many",
        "/approvals/undo/",
        "Undo everything of one proposer since a moment.",
        ready="#undo-proposer",
    ),
    MainPage("inbox-report", "/inbox/report/", "How fast people were answered, and what was kept."),
    MainPage("inbox", "/inbox/", "What people wrote, the costliest to wait for first."),
    MainPage(
        "inbox-conversation",
        "/inbox/?view=awaiting&channel=email",
        "One conversation: its story, a draft that waits, the composer, who it is.",
        "agnes",
        follow="#rows a[data-open]",
        ready="#answer-text",
    ),
    MainPage("inbox-drafts", "/inbox/drafts/", "Drafts that say nearly the same, signed together."),
    MainPage(
        "inbox-rating",
        "/inbox/?q=one+click+tells",
        "What a link in a message leads to: how it was, without log-in.",
        follow="#rows a[data-open]",
        words=r"/r/[\w.-]+",
        ready="input[name=score]",
    ),
    MainPage(
        "inbox-automation",
        "/inbox/automation/",
        "What may be answered without a signature, and what speaks for it.",
    ),
    MainPage("inbox-people", "/inbox/people/", "Two contacts that may be one person, and why."),
    MainPage("inbox-audit", "/inbox/audit/", "Drafts to judge without knowing what went out."),
    MainPage(
        "inbox-chat",
        "/inbox/chat/",
        "The chat of a website: its words, its look, what to paste, and a preview.",
        ready="#countersign-chat .launcher",
    ),
    MainPage("inbox-assignment", "/inbox/assignment/", "Rules of who gets what, and who is there."),
    MainPage("inbox-desk", "/inbox/desk/", "What an agent can do, and whether they are there."),
    MainPage("inbox-settings", "/inbox/settings/", "Switches, promises and hours of the inbox."),
    MainPage("overview", "/dashboards/", "Whether advertising earns what it costs, by channel."),
    MainPage(
        "executive",
        "/dashboards/executive/",
        "What growth costs and returns, what comes next, what waits for a signature.",
        ready=".cs-kpis",
        workspace=APP,
    ),
    MainPage(
        "organic",
        "/dashboards/organic/",
        "Who comes without an ad, who stays, and whether ads have to do with it.",
        workspace=APP,
    ),
    MainPage(
        "growth-funnel",
        "/dashboards/funnel/",
        "From an impression to somebody who came back and paid.",
        ready=".cs-funnel",
        workspace=APP,
    ),
    MainPage(
        "paid-media",
        "/dashboards/paid-media/?tab=campaign",
        "What each campaign cost and brought, with its spend by day.",
        ready="svg.cs-spark",
    ),
    MainPage(
        "scenarios",
        "/scenarios/",
        "What a plan of budgets would bring, beside the present one, by fitted curves.",
        ready=".cs-curve",
    ),
    MainPage(
        "budget",
        "/models/budget/",
        "The best split of the money over the channels, beside the present one, and its method.",
        ready="#result table",
    ),
    MainPage(
        "policies",
        "/models/budget/policies/",
        "What another policy of the sampler would have earned, told from its ledger.",
        ready="#policy",
    ),
    MainPage(
        "signals",
        "/dashboards/signals/",
        "What changed in the figures, with the money of it and what to do.",
        ready="#list",
        workspace=APP,
    ),
    MainPage(
        "ledger",
        "/ledger/",
        "What was carried out, of every kind: by whom, from what to what, and what came of it.",
        ready=".cs-table",
    ),
    MainPage(
        "ledger-explain",
        "/ledger/explain/",
        "What may have changed a figure: its change of level, and what happened before it, ranked.",
        ready=".cs-page",
    ),
    MainPage(
        "agents",
        "/agents/",
        "What agents suggest, with what became of each recommended action.",
        ready="#list",
    ),
    MainPage(
        "scorecards",
        "/agents/scorecards/",
        "How proposals of agents, models, rules and people fared.",
        ready=".cs-table",
    ),
    MainPage(
        "alerts",
        "/dashboards/alerts/",
        "Which lines the figures have crossed, the gravest first.",
        ready="#list tr.cs-row",
        workspace=APP,
    ),
    MainPage(
        "alert-rules",
        "/dashboards/alerts/rules/",
        "Where the lines are, and an admin's forms to move them.",
        person="ada",
        follow="main summary.cs-button",
        ready="main form.cs-filters",
    ),
    MainPage("campaigns", "/campaigns/", "All campaigns with their last 28 days."),
    MainPage(
        "entity",
        "/campaigns/",
        "One campaign: figures, charts, history, and a change to propose.",
        follow="main a[href*='/campaigns/campaign/']",
        ready=".cs-charts-wide",
    ),
    MainPage(
        "policy",
        "/policy/",
        "The safety policy and its versions.",
        person="ada",
        ready="#policy-form",
    ),
    MainPage("calibration", "/calibration/", "Predicted against realised effects."),
    MainPage(
        "attribution",
        "/dashboards/attribution/",
        "What earned the conversions: models side by side, journeys, countries.",
        ready=".cs-models",
    ),
    MainPage(
        "attribution-channel",
        "/dashboards/attribution/",
        "The campaigns of one channel under every model.",
        follow=".cs-models a[href*='channel=meta']",
        ready=".cs-crumbs",
    ),
    MainPage(
        "cohorts",
        "/dashboards/attribution/cohorts/",
        "What became of users, by channel, country and week of their install.",
        workspace=APP,
    ),
    MainPage(
        "website",
        "/website/",
        "Who came to the website, from where, what they saw and did.",
        ready=".cs-cards",
    ),
    MainPage(
        "website-pages",
        "/website/?tab=page",
        "One table of the website: its pages, searched and sorted.",
        ready=".cs-models",
    ),
    MainPage(
        "website-session",
        "/website/",
        "One session, page by page.",
        follow="main a[href*='/website/sessions/']",
        ready=".cs-timeline",
    ),
    MainPage("funnels", "/funnels/", "How many get through each funnel, and where most are lost."),
    MainPage(
        "funnel",
        "/funnels/",
        "One funnel: steps, trend, breakdown, times.",
        follow="#found tbody a.cs-subject",
        ready="#board .cs-filters",
    ),
    MainPage(
        "recommendations",
        "/website/recommendations/",
        "What to change on a website, most recoverable conversions first.",
        ready="section.cs-card h3",
    ),
    MainPage(
        "funnel-builder",
        "/funnels/new/",
        "The funnel builder, with counts as one types.",
        ready="#funnel-form",
    ),
    MainPage(
        "ml-dashboards",
        "/models/dashboards/",
        "What models expect of each channel, drawn every half hour.",
        ready="#board",
    ),
    MainPage(
        "models",
        "/models/",
        "Which version of each model serves, and what it is measured at.",
        workspace=APP,
        ready="section.cs-card h2",
    ),
    MainPage(
        "winners",
        "/models/winners/",
        "Ads that did well, searched by what they say.",
        ready="h1",
    ),
    MainPage("experiments", "/experiments/", "Tests of pages and ads, and where each stands."),
    MainPage(
        "experiment",
        "/experiments/?q=Price+by",
        "A test that runs: its decision, metrics with intervals, the split, how the lift went.",
        follow="main tbody a.cs-subject",
        ready="section[aria-label=Decision]",
    ),
    MainPage(
        "experiment-won",
        "/experiments/?tab=over",
        "A test that was won: its roll-out, with the claimed and the realised lift.",
        follow="main tbody a.cs-subject",
        ready="section[aria-label=Roll-out]",
    ),
    MainPage(
        "experiment-editor",
        "/experiments/?tab=drafts&q=Yearly",
        "A draft before its start: variants with preview, metrics, the checklist.",
        person="olga",
        follow="main tbody a.cs-subject",
        ready="main h2",
    ),
    MainPage(
        "experiment-new",
        "/experiments/new/",
        "A test begins with a hypothesis.",
        ready="#idea-name",
    ),
    MainPage("practices", "/experiments/practices/", "What works, and what to test next."),
    MainPage(
        "practice",
        "/experiments/practices/",
        "A practice with the tests that speak of it and how sure it is.",
        follow="main tbody a.cs-subject",
        ready="main h2",
    ),
    MainPage(
        "practice-check",
        "/experiments/practices/check/?headline=LAST+CHANCE%21+Everything+must+go+now",
        "A draft, held against what did best.",
        ready="#findings h2",
    ),
    MainPage(
        "outreach-campaign-new",
        "/outreach/campaigns/new/",
        "A campaign begins with its name and purpose.",
        ready="#about-name",
    ),
    MainPage("outreach-campaigns", "/outreach/campaigns/", "Campaigns of messages."),
    MainPage(
        "outreach-report",
        "/outreach/campaigns/?tab=over&q=November",
        "What became of a campaign: its funnel, channels, variants, days, cost and revenue.",
        follow="main tbody a.cs-subject",
        ready="main section table",
    ),
    MainPage(
        "outreach-plan",
        "/outreach/campaigns/?q=Winter",
        "A send that waits for its signature: who gets it, who does not and why, what to expect.",
        follow="main tbody a.cs-subject",
        ready="main h2",
    ),
    MainPage(
        "outreach-texts",
        "/outreach/campaigns/?q=Winter",
        "A step of the builder: what each channel says, and when.",
        "olga",
        follow="main tbody a.cs-subject",
        then="main a[href$='/edit/texts/']",
        ready="#texts-test",
    ),
    MainPage("outreach-messages", "/outreach/messages/", "Every message, with its proof."),
    MainPage(
        "outreach-message",
        "/outreach/messages/",
        "One message: what was sent, why it was allowed, what happened, by whose signature.",
        follow="main tbody a.cs-subject",
        ready="main h2",
    ),
    MainPage("contacts", "/outreach/contacts/", "Everybody who may be written to, and how."),
    MainPage(
        "contact",
        "/outreach/contacts/?q=Wren",
        "One person: addresses, consent with its proof, messages.",
        follow="main tbody a.cs-subject",
        ready="main h2",
    ),
    MainPage(
        "contact-journey",
        "/outreach/contacts/?q=Wren",
        "What attribution knows of one person: touches before each conversion, and since.",
        follow="main tbody a.cs-subject",
        then="main a[href$='/journey/']",
        ready="main .cs-crumbs",
    ),
    MainPage("audiences", "/outreach/audiences/", "Who messages go to, counted."),
    MainPage(
        "audience",
        "/outreach/audiences/",
        "The rules of an audience, counted as one edits.",
        person="olga",
        follow="main tbody a.cs-subject",
        ready="main h2",
    ),
    MainPage("contact-imports", "/outreach/imports/", "Files of contacts.", "olga"),
    MainPage(
        "contact-import",
        "/outreach/imports/",
        "What became of each row of a file.",
        "olga",
        follow="main tbody a.cs-subject",
        ready="main h2",
    ),
    MainPage("suppressions", "/outreach/suppressions/", "Who is not written to, and why."),
    MainPage("outreach-tasks", "/outreach/tasks/", "What people have to do about messages."),
    MainPage(
        "outreach-deliverability",
        "/outreach/deliverability/",
        "Complaints and bounces against their lines, by domain.",
        ready="main h2",
    ),
    MainPage(
        "outreach-channels",
        "/outreach/channels/",
        "Each channel: by what it sends, its price, and what the law lets it do.",
        "ada",
        ready="main h2",
    ),
    MainPage("social", "/social/", "Posts of all networks, with what they got."),
    MainPage("social-engagement", "/social/?tab=engagement", "What people do, and how they feel."),
    MainPage("social-advocates", "/social/?tab=advocates", "Who speaks for us, scored."),
    MainPage("social-funnels", "/social/?tab=funnels", "Funnels, from the comment to the sale."),
    MainPage(
        "social-funnel",
        "/social/?tab=funnels",
        "One funnel: its report, whom it answers and with what.",
        "olga",
        follow="main tbody a.cs-subject",
        ready="main h2",
    ),
    MainPage("social-insights", "/social/?tab=insights", "When, what and to whom to post."),
    MainPage("schedules", "/schedules/", "What runs by itself.", "ada", ready="table.cs-table"),
    MainPage("import", "/campaigns/import/", "Imports of daily figures.", ready="input[type=file]"),
    MainPage("accounts", "/campaigns/accounts/", "Ad accounts and how fresh they are.", "ada"),
    MainPage("start", "/start/", "What to do next in a workspace.", "ada"),
    MainPage("account", "/account/", "Your profile, workspaces, sessions.", "ada"),
    MainPage("notices", "/notices/", "What you were told."),
    MainPage("connections", "/connections/", "Connections to platforms.", "ada"),
    MainPage("admin", "/admin/", "The admin's first page.", "ada", ready="h1"),
    MainPage(
        "admin-list",
        "/admin/workspaces/proposal/",
        "A list in the admin.",
        "ada",
        ready="#changelist",
    ),
    MainPage("templates", "/outreach/texts/", "Texts of messages, by state, with their rates."),
    MainPage(
        "template",
        "/outreach/texts/",
        "A text being written, how it looks, and what the checks say.",
        follow=".cs-cards h3 a",
        ready="#look-title",
    ),
    MainPage(
        "template-versions",
        "/outreach/texts/",
        "What a text said before, how each version fared, and taking a change back.",
        follow=".cs-cards h3 a",
        then="main a[href$='/versions/']",
        ready="main h3",
    ),
    MainPage("log-in", "/accounts/login/", "Logging in.", "", ready="input[name=username]"),
)


def show(page: Page, shown: MainPage) -> None:
    """Go there, and wait until everything stands."""
    page.goto(shown.path)
    if shown.follow:
        page.locator(shown.follow).first.click()
    if shown.then:
        page.locator(shown.then).first.click()
    if shown.words:
        place = page.get_by_text(re.compile(shown.words)).first
        (path,) = re.findall(shown.words, place.inner_text())[:1]
        page.goto(path)
    expect(page.locator(shown.ready).first).to_be_visible()
    page.wait_for_load_state("load")
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => true)")
