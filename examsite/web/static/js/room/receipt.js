// The receipt: what this machine still kept of the attempt goes, and the page says so only when it is gone. While the
// receipt in full is awaited, it asks for it, and loads itself anew only when the server has just given it.
(function () {
  "use strict";

  const examsite = window.examsite;
  const waits = document.querySelector("[data-receipt-url]");
  const ASK_EVERY_MS = 3000;
  const ASK_TIMES = 40;

  async function ask(left) {
    let isThere = false;
    try {
      isThere = (await fetch(waits.dataset.receiptUrl, { cache: "no-store" })).ok;
    } catch {
      // No network: the page stays as it is.
    }
    if (isThere) window.location.reload();
    else if (left > 1) window.setTimeout(ask, ASK_EVERY_MS, left - 1);
  }
  if (waits) window.setTimeout(ask, ASK_EVERY_MS, ASK_TIMES);

  const note = document.querySelector("[data-machine-note]");
  if (!note) return;

  async function forget() {
    const left = await examsite.openJournal(note.dataset.journal).forget();
    if ("caches" in window) await window.caches.delete("examsite-room");
    note.textContent = left ? note.dataset.left : note.dataset.gone;
  }

  forget();
})();
