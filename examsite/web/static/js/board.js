// The board keeps itself fresh: the page is read again every few seconds and what changed is changed in place.
// Nothing moves under a pointer or away from the keyboard, and what is old never looks fresh.
(function () {
  "use strict";

  const examsite = window.examsite;
  const board = document.querySelector("[data-board]");
  if (!board) return;

  const period = Number(board.dataset.refreshSeconds) * 1000;
  const staleAfter = period * 2 + 2000;
  const clockValue = () => board.querySelector("[data-board-clock]");
  let freshAt = performance.now();
  let waitingList = null;

  // --- reading -----------------------------------------------------------------------------------------------------

  // A parsed document, not markup from text: the content policy allows no other way.
  function read() {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("GET", board.dataset.url);
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

  // --- changing in place -------------------------------------------------------------------------------------------

  function keyOf(node) {
    return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
  }

  function isTwin(node, fresh) {
    return node && node.nodeType === fresh.nodeType && node.nodeName === fresh.nodeName && keyOf(node) === keyOf(fresh);
  }

  // Elements that stay what they are keep their identity, so that focus, pressing and hovering survive every refresh.
  function follow(node, fresh) {
    if (node.isEqualNode(fresh)) return;
    if (node.nodeType !== Node.ELEMENT_NODE) {
      if (node.nodeValue !== fresh.nodeValue) node.nodeValue = fresh.nodeValue;
      return;
    }
    for (const { name } of Array.from(node.attributes)) {
      if (!fresh.hasAttribute(name) && name !== "tabindex") node.removeAttribute(name);
    }
    for (const { name, value } of Array.from(fresh.attributes)) {
      if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    }
    if (!node.hasAttribute("data-own-text")) followChildren(node, fresh);
  }

  function followChildren(node, fresh) {
    const keyed = new Map(Array.from(node.childNodes).filter(keyOf).map((child) => [keyOf(child), child]));
    let place = node.firstChild;
    for (const wanted of Array.from(fresh.childNodes)) {
      const known = keyOf(wanted) ? keyed.get(keyOf(wanted)) : null;
      if (known && known !== place) node.insertBefore(known, place);
      if (known || isTwin(place, wanted)) {
        const here = known || place;
        place = here.nextSibling;
        follow(here, wanted);
      } else {
        node.insertBefore(document.importNode(wanted, true), place);
      }
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  function isHeld(part) {
    return part.matches(":hover") || part.contains(document.activeElement);
  }

  // Under a pointer the cards that are there are kept up to date, but none comes, goes or moves.
  function followList(part, fresh) {
    const note = board.querySelector("[data-held]");
    if (!isHeld(part)) {
      follow(part, fresh);
      waitingList = null;
      if (note) note.hidden = true;
      return;
    }
    const cards = new Map(Array.from(part.querySelectorAll("li[data-key]"), (card) => [card.dataset.key, card]));
    const wanted = Array.from(fresh.querySelectorAll("li[data-key]"));
    for (const card of wanted) {
      const here = cards.get(card.dataset.key);
      if (here && !here.contains(document.activeElement)) follow(here, card);
    }
    waitingList = fresh;
    if (note) note.hidden = Array.from(cards.keys()).join(" ") === wanted.map((card) => card.dataset.key).join(" ");
  }

  function releaseList() {
    const part = board.querySelector('[data-live="list"]');
    if (waitingList && part && !isHeld(part)) followList(part, waitingList);
  }

  // --- saying --------------------------------------------------------------------------------------------------------

  const said = new Set(JSON.parse(window.sessionStorage.getItem(`said ${board.dataset.room}`) || "[]"));

  function announce(entries, isFirst) {
    const fresh = Array.from(entries).filter((entry) => !said.has(entry.dataset.key));
    for (const entry of fresh) said.add(entry.dataset.key);
    window.sessionStorage.setItem(`said ${board.dataset.room}`, JSON.stringify(Array.from(said)));
    const place = board.querySelector("[data-announce]");
    if (fresh.length && !isFirst && place) place.textContent = fresh.map((entry) => entry.textContent).join(" ");
  }

  // --- clock ---------------------------------------------------------------------------------------------------------

  const clock = clockValue() ? examsite.makeClock(Number(clockValue().dataset.leftSeconds)) : null;

  if (clock) {
    examsite.showClock(clock, {
      value: { set textContent(text) { const value = clockValue(); if (value) value.textContent = text; } },
      thresholds: board.hasAttribute("data-counts-down") ? [30, 15, 5, 1] : [],
      announce: board.querySelector("[data-announce-clock]"),
      sentence: (minutes) => board.dataset.wordLeft.replace("{minutes}", String(minutes)),
    });
  }

  // --- the round -----------------------------------------------------------------------------------------------------

  function exchange(fresh) {
    for (const part of board.querySelectorAll("[data-live]")) {
      const twin = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (!twin) continue;
      if (part.dataset.live === "list") followList(part, twin);
      else follow(part, twin);
    }
    announce(fresh.querySelectorAll("[data-announcements] [data-key]"), false);
    const left = fresh.querySelector("[data-board-clock]");
    if (left && clock) clock.sync(Number(left.dataset.leftSeconds));
    setTabStop();
    echo();
  }

  let round = 0;

  async function refresh() {
    window.clearTimeout(round);
    try {
      exchange(await read());
      freshAt = performance.now();
    } catch {
      // Told by the age of what is shown.
    }
    round = window.setTimeout(refresh, period);
  }

  // Own connection lost: a veil with the age of the data, and nothing of it can be pressed.
  function isStale() {
    return performance.now() - freshAt > staleAfter;
  }

  function showAge() {
    const stale = isStale();
    const veil = board.querySelector("[data-veil]");
    if (stale) veil.querySelector("[data-age]").textContent = String(Math.round((performance.now() - freshAt) / 1000));
    if (veil.hidden !== stale) return;
    veil.hidden = !stale;
    board.classList.toggle("is-stale", stale);
    veil.querySelector("[data-veil-title]").textContent = stale ? board.dataset.wordStale : "";
    for (const part of board.querySelectorAll('[data-live="list"], [data-live="seats"]')) part.inert = stale;
  }

  board.addEventListener("submit", (event) => {
    if (!isStale()) return;
    event.preventDefault(); // what was typed stays; the browser would replace the page by its own
    board.querySelector("[data-veil]").scrollIntoView({ block: "nearest" });
  });

  // --- the grid is one tab stop; arrows walk in it ---------------------------------------------------------------------

  const plan = board.querySelector("[data-seats]");

  function setTabStop() {
    const list = Array.from(plan?.querySelectorAll("a.seat") || []);
    const chosen = list.find((seat) => seat === document.activeElement)
      || list.find((seat) => seat.tabIndex === 0 && seat.dataset.chosen)
      || list.find((seat) => seat.hasAttribute("aria-current")) || list[0];
    for (const seat of list) seat.tabIndex = seat === chosen ? 0 : -1;
  }

  plan?.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1], Home: [-99, 0], End: [99, 0] };
    const seat = event.target.closest("a.seat");
    if (!seat || !(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [right, down] = steps[event.key];
    const rows = Array.from(plan.querySelectorAll(".seat-row[role=group]"), (row) => Array.from(row.querySelectorAll(".seat")));
    const row = rows.findIndex((cells) => cells.includes(seat));
    const target = down ? beyond(rows, row, rows[row].indexOf(seat), down) : along(rows[row], seat, right);
    if (!target) return;
    target.focus();
    setTabStop();
  });

  function along(cells, seat, step) {
    const links = cells.filter((cell) => cell.matches("a"));
    return links[Math.min(Math.max(links.indexOf(seat) + step, 0), links.length - 1)];
  }

  function beyond(rows, row, column, step) {
    for (let next = row + step; rows[next]; next += step) {
      if (rows[next][column]?.matches("a")) return rows[next][column];
    }
    return null;
  }

  // --- sentences that follow what is chosen ------------------------------------------------------------------------------

  function echo() {
    for (const place of board.querySelectorAll("[data-echo]")) {
      const chosen = board.querySelector(`input[name="${place.dataset.echo}"]:checked`);
      if (chosen) place.textContent = place.dataset.echoText.replace("{value}", chosen.value);
      for (const seat of plan?.querySelectorAll(".seat--new") || []) seat.classList.remove("seat--new");
      if (chosen) plan?.querySelector(`[data-key="${CSS.escape(chosen.value)}"]`)?.classList.add("seat--new");
    }
  }

  board.addEventListener("change", echo);
  board.addEventListener("pointerleave", releaseList);
  board.querySelector('[data-live="list"]')?.addEventListener("pointerleave", releaseList);
  board.querySelector('[data-live="list"]')?.addEventListener("focusout", () => window.setTimeout(releaseList));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

  announce(board.querySelectorAll("[data-announcements] [data-key]"), true);
  setTabStop();
  echo();
  window.setInterval(showAge, 1000);
  round = window.setTimeout(refresh, period);
})();
