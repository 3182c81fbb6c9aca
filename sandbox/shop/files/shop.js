// The shop: a cart in this browser, product pages that open without loading, and the privacy choice.
(() => {
  "use strict";

  const { currency, products } = JSON.parse(document.getElementById("catalogue").textContent);
  const find = (selector, within = document) => within.querySelector(selector);
  const money = (amount) => `${amount.toFixed(2)}\u00a0€`;
  const FREE_FROM = 40;
  const DELIVERY = 4.9;

  // The tracking script may be missing or blocked: a shop sells anyway.
  const tell = (name, properties) => window.countersign?.track(name, properties);

  const cart = {
    read: () => JSON.parse(localStorage.getItem("shop_cart") || "{}"),
    write(lines) {
      localStorage.setItem("shop_cart", JSON.stringify(lines));
      showCart();
    },
    sum: () =>
      Object.entries(cart.read()).reduce((sum, [sku, count]) => sum + products[sku].price * count, 0),
  };
  const total = () => cart.sum() + (cart.sum() < FREE_FROM ? DELIVERY : 0);

  function add(sku) {
    const lines = cart.read();
    lines[sku] = (lines[sku] || 0) + 1;
    cart.write(lines);
    tell("add_to_cart", { sku, value: products[sku].price, currency });
    find("#said").textContent = `${products[sku].name} is in the cart`;
  }

  function take(sku) {
    const { [sku]: _, ...lines } = cart.read();
    cart.write(lines);
    tell("remove_from_cart", { sku });
  }

  function line(sku, count) {
    const row = document.createElement("li");
    const name = document.createElement("a");
    name.href = `/shop/products/${sku}`;
    name.textContent = products[sku].name;
    const amount = document.createElement("span");
    amount.textContent = `${count} × ${money(products[sku].price)}`;
    const out = document.createElement("button");
    out.type = "button";
    out.className = "plain";
    out.dataset.take = sku;
    out.textContent = "Remove";
    out.setAttribute("aria-label", `Remove ${products[sku].name}`);
    row.append(name, amount, out);
    return row;
  }

  function showCart() {
    const lines = Object.entries(cart.read());
    find("#cart-count").textContent = lines.reduce((sum, [, count]) => sum + count, 0);
    if (!find("#cart-full")) return;
    find("#cart-empty").hidden = lines.length > 0;
    find("#cart-full").hidden = lines.length === 0;
    find("#cart-lines")?.replaceChildren(...lines.map(([sku, count]) => line(sku, count)));
    find("[data-sum]").textContent = money(cart.sum());
    find("[data-delivery]").textContent = cart.sum() < FREE_FROM ? money(DELIVERY) : "free";
    find("[data-total]").textContent = money(total());
  }

  function order(form) {
    const wrong = [...form.elements].find((field) => field.willValidate && !field.checkValidity());
    const error = find("#order-error");
    error.hidden = !wrong;
    if (wrong) {
      error.textContent = `${wrong.labels[0].textContent.trim()}: ${wrong.validationMessage}`;
      wrong.focus();
      return;
    }
    const number = `H-${Date.now().toString(36).toUpperCase()}`;
    const placed = { number, value: Math.round(total() * 100) / 100, items: Object.keys(cart.read()).length };
    sessionStorage.setItem("shop_order", JSON.stringify(placed));
    cart.write({});
    location.assign("/shop/thank-you");
  }

  function thank() {
    const placed = JSON.parse(sessionStorage.getItem("shop_order") || "null");
    if (!placed) return;
    find("[data-number]").textContent = placed.number;
    find("[data-total]").textContent = money(placed.value);
    find("#order-number").hidden = false;
    if (placed.told) return; // the page was loaded again
    tell("purchase", { value: placed.value, currency, order: placed.number, items: placed.items });
    sessionStorage.setItem("shop_order", JSON.stringify({ ...placed, told: true }));
  }

  function filter(kind) {
    document.querySelectorAll("[data-kind]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    });
    document.querySelectorAll(".cards [data-of]").forEach((card) => {
      card.hidden = Boolean(kind) && card.dataset.of !== kind;
    });
    history.replaceState({}, "", kind ? `?show=${kind}` : location.pathname);
    tell("filter", { kind: kind || "all" });
  }

  // Home and products change places without loading a page.
  async function open(address, push) {
    const answer = await fetch(address);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = next.title;
    if (push) history.pushState({}, "", address);
    const main = find("#main");
    main.replaceChildren(...find("#main", next).childNodes);
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  function choose(agrees) {
    localStorage.setItem("shop_consent", agrees ? "yes" : "no");
    find("#consent").hidden = true;
    window.countersign?.consent(agrees);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-stay]");
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (link && plain && find(".cards")) {
      event.preventDefault();
      open(link.href, true);
      return;
    }
    const button = event.target.closest("button");
    if (!button) return;
    const { add: added, take: taken, kind, consent } = button.dataset;
    if (added) add(added);
    if (taken) take(taken);
    if (kind !== undefined) filter(kind);
    if (consent) choose(consent === "yes");
    if (button.id === "consent-again") find("#consent").hidden = false;
  });
  addEventListener("popstate", () => {
    if (find(".cards")) open(location.href, false);
  });
  find("#order")?.addEventListener("submit", (event) => {
    event.preventDefault();
    order(event.target);
  });

  const choice = localStorage.getItem("shop_consent");
  if (choice) window.countersign?.consent(choice === "yes");
  else find("#consent").hidden = false;
  showCart();
  if (find("#order-number")) thank();
  if (find("#order") && cart.sum()) tell("begin_checkout", { value: Math.round(total() * 100) / 100, currency });
})();
