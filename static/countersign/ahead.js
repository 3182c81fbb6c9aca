// Keys that are faster than the server: they wait for the answer, and act on what it brings.
(function () {
  "use strict";

  const LONGEST_MS = 10000; // then what waits is forgotten, and the keyboard acts at once again
  const MOST = 300;
  const NAMED = ["Enter", "Escape", "Tab", "Backspace", "ArrowUp", "ArrowDown"];
  const REACHED = "a[href], button:enabled, input:enabled:not([type=hidden], [type=radio]:not(:checked)), select:enabled, textarea:enabled, summary, iframe";

  const underway = new Set(); // answers that keys wait for
  const queue = []; // keys, and what comes before them

  // What a person asked for, and the parts that the next key may need. News that come by themselves hold up nobody.
  function isAwaited(sent) {
    if (sent.target.id === "composer" || sent.elt.id === "list") return true;
    const trigger = sent.requestConfig.triggeringEvent;
    if (!trigger || !["click", "submit"].includes(trigger.type) || sent.target.id === "answer-preview") return false;
    return sent.requestConfig.verb !== "get" || ["conversation", "list", "ask", "drawer", "queue"].includes(sent.target.id);
  }

  document.addEventListener("htmx:beforeSend", function (event) {
    if (!isAwaited(event.detail)) return;
    const xhr = event.detail.xhr;
    const over = function () { if (underway.delete(xhr)) release(); };
    underway.add(xhr);
    xhr.addEventListener("loadend", over); // comes after the answer stands on the page
    window.setTimeout(function () {
      if (underway.has(xhr)) queue.length = 0;
      over();
    }, LONGEST_MS);
  });

  function release() {
    while (queue.length && !underway.size) {
      const next = queue.shift();
      if (typeof next === "function") next();
      else replay(next);
    }
  }

  window.addEventListener("keydown", function (event) {
    if (!underway.size || !event.isTrusted || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.length > 1 && !NAMED.includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (queue.length < MOST) queue.push({ key: event.key, shiftKey: event.shiftKey });
  }, true);

  function replay(held) {
    const at = document.activeElement || document.body;
    const event = new KeyboardEvent("keydown", { key: held.key, shiftKey: held.shiftKey, bubbles: true, cancelable: true });
    if (at.dispatchEvent(event)) usual(at, held);
  }

  // What a browser does with a key by itself, it does not do with one that is played again.
  function usual(at, held) {
    const isText = at.matches("input, textarea") && at.selectionStart !== null;
    if (held.key === "Tab") tab(at, held.shiftKey);
    else if (held.key === "Escape") { const dialog = document.querySelector("dialog[open]"); if (dialog) dialog.close(); }
    else if (at.matches("textarea") && held.key === "Enter") type(at, "\n");
    else if (isText && held.key === "Backspace") rub(at);
    else if (isText && held.key.length === 1) type(at, held.key);
    else if (at.matches("input") && held.key === "Enter") submit(at.form);
    else if (at.matches("select")) choose(at, held.key);
    else if (at.matches("[type=radio]") && held.key.startsWith("Arrow")) turn(at, held.key);
    else if (at.matches("a[href]") ? held.key === "Enter" : ["Enter", " "].includes(held.key) && at.matches("button, summary, input")) at.click();
  }

  function told(at, what) { at.dispatchEvent(new Event(what, { bubbles: true })); }

  function type(at, text) {
    if (at.maxLength >= 0 && at.value.length >= at.maxLength) return;
    at.setRangeText(text, at.selectionStart, at.selectionEnd, "end");
    told(at, "input");
  }

  function rub(at) {
    const isEmpty = at.selectionStart === at.selectionEnd;
    at.setRangeText("", Math.max(at.selectionStart - (isEmpty ? 1 : 0), 0), at.selectionEnd, "end");
    told(at, "input");
  }

  function submit(form) {
    if (!form) return;
    const button = form.querySelector("button[type=submit]");
    if (button) button.click();
    else form.requestSubmit();
  }

  let begun = { select: null, text: "" };
  function choose(select, key) {
    const options = Array.from(select.options);
    let next = -1;
    if (key.startsWith("Arrow")) next = select.selectedIndex + (key === "ArrowDown" ? 1 : -1);
    else if (key.length === 1) {
      begun = { select: select, text: (begun.select === select ? begun.text : "") + key.toLowerCase() };
      next = options.findIndex(function (one) { return one.text.toLowerCase().startsWith(begun.text); });
    }
    if (!options[next] || options[next].disabled) return;
    select.selectedIndex = next;
    told(select, "change");
  }

  function turn(at, key) {
    const all = Array.from(document.querySelectorAll("input[type=radio]")).filter(function (one) {
      return one.form === at.form && one.name === at.name;
    });
    const next = all[(all.indexOf(at) + (key === "ArrowDown" ? 1 : all.length - 1)) % all.length];
    next.focus();
    next.click();
  }

  function tab(at, isBack) {
    const root = document.querySelector("dialog[open]") || document;
    const all = Array.from(root.querySelectorAll(REACHED)).filter(function (one) {
      const side = at.compareDocumentPosition(one);
      const isThere = isBack ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING;
      return one.checkVisibility() && side & isThere;
    });
    const next = isBack ? all[all.length - 1] : all[0];
    if (next) next.focus();
  }

  // Does something once what was asked for is there, before the keys that were pressed since.
  window.countersignAhead = function (what) {
    queue.unshift(what);
    release();
  };
  window.countersignAhead.isUnderway = function () { return underway.size > 0; };
})();
