// The queue from the keyboard: j k move, x select, a sign, r reject, e edit, u undo, / search, ? help.
(function () {
  "use strict";

  const selected = new Set();
  let current = null; // public id of the row the keys act on
  let stood = -1; // which of the rows it was, for when it is gone from the queue
  let opener = null; // what had the focus before the drawer opened

  const byId = function (id) { return document.getElementById(id); };
  const rows = function () { return Array.from(document.querySelectorAll("tr[data-row]")); };
  const rowOf = function (id) { return id ? byId("row-" + id) : null; };
  const boxOf = function (row) { return row ? row.querySelector("input[name=pick]") : null; };

  function mark(id, takeFocus) {
    rows().forEach(function (row, at) {
      row.classList.toggle("cs-current", row.dataset.row === id);
      if (row.dataset.row === id) stood = at;
    });
    current = id;
    const link = id && byId("open-" + id);
    if (link && takeFocus) {
      link.focus({ preventScroll: true });
      rowOf(id).scrollIntoView({ block: "nearest" });
    }
  }

  function step(by) {
    const all = rows();
    if (!all.length) return;
    let at = all.findIndex(function (row) { return row.dataset.row === current; });
    // The next one moved up to where the one was that is gone.
    if (at < 0 && stood >= 0) at = by > 0 ? stood - 1 : stood;
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
    mark(all[Math.min(Math.max(next, 0), all.length - 1)].dataset.row, true);
  }

  function count() {
    const boxes = Array.from(document.querySelectorAll("input[name=pick]"));
    const on = boxes.filter(function (box) { return box.checked; });
    selected.clear();
    on.forEach(function (box) { selected.add(box.value); });
    const label = document.querySelector("[data-selected]");
    if (label) label.textContent = on.length ? on.length + " selected" : "Nothing selected";
    const all = document.querySelector("[data-select-all]");
    if (all) all.checked = boxes.length > 0 && on.length === boxes.length;
  }

  // A fresh table keeps what was picked, as long as the plan is the one that was picked.
  function restore() {
    document.querySelectorAll("input[name=pick]").forEach(function (box) {
      box.checked = selected.has(box.value);
    });
    if (current && !rowOf(current)) current = null;
    mark(current, false);
    count();
  }

  function submitBulk(decision) {
    const button = document.querySelector("#bulk button[value=" + decision + "]");
    if (button) button.click();
  }

  function inPanel(action) {
    const details = document.querySelector("#drawer details[data-action=" + action + "]");
    if (!details) return;
    details.open = true;
    // At once: the next key is a letter of the answer, and not a key of the queue.
    const field = details.querySelector("form input:not([type=hidden]), form select, form textarea");
    if (!field) return;
    field.focus();
    if (action === "edit" && field.select) field.select(); // what is typed takes the value's place
  }

  // Opens the row first where its panel does not stand beside the table yet.
  function withPanel(action) {
    const panel = document.querySelector("#drawer [data-panel]");
    if (panel && (!current || panel.dataset.panel === current)) {
      inPanel(action);
      return;
    }
    const asked = current;
    const link = asked && byId("open-" + asked);
    if (!link) return;
    link.click();
    window.countersignAhead(function () {
      const opened = document.querySelector("#drawer [data-panel]");
      if (opened && opened.dataset.panel === asked) inPanel(action);
    });
  }

  function sign() {
    if (selected.size) return submitBulk("sign");
    const form = current && rowOf(current) && rowOf(current).querySelector("form[data-sign]");
    const inDrawer = document.querySelector("#drawer form[action$='/sign/']");
    const chosen = form || (current ? null : inDrawer);
    if (chosen) chosen.requestSubmit();
  }

  function closeDrawer() {
    const drawer = byId("drawer");
    if (!drawer || drawer.classList.contains("cs-full") || !drawer.childElementCount) return;
    drawer.replaceChildren();
    remember("");
    const back = (current && byId("open-" + current)) || opener;
    if (back && back.isConnected) back.focus();
  }

  // The open proposal is part of the address, so that a reload or a link shows it again.
  function remember(id) {
    const address = new URL(window.location.href);
    if (id) address.searchParams.set("open", id);
    else address.searchParams.delete("open");
    window.history.replaceState(window.history.state, "", address);
  }

  const keys = {
    j: function () { step(1); },
    k: function () { step(-1); },
    x: function () {
      const box = boxOf(rowOf(current));
      if (box) { box.checked = !box.checked; count(); }
    },
    a: sign,
    r: function () { if (selected.size) submitBulk("reject"); else withPanel("reject"); },
    e: function () { withPanel("edit"); },
    u: function () { withPanel("undo"); },
    "/": function () { const field = byId("filter-q"); if (field) { field.focus(); field.select(); } },
    "?": function () { const help = byId("help"); if (help) help.showModal(); },
  };

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const isTyping = event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
    if (event.key === "Escape") {
      if (isTyping) event.target.blur();
      else closeDrawer();
      return;
    }
    if (isTyping || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-select-all]")) {
      document.querySelectorAll("input[name=pick]").forEach(function (box) { box.checked = event.target.checked; });
      count();
    } else if (event.target.matches("input[name=pick]")) count();
  });

  document.addEventListener("click", function (event) {
    const row = event.target.closest("tr[data-row]");
    if (row) mark(row.dataset.row, false);
    if (event.target.closest("[data-help]")) keys["?"]();
    const close = event.target.closest("[data-close]");
    if (!close) return;
    const dialog = close.closest("dialog");
    if (dialog || close.closest(".cs-drawer")) event.preventDefault();
    if (dialog) dialog.close();
    else if (close.closest(".cs-drawer")) closeDrawer();
  });

  document.addEventListener("focusin", function (event) {
    const row = event.target.closest("tr[data-row]");
    if (row && row.dataset.row !== current) mark(row.dataset.row, false);
  });

  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.target && event.detail.target.id === "drawer") opener = document.activeElement;
    // The table waits while somebody answers a question about it.
    if (event.detail.elt.id === "live" && document.querySelector("dialog[open]")) event.preventDefault();
  });

  document.addEventListener("htmx:afterSwap", function (event) {
    restore(); // at once: a key may come before htmx has settled
    const target = event.detail.target;
    if (target.id === "ask" && target.childElementCount && !target.open) {
      target.showModal();
      const field = target.querySelector("input:not([type=hidden])");
      if (field) field.focus();
    }
    if (target.id === "drawer") {
      const panel = target.querySelector("[data-panel]");
      if (!target.classList.contains("cs-full")) remember(panel ? panel.dataset.panel : "");
      const heading = target.querySelector("[data-focus]");
      if (heading) heading.focus();
    }
  });

  document.addEventListener("htmx:afterSettle", function () { restore(); });
  document.addEventListener("DOMContentLoaded", restore);
})();
