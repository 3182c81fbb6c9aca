// Countersign's tracking script, served as /t.js. docs/website.md says what it does and keeps.
//
//   <script defer src="https://ops.example/t.js" data-site="KEY"></script>
//
// It is a guest on other people's pages: it loads nothing, sets no cookie, throws nothing at them
// and stays below 1500 bytes gzipped. `make tracker` builds it and says its size; a test compares.
// Some lines are as they are for their size. It must stay a script, not a module: where storage is
// blocked `local` is no object, and assigning to a property of that is an error in strict code only.

const api = (self.countersign = self.countersign || {}); // a page may have set `variants` before
const off = navigator.globalPrivacyControl || navigator.doNotTrack > 0;

let lastTime = 0; // of the newest id
let view; // id of the page view that runs
let page; // its address without the query
let depth; // the next mark of scrolling, a share of the page
let seen; // when the person last gave a sign; 0 while the page is hidden
let engaged = 0; // milliseconds not told yet
let queue; // events that are not known to have arrived, each as JSON; undefined when all is off
let busy;
let timer;

// Storage may be blocked or full, and a page may hand over anything: that is not the page's trouble.
const safe = (work) => (one, two) => {
  try {
    return work(one, two);
  } catch (_) {}
};

const local = off || safe(() => localStorage)() || 0;
const tab = safe(() => sessionStorage)() || {};

// Ids are UUIDv7: twelve digits of time, then 74 random bits that all ids of a page load share. Each
// takes a later millisecond than the one before, so they stay unique and in order whatever the clock
// does. The random bits come from a version 4 UUID: crypto.randomUUID is missing on http pages.
const hex = (time) => 0 + time.toString(16); // right until the year 2527
const tail = "-7" + URL.createObjectURL(new Blob()).slice(-21);
const newId = () =>
  hex((lastTime = Math.max(Date.now(), lastTime + 1))).replace(/.{8}/, "$&-") + tail;

// The visitor's id is there with consent only, and for 365 days: its beginning says since when. It is
// read anew each time, so consent that is withdrawn in one tab counts in all, and an id that cannot be
// kept is not sent: every page would be a new visitor.
const known = () => {
  if (!(local.countersign_visitor_id > hex(Date.now() - 31536e6))) delete local.countersign_visitor_id;
  return local.countersign_visitor_id;
};

// What waits in local storage, which all tabs share: one event a line, nothing of who sent it.
const waiting = () => (local.countersign_events || "").match(/.+/g) || [];

// Keep there what did not arrive yet, beside what other tabs keep; who it is, with consent only.
const keep = safe((arrived) => {
  local.countersign_events = [...new Set(waiting().concat(queue))]
    .filter((event) => !arrived.includes(event) && (known() || !event.includes("user_id")))
    .slice(-500)
    .join("\n");
});

// On a timer one call at a time, and its answer says what arrived. When the page is left a beacon,
// whose answer nobody reads: its events stay stored and go again with the next call that is answered,
// of this page or a later one. The server drops what it has already, by the ids.
const send = safe((leaving) => {
  // pagehide and visibilitychange both come, but the second finds no timer any more.
  if (leaving ? (tell(), keep(""), !timer) : busy) return;
  timer = clearTimeout(timer);
  const sent = queue.slice(0, 10);
  const body = JSON.stringify({
    sent_at: Date.now(),
    consent: !!known(),
    visitor_id: known(),
    session_id: tab.countersign_session,
    screen: screen.width + "x" + screen.height,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    language: navigator.language,
    variants: api.variants,
    events: sent.map(JSON.parse),
  });
  // A string travels as text/plain, which needs no preflight.
  if (leaving && navigator.sendBeacon(endpoint, body)) return;
  busy = fetch(endpoint, { method: "POST", body, keepalive: true })
    // A refusal for good ends the matter; 5xx, 429 and no answer do not.
    .then((answer) => (/^5|29/.test(answer.status) ? "" : sent), () => "")
    .then((arrived) => {
      timer = busy = 0;
      queue = queue.filter((event) => !arrived.includes(event));
      keep(arrived);
      if (queue[0]) plan(arrived ? 1e3 : 1e4);
    });
});

const plan = (delay = 1e3) => (timer = timer || setTimeout(send, delay));

// Ten events of 6000 bytes are a call that may outlive its page: those share 64 KiB.
const add = safe(
  (
    type,
    more,
    id = newId(),
    event = JSON.stringify({
      id,
      type,
      url: location.origin + location.pathname + location.search, // a fragment may hold a token
      page_id: view,
      ...more,
    }),
  ) => {
    if (new Blob([event]).size < 6e3) {
      queue = queue.concat(event).slice(-500);
      if (!(tab.countersign_at > Date.now() - 18e5)) tab.countersign_session = newId();
      tab.countersign_at = Date.now();
      plan();
      return id;
    }
  },
);

// Engaged is the time from one sign of the person to the next, half a minute of it at most.
const count = () => {
  if (seen) engaged += Math.min(Date.now() - seen, 3e4);
  seen = document.hidden ? 0 : Date.now();
};

// Told only while the session runs: a tab that is closed after lunch begins no new one.
const tell = () => {
  count();
  if (tab.countersign_at > Date.now() - 18e5 && engaged > 1e3) {
    add("engagement", { seconds: engaged / 1e3, url: page }); // the address may be the next already
    engaged = 0;
  }
};

// A page view is a path: filters and sorting change only the query.
const moved = (_event, here = location.origin + location.pathname) => {
  if (page != here) {
    view = tell(); // nothing: a page view belongs to no other
    view = add("page_view", { title: document.title, referrer: page || document.referrer });
    page = here;
    depth = 0.25;
  }
};

// The attribute, because `form.id` is a field where one has that name.
const interact = (
  { type, target, submitter },
  element = target.closest(type == "click" ? "a,button" : "form"),
) =>
  add(type == "click" ? type : "form_" + type, {
    element: {
      id: element.getAttribute("id") || "",
      class: element.className,
      text: (submitter || element).innerText.slice(0, 100),
      type: element.localName,
      href: element.href,
    },
  });

// Capturing: what the page stops on its way down to its own handlers has been seen here.
const on = (name, work) => addEventListener(name, safe(work), 1);

const { src, dataset } = document.currentScript;
const endpoint = new URL(dataset.endpoint || "/api/website/events", src) + "?site=" + dataset.site;

// Included twice, the first one works.
if (!api.track) {
  api.track = (name, properties) => add("custom", { name, properties });
  api.identify = safe((user) => add("identify", { user_id: "" + user }));
  api.consent = safe((yes) => {
    if (!yes) delete local.countersign_visitor_id;
    else if (!known()) local.countersign_visitor_id = newId();
  });
  if (dataset.consent == "granted") api.consent(1);
  if (!off) {
    queue = waiting();
    moved();
    on("pointermove", count);
    on("keydown", count);
    on("scroll", () => {
      count();
      // A pixel more: positions are fractions, and the last one may never be reached.
      for (; depth < (scrollY + innerHeight + 1) / document.body.scrollHeight; depth += 0.25)
        add("scroll", { scroll: depth * 100 });
    });
    on("click", interact);
    on("submit", interact);
    ["pushState", "replaceState"].map((name) => {
      const original = history[name];
      history[name] = (...given) => {
        original.apply(history, given);
        moved();
      };
    });
    on("popstate", moved);
    on("visibilitychange", send);
    on("pagehide", send);
  }
}
