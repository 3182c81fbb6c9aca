// News that come by themselves take nothing from somebody who reads or writes.
(function () {
  "use strict";

  const REACHED = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const byId = function (id) { return document.getElementById(id); };

  // News replace what somebody reads just now: what they opened stays open, and the focus where it was. Never on
  // what only stands in the same place: it would be signed unread.
  const held = new Map();
  function keyOf(one) {
    const form = one.closest("form");
    const plan = form && form.querySelector("[name=plan_sha256]");
    const place = one.closest("[id]");
    return [one.tagName, one.name, one.value, one.textContent.trim(), place && place.id, plan && plan.value].join("|");
  }
  function keep(target) {
    const isIn = target.contains(document.activeElement) && document.activeElement.matches(REACHED);
    held.set(target.id, {
      focus: isIn ? keyOf(document.activeElement) : null,
      opened: Array.from(target.querySelectorAll("details[open] > summary")).map(keyOf),
    });
  }
  function giveBack(id) {
    const kept = held.get(id);
    const fresh = byId(id);
    if (!kept || !fresh) return;
    held.delete(id);
    fresh.querySelectorAll("summary").forEach(function (one) {
      if (kept.opened.includes(keyOf(one))) one.parentElement.open = true;
    });
    const again = kept.focus && Array.from(fresh.querySelectorAll(REACHED)).find(function (one) { return keyOf(one) === kept.focus; });
    // Where it is gone, Tab goes on in the conversation and not from the top of the page.
    const next = again || (kept.focus && byId("open-title"));
    if (next && !fresh.contains(document.activeElement)) next.focus({ preventScroll: true });
  }
  document.addEventListener("htmx:oobBeforeSwap", function (event) { keep(event.detail.target); });
  document.addEventListener("htmx:oobAfterSwap", function (event) { giveBack(event.detail.target.id); });
  document.addEventListener("htmx:afterSwap", function (event) { if (event.detail.target.id === "list") giveBack("list"); });

  // The list waits while somebody answers a question about it, or writes into its search or chooses a filter.
  function isChanged(field) {
    if (field.matches("select")) return field.value !== (field.querySelector("[selected]") || field.options[0]).value;
    return field.matches("input:not([type=hidden])") && field.value !== field.defaultValue;
  }
  function isAsking() {
    const form = document.activeElement && document.activeElement.closest(".cs-inbox-filters");
    return Boolean(form) && Array.from(form.elements).some(isChanged);
  }
  document.addEventListener("htmx:beforeRequest", function (event) {
    const isAsked = document.querySelector("dialog[open]") || isAsking();
    if (event.detail.elt.id === "live" && isAsked) event.preventDefault();
  });
  // News wait as well while something is on its way that a person asked for: an answer finds its place from the form
  // that asked, and where news have replaced that, what was done would be told to nobody.
  document.addEventListener("htmx:beforeSwap", function (event) {
    const from = event.detail.requestConfig.elt.id;
    const isBusy = window.countersignAhead.isUnderway();
    if (from === "live" && (isBusy || isAsking())) event.detail.shouldSwap = false; // asked for again in two seconds
    else if (from === "live" && event.detail.shouldSwap) keep(byId("list"));
    if (from !== "open-news" || !isBusy) return;
    event.detail.shouldSwap = false;
    window.countersignAhead(function () { window.htmx.trigger(document.body, "inbox-news"); });
  });

  // A draft that somebody puts into other words just now stays as it is.
  document.addEventListener("htmx:oobBeforeSwap", function (event) {
    if (event.detail.target.id !== "open-drafts") return;
    const isEdited = Array.from(event.detail.target.querySelectorAll("textarea")).some(function (one) {
      return one.value !== one.defaultValue;
    });
    if (isEdited) event.detail.shouldSwap = false;
  });
})();
