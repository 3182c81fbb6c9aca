// Countersign's website chat, served as /chat.js with the settings of a site in place of CONFIG.
// docs/inbox-chat.md says what it does and keeps.
//
//   <script defer src="https://ops.example/chat.js?site=KEY"></script>
//
// It is a guest on other people's pages: no cookie, no dependency, all of it in a shadow tree with
// styles of its own that a strict Content-Security-Policy allows (no inline style, nothing is
// evaluated, texts are texts). `make tracker` builds it and says its size.

((config, api = (self.countersign = self.countersign || {})) => {
  if (api.chat || !config.key) return; // included twice, the first one works

  const words = config.words;
  const door = new URL("/api/chat/" + config.key + "/", document.currentScript.src);
  const OPEN_MS = 2000;
  const CLOSED_MS = 15000;
  const SLOWEST_MS = 120000;
  const NAME = "countersign_chat_" + config.key;

  // --- What is kept: the token and what was not sent yet, for the next page. Where storage is
  // refused it lasts as long as the page does.
  const shelf = (() => {
    for (const name of ["localStorage", "sessionStorage"])
      try {
        const found = self[name];
        found.setItem(NAME + "_", "1");
        found.removeItem(NAME + "_");
        return found;
      } catch (_) {}
    const kept = {};
    return { getItem: (name) => kept[name], setItem: (name, value) => (kept[name] = value) };
  })();
  const read = () => {
    if (config.preview) return {};
    try {
      return JSON.parse(shelf.getItem(NAME)) || {};
    } catch (_) {
      return {};
    }
  };
  // `latest`: when the newest of ours was said that the visitor had before him.
  const keep = (change) => {
    if (config.preview) return;
    try {
      shelf.setItem(NAME, JSON.stringify(Object.assign(read(), change)));
    } catch (_) {}
  };
  // There with consent only, and kept by the tracking script.
  const visitor = () => {
    try {
      return localStorage.countersign_visitor_id || "";
    } catch (_) {
      return "";
    }
  };
  const newId = () => {
    const random = crypto.getRandomValues(new Uint8Array(16));
    random[6] = (random[6] & 15) | 64;
    random[8] = (random[8] & 63) | 128;
    return [...random]
      .map((one, place) => (/^(4|6|8|10)$/.test(place) ? "-" : "") + (one + 256).toString(16).slice(1))
      .join("");
  };

  // --- Elements
  const make = (tag, attributes, ...inside) => {
    const found = document.createElement(tag);
    for (const name in attributes) {
      const value = attributes[name];
      if (name.startsWith("on")) found.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) found.setAttribute(name, value);
    }
    found.append(...inside.filter((one) => one || one === 0));
    return found;
  };
  const drawn = (path) => {
    const place = "http://www.w3.org/2000/svg";
    const found = document.createElementNS(place, "svg");
    const line = document.createElementNS(place, "path");
    found.setAttribute("viewBox", "0 0 24 24");
    found.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    found.append(line);
    return found;
  };

  const host = make("div", { id: "countersign-chat" });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS.replace(/ACCENT/g, config.accent).replace(/INK/g, config.ink));
  root.adoptedStyleSheets = [sheet];

  const badge = make("span", { class: "badge", hidden: "" });
  const launcher = make(
    "button",
    { class: "launcher", type: "button", "aria-expanded": "false", "aria-controls": "panel", onclick: () => toggle() },
    drawn("M4 4h16v12H8l-4 4z"),
    badge,
  );
  const log = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": words.log, tabindex: "0" });
  const status = make("p", { class: "status", role: "status" });
  const text = make("textarea", { id: "text", rows: "2", maxlength: "4000", placeholder: words.write });
  const field = (id, type, autocomplete, more) => make("input", Object.assign({ id, type, maxlength: "200", autocomplete }, more));
  const hint = (words_) => ({ placeholder: words_ + " " + words.optional, "aria-label": words_ + " " + words.optional });
  const who = make(
    "div",
    { class: "who" },
    config.asks_name && field("name", "text", "name", hint(words.name)),
    config.asks_email && field("email", "email", "email", hint(words.email)),
    config.consent && make("p", { class: "small" }, config.consent),
  );
  const composer = make(
    "form",
    { class: "composer", onsubmit: (event) => (event.preventDefault(), submit()) },
    who,
    make(
      "div",
      { class: "line" },
      make("label", { for: "text", class: "sr" }, words.write),
      text,
      make("button", { class: "send", type: "submit" }, words.send),
    ),
  );
  const trap = make("input", { class: "trap", name: "website", tabindex: "-1", autocomplete: "off", "aria-hidden": "true" });
  const letter = make(
    "form",
    { class: "letter", hidden: "", onsubmit: (event) => (event.preventDefault(), write()) },
    make("p", {}, words.form),
    make("label", { for: "form-name" }, words.name),
    field("form-name", "text", "name"),
    make("label", { for: "form-email" }, words.email),
    field("form-email", "email", "email", { required: "" }),
    make("label", { for: "form-text" }, words.write),
    make("textarea", { id: "form-text", rows: "3", maxlength: "4000", required: "" }),
    trap,
    config.consent && make("p", { class: "small" }, config.consent),
    make("button", { class: "send", type: "submit" }, words.send),
    make("button", { class: "plain", type: "button", onclick: () => choose("chat") }, words.to_chat),
  );
  const toLetter = make(
    "button",
    { class: "plain", type: "button", hidden: "", onclick: () => choose("letter") },
    words.to_form,
  );
  const panel = make(
    "section",
    { id: "panel", class: "panel", role: "dialog", "aria-labelledby": "title", hidden: "" },
    make(
      "header",
      {},
      make("h2", { id: "title" }, config.title),
      make("button", { class: "close", type: "button", "aria-label": words.close, onclick: () => shut() }, "×"),
    ),
    log,
    status,
    toLetter,
    letter,
    composer,
  );
  root.append(panel, launcher);
  const $ = (id) => root.getElementById(id);

  // --- Messages, by id: each stands once, however often it is told.
  const rows = new Map();
  let isOpen = false;
  let unread = 0;
  let after = "";
  let timer = 0;
  let wait = CLOSED_MS;
  let busy = false;
  let again = false;
  let isThere = true;
  let quietUntil = 0;

  const clock = (at) => {
    try {
      return new Date(at).toLocaleTimeString(config.lang, { hour: "2-digit", minute: "2-digit" });
    } catch (_) {
      return "";
    }
  };
  const day = (at) => {
    try {
      return new Date(at).toLocaleString(config.lang, { weekday: "long", hour: "2-digit", minute: "2-digit" });
    } catch (_) {
      return new Date(at).toLocaleString();
    }
  };
  const put = (one) => {
    let row = rows.get(one.id);
    if (!row) {
      const words_ = make("p", { class: "words" });
      const note = make("p", { class: "note" });
      const element = make("div", { class: "message " + one.from }, words_, note);
      rows.set(one.id, (row = { element, words_, note }));
      log.append(element);
    }
    Object.assign(row, one);
    if (row.words_.textContent != row.text) row.words_.textContent = row.text;
    tell(row);
    down();
    return row;
  };
  // The newest is to be seen, also when the log gets smaller, unless somebody reads further up.
  let isDown = true;
  const down = () => isDown && (log.scrollTop = log.scrollHeight);
  log.addEventListener("scroll", () => (isDown = log.scrollHeight - log.scrollTop - log.clientHeight < 40));
  new ResizeObserver(() => down()).observe(log);
  const tell = (row) => {
    const parts = row.from == "us" ? [row.name, row.at && clock(row.at)] : [words[row.state] || "", row.at && clock(row.at)];
    const said = (row.why ? row.why + " " : "") + parts.filter(Boolean).join(" · ");
    row.element.classList.toggle("failed", row.state == "failed");
    if (row.said === said) return; // screen readers hear of what changes
    row.said = said;
    row.note.textContent = said;
    if (row.state == "failed" && !row.final)
      row.note.append(" ", make("button", { class: "plain", type: "button", onclick: () => retry(row) }, words.retry));
  };

  // --- Sending: one after the other, each under its own id, so that a retry never doubles it.
  let sending = Promise.resolve();
  const outbox = () => read().outbox || [];
  const drop = (id) => keep({ outbox: outbox().filter((one) => one.id != id) });
  const call = (path, options) =>
    fetch(new URL(path, door), Object.assign({ mode: "cors", credentials: "omit", cache: "no-store" }, options));
  const post = (path, body) => call(path, { method: "POST", body: JSON.stringify(body) }); // text/plain: no preflight
  const place = () => location.origin + location.pathname;

  const deliver = (row) => (sending = sending.then(() => attempt(row), () => attempt(row)));
  const attempt = async (row, again) => {
    if (row.state == "sent" || row.state == "seen") return;
    put({ id: row.id, state: "sending", why: "" });
    if (config.preview) return put({ id: row.id, state: "sent", at: Date.now() });
    let answer;
    try {
      answer = await post("messages", {
        id: row.id, text: row.text, page: place(), visitor: visitor() || undefined,
        token: read().token || undefined, name: row.name || undefined, email: row.email || undefined,
      });
      const told = await answer.json();
      if (answer.ok) {
        if (told.token) keep({ token: told.token });
        drop(row.id);
        put({ id: row.id, state: "sent", at: told.at });
        who.hidden = true;
        return plan(0);
      }
      if (answer.status == 401 && !again && read().token) {
        keep({ token: "" }); // it is not known any more: a new conversation begins
        return attempt(row, true);
      }
      const errors = told.errors || [];
      // What is refused for good is not tried again; 429 and our own faults are.
      const final = answer.status < 500 && answer.status != 429;
      if (final) drop(row.id);
      put({ id: row.id, state: "failed", final, why: final ? (errors[0] || {}).message || told.detail || "" : "" });
    } catch (_) {
      put({ id: row.id, state: "failed" });
    }
  };
  const retry = (row) => (deliver(row), text.focus());
  const submit = () => {
    const said = text.value.trim();
    if (!said) return text.focus();
    const value = (id) => (($(id) || {}).value || "").trim();
    const message = { id: newId(), text: said, name: value("name"), email: value("email") };
    for (const id of ["name", "email"])
      if ($(id) && !$(id).reportValidity()) return;
    text.value = "";
    keep({ outbox: outbox().concat(message) });
    deliver(put(Object.assign({ from: "you", state: "sending" }, message)));
    text.focus();
  };

  // --- The form, for who would rather be answered by mail. A retry keeps its id.
  const letters = new WeakMap();
  const sendLetter = async (form, values, show) => {
    const id = letters.get(form) || newId();
    letters.set(form, id);
    show(words.sending);
    try {
      const answer = config.preview ? { ok: true } : await post("form", Object.assign({ id, page: place(), visitor: visitor() || undefined }, values));
      if (answer.ok) {
        letters.delete(form);
        form.reset();
        return show(words.thanks);
      }
      const told = await answer.json();
      show(((told.errors || [])[0] || {}).message || told.detail || words.failed);
    } catch (_) {
      show(words.failed);
    }
  };
  const write = () =>
    sendLetter(
      letter,
      { name: $("form-name").value, email: $("form-email").value, text: $("form-text").value, website: trap.value },
      (said) => (status.textContent = said),
    );
  const choose = (what, quiet) => {
    letter.hidden = what != "letter";
    composer.hidden = what == "letter";
    log.hidden = what == "letter";
    toLetter.hidden = what == "letter" || isThere;
    if (!quiet) (what == "letter" ? $("form-name") : text).focus();
  };
  // A form of the page's own: <form data-countersign-form> with fields name, email and text.
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!form.matches || !form.matches("form[data-countersign-form]")) return;
      event.preventDefault();
      const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value == "string"));
      const out = form.querySelector("output,[role=status]") || form.appendChild(make("output", {}));
      sendLetter(form, { name: values.name, email: values.email, text: values.text, website: values.website }, (said) => (out.textContent = said));
    },
    true,
  );

  // --- Asking for news
  const plan = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(ask, delay);
  };
  const ask = async () => {
    if (config.preview) return;
    if (busy) return (again = true); // whoever asks just now does not know yet what was said since
    const token = read().token;
    if (!token && !isOpen) return; // who never wrote asks for nothing
    busy = true;
    again = false;
    let next = isOpen && !document.hidden ? OPEN_MS : CLOSED_MS;
    try {
      const query = "messages?after=" + encodeURIComponent(after);
      const answer = await call(query, token ? { headers: { "X-Chat-Token": token } } : {});
      if (answer.ok) {
        const news = take(await answer.json());
        // Closed and nothing new: less and less often.
        wait = news || isOpen ? CLOSED_MS : Math.min(wait * 1.25, SLOWEST_MS);
        if (!isOpen) next = wait;
        if (!token) next = SLOWEST_MS;
      } else {
        if (answer.status == 401) keep({ token: "" });
        else if (answer.status == 403 || answer.status == 404) return (busy = false); // switched off
        next = 1000 * (+answer.headers.get("Retry-After") || 0) || (wait = Math.min(wait * 2, SLOWEST_MS));
      }
    } catch (_) {
      next = wait = Math.min(wait * 2, SLOWEST_MS);
      if (isOpen) status.textContent = words.lost;
    }
    busy = false;
    plan(again ? 0 : next);
  };
  const take = (told) => {
    let news = 0;
    for (const one of told.messages) {
      if (!rows.has(one.id)) news++;
      // Who has just answered types no more.
      if (!rows.has(one.id) && one.from == "us") quietUntil = Date.now() + 8000;
      if (one.from == "us" && !rows.has(one.id) && Date.parse(one.at) > (read().latest || 0)) {
        if (isOpen && !document.hidden) keep({ latest: Date.parse(one.at) });
        else unread++;
      }
      const known = rows.get(one.id);
      const state = known && known.state == "seen" ? "seen" : "sent"; // told again, it stays seen
      put(one.from == "us" ? one : { id: one.id, from: "you", text: one.text, at: one.at, state });
    }
    if (told.after) after = told.after;
    if (told.seen) {
      const row = rows.get(told.seen);
      if (row && row.state == "sent") put({ id: row.id, state: "seen" });
    }
    isThere = told.is_there;
    if (read().token) who.hidden = true;
    const back = told.back_at ? words.back.replace("{at}", day(told.back_at)) : "";
    const said = told.is_typing && Date.now() > quietUntil ? words.typing : isThere ? "" : [config.offline, back].filter(Boolean).join(" ");
    if (letter.hidden && status.textContent != said) status.textContent = said;
    if (letter.hidden) toLetter.hidden = isThere;
    count();
    return news;
  };
  const count = () => {
    badge.hidden = !unread;
    badge.textContent = unread || "";
    launcher.setAttribute("aria-label", isOpen ? words.close : unread ? words.unread.replace("{n}", unread) : words.open);
  };

  // --- Open and shut
  const open = () => {
    if (isOpen) return;
    isOpen = true;
    panel.hidden = false;
    launcher.setAttribute("aria-expanded", "true");
    unread = 0;
    const ours = [...rows.values()].filter((row) => row.from == "us" && row.id != "hello");
    if (ours.length) keep({ latest: Math.max(...ours.map((row) => Date.parse(row.at))) });
    keep({ open: 1 });
    count();
    isDown = true;
    down();
    wait = CLOSED_MS;
    plan(0);
  };
  const shut = () => {
    if (!isOpen) return;
    isOpen = false;
    panel.hidden = true;
    launcher.setAttribute("aria-expanded", "false");
    keep({ open: 0 });
    count();
    launcher.focus();
    plan(CLOSED_MS);
  };
  const toggle = () => (isOpen ? shut() : (open(), text.focus()));

  panel.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the page's own keys are not meant
    if (event.key == "Escape") shut();
    if (event.key == "Enter" && !event.shiftKey && !event.isComposing && event.target == text) {
      event.preventDefault();
      submit();
    }
  });
  document.addEventListener("visibilitychange", () => document.hidden || (isOpen && take({ messages: [], is_there: isThere }), plan(0)));
  addEventListener("online", () => {
    wait = CLOSED_MS;
    outbox().forEach((one) => rows.has(one.id) && deliver(rows.get(one.id)));
    plan(0);
  });

  const start = () => {
    document.body.append(host);
    if (config.greeting) put({ id: "hello", from: "us", text: config.greeting, name: "" });
    choose("chat", true);
    const kept = read();
    if (kept.token) who.hidden = true;
    // What the last page could not send goes on here, under its own ids.
    (kept.outbox || []).forEach((one) => deliver(put(Object.assign({ from: "you", state: "sending" }, one))));
    count();
    if (kept.open && !config.preview) open();
    else plan(0);
  };
  api.chat = { open: () => (open(), text.focus()), close: shut };
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})(CONFIG);
