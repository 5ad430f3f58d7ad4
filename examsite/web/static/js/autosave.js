// Keeps what is written: first in a journal on this machine, then on the server, again and again until it says so.
//
// Every answer to be kept has a number. A number that was sent once keeps its content for ever; newer text gets the
// next number. Only the server's acknowledgement ends a number's life here.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});

  const QUIET_MILLISECONDS = 2500;
  const LONGEST_WAIT_MILLISECONDS = 10000;
  const HEARTBEAT_MILLISECONDS = 15000;
  const TIMEOUT_MILLISECONDS = 10000;
  const BACKOFF_CAP_MILLISECONDS = 15000;
  const KEEPALIVE_BYTES = 60000;
  const BATCH = 64;
  const BATCH_CHARACTERS = 1000000;

  // --- the journal ------------------------------------------------------------------------------------------------

  // A store by attempt and item in IndexedDB. Every call settles; `works` says whether the last write was kept.
  examsite.openJournal = function (attempt) {
    const journal = { works: true };
    const opened = new Promise((resolve) => {
      let request;
      try {
        request = window.indexedDB.open("examsite", 1);
      } catch {
        resolve(null);
        return;
      }
      request.onupgradeneeded = () => request.result.createObjectStore("journal", { keyPath: ["attempt", "item"] });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    });

    async function act(mode, step) {
      const database = await opened;
      if (!database) {
        journal.works = false;
        return undefined;
      }
      return new Promise((resolve) => {
        let result;
        try {
          const transaction = database.transaction("journal", mode, { durability: "strict" });
          const request = step(transaction.objectStore("journal"));
          request.onsuccess = () => { result = request.result; };
          transaction.oncomplete = () => { journal.works = true; resolve(result); };
          transaction.onabort = transaction.onerror = () => { journal.works = false; resolve(undefined); };
        } catch {
          journal.works = false;
          resolve(undefined);
        }
      });
    }

    journal.put = (entry) => act("readwrite", (store) => store.put({ ...entry, attempt }));
    journal.remove = (item) => act("readwrite", (store) => store.delete([attempt, item]));
    journal.list = async () =>
      (await act("readonly", (store) => store.getAll(IDBKeyRange.bound([attempt, ""], [attempt, "\uffff"])))) || [];
    return journal;
  };

  // --- the sender -------------------------------------------------------------------------------------------------

  // options: url, token, epoch, held {item: {epoch, number}}, journal, onStatus(status), onAnswer(answer, travel),
  // onFenced(), onOver(state), onTooLarge(item), onLoggedOut().
  examsite.makeAutosave = function (options) {
    const waiting = new Map(); // keyOf(entry) -> {item, epoch, number, content, sent}
    const numbers = new Map();
    let sending = null;
    let timer = 0;
    let firstChangeAt = 0;
    let failures = 0;
    let troubleSince = 0; // performance.now() of the first call that has gone without an answer
    let sendingSince = 0;
    let retryAt = 0;
    let fenced = false;
    let stopped = false;

    for (const [item, held] of Object.entries(options.held)) {
      if (held.epoch === options.epoch) numbers.set(item, held.number);
    }

    // Text of an older page travels beside the answer of this one, never instead of it.
    function keyOf(entry) {
      return entry.epoch === options.epoch ? entry.item : `${entry.item}@${entry.epoch}`;
    }

    function status() {
      const now = performance.now();
      return {
        waiting: waiting.size,
        unsent: Array.from(waiting.values()).some((entry) => !entry.sent),
        sendingFor: sendingSince ? now - sendingSince : 0,
        troubleFor: troubleSince ? now - troubleSince : 0,
        retryIn: retryAt ? Math.max(0, retryAt - now) : 0,
        journalWorks: options.journal.works,
        fenced,
      };
    }

    function tell() {
      options.onStatus(status());
    }

    function nextNumber(item) {
      const number = (numbers.get(item) || 0) + 1;
      numbers.set(item, number);
      return number;
    }

    function change(item, content) {
      if (stopped) return;
      let entry = waiting.get(item);
      if (!entry || entry.sent) entry = { item, epoch: options.epoch, number: nextNumber(item), sent: false };
      entry.content = typeof content === "string" ? content.normalize("NFC") : content;
      waiting.set(item, entry);
      options.journal.put(plain(entry)).then(tell);
      const now = performance.now();
      firstChangeAt = firstChangeAt || now;
      const wait = Math.min(QUIET_MILLISECONDS, Math.max(0, firstChangeAt + LONGEST_WAIT_MILLISECONDS - now));
      if (!sending && !failures) plan(wait);
    }

    function plain(entry) {
      return { item: entry.item, epoch: entry.epoch, number: entry.number, content: entry.content };
    }

    function plan(milliseconds) {
      window.clearTimeout(timer);
      timer = window.setTimeout(send, milliseconds);
    }

    function takeBatch() {
      const batch = [];
      let characters = 0;
      for (const entry of waiting.values()) {
        const size = JSON.stringify(entry.content).length;
        if (batch.length && (batch.length >= BATCH || characters + size > BATCH_CHARACTERS)) break;
        characters += size;
        batch.push(entry);
      }
      return batch;
    }

    function headers() {
      return { Authorization: `Bearer ${options.token}`, "Content-Type": "application/json", Accept: "application/json" };
    }

    async function send() {
      if (sending || stopped) return sending;
      window.clearTimeout(timer);
      retryAt = 0;
      sending = sendOnce(takeBatch());
      const good = await sending;
      sending = null;
      sendingSince = 0;
      if (stopped) return good;
      if (good) {
        failures = 0;
        troubleSince = 0;
        firstChangeAt = waiting.size ? performance.now() : 0;
        plan(waiting.size ? QUIET_MILLISECONDS : HEARTBEAT_MILLISECONDS);
      } else {
        // Full jitter, without end: a room that comes back does not knock the server over again.
        const cap = Math.min(BACKOFF_CAP_MILLISECONDS, 1000 * 2 ** Math.min(failures, 10));
        const wait = 300 + Math.random() * cap;
        failures += 1;
        retryAt = performance.now() + wait;
        plan(wait);
      }
      tell();
      return good;
    }

    async function sendOnce(batch) {
      const started = performance.now();
      sendingSince = started;
      troubleSince = troubleSince || started;
      for (const entry of batch) entry.sent = true;
      const stopper = new AbortController();
      const limit = window.setTimeout(() => stopper.abort(), TIMEOUT_MILLISECONDS);
      tell();
      try {
        const response = await fetch(options.url, {
          method: "POST",
          headers: headers(),
          body: JSON.stringify({ epoch: options.epoch, saves: batch.map(plain) }),
          cache: "no-store",
          credentials: "omit",
          signal: stopper.signal,
        });
        if (response.status === 413) return tooLarge(batch);
        if (response.status === 401) {
          options.onLoggedOut();
          return false;
        }
        if (!response.ok) return false;
        await take(await response.json(), performance.now() - started, batch.length);
        return true;
      } catch {
        return false;
      } finally {
        window.clearTimeout(limit);
      }
    }

    // One of them is too large: each goes alone, and the one that cannot is said so and stays in the journal.
    async function tooLarge(batch) {
      if (batch.length === 1) {
        waiting.delete(keyOf(batch[0]));
        options.onTooLarge(batch[0].item);
        return true;
      }
      for (const entry of batch) {
        if (!(await sendOnce([entry]))) return false;
      }
      return true;
    }

    async function take(answer, travel, sent) {
      for (const done of [...answer.saved, ...answer.set_aside]) {
        const entry = waiting.get(keyOf(done));
        if (entry && entry.number === done.number) {
          waiting.delete(keyOf(done));
          if (!waiting.has(done.item)) await options.journal.remove(done.item);
        }
      }
      for (const clash of answer.conflicts) {
        const entry = waiting.get(keyOf(clash));
        if (!entry || entry.number !== clash.number) continue;
        if (entry.epoch !== options.epoch) {
          waiting.delete(keyOf(clash));
          continue;
        }
        // Somebody wrote another text under this number: ours goes under a new one.
        numbers.set(clash.item, Math.max(numbers.get(clash.item) || 0, clash.number));
        const again = { ...entry, epoch: options.epoch, number: nextNumber(clash.item), sent: false };
        waiting.set(clash.item, again);
        await options.journal.put(plain(again));
      }
      options.onAnswer(answer, travel, sent > 0 && answer.saved.length > 0);
      if (answer.fenced && !fenced) {
        fenced = true;
        options.onFenced();
      }
      if (answer.state !== "open" && waiting.size === 0) {
        stopped = true;
        options.onOver(answer.state);
      }
    }

    // What an earlier page left in the journal: newer than the server's goes on as the answer, older stays evidence.
    function adopt(entries) {
      const adopted = {};
      for (const entry of entries) {
        const held = options.held[entry.item];
        const newer = !held || entry.epoch > held.epoch || (entry.epoch === held.epoch && entry.number > held.number);
        if (newer) {
          const mine = { item: entry.item, epoch: options.epoch, number: nextNumber(entry.item), content: entry.content, sent: false };
          waiting.set(entry.item, mine);
          options.journal.put(plain(mine));
          adopted[entry.item] = entry.content;
        } else if (entry.epoch === held.epoch && entry.number === held.number) {
          options.journal.remove(entry.item);
        } else {
          waiting.set(keyOf(entry), { ...entry, sent: true });
        }
      }
      plan(waiting.size ? 0 : HEARTBEAT_MILLISECONDS);
      return adopted;
    }

    function flushOnLeave() {
      const batch = takeBatch();
      if (!batch.length || stopped) return;
      const body = JSON.stringify({ epoch: options.epoch, saves: batch.map(plain) });
      if (new Blob([body]).size > KEEPALIVE_BYTES) return; // the journal sends it after the return
      for (const entry of batch) entry.sent = true;
      fetch(options.url, { method: "POST", headers: headers(), body, keepalive: true, credentials: "omit" }).catch(() => {});
    }

    window.addEventListener("pagehide", flushOnLeave);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") flushOnLeave();
      else if (!sending) plan(0);
    });
    window.addEventListener("online", () => { if (!sending) plan(Math.random() * 1000); });
    window.setInterval(tell, 500);

    return {
      adopt,
      ping: send,
      change,
      status,
      stop() { stopped = true; window.clearTimeout(timer); },
      // Resolves to true once nothing waits any more.
      async drain() {
        if (sending) await sending;
        for (let round = 0; round < 20 && waiting.size; round += 1) {
          if (!(await send())) return false;
        }
        return waiting.size === 0;
      },
    };
  };
})();
