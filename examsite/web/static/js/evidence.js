// What the page notices beside the writing: focus lost, fullscreen left, text pasted, letters faster than typing,
// reloads, outages. Figures only, never a text. It is recorded for people to look at; nothing follows from it here.
//
// Builds on `examsite.room` (room/room.js). Kept through reloads and outages, sent with jitter, sent once.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const BURST = { letters: 80, milliseconds: 2000 };
  const OFFLINE_AFTER_MILLISECONDS = 5000;
  const SEND_MILLISECONDS = 20000;
  const MOST_KEPT = 500;
  const BATCH = 64;
  const KEY = "evidence";

  // Where a text grew faster than anybody types; `domain/evidence.py` says the same in the same words.
  function makeBurstFinder() {
    let steps = [];
    return (milliseconds, letters) => {
      steps = steps.filter((step) => milliseconds - step.milliseconds < BURST.milliseconds);
      steps.push({ milliseconds, letters });
      const grown = steps.reduce((sum, step) => sum + step.letters, 0);
      if (grown < BURST.letters) return null;
      const found = { milliseconds: milliseconds - steps[0].milliseconds, letters: grown };
      steps = [];
      return found;
    };
  }

  examsite.findBursts = (steps) => {
    const look = makeBurstFinder();
    return steps.map((step) => look(step.milliseconds, step.letters)).filter(Boolean);
  };

  const room = examsite.room;
  if (!room) return;

  // A number of its own for each page and tenth of a second: whatever is sent twice is stored once.
  let number = Math.floor((Date.now() - Date.UTC(2026, 0, 1)) / 100) % 2000000000;
  let waiting = [];
  try {
    waiting = JSON.parse(room.remembered(KEY)) || [];
  } catch {
    waiting = [];
  }

  function keep() {
    room.remember(KEY, waiting.length ? JSON.stringify(waiting) : null);
  }

  function notice(kind, milliseconds, data) {
    if (waiting.length >= MOST_KEPT || ["over", "done", "waiting", "elsewhere", "locked"].includes(room.state)) return;
    number += 1;
    waiting.push({
      kind,
      number,
      epoch: room.epoch,
      milliseconds: milliseconds === null ? null : Math.max(0, Math.round(milliseconds)),
      data: room.item ? { item: room.item, ...data } : data,
    });
    keep();
  }

  // --- what is noticed ----------------------------------------------------------------------------------------------

  let leftAt = 0;
  const leave = () => { leftAt = leftAt || performance.now(); };
  const come = () => {
    if (leftAt) notice("focus_lost", performance.now() - leftAt, {});
    leftAt = 0;
  };
  window.addEventListener("blur", leave);
  window.addEventListener("focus", come);
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? leave() : document.hasFocus() && come()));
  document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) notice("fullscreen_left", null, {}); });

  const isWriting = (target) => target instanceof HTMLTextAreaElement && room.root.contains(target);
  let copied = null; // in memory only, to know the candidate's own words again
  const remember = (event) => {
    const target = event.target;
    if (isWriting(target)) copied = target.value.slice(target.selectionStart, target.selectionEnd);
  };
  document.addEventListener("copy", remember, true);
  document.addEventListener("cut", remember, true);
  document.addEventListener("dragstart", remember, true);
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") || "";
    if (isWriting(event.target) && text) notice("pasted", null, { letters: text.length, own: isOwn(text) });
  }, true);
  document.addEventListener("drop", (event) => {
    const text = event.dataTransfer?.getData("text") || "";
    if (isWriting(event.target) && text) notice("pasted", null, { letters: text.length, own: isOwn(text) });
  }, true);

  function isOwn(text) {
    const plain = (words) => words.replace(/\s+/g, " ").trim();
    return copied !== null && plain(copied) === plain(text);
  }

  let look = makeBurstFinder();
  let before = 0;
  document.addEventListener("beforeinput", (event) => { if (isWriting(event.target)) before = event.target.textLength; }, true);
  document.addEventListener("input", (event) => {
    if (!isWriting(event.target) || /^(insertFrom|history)/.test(event.inputType || "")) return;
    const found = look(performance.now(), event.target.textLength - before);
    before = event.target.textLength;
    if (found) notice("burst", found.milliseconds, { letters: found.letters });
  }, true);
  room.on("item", () => { look = makeBurstFinder(); });

  let offlineSince = 0;
  room.on("saving", (status) => {
    if (status.troubleFor > OFFLINE_AFTER_MILLISECONDS) offlineSince = offlineSince || performance.now() - status.troubleFor;
    else if (offlineSince && !status.troubleFor) {
      notice("offline", performance.now() - offlineSince, {});
      offlineSince = 0;
    }
  });

  let isFirst = true;
  room.on("opened", () => {
    const isReload = performance.getEntriesByType("navigation")[0]?.type === "reload";
    if (isFirst && isReload) notice("reloaded", null, {});
    isFirst = false;
  });

  // --- to the server ------------------------------------------------------------------------------------------------

  const bodyOf = (batch) => ({
    epoch: batch[0].epoch,
    events: batch.map(({ kind, number: own, milliseconds, data }) => ({ kind, number: own, milliseconds, data })),
  });
  const nextBatch = () => waiting.filter((event) => event.epoch === waiting[0].epoch).slice(0, BATCH);

  function forget(batch) {
    const sent = new Set(batch);
    waiting = waiting.filter((event) => !sent.has(event));
    keep();
  }

  async function send() {
    while (waiting.length && room.token) {
      const batch = nextBatch();
      const answer = await room.call("evidence", { body: bodyOf(batch) }).catch(() => null);
      // What the server does not understand will never be understood; everything else is tried again.
      if (!answer || (!answer.ok && answer.status !== 422)) return;
      forget(batch);
    }
  }

  (async function sendForEver() {
    for (;;) {
      await new Promise((resolve) => { window.setTimeout(resolve, SEND_MILLISECONDS * (0.5 + Math.random())); });
      await send();
    }
  })();
  room.on("state", ({ state }) => { if (state === "over" || state === "done") send(); });
  window.addEventListener("pagehide", () => {
    if (!waiting.length) return;
    const body = JSON.stringify(bodyOf(nextBatch()));
    fetch(room.url("evidence"), { method: "POST", headers: room.headers(), body, keepalive: true, credentials: "omit" }).catch(() => {});
  });

  // --- the one button -----------------------------------------------------------------------------------------------

  for (const button of document.querySelectorAll("[data-fullscreen]")) {
    button.hidden = !document.fullscreenEnabled;
    button.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen().catch(() => {});
    });
  }
})();
