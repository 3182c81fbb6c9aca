// Judging drafts from the keyboard: g good, b bad (asks why first).
(function () {
  "use strict";

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const form = document.querySelector("[data-audit]");
    if (!form || event.target.matches("input, textarea, select")) return;
    const why = form.querySelector("#why");
    const name = { g: "good", b: "bad" }[event.key];
    if (!name) return;
    event.preventDefault();
    if (name === "bad" && !why.value.trim()) {
      why.focus();
      return;
    }
    form.querySelector("button[value=" + name + "]").click();
  });

  // Enter in the reason means that there is one: it is bad.
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.target.id !== "why") return;
    event.preventDefault();
    if (event.target.value.trim()) document.querySelector("[data-audit] button[value=bad]").click();
  });
})();
