// The waiting room: the machine checks itself, the page switches by itself, and nothing of the paper is here before.
(function () {
  "use strict";

  const examsite = window.examsite;
  const POLL_MILLISECONDS = 10000;
  const POLL_AT_START_MILLISECONDS = 1500;
  const JITTER_MILLISECONDS = 2000;

  async function askStatus(url) {
    const sent = performance.now();
    const response = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (response.status === 401 || response.redirected) {
      window.location.reload();
      throw new Error("logged out");
    }
    if (!response.ok) throw new Error(String(response.status));
    return { status: await response.json(), travel: performance.now() - sent };
  }

  function runClosing(element) {
    window.setInterval(async () => {
      try {
        const { status } = await askStatus(element.dataset.statusUrl);
        if (status.state !== "open") window.location.assign(element.dataset.testUrl);
      } catch {
        // The next round asks again.
      }
    }, 3000);
  }

  function runWaiting(element) {
    const data = element.dataset;
    const words = JSON.parse(data.words);
    const clock = examsite.makeClock(Number(data.startsInSeconds));
    const late = element.querySelector("[data-waiting-late]");
    let poll = 0;
    let leaving = false;

    function mark(name, good, note) {
      const row = element.querySelector(`[data-check="${name}"]`);
      row.dataset.state = good === null ? "open" : good ? "good" : "bad";
      row.querySelector("[data-check-note]").textContent = note;
      // A failed check moves first, so that nobody overlooks it.
      if (good === false) row.parentNode.prepend(row);
      const rows = element.querySelectorAll("[data-check]");
      const passed = element.querySelectorAll('[data-check][data-state="good"]').length;
      element.querySelector("[data-checks-passed]").textContent = words.passed.replace("%s", `${passed}/${rows.length}`);
    }

    async function ask() {
      window.clearTimeout(poll);
      try {
        const { status, travel } = await askStatus(data.statusUrl);
        clock.sync(status.starts_in_seconds, travel);
        mark("connection", true, words.good);
        const skew = Math.abs(Date.now() - Date.parse(status.server_time) - travel / 2) / 1000;
        const decimals = skew < 10 ? 2 : 0;
        const text = skew.toFixed(decimals).replace(".", document.documentElement.lang === "vi" ? "," : ".");
        // The clock of this machine decides nothing; it is shown so that someone can put it right.
        mark("clock", true, words.skew.replace("%s", text));
        if (status.state !== "seated") return leave();
        if ((status.checked_in ? "yes" : "no") !== data.checkedIn) return window.location.reload();
      } catch {
        mark("connection", false, words.bad);
      }
      const soon = clock.left() <= 0;
      poll = window.setTimeout(ask, soon ? POLL_AT_START_MILLISECONDS * (0.7 + Math.random()) : POLL_MILLISECONDS);
    }

    function leave() {
      if (leaving) return;
      leaving = true;
      window.location.assign(data.testUrl);
    }

    function store() {
      return new Promise((resolve) => {
        let request;
        try {
          request = window.indexedDB.open("examsite-check", 1);
        } catch {
          resolve(false);
          return;
        }
        request.onupgradeneeded = () => request.result.createObjectStore("check");
        request.onerror = () => resolve(false);
        request.onsuccess = () => {
          const database = request.result;
          const writing = database.transaction("check", "readwrite");
          writing.objectStore("check").put("ắ ệ ỗ ữ", "text");
          writing.onerror = () => resolve(false);
          writing.oncomplete = () => {
            const reading = database.transaction("check").objectStore("check").get("text");
            reading.onerror = () => resolve(false);
            reading.onsuccess = () => {
              resolve(reading.result === "ắ ệ ỗ ữ");
              database.close();
            };
          };
        };
      });
    }

    const modern = typeof HTMLDialogElement === "function" && Boolean(window.fetch && window.AbortController);
    mark("clock", null, "…");
    mark("keyboard", null, words.untyped);
    mark("browser", modern, modern ? words.browser : words.old_browser);
    store().then((good) => mark("storage", good, good ? words.stored : words.not_stored));
    const typing = element.querySelector("[data-typing]");
    typing.addEventListener("input", () => {
      const marked = Array.from(typing.value.normalize("NFC")).filter((letter) => /[ăâđêôơưà-ỹ]/i.test(letter));
      if (marked.length) mark("keyboard", true, words.typed.replace("%s", marked.slice(-4).join(" ")));
    });

    examsite.showClock(clock, {
      value: element.querySelector("[data-countdown]"),
      announce: element.querySelector("[data-countdown-announce]"),
      thresholds: [],
      // Everyone at once would be a storm; up to two seconds apart costs nobody time, because the server's start counts.
      onZero: () => {
        window.clearTimeout(poll);
        poll = window.setTimeout(ask, Math.random() * JITTER_MILLISECONDS);
        window.setTimeout(() => { if (!leaving && clock.left() <= 0) late.textContent = words.late; }, 15000);
      },
    });
    if (clock.left() > 0) ask();
  }

  const closing = document.querySelector("[data-closing]");
  const waiting = document.querySelector("[data-waiting]");
  if (closing) runClosing(closing);
  if (waiting) runWaiting(waiting);
})();
