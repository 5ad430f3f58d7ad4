// The sheet of the scoring page: one criterion open at a time, levels and points, what is given and what is missing.
// Without script the page is a plain form; nothing here decides what may be saved or locked, the server does.
// The other files of this folder put themselves beside it: drafts, notes, comments, claims, keys.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const marking = (examsite.marking = {});

  marking.filled = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);

  // The token against foreign requests goes with every call of the page.
  marking.call = async function (address, fields, { keepalive = false } = {}) {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append("csrf_token", marking.sheet.elements.csrf_token.value);
    const response = await fetch(address, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      keepalive,
    });
    return { status: response.status, good: response.ok, answer: await response.json() };
  };

  const sheet = document.querySelector("[data-sheet]");
  if (!sheet) return;

  const criteria = Array.from(sheet.querySelectorAll("[data-criterion]"), makeCriterion);
  const questions = Array.from(sheet.querySelectorAll("[data-question]"));
  const said = sheet.querySelector("[data-said]");
  const lockButton = sheet.querySelector("[data-lock]");
  const nextButton = sheet.querySelector("[data-next]");
  const onward = document.querySelector("[data-after]");
  const words = sheet.dataset;
  // By questions only those of one question are walked through; the sheet still knows all of them.
  const walked = criteria.filter((item) => !words.only || item.question === words.only);
  const filled = marking.filled;
  let open = null;

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
      button.hidden = Boolean(words.only) && button.dataset.question !== words.only;
      if (button.dataset.question === item.question) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    for (const answer of document.querySelectorAll("[data-answer]")) {
      answer.hidden = answer.dataset.answer !== item.question;
    }
    if (focus) {
      item.button.focus({ preventScroll: true });
      item.section.scrollIntoView({ block: item.body.offsetHeight > item.section.parentElement.clientHeight / 2 ? "start" : "nearest" });
    }
    refresh();
    document.dispatchEvent(new CustomEvent("marking:open", { detail: item }));
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
    // By questions the way goes on to the next script once this question is marked.
    const goesOn = !next && !complete && Boolean(words.only) && Boolean(onward);
    nextButton.hidden = complete || !(next || goesOn);
    nextButton.disabled = false;
    if (next) label(nextButton, filled(words.textNext, { name: next.name }), isNeighbour(next) ? "J" : "");
    else if (goesOn) label(nextButton, words.textOn, "]");
    lockButton.disabled = !complete;
    lockButton.className = complete ? "button button--primary" : "button button--secondary sheet-lock-off";
    lockButton.textContent = complete
      ? filled(words.textLock, { code: words.scriptCode, total: figure(total) })
      : filled(words.textMissing, { names: missing.slice(0, 2).map((item) => item.name).join(", ") + (missing.length > 2 ? " …" : "") });
  }

  function label(button, text, key) {
    button.replaceChildren(document.createTextNode(text));
    if (!key) return;
    const shown = document.createElement("kbd");
    shown.className = "key";
    shown.setAttribute("aria-hidden", "true");
    shown.textContent = key;
    button.append(" ", shown);
  }

  function isNeighbour(item) {
    return walked.indexOf(item) === walked.indexOf(open) + 1;
  }

  function nextMissing(missing) {
    const place = walked.indexOf(open);
    const behind = [...walked.slice(place + 1), ...walked.slice(0, place)];
    return behind.find((item) => missing.includes(item)) || null;
  }

  function say(item) {
    const { total } = refresh();
    const { value, good } = pointsOf(item);
    if (!good) {
      // The sum that was said before holds no more.
      said.textContent = `${item.name}. ${item.error.textContent}`;
      return;
    }
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
    marking.keepSoon?.();
  }

  function nudge(item, direction) {
    const { value, good } = pointsOf(item);
    if (!good) return;
    // From "not marked" the first step is the one that was pressed for, never an invented middle.
    const from = value === null ? (direction > 0 ? -item.step : item.maximum + item.step) : value;
    give(item, Math.min(item.maximum, Math.max(0, from + direction * item.step)));
  }

  function move(direction) {
    const place = walked.indexOf(open) + direction;
    if (place >= 0 && place < walked.length) show(walked[place], { focus: true });
  }

  // --- setting up ------------------------------------------------------------------------------------------------

  for (const item of criteria) {
    item.button.addEventListener("click", () => show(item));
    item.input.addEventListener("input", () => {
      refresh();
      marking.keepSoon?.();
    });
    item.input.addEventListener("change", () => say(item));
    for (const rung of item.rungs) {
      rung.addEventListener("change", () => give(item, hundredths(rung.value)));
    }
    item.section.querySelector("[data-nudge]").hidden = false;
    item.section.querySelector("[data-less]").addEventListener("click", () => nudge(item, -1));
    item.section.querySelector("[data-more]").addEventListener("click", () => nudge(item, 1));
  }
  for (const button of questions) {
    button.addEventListener("click", () => show(criteria.find((item) => item.question === button.dataset.question)));
  }
  nextButton.addEventListener("click", () => {
    const next = nextMissing(refresh().missing);
    if (next) show(next, { focus: true });
    else if (onward) onward.click();
  });

  Object.assign(marking, {
    sheet,
    criteria,
    lockButton,
    show,
    refresh,
    give: (value) => give(open, value),
    giveRung(number) {
      const rung = open.rungs[number - 1];
      if (rung) give(open, hundredths(rung.value));
      return Boolean(rung);
    },
    nudge: (direction) => nudge(open, direction),
    move,
    opened: () => open,
    say(text) {
      said.textContent = text;
    },
  });
  document.body.classList.add("marking--live");
  const first = walked.find((item) => !pointsOf(item).good) || walked.find((item) => pointsOf(item).value === null);
  show(first || walked[0] || criteria[0]);
})();
