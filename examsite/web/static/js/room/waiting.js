// The waiting room: the machine checks itself, the page switches by itself, and nothing of the paper is here before.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, findAll, fill, setText } = examsite;
  const POLL_MILLISECONDS = 10000;
  const POLL_AT_START_MILLISECONDS = 1500;
  const JITTER_MILLISECONDS = 2000;
  const CALM_MILLISECONDS = 15000;
  const TRIAL = "ắ ệ ỗ ữ";

  function tryStore() {
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
        writing.objectStore("check").put(TRIAL, "text");
        writing.onerror = () => resolve(false);
        writing.onabort = () => resolve(false);
        writing.oncomplete = () => {
          const reading = database.transaction("check").objectStore("check").get("text");
          reading.onerror = () => resolve(false);
          reading.onsuccess = () => {
            resolve(reading.result === TRIAL);
            database.close();
          };
        };
      };
    });
  }

  // Calls onStart once the server has opened the papers; it may be called again while the server says "not yet".
  examsite.runWaiting = function ({ onStart, onRefused }) {
    const { words } = room;
    const view = find('[data-view="waiting"]');
    const clock = examsite.makeClock(room.isFresh ? Number(room.data.startsInSeconds) : null);
    const late = find("[data-waiting-late]", view);
    let poll = 0;
    let over = false;

    function mark(name, good, note) {
      const row = find(`[data-check="${name}"]`, view);
      if (!row) return;
      row.dataset.state = good === null ? "open" : good ? "good" : "bad";
      setText(find("[data-check-note]", row), note);
      // A failed check moves first, so that nobody overlooks it.
      if (good === false && row.parentNode.firstElementChild !== row) row.parentNode.prepend(row);
      const all = findAll("[data-check]", view);
      const passed = all.filter((item) => item.dataset.state === "good").length;
      setText(find("[data-checks-passed]", view), fill(words.passed, `${passed}/${all.length}`));
    }

    function showIdentity(checkedIn) {
      view.dataset.checkedIn = checkedIn ? "yes" : "no";
    }

    async function ask() {
      window.clearTimeout(poll);
      try {
        const { ok, status, data, travel } = await room.call("state", { method: "GET" });
        if (!ok && status < 500 && status !== 429) {
          onRefused({ status, ...data });
          throw new Error(String(status));
        }
        if (!ok) throw new Error(String(status));
        room.take(data, travel);
        if (typeof data.starts_in_seconds === "number") clock.sync(data.starts_in_seconds, travel);
        mark("connection", true, words.good);
        const skew = Math.abs(Date.now() - Date.parse(data.server_time) - travel / 2) / 1000;
        const text = skew.toFixed(skew < 10 ? 2 : 0).replace(".", room.locale === "vi" ? "," : ".");
        // The clock of this machine decides nothing; it is shown so that someone can put it right.
        mark("clock", true, fill(words.skew, text));
        if (typeof data.checked_in === "boolean") showIdentity(data.checked_in);
        if (data.state !== "seated") {
          over = true;
          onStart();
          return;
        }
      } catch {
        mark("connection", false, words.bad);
      }
      if (over) return;
      const soon = clock.left() <= 0;
      poll = window.setTimeout(ask, soon ? POLL_AT_START_MILLISECONDS * (0.7 + Math.random()) : POLL_MILLISECONDS * (0.8 + Math.random() * 0.4));
    }

    const modern = typeof HTMLDialogElement === "function" && Boolean(window.fetch && window.AbortController);
    showIdentity(room.data.checkedIn === "yes");
    mark("clock", null, "…");
    mark("keyboard", null, words.untyped);
    mark("browser", modern, modern ? (window.isSecureContext ? words.browser : words.not_secure) : words.old_browser);
    tryStore().then((good) => mark("storage", good, good ? words.stored : words.not_stored));
    const typing = find("[data-typing]", view);
    typing.addEventListener("input", () => {
      const marked = Array.from(typing.value.normalize("NFC")).filter((letter) => /[ăâđêôơưà-ỹ]/i.test(letter));
      if (marked.length) mark("keyboard", true, fill(words.typed, marked.slice(-4).join(" ")));
    });

    const stopClock = examsite.showClock(clock, {
      value: find("[data-countdown]", view),
      announce: find("[data-countdown-announce]", view),
      thresholds: [5, 1],
      sentence: (minutes) => fill(words.starts_in_minutes, minutes),
      // Everyone at once would be a storm; up to two seconds apart costs nobody time, because the server's start counts.
      onZero() {
        window.clearTimeout(poll);
        poll = window.setTimeout(() => {
          over = true;
          onStart();
        }, Math.random() * JITTER_MILLISECONDS);
        window.setTimeout(() => { if (room.state === "waiting") setText(late, words.late); }, CALM_MILLISECONDS);
      },
    });
    if (clock.left() > 0) ask();

    return {
      stop() {
        over = true;
        window.clearTimeout(poll);
        stopClock();
      },
      // The server has not opened yet: ask again soon, calmly.
      again() {
        over = false;
        poll = window.setTimeout(ask, POLL_AT_START_MILLISECONDS * (0.7 + Math.random()));
      },
    };
  };
})();
