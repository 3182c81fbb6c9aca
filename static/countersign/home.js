// Lists of links from the keyboard: j and k move, Enter opens, as links do.
(function () {
  "use strict";

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key !== "j" && event.key !== "k") return;
    const at = event.target;
    if (at.isContentEditable || /^(input|select|textarea)$/i.test(at.tagName)) return;
    const all = Array.from(document.querySelectorAll("a[data-step]"));
    if (!all.length) return;
    const here = all.indexOf(document.activeElement);
    const by = event.key === "j" ? 1 : -1;
    const next = here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1);
    event.preventDefault();
    all[next].focus();
  });

  // A fresh page keeps the place: the link that had the focus gets it back.
  let place = "";
  document.addEventListener("htmx:beforeSwap", function () {
    const at = document.activeElement;
    place = at && at.matches("a[data-step]") ? at.getAttribute("href") : "";
  });
  document.addEventListener("htmx:afterSettle", function () {
    if (!place || document.activeElement !== document.body) return;
    const same = Array.from(document.querySelectorAll("a[data-step]")).find(function (link) {
      return link.getAttribute("href") === place;
    });
    if (same) same.focus();
  });
})();
