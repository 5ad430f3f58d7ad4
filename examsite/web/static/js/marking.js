// The scoring page with script: one criterion open at a time, keys, and a draft that is kept as one goes.
// Without it the page is a plain form; nothing here decides what may be saved or locked, the server does.
(function () {
  "use strict";

  const sheet = document.querySelector("[data-sheet]");
  if (!sheet) return;

  const SAVE_AFTER_MS = 700;
  const RETRY_AFTER_MS = 4000;
  const criteria = Array.from(sheet.querySelectorAll("[data-criterion]"), makeCriterion);
  const questions = Array.from(sheet.querySelectorAll("[data-question]"));
  const saved = document.querySelector("[data-saved]");
  const said = sheet.querySelector("[data-said]");
  const lockButton = sheet.querySelector("[data-lock]");
  const nextButton = sheet.querySelector("[data-next]");
  const keepButton = sheet.querySelector("[data-keep]");
  const words = sheet.dataset;
  let open = null;
  let timer = 0;
  let saving = false;
  let changed = false;
  // Beside a draft of another page nothing is kept by itself: only the button decides.
  let stopped = "elsewhere" in words;
  let waiting = null; // the button that was pressed while a save was under way
  let keysOn = true;

  // --- figures: whole hundredths, so that sums are exact ---------------------------------------------------------

  function hundredths(text) {
    const found = /^([0-9]{1,6})(?:[.,]([0-9]{1,2}))?$/.exec(text.trim());
    return found ? Number(found[1]) * 100 + Number((found[2] || "").padEnd(2, "0")) : null;
  }

  function figure(value) {
    const whole = Math.floor(value / 100);
    const rest = String(value % 100).padStart(2, "0").replace(/0+$/, "");
    return rest ? `${whole}${words.comma ? "," : "."}${rest}` : String(whole);
  }

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
  }

  function makeCriterion(section) {
    const input = section.querySelector("[data-points]");
    return {
      section,
      input,
      name: section.dataset.criterion,
      question: section.dataset.of,
      maximum: hundredths(section.dataset.maximum),
      step: hundredths(section.dataset.step),
      button: section.querySelector(".criterion-open"),
      body: section.querySelector(".criterion-body"),
      rungs: Array.from(section.querySelectorAll(".rung-input")),
      error: section.querySelector("[data-error]"),
      given: section.querySelector("[data-given]"),
      state: section.querySelector("[data-state]"),
    };
  }

  function pointsOf(item) {
    const typed = item.input.value.trim();
    if (!typed) return { value: null, good: true };
    const value = hundredths(typed);
    return { value, good: value !== null && value <= item.maximum && value % item.step === 0 };
  }

  // --- showing ---------------------------------------------------------------------------------------------------

  function show(item, { focus = false } = {}) {
    open = item;
    for (const other of criteria) {
      const isOpen = other === item;
      other.button.setAttribute("aria-expanded", String(isOpen));
      other.body.hidden = !isOpen;
      other.section.classList.toggle("criterion--open", isOpen);
      other.section.hidden = other.question !== item.question;
    }
    for (const button of questions) {
      if (button.dataset.question === item.question) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    for (const answer of document.querySelectorAll("[data-answer]")) {
      answer.hidden = answer.dataset.answer !== item.question;
    }
    if (focus) {
      item.button.focus({ preventScroll: true });
      item.section.scrollIntoView({ block: "nearest" });
    }
    refresh();
  }

  function drawState(item, value) {
    const bar = document.createElement("span");
    if (value === null) {
      bar.className = "criterion-unmarked";
      bar.textContent = words.textUnmarked;
    } else {
      bar.className = "criterion-steps";
      bar.setAttribute("aria-hidden", "true");
      for (let number = 0; number < 5; number += 1) {
        const cell = document.createElement("i");
        if ((value / item.maximum) * 5 > number) cell.className = "is-full";
        bar.append(cell);
      }
    }
    item.state.replaceChildren(bar);
  }

  function refresh() {
    let total = 0;
    const missing = [];
    const sums = new Map();
    let allGood = true;
    for (const item of criteria) {
      const { value, good } = pointsOf(item);
      allGood = allGood && good;
      const counts = good ? value : null;
      item.given.textContent = counts === null ? "–" : figure(counts);
      drawState(item, counts);
      item.error.hidden = good;
      if (!good) {
        item.error.textContent = filled(words.textRange, { maximum: figure(item.maximum), step: figure(item.step) });
      }
      item.section.querySelector(".criterion-typed").classList.toggle("field--bad", !good);
      for (const rung of item.rungs) rung.checked = counts !== null && hundredths(rung.value) === counts;
      if (counts === null) missing.push(item);
      else {
        total += counts;
        sums.set(item.question, (sums.get(item.question) || 0) + counts);
      }
    }
    for (const button of questions) {
      const sum = sums.get(button.dataset.question);
      button.querySelector("[data-question-sum]").textContent = sum === undefined ? "–" : figure(sum);
    }
    sheet.querySelector("[data-total]").textContent = figure(total);
    sheet.querySelector("[data-done]").textContent = String(criteria.length - missing.length);
    showActs(missing, total, allGood);
    return { total, missing, allGood };
  }

  function showActs(missing, total, allGood) {
    const next = nextMissing(missing);
    const complete = missing.length === 0 && allGood;
    nextButton.hidden = complete || !next;
    if (next) nextButton.textContent = filled(words.textNext, { name: next.name });
    lockButton.disabled = !complete;
    lockButton.className = complete ? "button button--primary" : "button button--secondary sheet-lock-off";
    lockButton.textContent = complete
      ? filled(words.textLock, { code: words.scriptCode, total: figure(total) })
      : filled(words.textMissing, { names: missing.map((item) => item.name).slice(0, 3).join(", ") });
  }

  function nextMissing(missing) {
    const place = criteria.indexOf(open);
    const behind = [...criteria.slice(place + 1), ...criteria.slice(0, place)];
    return behind.find((item) => missing.includes(item)) || (missing.length === 1 && missing[0] !== open ? missing[0] : null);
  }

  function say(item) {
    const { total } = refresh();
    const { value, good } = pointsOf(item);
    if (!good) return;
    const values = {
      name: item.name,
      points: value === null ? "" : figure(value),
      maximum: figure(item.maximum),
      total: figure(total),
    };
    said.textContent = filled(value === null ? words.textCleared : words.textSaid, values);
  }

  function give(item, value) {
    item.input.value = value === null ? "" : figure(value);
    say(item);
    keepSoon();
  }

  function nudge(item, direction) {
    const { value, good } = pointsOf(item);
    if (!good) return;
    // From "not marked" the first step is the one that was pressed for, never an invented middle.
    const from = value === null ? (direction > 0 ? -item.step : item.maximum + item.step) : value;
    give(item, Math.min(item.maximum, Math.max(0, from + direction * item.step)));
  }

  // --- keeping ---------------------------------------------------------------------------------------------------

  function tell(kind, text) {
    const tag = document.createElement("span");
    tag.className = `tag tag--${kind}`;
    tag.textContent = text;
    saved.replaceChildren(tag);
    // Saves are silent; a failed one speaks once.
    if (kind === "amber" && said.textContent !== text) said.textContent = text;
  }

  function keepSoon(delay = SAVE_AFTER_MS) {
    changed = true;
    window.clearTimeout(timer);
    if (!stopped) timer = window.setTimeout(keep, delay);
  }

  async function keep() {
    if (saving || stopped || !changed) return;
    if (!refresh().allGood) {
      tell("amber", words.textRefused);
      return;
    }
    saving = true;
    changed = false;
    tell("neutral", words.textSaving);
    try {
      const response = await fetch(sheet.action, {
        method: "POST",
        body: new FormData(sheet),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
      const answer = await response.json();
      if (response.ok) {
        sheet.elements.revision.value = answer.revision;
        tell("green", answer.saved);
      } else refused(response.status, answer);
    } catch {
      changed = true;
      tell("amber", words.textFailed);
      timer = window.setTimeout(keep, RETRY_AFTER_MS);
    } finally {
      saving = false;
    }
    if (waiting) sheet.requestSubmit(waiting);
    else if (changed && !stopped) keepSoon();
  }

  function refused(status, answer) {
    if (answer.error === "draft_changed_elsewhere") {
      stopped = true; // Only the person decides which of the two drafts stays.
      tell("amber", words.textElsewhere);
      return;
    }
    if (status === 409) stopped = true;
    tell("amber", answer.message || words.textRefused);
  }

  function lock() {
    const { missing, allGood } = refresh();
    if (missing.length || !allGood) {
      if (missing.length) show(missing[0], { focus: true });
      return;
    }
    changed = false;
    lockButton.disabled = false;
    sheet.requestSubmit(lockButton);
  }

  // --- keys ------------------------------------------------------------------------------------------------------

  function isTyping(target) {
    return target.matches("textarea, input:not([type=radio]), select") || target.isContentEditable;
  }

  function move(direction) {
    const place = criteria.indexOf(open) + direction;
    if (place >= 0 && place < criteria.length) show(criteria[place], { focus: true });
  }

  function follow(selector) {
    const link = document.querySelector(selector);
    if (link) link.click();
  }

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    n: () => open.section.querySelector("textarea").focus(),
    "+": () => nudge(open, 1),
    "=": () => nudge(open, 1),
    "-": () => nudge(open, -1),
    "−": () => nudge(open, -1),
    delete: () => give(open, null),
    "[": () => follow("[data-before]"),
    "]": () => follow("[data-after]"),
  };

  document.addEventListener("keydown", (event) => {
    if (!keysOn || event.isComposing || event.defaultPrevented) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      lock();
      return;
    }
    if (event.key === "Escape" && isTyping(event.target)) {
      open.button.focus();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const rung = /^[1-9]$/.test(event.key) ? open.rungs[Number(event.key) - 1] : null;
    if (rung) {
      event.preventDefault();
      give(open, hundredths(rung.value));
      return;
    }
    const act = KEYS[event.key.toLowerCase()];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  function setUpKeys() {
    const strip = document.querySelector("[data-keys]");
    const toggle = document.querySelector("[data-keys-toggle]");
    try {
      keysOn = window.localStorage.getItem("marking_keys") !== "off";
    } catch {
      // Storage may be switched off; keys are then on.
    }
    const label = () => {
      toggle.textContent = keysOn ? toggle.dataset.on : toggle.dataset.off;
      strip.classList.toggle("marking-keys--off", !keysOn);
    };
    strip.hidden = false;
    label();
    toggle.addEventListener("click", () => {
      keysOn = !keysOn;
      try {
        window.localStorage.setItem("marking_keys", keysOn ? "on" : "off");
      } catch {
        // The choice then lasts as long as the page.
      }
      label();
    });
  }

  // --- setting up ------------------------------------------------------------------------------------------------

  for (const item of criteria) {
    item.button.addEventListener("click", () => show(item));
    item.input.addEventListener("input", () => {
      refresh();
      keepSoon();
    });
    item.input.addEventListener("change", () => say(item));
    for (const rung of item.rungs) {
      rung.addEventListener("change", () => give(item, hundredths(rung.value)));
    }
    item.section.querySelector("[data-nudge]").hidden = false;
    item.section.querySelector("[data-less]").addEventListener("click", () => nudge(item, -1));
    item.section.querySelector("[data-more]").addEventListener("click", () => nudge(item, 1));
  }
  for (const area of sheet.querySelectorAll("textarea")) area.addEventListener("input", () => keepSoon());
  for (const button of questions) {
    button.addEventListener("click", () => show(criteria.find((item) => item.question === button.dataset.question)));
  }
  nextButton.addEventListener("click", () => {
    const next = nextMissing(refresh().missing);
    if (next) show(next, { focus: true });
  });
  sheet.addEventListener("submit", (event) => {
    window.clearTimeout(timer);
    if (saving) {
      // The save under way moves the revision on; the form goes after it, never beside it.
      event.preventDefault();
      waiting = event.submitter || keepButton;
      return;
    }
    stopped = true;
  });
  window.addEventListener("pagehide", () => {
    if (changed && !stopped && refresh().allGood) {
      fetch(sheet.action, {
        method: "POST",
        body: new FormData(sheet),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        keepalive: true,
      });
    }
  });
  setUpKeys();
  const first = criteria.find((item) => !pointsOf(item).good) || criteria.find((item) => pointsOf(item).value === null);
  document.body.classList.add("marking--live");
  keepButton.classList.add("sheet-keep");
  show(first || criteria[0]);
})();
