"""The shop's pages: plain files with a few values filled in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from sandbox.shop.products import BY_SLUG, CURRENCY, KINDS, PRODUCTS, Product
from sandbox.store import Store
from sandbox.web import Answer, JsonObject, Request

FOLDER = Path(__file__).parent
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SETTINGS = ("base_url", "site_key")
SCRIPT = (
    '<script src="$base_url/ab.js?site=$site_key"></script>\n    '
    '<script defer src="$base_url/t.js" data-site="$site_key"></script>\n    '
    '<script defer src="$base_url/chat.js?site=$site_key"></script>'
)


def answer(store: Store, request: Request) -> Answer:
    """Answer a call below `/shop/`."""
    if request.method != "GET":
        return _html("", 405)
    parts = request.segments[1:]
    if len(parts) == 2 and parts[0] == "files":
        return _file(parts[1])
    if len(parts) == 2 and parts[0] == "products" and parts[1] in BY_SLUG:
        product = BY_SLUG[parts[1]]
        return _page(store, product.name, _product(product))
    page = _PAGES.get("/".join(parts))
    if page is None:
        return _page(store, "Not found", _template("missing.html").substitute(), status=404)
    title, main = page
    return _page(store, title, main())


def show_settings(store: Store) -> JsonObject:
    """Where the tracking script is, and the key of the site; empty where nobody has said."""
    return dict(_settings(store))


def set_settings(store: Store, given: JsonObject) -> JsonObject:
    """Keep `base_url` and `site_key`; without them the pages load no script.

    Raises
    ------
    ValueError : an unknown name, or a base URL that is none
    """
    for name in given:
        if name not in SETTINGS:
            raise ValueError(f"{name!r} is no setting of the shop; there is {', '.join(SETTINGS)}")
    base_url = str(given.get("base_url", "")).rstrip("/")
    parts = urlsplit(base_url)
    if base_url and not (parts.scheme in ("http", "https") and parts.netloc):
        raise ValueError(f"base_url: {base_url!r} is no address like http://localhost:8000")
    store.set_setting("shop_base_url", base_url)
    store.set_setting("shop_site_key", str(given.get("site_key", "")))
    return show_settings(store)


def _settings(store: Store) -> dict[str, str]:
    """What was set by a control call, else by the environment."""
    return {
        name: store.setting(f"shop_{name}") or os.environ.get(f"SHOP_{name.upper()}", "")
        for name in SETTINGS
    }


def _file(name: str) -> Answer:
    path = FOLDER / "files" / name
    if path.suffix not in TYPES or not path.is_file():
        return _html("", 404)
    return Answer(200, path.read_bytes(), {"Content-Type": f"{TYPES[path.suffix]}; charset=utf-8"})


def _page(store: Store, title: str, main: str, status: int = 200) -> Answer:
    known = _settings(store)
    is_set = known["base_url"] and known["site_key"]
    values = {name: escape(value) for name, value in known.items()}
    return _html(
        _template("base.html").substitute(
            title=escape(title),
            main=main,
            script=Template(SCRIPT).substitute(values) if is_set else "",
            catalogue=_catalogue(),
        ),
        status,
    )


def _home() -> str:
    kinds = "".join(
        f'<button type="button" data-kind="{kind}" aria-pressed="false">{kind.title()}</button>'
        for kind in KINDS
    )
    cards = "".join(_template("card.html").substitute(_values(product)) for product in PRODUCTS)
    return _template("home.html").substitute(kinds=kinds, cards=cards)


def _product(product: Product) -> str:
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in product.facts)
    others = "".join(
        _template("card.html").substitute(_values(other)) for other in PRODUCTS if other != product
    )
    return _template("product.html").substitute(_values(product), facts=facts, others=others)


def _values(product: Product) -> dict[str, str]:
    return {
        "slug": product.slug,
        "name": escape(product.name),
        "kind": product.kind,
        "line": escape(product.line),
        "text": escape(product.text),
        "price": f"{product.price}\N{NO-BREAK SPACE}€",
    }


def _catalogue() -> str:
    """What the cart needs of each product, as JSON that may stand in a script element."""
    known = {
        product.slug: {"name": product.name, "price": float(product.price)} for product in PRODUCTS
    }
    return json.dumps({"currency": CURRENCY, "products": known}).replace("<", "\\u003c")


def _plain(name: str) -> Callable[[], str]:
    return lambda: _template(name).substitute()


@cache
def _template(name: str) -> Template:
    return Template((FOLDER / "templates" / name).read_text(encoding="utf-8"))


def _html(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


_PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "": ("Train at home", _home),
    "cart": ("Your cart", _plain("cart.html")),
    "checkout": ("Checkout", _plain("checkout.html")),
    "thank-you": ("Thank you", _plain("thank_you.html")),
}
