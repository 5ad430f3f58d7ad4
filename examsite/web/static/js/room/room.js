// The attempt in front of this page: what it is, where it stands, how the server is asked, and what happens to it.
//
// `examsite.room` is what other scripts of the page build on:
//   attempt, name, token, locale, epoch, item (in front of the candidate), state, clock, journal (journal.js), answers()
//   unsaved(): how many answers the server has not acknowledged yet;
//   call(path, {method, body, timeout}) -> {ok, status, data, travel}; throws only where no answer came.
//   on(name, handler): `opened` {epoch, answers}, `view` (every answer of the server that says where the attempt
//   stands), `state` {state}, `item` {item, kind}, `input` {item, kind, event}, `answer` {item, kind}, `saving`
//   (status of the sender), `second` (the countdown shows another one), `slot` {name, element}: a place in the page
//   that a script may fill.
// States: waiting, opening, writing, paused, elsewhere (another tab writes), fenced (another page was opened after
// this one), locked (the server refuses, and says why), over (time is up or handed in), done (receipt).
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const root = document.querySelector("[data-room]");
  if (!root) return;

  const CALL_TIMEOUT_MILLISECONDS = 10000;

  class Room extends EventTarget {
    constructor() {
      super();
      this.root = root;
      this.data = root.dataset;
      this.words = JSON.parse(root.dataset.words);
      this.locale = document.documentElement.lang === "en" ? "en" : "vi";
      this.attempt = root.dataset.attempt;
      this.name = root.dataset.journal; // of all that this machine keeps of the attempt
      this.token = root.dataset.token;
      this.epoch = 0;
      this.item = "";
      this.state = "opening";
      this.view = null;
      // A page that the worker kept may be hours old: its figures are not those of now.
      this.isFresh = !navigator.serviceWorker?.controller;
      this.clock = examsite.makeClock(this.isFresh ? Number(root.dataset.remainingSeconds) : null);
      this.journal = examsite.openJournal(this.name);
      this.answers = () => ({});
      this.unsaved = () => 0;
    }

    on(name, handler) {
      this.addEventListener(name, (event) => handler(event.detail));
    }

    say(name, detail) {
      this.dispatchEvent(new CustomEvent(name, { detail }));
    }

    headers() {
      return { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json", Accept: "application/json" };
    }

    url(path) {
      return `${this.data.api}/${path}`;
    }

    // One call in the name of the attempt. No cookie goes with it: it outlives the log-in.
    async call(path, { method = "POST", body, timeout = CALL_TIMEOUT_MILLISECONDS } = {}) {
      const stopper = new AbortController();
      const limit = window.setTimeout(() => stopper.abort(), timeout);
      const sent = performance.now();
      try {
        const response = await fetch(this.url(path), {
          method,
          headers: this.headers(),
          body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
          cache: method === "GET" ? "default" : "no-store",
          credentials: "omit",
          signal: stopper.signal,
        });
        const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
        // A gateway or a log-in page of the network says "ok" to everything: that is no answer of the server.
        if (response.ok && !isJson) throw new TypeError("not an answer of the server");
        const data = isJson ? await response.json() : {};
        return { ok: response.ok, status: response.status, data, travel: performance.now() - sent };
      } finally {
        window.clearTimeout(limit);
      }
    }

    // Every answer says where the attempt stands; the clock and everybody who listens learn it from here.
    take(view, travel) {
      if (typeof view?.remaining_seconds !== "number") return;
      this.view = view;
      if (view.deadline) this.clock.sync(view.remaining_seconds, view.paused ? 0 : travel, Boolean(view.paused));
      this.say("view", view);
    }

    become(state) {
      if (this.state === state) return;
      this.state = state;
      root.dataset.state = state;
      this.say("state", { state });
    }

    // What the candidate chose on this machine; it holds until the page is left where nothing can be stored.
    remember(name, value) {
      try {
        if (value === null) window.localStorage.removeItem(`${name}-${this.name}`);
        else window.localStorage.setItem(`${name}-${this.name}`, value);
      } catch {
        // Only a choice is forgotten.
      }
    }

    remembered(name) {
      try {
        return window.localStorage.getItem(`${name}-${this.name}`);
      } catch {
        return null;
      }
    }
  }

  const VIETNAM_MILLISECONDS = 7 * 3600 * 1000;

  examsite.find = (selector, within) => (within || document).querySelector(selector);
  examsite.findAll = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  // Puts values in the places of a sentence, in their order.
  examsite.fill = (text, ...values) => values.reduce((filled, value) => filled.replace("%s", () => String(value)), text);
  // The hour of an instant of the server, as every clock of the room shows it.
  examsite.hour = (instant) => new Date(Date.parse(instant) + VIETNAM_MILLISECONDS).toISOString().slice(11, 19);
  // Writes only what is new, so that nothing is drawn or spoken twice.
  examsite.setText = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };
  examsite.pause = (milliseconds) => new Promise((resolve) => { window.setTimeout(resolve, milliseconds); });

  examsite.room = new Room();
})();
