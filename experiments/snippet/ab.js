// Countersign's script for A/B tests, served as /ab.js with the tests of a site in place of CONFIG.
// docs/experiments-website.md says what it does and keeps.
//
//   <script src="https://ops.example/ab.js?site=KEY"></script>
//
// It blocks, in the head, so that changes are made before anything is drawn: an observer hears of
// new elements before the browser paints them. It loads nothing, throws nothing at the page and
// stays below 1000 bytes gzipped. `make tracker` builds it and says its size.

((tests, api = (self.countersign = self.countersign || {})) => {
  if (api.ab) return; // included twice, the first one works

  let { href, search, pathname, hash } = location;
  let here = pathname + search;
  let asked = unescape(search) + "&";
  let kept = "countersign_variants"; // in storage: what the unit has met, test to variant
  let variants = (api.variants = api.variants || {}); // of these; the tracking script sends them
  let met = {};
  let chosen = {};
  let live = [];
  let store; // where it is kept; nothing is counted without it
  let unit;
  let session; // 1 for a visitor's first, 2 for later ones
  let css = "";
  let address; // to go to
  let left = 999; // looks at a page that changes: where it undoes ours, somebody has to give in

  // Who does not want to be followed, who cannot be recognised on the next page and who only looks
  // at a variant counts nowhere and sees the control.
  try {
    if (!(navigator.globalPrivacyControl || navigator.doNotTrack > 0 || asked.includes("cs_variant="))) {
      let local = localStorage;
      let tab = sessionStorage;
      unit = local.countersign_visitor_id; // there with consent only
      // Ids of both begin with their time, eight digits tell the minute: whoever agreed before he
      // came has the older one even in his first session.
      if (unit) session = tab.countersign_session < unit.slice(0, 8) + 1 ? 1 : 2;
      else delete local[kept];
      met = JSON.parse(local[kept] || tab[kept] || "{}");
      store = unit ? local : tab;
      unit = unit || (tab.countersign_tab = tab.countersign_tab || Math.random());
    }
  } catch (_) {}

  let fnv1a32 = (text) =>
    new TextEncoder()
      .encode(text)
      .reduce((value, byte) => Math.imul(value ^ byte, 16777619), 2166136261) >>> 0;
  // What lies below the slot wraps to the far end.
  let inside = ([seed, from, size]) =>
    ((fnv1a32("" + fnv1a32(seed + ":" + unit)) % 1e4) - from) >>> 0 < size;

  // Once for a unit and a test. Before the tracking script is there, its page view will tell.
  let seen = (test, variant = chosen[test]) => {
    try {
      if (store && variant && !variants[test]) {
        variants[test] = variant;
        if (api.track) api.track("experiment_seen", { test, variant });
        store[kept] = JSON.stringify(variants);
      }
    } catch (_) {}
  };

  tests.map(([test, page, type, slots, find, arms]) => {
    let fits = RegExp(page).test(here);
    let known = variants[test] || met[test];
    let [variant, , rules, changes, target, joint] =
      arms.find(([arm, slot]) =>
        store
          ? known
            ? known == arm
            : fits && (!type || type == session) && slots.every(inside) && inside(slot)
          : asked.includes("cs_variant=" + test + ":" + arm + "&"),
      ) ||
      (!store && fits && arms[0]) ||
      [];
    if (variant) chosen[test] = variant;
    if (known) variants[test] = known;
    if (fits && variant) {
      css += rules;
      live.push([test, find, changes]);
      // A site that leads back from there must not send anybody round for ever.
      if (target && document.referrer != href) {
        address = target + search.replace("?", joint) + hash;
        seen(test);
      }
    }
  });

  api.ab = { variant: (test) => chosen[test], seen };

  let look = () =>
    left-- > 0 &&
    live.map(([test, find, changes]) => {
      try {
        changes.map(([selector, value, attribute]) =>
          document.querySelectorAll(selector).forEach((element) => {
            if (attribute == "class") element.classList.add(value);
            else if (attribute) {
              if (element.getAttribute(attribute) != value) element.setAttribute(attribute, value);
            } else if (element.textContent != value) element.textContent = value;
          }),
        );
        if (document.querySelector(find)) seen(test);
      } catch (_) {}
    });

  let sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  sheet.replaceSync(address ? ":root{visibility:hidden}" : css);
  if (address) {
    location.replace(address);
    setTimeout(() => sheet.replaceSync(""), 1e3); // it may not come to that
  } else {
    new MutationObserver(look).observe(document, { childList: 1, subtree: 1, characterData: 1 });
    look();
  }
})(CONFIG);
