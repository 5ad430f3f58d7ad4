// Brings what waits (outbox.js) to the server, again and again until it says that it has it: when, how, and how long
// the server has been silent.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});

  const QUIET_MILLISECONDS = 2500;
  // At most ten seconds are allowed; half of it, so that whoever types on and on mostly reads "being saved", then "saved".
  const LONGEST_WAIT_MILLISECONDS = 5000;
  const HEARTBEAT_MILLISECONDS = 12000;
  const PAUSED_HEARTBEAT_MILLISECONDS = 5000;
  const BACKOFF_FIRST_MILLISECONDS = 1000;
  const BACKOFF_CAP_MILLISECONDS = 15000;
  const BACKOFF_LEAST_MILLISECONDS = 300;
  const KEEPALIVE_BYTES = 60000;
  const SLEPT_MILLISECONDS = 5000;
  const LOOK_MILLISECONDS = 500;
  const DRAIN_ROUNDS = 20;

  // options: room, journal, onStatus(status), onStored(answer), onFenced(), onOver(state), onTooLarge(item), onRefused(refusal).
  examsite.makeAutosave = function (options) {
    const { room, journal } = options;
    let begun = false;
    let stopped = false;
    let fenced = false;
    let closing = false;
    let sending = null;
    let timer = 0;
    let failures = 0;
    let troubleSince = 0; // performance.now() of the first call that has gone without an answer
    let retryAt = 0;

    const outbox = examsite.makeOutbox({
      journal,
      onUnsaved: tell,
      onNoted() {
        if (begun && !sending && !failures) plan(Math.min(QUIET_MILLISECONDS, Math.max(0, LONGEST_WAIT_MILLISECONDS - outbox.unsavedFor())));
      },
      onKept: tell,
    });

    function status() {
      const now = performance.now();
      return {
        waiting: outbox.size(),
        waitingFor: outbox.unsavedFor(),
        troubleFor: troubleSince ? now - troubleSince : 0,
        retryIn: retryAt ? Math.max(0, retryAt - now) : 0,
        journalWorks: journal.works,
        fenced,
      };
    }

    function tell() {
      if (!stopped) options.onStatus(status());
    }

    function touch(item, read) {
      if (!stopped && !fenced) outbox.touch(item, read);
    }

    function plan(milliseconds) {
      window.clearTimeout(timer);
      timer = window.setTimeout(send, milliseconds);
    }

    async function send() {
      if (sending || stopped || !begun) return sending;
      window.clearTimeout(timer);
      retryAt = 0;
      await outbox.note(); // the journal first
      if (sending || stopped) return sending;
      // Whatever goes wrong with one call, the next one is made.
      sending = sendOnce(outbox.nextBatch()).catch((error) => { window.reportError?.(error); return false; });
      const good = await sending;
      sending = null;
      if (stopped) return good;
      if (good) {
        failures = 0;
        troubleSince = 0;
        if (fenced && !outbox.hasWaiting()) stop();
        else plan(outbox.hasWaiting() ? QUIET_MILLISECONDS : heartbeat());
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
      troubleSince = troubleSince || performance.now();
      for (const entry of batch) entry.sent = true;
      tell();
      const epoch = outbox.epoch();
      const saves = batch.map(outbox.outgoing);
      let answer;
      try {
        answer = await room.call("saves", { body: { epoch, saves } });
      } catch {
        return false;
      }
      if (answer.status === 413) return sendOneByOne(batch);
      if (!answer.ok) {
        if (answer.status < 500 && answer.status !== 408 && answer.status !== 429) options.onRefused({ status: answer.status, ...answer.data });
        return false;
      }
      if (!(await agrees(answer.data, saves))) {
        await outbox.sendAgain(saves);
        return false;
      }
      await take(answer, batch, epoch);
      return true;
    }

    // One of them is too large: each goes alone, and the one that cannot is said so and stays in the journal.
    async function sendOneByOne(batch) {
      if (batch.length === 1) {
        outbox.giveUp(batch[0]);
        options.onTooLarge(batch[0].item);
        return true;
      }
      for (const entry of batch) {
        if (!(await sendOnce([entry]))) return false;
      }
      return true;
    }

    // What the server stored is what was sent: both compute the same hash. Where they differ, nothing counts as saved.
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
      return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === answer.hash;
    }

    async function take({ data, travel }, batch, epoch) {
      await outbox.settle(data);
      room.take(data, travel);
      if (batch.length && data.saved.length) options.onStored(data);
      // An answer to the page before a take-over says nothing of this one.
      if (data.fenced && !fenced && !closing && epoch === outbox.epoch()) {
        await outbox.note();
        fenced = true;
        options.onFenced();
      }
      if (data.state !== "open" && !outbox.size()) {
        stop();
        options.onOver(data.state);
      }
    }

    async function begin(opened) {
      const adopted = await outbox.begin(opened);
      fenced = false;
      stopped = false;
      begun = true;
      failures = 0;
      troubleSince = 0;
      plan(outbox.hasWaiting() ? 0 : heartbeat());
      return adopted;
    }

    async function beginClosing(view) {
      closing = true;
      await outbox.beginClosing(view);
      begun = true;
      plan(0);
    }

    // Before the server has answered: what is typed goes into the journal only.
    async function keepOnly(session) {
      troubleSince = performance.now();
      return outbox.keepOnly(session);
    }

    function stop() {
      stopped = true;
      window.clearTimeout(timer);
    }

    // As much as a browser still carries while the page goes away; the journal has the rest.
    function flushOnLeave() {
      outbox.note();
      if (stopped || !begun) return;
      const batch = outbox.lastBatch(KEEPALIVE_BYTES);
      if (!batch.length) return;
      for (const entry of batch) entry.sent = true;
      const body = JSON.stringify({ epoch: outbox.epoch(), saves: batch.map(outbox.outgoing) });
      fetch(room.url("saves"), { method: "POST", headers: room.headers(), body, keepalive: true, credentials: "omit" }).catch(() => {});
    }

    // While the next page is still on its way this one lives long enough to put the last keys away.
    window.addEventListener("beforeunload", () => { outbox.note(); });
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
      examsite.whenIdle(tell, LOOK_MILLISECONDS);
    }, LOOK_MILLISECONDS);

    return {
      begin,
      beginClosing,
      keepOnly,
      touch,
      note: outbox.note,
      everything: outbox.everything,
      ping: send,
      status,
      stop,
      // For another tab that takes over: everything typed here lies in the journal, nothing more goes out from here.
      async letGo() {
        await outbox.note();
        stop();
      },
      // Resolves to true once nothing waits any more.
      async drain() {
        if (sending) await sending;
        for (let round = 0; round < DRAIN_ROUNDS && outbox.size(); round += 1) {
          if (!(await send())) return false;
        }
        return outbox.size() === 0;
      },
    };
  };
})();
