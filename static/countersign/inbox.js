// The inbox from the keyboard: j k move, Enter open, x select, r reply, n note, a t s e act, z undo, / search, ? help.
(function () {
  "use strict";

  const selected = new Set();
  let current = null; // public id of the row the keys act on
  let stood = -1; // which of the rows it was, for when it is gone from the list

  const REACHED = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const byId = function (id) { return document.getElementById(id); };
  const shell = function () { return document.querySelector(".cs-inbox"); };
  const rows = function () { return Array.from(document.querySelectorAll("[data-row]")); };
  const rowOf = function (id) { return id ? byId("row-" + id) : null; };
  const openId = function () {
    const open = document.querySelector("[data-open-row]");
    return open ? open.dataset.openRow : null;
  };

  function mark(id, takeFocus) {
    rows().forEach(function (row, at) {
      row.classList.toggle("cs-current", row.dataset.row === id);
      row.classList.toggle("cs-inbox-opened", row.dataset.row === openId());
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
    let at = all.findIndex(function (row) { return row.dataset.row === (current || openId()); });
    // The next one moved up to where the one was that is gone.
    if (at < 0 && stood >= 0) at = by > 0 ? stood - 1 : stood;
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
    mark(all[Math.min(Math.max(next, 0), all.length - 1)].dataset.row, true);
  }

  function everything() {
    const box = document.querySelector("[data-select-everything]");
    return Boolean(box && box.checked);
  }

  function count() {
    const boxes = Array.from(document.querySelectorAll("#rows input[name=pick]"));
    boxes.forEach(function (box) { if (box.checked) selected.add(box.value); else selected.delete(box.value); });
    const label = document.querySelector("[data-selected]");
    if (label) {
      label.textContent = everything() ? "All results" : selected.size ? selected.size + " selected" : "Nothing selected";
    }
    const all = document.querySelector("[data-select-all]");
    if (all) all.checked = boxes.length > 0 && boxes.every(function (box) { return box.checked; });
    const form = byId("bulk");
    if (form) form.classList.toggle("cs-bulk-on", everything() || selected.size > 0);
  }

  // A fresh list keeps what was picked, as far as it still holds it.
  function restore() {
    const boxes = Array.from(document.querySelectorAll("#rows input[name=pick]"));
    const known = new Set(boxes.map(function (box) { return box.value; }));
    Array.from(selected).forEach(function (id) { if (!known.has(id)) selected.delete(id); });
    boxes.forEach(function (box) { box.checked = selected.has(box.value); });
    if (current && !rowOf(current)) current = null;
    mark(current, false);
    count();
  }

  function pane(name) {
    const place = shell();
    if (place) place.dataset.pane = name;
  }

  // Selected rows first, else what is open, else the row that is marked.
  function act(name) {
    const bulk = byId("bulk");
    if (bulk && (everything() || selected.size)) {
      bulk.querySelector("button[value=" + name + "]").click();
      return;
    }
    const isOpen = openId() && (!current || current === openId());
    const own = isOpen && document.querySelector("#open-acts button[value=" + name + "]");
    if (own) { own.click(); return; }
    const box = rowOf(current) && rowOf(current).querySelector("input[name=pick]");
    if (!box || !bulk) return;
    box.checked = true;
    count();
    bulk.querySelector("button[value=" + name + "]").click();
  }

  // Opens the marked row first where something else is open.
  function whenOpen(then) {
    const link = current && current !== openId() && byId("open-" + current);
    const asked = link ? current : openId();
    if (link) link.click();
    if (asked) window.countersignAhead(function () { if (openId() === asked) then(); });
  }

  function reply() {
    whenOpen(function () {
      const again = document.querySelector("[data-compose]");
      if (again && !byId("answer-text")) again.click();
      window.countersignAhead(function () { if (byId("answer-text")) byId("answer-text").focus(); });
    });
  }

  function note() {
    whenOpen(function () {
      const place = byId("note");
      if (!place) return;
      place.open = true;
      byId("note-text").focus();
    });
  }

  // Several ways back may stand on the page: z takes the one that came last.
  const known = new WeakSet();
  let latest = null;
  function noteUndo() {
    document.querySelectorAll("form[data-undo]").forEach(function (one) {
      if (!known.has(one)) latest = one;
      known.add(one);
    });
  }

  function undo() {
    noteUndo();
    const form = latest && latest.isConnected ? latest : document.querySelector("form[data-undo]");
    if (form) form.requestSubmit();
  }

  const keys = {
    j: function () { step(1); },
    k: function () { step(-1); },
    x: function () {
      const box = rowOf(current) && rowOf(current).querySelector("input[name=pick]");
      if (box) { box.checked = !box.checked; count(); }
    },
    r: reply,
    n: note,
    a: function () { act("assign"); },
    t: function () { act("tag"); },
    s: function () { act("snooze"); },
    w: function () { act("wait"); },
    e: function () { act("close"); },
    z: undo,
    "/": function () { const field = byId("filter-q"); if (field) { field.focus(); field.select(); } },
    "?": function () { const help = byId("help"); if (help) help.showModal(); },
  };

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // Elsewhere t goes to the menu's search, and whatever was typed next with it.
    if (event.key === "t") event.stopPropagation();
    if (event.key === "Enter" && event.target.matches("#ask select")) {
      // Browsers do not agree whether that sends a form.
      event.preventDefault();
      event.target.form.requestSubmit();
    }
    if (document.querySelector("dialog[open]")) return;
    const isTyping = event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
    if (event.key === ";" && event.target.id === "answer-text") {
      // Within a word it is a letter; at its beginning it opens the templates.
      const before = event.target.value.slice(0, event.target.selectionStart);
      if (before && !/\s$/.test(before)) return;
      event.preventDefault();
      const place = byId("templates");
      place.open = true;
      const field = byId("templates-q");
      if (field) field.focus();
      return;
    }
    if (event.key === "Enter" && event.target.matches("[data-templates-search]")) {
      // The first that is found, and not what is written so far.
      event.preventDefault();
      const found = document.querySelector("[data-template]:not([hidden]) [data-insert]");
      if (found) found.click();
      return;
    }
    if (event.key === "Escape") {
      if (isTyping) event.target.blur();
      else pane("list");
      return;
    }
    if (isTyping) return;
    const link = current && byId("open-" + current);
    if (event.key === "Enter" && link && !event.target.closest(REACHED)) link.click();
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-select-all]")) {
      document.querySelectorAll("#rows input[name=pick]").forEach(function (box) { box.checked = event.target.checked; });
      count();
    } else if (event.target.matches("#rows input[name=pick], [data-select-everything]")) count();
  });

  // A template goes where the cursor is, and the cursor behind it.
  function insert(text) {
    const field = byId("answer-text");
    const at = field.selectionStart;
    field.value = field.value.slice(0, at) + text + field.value.slice(field.selectionEnd);
    ["templates", "places"].forEach(function (id) { if (byId(id)) byId(id).open = false; });
    field.focus();
    field.setSelectionRange(at + text.length, at + text.length);
    keep(field);
  }

  // Words that were not sent yet stay in this tab, by conversation: a reload loses none.
  const wordsOf = function (id) { return "inbox-words:" + id; };
  function keep(field) {
    if (field.value) window.sessionStorage.setItem(wordsOf(field.dataset.words), field.value);
    else window.sessionStorage.removeItem(wordsOf(field.dataset.words));
  }
  function recall() {
    document.querySelectorAll("[data-words-sent]").forEach(function (one) {
      window.sessionStorage.removeItem(wordsOf(one.dataset.wordsSent));
    });
    const field = byId("answer-text");
    const kept = field && window.sessionStorage.getItem(wordsOf(field.dataset.words));
    if (kept && !field.value) field.value = kept;
  }

  document.addEventListener("click", function (event) {
    const row = event.target.closest("[data-row]");
    if (row) mark(row.dataset.row, false);
    if (event.target.closest("[data-help]")) keys["?"]();
    const to = event.target.closest("[data-pane-to]");
    if (to) { event.preventDefault(); pane(to.dataset.paneTo); }
    if (event.target.closest("[data-own-words]")) reply();
    const gone = event.target.closest("[data-remove]");
    if (gone) { gone.closest("[data-upload]").remove(); byId("answer-file").focus(); }
    const template = event.target.closest("[data-insert]");
    if (template) insert(template.dataset.body);
    const close = event.target.closest("[data-close]");
    const dialog = close && close.closest("dialog");
    if (dialog) { event.preventDefault(); dialog.close(); }
  });

  let typedAt = 0;
  document.addEventListener("input", function (event) {
    if (event.target.matches("[data-templates-search]")) {
      const words = event.target.value.toLowerCase();
      document.querySelectorAll("[data-template]").forEach(function (one) {
        one.hidden = !one.dataset.template.includes(words);
      });
    }
    if (event.target.id === "answer-text") keep(event.target);
    // Colleagues see that somebody types; told at most every five seconds.
    if (event.target.id === "answer-text" && Date.now() - typedAt > 5000 && byId("open-here")) {
      typedAt = Date.now();
      // From within the page: its token and workspace go along.
      window.htmx.ajax("POST", event.target.dataset.here, { source: shell(), target: "#open-here", values: { what: "typing" } });
    }
  });

  document.addEventListener("focusin", function (event) {
    const row = event.target.closest("[data-row]");
    if (row && row.dataset.row !== current) mark(row.dataset.row, false);
  });

  // Clocks go on between two answers of the server.
  function length(minutes) {
    if (minutes < 60) return Math.max(minutes, 1) + " min";
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return hours + " h" + (minutes % 60 ? " " + (minutes % 60) + " min" : "");
    return Math.floor(hours / 24) + " d" + (hours % 24 ? " " + (hours % 24) + " h" : "");
  }
  function tick() {
    document.querySelectorAll("[data-due]").forEach(function (one) {
      const left = (Date.parse(one.dataset.due) - Date.now()) / 60000;
      const words = left > 0 ? "due in " + length(Math.floor(left)) : length(Math.floor(-left)) + " over";
      if (one.textContent !== words) one.textContent = words;
      const clock = one.closest(".cs-clock");
      if (left <= 0) { clock.classList.remove("cs-clock-ok", "cs-clock-soon"); clock.classList.add("cs-clock-over"); }
    });
  }
  window.setInterval(tick, 20000);

  // Files: chosen or dropped, sent at once, told how far.
  const composer = function (event) { return event.target.closest && event.target.closest(".cs-composer"); };
  document.addEventListener("dragover", function (event) {
    if (composer(event) && byId("answer-file")) event.preventDefault();
  });
  document.addEventListener("drop", function (event) {
    const field = byId("answer-file");
    if (!composer(event) || !field || !event.dataTransfer.files.length) return;
    event.preventDefault();
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("htmx:xhr:progress", function (event) {
    const bar = byId("answer-progress");
    if (!bar || event.detail.elt !== byId("answer-file") || !event.detail.lengthComputable) return;
    bar.hidden = false;
    bar.value = 100 * event.detail.loaded / event.detail.total;
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.elt.id === "answer-file") {
      event.detail.elt.value = "";
      byId("answer-progress").hidden = true;
    }
    // What was signed is no edit any more.
    const edits = event.detail.successful && event.detail.elt.closest && event.detail.elt.closest("#open-drafts");
    if (edits) edits.querySelectorAll("textarea").forEach(function (one) { one.defaultValue = one.value; });
  });

  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.elt.matches(".cs-inbox-filters")) stood = -1;
  });

  document.body.addEventListener("inbox-done", function () {
    document.querySelectorAll("dialog[open]").forEach(function (one) { one.close(); });
    selected.clear();
    const box = document.querySelector("[data-select-everything]");
    if (box) box.checked = false;
    document.querySelectorAll("#rows input[name=pick]").forEach(function (one) { one.checked = false; });
    count();
    const place = byId("note");
    if (place && place.open) { place.open = false; byId("note-text").value = ""; }
    // What had the focus may be put away with them; keys would go on into it.
    const at = document.activeElement;
    if (!at || at.checkVisibility()) return;
    if (byId("open-title")) byId("open-title").focus({ preventScroll: true });
    else at.blur();
  });

  // Unfold writes a chosen file's name into a text field beside it; here there is none.
  function ownFiles() {
    const field = byId("answer-file");
    if (field) field.hasChangeListener = true;
  }

  function toEnd() {
    const story = document.querySelector(".cs-open-story");
    const last = story && story.querySelector(".cs-story > :last-child");
    if (last) last.scrollIntoView({ block: "end" });
  }

  document.addEventListener("htmx:afterSwap", function (event) {
    const target = event.detail.target;
    restore(); // at once: a key may come before htmx has settled
    ownFiles();
    if (target.id === "ask" && target.childElementCount && !target.open) {
      target.showModal();
      const field = target.querySelector("input:not([type=hidden]), select");
      if (field) field.focus();
    }
    if (target.id === "conversation") {
      pane("conversation");
      const heading = target.querySelector("[data-focus]");
      if (heading) heading.focus({ preventScroll: true });
      toEnd();
    }
  });

  // Who sent an answer, or took it back, goes on from there and not from the top of the page.
  function goOn(event) {
    if (event.detail.target.id !== "composer" || document.activeElement !== document.body) return;
    const next = byId("answer-text") || document.querySelector("#composer [data-undo] button");
    if (next) next.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:afterSettle", function (event) { restore(); recall(); noteUndo(); goOn(event); });
  document.addEventListener("DOMContentLoaded", function () { restore(); recall(); noteUndo(); if (openId()) toEnd(); });
})();
