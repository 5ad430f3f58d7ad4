// One writer: of all tabs of a browser only one writes an attempt. Between machines the epoch of the server decides.
//
// Web Locks where the page is secure; elsewhere the tabs ask each other. A tab whose holder does not answer any more
// may take over: the epoch fences whatever wakes up later.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const ANSWER_MILLISECONDS = 400;
  const HAND_OVER_MILLISECONDS = 1500;

  // options: onAsked() -> promise, settled once everything typed here is in the journal; onLost().
  examsite.makeWriter = function (attempt, options) {
    const name = `examsite-attempt-${attempt}`;
    const me = `${performance.timeOrigin}-${Math.random().toString(36).slice(2)}`;
    const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel(name) : null;
    const locks = navigator.locks || null;
    let holds = false;
    let asking = false;
    let release = null;
    const waiting = new Map(); // what we wait to hear -> how to tell

    function hear(kind, milliseconds) {
      return new Promise((resolve) => {
        const limit = window.setTimeout(() => { waiting.delete(kind); resolve(false); }, milliseconds);
        waiting.set(kind, () => { window.clearTimeout(limit); waiting.delete(kind); resolve(true); });
      });
    }

    async function lose() {
      if (!holds) return;
      holds = false;
      await options.onAsked();
      release?.();
      release = null;
      options.onLost();
    }

    channel?.addEventListener("message", async ({ data }) => {
      if (data.from === me) return;
      if (data.kind === "who" && (holds || (asking && me < data.from))) channel.postMessage({ kind: "mine", from: me });
      if (data.kind === "mine") waiting.get("mine")?.();
      if (data.kind === "given" && data.to === me) waiting.get("given")?.();
      if (data.kind === "give" && holds) {
        await lose();
        channel.postMessage({ kind: "given", from: me, to: data.from });
      }
    });

    function request(how) {
      return new Promise((resolve) => {
        locks.request(name, how, (lock) => {
          if (!lock) {
            resolve(false);
            return undefined;
          }
          holds = true;
          resolve(true);
          return new Promise((done) => { release = done; });
        }).catch(() => { resolve(false); lose(); }); // stolen from us
      });
    }

    async function take() {
      if (holds) return true;
      if (locks) return request({ ifAvailable: true });
      asking = true;
      channel?.postMessage({ kind: "who", from: me });
      const taken = channel ? await hear("mine", ANSWER_MILLISECONDS) : false;
      asking = false;
      holds = !taken;
      return holds;
    }

    // The other tab first puts away what was typed there; one that does not answer is passed over.
    async function takeOver() {
      if (holds) return true;
      if (channel) {
        channel.postMessage({ kind: "give", from: me });
        await hear("given", HAND_OVER_MILLISECONDS);
      }
      if (locks) return request({ steal: true });
      holds = true;
      return true;
    }

    return { take, takeOver, holds: () => holds };
  };
})();
