// Small behaviours of every page. Nothing here is needed to use a page, only to use it faster.
(function () {
  "use strict";

  function closePops(except) {
    document.querySelectorAll("details.cs-pop[open]").forEach(function (pop) {
      if (pop !== except) pop.open = false;
    });
  }

  document.addEventListener("click", function (event) {
    closePops(event.target.closest("details.cs-pop"));
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.cs-pop[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  // "/" leads to the search over everything, where a page has no search of its own to go to.
  document.addEventListener("keydown", function (event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target;
    if (at.isContentEditable || /^(input|select|textarea)$/i.test(at.tagName)) return;
    if (document.querySelector("#filter-q, #searchbar")) return;
    const field = document.getElementById("search-q") || document.getElementById("search-all");
    if (!field) return;
    event.preventDefault();
    if (field.offsetParent) {
      field.focus();
      field.select();
    } else {
      document.querySelector(".cs-find-link").click();
    }
  });

  // A popover that opens puts the cursor where the answer goes.
  document.addEventListener("toggle", function (event) {
    const pop = event.target;
    if (!pop.matches || !pop.matches("details.cs-pop, details.cs-ask") || !pop.open) return;
    const field = pop.querySelector("form input:not([type=hidden]), form select");
    if (field) field.focus();
  }, true);

  // What the server could not answer is said, not swallowed.
  function say(text) {
    const notes = document.getElementById("notes");
    if (!notes) return;
    const note = document.createElement("p");
    note.className = "cs-note cs-note-bad";
    note.textContent = text;
    notes.replaceChildren(note);
  }
  function isQuiet(event) {
    const source = event.detail.elt;
    return source && (source.id === "live" || source.id === "bell");
  }
  document.addEventListener("htmx:sendError", function (event) {
    if (!isQuiet(event)) say("The server cannot be reached. Check the connection and try again.");
  });
  document.addEventListener("htmx:responseError", function (event) {
    if (!isQuiet(event)) say("That did not work (" + event.detail.xhr.status + "). Reload the page and try again.");
  });
})();
