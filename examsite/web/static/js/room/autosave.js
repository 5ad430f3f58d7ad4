// Keeps what is written: first in the journal of this machine, then on the server, again and again until it says so.
//
// Every answer to be kept has a number. A number that was sent once keeps its content for ever; newer text gets the
// next number. Only the server's acknowledgement ends a number's life here. Nothing of this runs for each key: a key
// only marks its question, and the text is read when it is put away.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});

  const NOTE_MILLISECONDS = 300;
  const QUIET_MILLISECONDS = 2500;
  const LONGEST_WAIT_MILLISECONDS = 10000;
  const HEARTBEAT_MILLISECONDS = 12000;
  const PAUSED_HEARTBEAT_MILLISECONDS = 5000;
  const BACKOFF_FIRST_MILLISECONDS = 1000;
  const BACKOFF_CAP_MILLISECONDS = 15000;
  const BACKOFF_LEAST_MILLISECONDS = 300;
  const KEEPALIVE_BYTES = 60000;
  const BATCH = 64;
  const BATCH_CHARACTERS = 1000000;
  const SLEPT_MILLISECONDS = 5000;
  const ANSWER_FILE_PATIENCE_MILLISECONDS = 3000;

  // options: room, journal, onStatus(status), onStored(answer), onFenced(), onOver(state), onTooLarge(item), onRefused(refusal).
  examsite.makeAutosave = function (options) {
    const { room, journal } = options;
    const dirty = new Map(); // item -> reads its content
    const waiting = new Map(); // keyOf(entry) -> {item, epoch, number, content, sent}
    const numbers = new Map();
    let held = {};
    let epoch = 0;
    let begun = false;
    let stopped = false;
    let fenced = false;
    let closing = false;
    let noting = 0;
    let written = Promise.resolve();
    let sending = null;
    let timer = 0;
    let firstChangeAt = 0;
    let failures = 0;
    let troubleSince = 0; // performance.now() of the first call that has gone without an answer
    let sendingSince = 0;
    let retryAt = 0;

    // Text of an older page travels beside the answer of this one, never instead of it.
    function keyOf(entry) {
      return entry.epoch === epoch ? entry.item : `${entry.item}@${entry.epoch}`;
    }

    function status() {
      const now = performance.now();
      return {
        waiting: waiting.size + dirty.size,
        sendingFor: sendingSince ? now - sendingSince : 0,
        troubleFor: troubleSince ? now - troubleSince : 0,
        retryIn: retryAt ? Math.max(0, retryAt - now) : 0,
        journalWorks: journal.works,
        begun,
        fenced,
      };
    }

    function tell() {
      if (!stopped) options.onStatus(status());
    }

    function nextNumber(item) {
      const number = (numbers.get(item) || 0) + 1;
      numbers.set(item, number);
      return number;
    }

    // --- towards the journal --------------------------------------------------------------------------------------

    // Marks a question as changed; `read` gives its content when it is put away.
    function touch(item, read) {
      if (stopped || fenced) return;
      dirty.set(item, read);
      if (!noting) noting = window.setTimeout(note, NOTE_MILLISECONDS);
    }

    // Puts everything marked into the journal; settles once it is there for good.
    function note() {
      window.clearTimeout(noting);
      noting = 0;
      if (!dirty.size) return written;
      const puts = [];
      for (const [item, read] of dirty) {
        let entry = waiting.get(item);
        if (!entry || entry.sent) entry = { item, epoch, number: nextNumber(item), sent: false };
        entry.content = read();
        waiting.set(item, entry);
        puts.push(journal.put(plain(entry)));
      }
      dirty.clear();
      written = Promise.all(puts).then(tell);
      const now = performance.now();
      firstChangeAt = firstChangeAt || now;
      const wait = Math.min(QUIET_MILLISECONDS, Math.max(0, firstChangeAt + LONGEST_WAIT_MILLISECONDS - now));
      if (begun && !sending && !failures) plan(wait);
      return written;
    }

    function plain(entry) {
      return { item: entry.item, epoch: entry.epoch, number: entry.number, content: entry.content };
    }

    // One letter has several spellings in Unicode; what goes out has one. While typing nothing is touched.
    function outgoing(entry) {
      const { content } = entry;
      return { ...plain(entry), content: typeof content === "string" ? content.normalize("NFC") : content };
    }

    // --- towards the server ---------------------------------------------------------------------------------------

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

    async function send() {
      if (sending || stopped || !begun) return sending;
      window.clearTimeout(timer);
      retryAt = 0;
      note();
      await written; // the journal first
      if (sending || stopped) return sending;
      sending = sendOnce(takeBatch());
      const good = await sending;
      sending = null;
      sendingSince = 0;
      if (stopped) return good;
      if (good) {
        failures = 0;
        troubleSince = 0;
        firstChangeAt = waiting.size || dirty.size ? performance.now() : 0;
        if (fenced && !waiting.size) stop();
        else plan(waiting.size ? QUIET_MILLISECONDS : heartbeat());
      } else {
        // Full jitter, without end: a room that comes back does not knock the server over again.
        const cap = Math.min(BACKOFF_CAP_MILLISECONDS, BACKOFF_FIRST_MILLISECONDS * 2 ** Math.min(failures, 10));
        const wait = BACKOFF_LEAST_MILLISECONDS + Math.random() * cap;
        failures += 1;
        retryAt = performance.now() + wait;
        plan(wait);
      }
      tell();
      return good;
    }

    function heartbeat() {
      const length = room.view?.paused ? PAUSED_HEARTBEAT_MILLISECONDS : HEARTBEAT_MILLISECONDS;
      return length * (0.85 + Math.random() * 0.3);
    }

    async function sendOnce(batch) {
      const started = performance.now();
      sendingSince = started;
      troubleSince = troubleSince || started;
      for (const entry of batch) entry.sent = true;
      tell();
      const saves = batch.map(outgoing);
      let answer;
      try {
        answer = await room.call("saves", { body: { epoch, saves } });
      } catch {
        return false;
      }
      if (answer.status === 413) return tooLarge(batch);
      if (!answer.ok) {
        if (answer.status < 500 && answer.status !== 408 && answer.status !== 429) options.onRefused({ status: answer.status, ...answer.data });
        return false;
      }
      if (!(await agrees(answer.data, saves))) return false;
      await take(answer.data, answer.travel, batch.length);
      return true;
    }

    // What the server stored is what was sent: both compute the same hash. Where they differ, nothing counts as saved,
    // and the words go again under new numbers.
    async function agrees(answer, saves) {
      if (!answer.hash || !answer.saved.length || !window.crypto?.subtle) return true;
      const sent = new Map(saves.map((save) => [`${save.item}@${save.epoch}@${save.number}`, save]));
      let text = "";
      for (const done of answer.saved) {
        const save = sent.get(`${done.item}@${done.epoch}@${done.number}`);
        const content = save && JSON.stringify(save.content);
        // Halves of character pairs are spelled differently on the two sides.
        if (!save || /\\ud[89a-f]/i.test(content)) return true;
        text += `${save.item}\n${save.epoch}\n${save.number}\n${content}\n`;
      }
      const digest = new Uint8Array(await window.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
      if (Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === answer.hash) return true;
      for (const save of saves) {
        const entry = waiting.get(keyOf(save));
        if (entry && entry.number === save.number && entry.epoch === epoch) {
          waiting.set(save.item, { ...entry, number: nextNumber(save.item), sent: false });
          await journal.put(plain(waiting.get(save.item)));
        }
      }
      return false;
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
        if (entry && entry.number === done.number) waiting.delete(keyOf(done));
        await journal.remove(done);
      }
      // Items that the paper does not have, and too many of them: the server will never take them.
      for (const stray of answer.refused || []) waiting.delete(keyOf(stray));
      for (const clash of answer.conflicts) {
        const entry = waiting.get(keyOf(clash));
        if (!entry || entry.number !== clash.number) continue;
        if (entry.epoch !== epoch) {
          waiting.delete(keyOf(clash));
          await journal.remove(clash);
          continue;
        }
        // Somebody wrote another text under this number: ours goes under a new one.
        numbers.set(clash.item, Math.max(numbers.get(clash.item) || 0, clash.number));
        const again = { ...entry, number: nextNumber(clash.item), sent: false };
        waiting.set(clash.item, again);
        await journal.put(plain(again));
      }
      room.take(answer, travel);
      if (sent > 0 && answer.saved.length > 0) options.onStored(answer);
      if (answer.fenced && !fenced && !closing) {
        await note();
        fenced = true;
        options.onFenced();
      }
      if (answer.state !== "open" && !waiting.size && !dirty.size) {
        stop();
        options.onOver(answer.state);
      }
    }

    // --- beginning and ending -------------------------------------------------------------------------------------

    // What an earlier page left in the journal: newer than the server's goes on as the answer, older stays evidence.
    async function begin(opened) {
      await note();
      const left = await everythingKept();
      held = opened.held;
      epoch = opened.epoch;
      waiting.clear();
      numbers.clear();
      fenced = false;
      stopped = false;
      for (const [item, version] of Object.entries(held)) if (version.epoch === epoch) numbers.set(item, version.number);
      const adopted = {};
      // Of several pages that left something, the newest speaks for the answer; the others stay evidence.
      const newest = new Map();
      for (const entry of left) {
        const version = held[entry.item];
        const isNewer = !version || entry.epoch > version.epoch || (entry.epoch === version.epoch && entry.number > version.number);
        const best = newest.get(entry.item);
        if (isNewer && (!best || entry.epoch > best.epoch)) newest.set(entry.item, entry);
      }
      for (const entry of left) {
        const version = held[entry.item];
        if (newest.get(entry.item) === entry) {
          const mine = { item: entry.item, epoch, number: nextNumber(entry.item), content: entry.content, sent: false };
          waiting.set(entry.item, mine);
          await journal.put(plain(mine));
          if (entry.epoch !== epoch) await journal.remove(entry);
          adopted[entry.item] = entry.content;
        } else if (version && entry.epoch === version.epoch && entry.number === version.number) {
          await journal.remove(entry);
        } else {
          waiting.set(keyOf(entry), { ...plain(entry), sent: true });
        }
      }
      begun = true;
      failures = 0;
      troubleSince = 0;
      firstChangeAt = 0;
      plan(waiting.size ? 0 : heartbeat());
      return adopted;
    }

    // The journal, and what is in hand where the journal could not be written.
    async function everythingKept() {
      const kept = new Map((await journal.list()).map((entry) => [`${entry.item}@${entry.epoch}`, entry]));
      for (const entry of waiting.values()) {
        const stored = kept.get(`${entry.item}@${entry.epoch}`);
        if (!stored || stored.number < entry.number) kept.set(`${entry.item}@${entry.epoch}`, plain(entry));
      }
      return Array.from(kept.values());
    }

    // After the end: nothing new, but what lies in the journal still goes out, each under the epoch it was written in.
    async function beginClosing(view) {
      closing = true;
      epoch = view.epoch;
      for (const entry of await journal.list()) waiting.set(keyOf(entry), { ...plain(entry), sent: true });
      begun = true;
      plan(0);
    }

    // Before the server has answered: the journal alone, under the epoch of the page before this one.
    async function keepOnly(session) {
      epoch = session.epoch;
      for (const [item, version] of Object.entries(session.held)) if (version.epoch === epoch) numbers.set(item, version.number);
      const found = {};
      for (const entry of await journal.list()) {
        if (entry.epoch !== epoch) continue;
        numbers.set(entry.item, Math.max(numbers.get(entry.item) || 0, entry.number));
        found[entry.item] = entry.content;
        waiting.set(entry.item, { ...plain(entry), sent: true });
      }
      troubleSince = performance.now();
      return found;
    }

    function stop() {
      stopped = true;
      window.clearTimeout(timer);
    }

    // Everything that could be carried to the server by hand: what waits, and what is known to be stored. A journal
    // that does not answer keeps nothing of the page back.
    async function everything(answers) {
      const kept = (async () => { await note(); return everythingKept(); })();
      const inHand = examsite.pause(ANSWER_FILE_PATIENCE_MILLISECONDS).then(() => Array.from(waiting.values(), plain));
      const found = await Promise.race([kept, inHand]);
      const known = new Set(found.map((entry) => `${entry.item}@${entry.epoch}`));
      for (const [item, content] of Object.entries(answers)) {
        const version = numbers.get(item) ? { epoch, number: numbers.get(item) } : held[item];
        if (content === null || content === undefined || !version || known.has(`${item}@${version.epoch}`)) continue;
        found.push({ item, epoch: version.epoch, number: version.number, content });
      }
      return found;
    }

    // As much as a browser still carries while the page goes away; the journal has the rest.
    function flushOnLeave() {
      note();
      if (stopped || !begun) return;
      const saves = [];
      let bytes = 100;
      for (const entry of waiting.values()) {
        const save = outgoing(entry);
        const size = new TextEncoder().encode(JSON.stringify(save)).length + 1;
        if (saves.length >= BATCH || bytes + size > KEEPALIVE_BYTES) continue;
        bytes += size;
        saves.push(save);
        entry.sent = true;
      }
      if (!saves.length) return;
      const body = JSON.stringify({ epoch, saves });
      fetch(room.url("saves"), { method: "POST", headers: room.headers(), body, keepalive: true, credentials: "omit" }).catch(() => {});
    }

    // While the next page is still on its way this one lives long enough to put the last keys away.
    window.addEventListener("beforeunload", () => { note(); });
    window.addEventListener("pagehide", flushOnLeave);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") flushOnLeave();
      else if (begun && !sending) plan(0);
    });
    window.addEventListener("online", () => { if (begun && !sending) plan(Math.random() * 1000); });

    let lookedAt = performance.now();
    let dateThen = Date.now();
    window.setInterval(() => {
      // A machine that slept: the server is asked for the time at once. The clock of the machine decides nothing else.
      const now = performance.now();
      const slept = Math.abs(Date.now() - dateThen - (now - lookedAt)) > SLEPT_MILLISECONDS;
      lookedAt = now;
      dateThen = Date.now();
      if (slept && begun && !sending && !failures) plan(Math.random() * 1000);
      tell();
    }, 500);

    return {
      begin,
      beginClosing,
      keepOnly,
      touch,
      note,
      ping: send,
      status,
      everything,
      stop,
      // For another tab that takes over: everything typed here lies in the journal, nothing more goes out from here.
      async letGo() {
        await note();
        stop();
      },
      // Resolves to true once nothing waits any more.
      async drain() {
        if (sending) await sending;
        for (let round = 0; round < 20 && (waiting.size || dirty.size); round += 1) {
          if (!(await send())) return false;
        }
        return waiting.size === 0 && dirty.size === 0;
      },
    };
  };
})();
