// The board keeps itself fresh: the page is read again every few seconds and its live parts are exchanged in place.
(function () {
  "use strict";

  const examsite = window.examsite;
  const board = document.querySelector("[data-board]");
  if (!board) return;

  const period = Number(board.dataset.refreshSeconds) * 1000;
  let ticking = 0;
  let freshAt = performance.now();

  function runClock() {
    window.clearInterval(ticking);
    const value = board.querySelector("[data-board-clock]");
    if (!value) return;
    ticking = examsite.showClock(examsite.makeClock(Number(value.dataset.leftSeconds)), { value, thresholds: [] });
  }

  // A parsed document, not markup from text: the content policy allows no other way.
  function read() {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("GET", window.location.href.split("#")[0]);
      request.responseType = "document";
      request.timeout = period * 2;
      request.onload = () => {
        const fresh = request.status === 200 && request.responseXML?.querySelector("[data-board]");
        if (fresh) resolve(fresh);
        else reject(new Error(String(request.status)));
      };
      request.onerror = request.ontimeout = () => reject(new Error("no answer"));
      request.send();
    });
  }

  function exchange(part, fresh) {
    // Cards never jump under a pointer or away from the keyboard.
    if (part.dataset.live === "list" && (part.matches(":hover") || part.contains(document.activeElement))) return;
    const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    part.replaceChildren(...Array.from(fresh.childNodes, (node) => document.importNode(node, true)));
    if (focused) Array.from(part.querySelectorAll("a")).find((link) => link.getAttribute("href") === focused)?.focus();
    if (part.dataset.live === "seats") setTabStop();
  }

  async function refresh() {
    try {
      const fresh = await read();
      for (const part of board.querySelectorAll("[data-live]")) {
        const twin = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
        if (twin) exchange(part, twin);
      }
      freshAt = performance.now();
      runClock();
    } catch {
      // Told below by the age of what is shown.
    }
    const age = Math.round((performance.now() - freshAt) / 1000);
    const stale = age > (period * 2) / 1000;
    const note = board.querySelector("[data-stale]");
    board.classList.toggle("is-stale", stale);
    note.hidden = !stale;
    if (stale) note.textContent = board.dataset.wordStale.replace("{age}", String(age));
    window.setTimeout(refresh, period);
  }

  // The grid is one tab stop; arrows walk in it.
  function seats() {
    return Array.from(board.querySelectorAll("[data-seats] a.seat"));
  }

  function setTabStop() {
    const list = seats();
    const chosen = list.find((seat) => seat === document.activeElement) || list.find((seat) => seat.hasAttribute("aria-current")) || list[0];
    for (const seat of list) seat.tabIndex = seat === chosen ? 0 : -1;
  }

  board.querySelector("[data-seats]").addEventListener("keydown", (event) => {
    const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    const seat = event.target.closest("a.seat");
    if (!seat || !(event.key in steps)) return;
    const [right, down] = steps[event.key];
    const rows = Array.from(board.querySelectorAll("[data-seats] [role=group]"), (row) => Array.from(row.querySelectorAll("a.seat")));
    const row = rows.findIndex((cells) => cells.includes(seat));
    const target = rows[row + down]?.[Math.min(rows[row].indexOf(seat) + right, (rows[row + down] || []).length - 1)];
    if (!target) return;
    event.preventDefault();
    target.focus();
    setTabStop();
  });

  runClock();
  setTabStop();
  window.setTimeout(refresh, period);
})();
