// The test page: one question at a time, everything kept, the server's time, the way to the hand-in.
(function () {
  "use strict";

  const examsite = window.examsite;
  const root = document.querySelector("[data-exam]");
  if (!root) return;

  const words = JSON.parse(root.dataset.words);
  const SIZES = [16, 18, 20, 22, 26];
  const BANNER_AFTER_MILLISECONDS = 5000;
  const SAVING_AFTER_MILLISECONDS = 1000;
  const BACK_FOR_MILLISECONDS = 6000;
  const LOW_SECONDS = 300;
  const UNDO_STEPS = 400;
  const VIETNAM_MILLISECONDS = 7 * 3600 * 1000;

  const find = (selector, within) => (within || document).querySelector(selector);
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));

  const questions = all("[data-item]", root).map((section) => ({
    section,
    item: section.dataset.item,
    kind: section.dataset.kind,
    number: Number(section.dataset.number),
    points: section.dataset.points,
    isEssay: section.dataset.kind === "essay",
    cell: find(`[data-goto="${section.dataset.item}"]`),
    answer: null,
    undo: [],
    redo: [],
  }));
  const byItem = new Map(questions.map((question) => [question.item, question]));
  const flags = new Set();
  const journal = examsite.openJournal(root.dataset.attempt);
  const clock = examsite.makeClock(Number(root.dataset.remainingSeconds));
  let current = null;
  let autosave = null;
  let savedText = "";
  let deadlineText = "";
  let wasInTrouble = false;
  let backUntil = 0;
  let shownState = "";
  let readOnly = true;
  let tooLarge = false;

  const announcer = document.createElement("p");
  announcer.className = "visually-hidden";
  announcer.setAttribute("role", "status");
  root.append(announcer);

  // --- words ------------------------------------------------------------------------------------------------------

  function titleOf(question) {
    return `${question.isEssay ? words.essay : words.objective} ${question.number}`;
  }

  function timeText(instant) {
    return new Date(Date.parse(instant) + VIETNAM_MILLISECONDS).toISOString().slice(11, 19);
  }

  function countWords(text) {
    const trimmed = text.trim();
    return trimmed ? trimmed.split(/\s+/).length : 0;
  }

  function isAnswered(question) {
    if (typeof question.answer === "string") return question.answer.trim() !== "";
    return Array.isArray(question.answer) && question.answer.length > 0;
  }

  function fill(text, ...values) {
    return values.reduce((filled, value) => filled.replace("%s", value), text);
  }

  // --- navigator --------------------------------------------------------------------------------------------------

  function drawCell(question) {
    const answered = isAnswered(question);
    const { cell } = question;
    cell.classList.toggle("is-answered", answered);
    cell.classList.toggle("is-flagged", flags.has(question.item));
    cell.classList.toggle("is-current", question === current);
    if (question === current) cell.setAttribute("aria-current", "true");
    else cell.removeAttribute("aria-current");
    const parts = [question.isEssay ? titleOf(question) : `${words.question} ${question.number}`];
    if (question === current) parts.push(words.current);
    parts.push(answered ? words.answered : words.unanswered);
    if (flags.has(question.item)) parts.push(words.flagged);
    cell.setAttribute("aria-label", parts.join(", "));
    if (question.isEssay) {
      const count = typeof question.answer === "string" ? countWords(question.answer) : 0;
      if (count) find("[data-essay-detail]", cell).textContent = `${count} ${words.words}`;
      find("[data-essay-state]", cell).textContent =
        question === current ? words.now : answered ? words.written : words.unwritten;
    }
  }

  function linksTo(target, list, empty) {
    target.textContent = "";
    if (!list.length) target.textContent = empty;
    list.forEach((question, place) => {
      if (place) target.append(" ");
      const link = document.createElement("a");
      link.href = `#${question.item}`;
      link.dataset.goto = question.item;
      link.textContent = question.isEssay ? titleOf(question) : String(question.number);
      target.append(link);
    });
  }

  function drawNavigator() {
    questions.forEach(drawCell);
    const objective = questions.filter((question) => !question.isEssay);
    const openObjective = objective.filter((question) => !isAnswered(question));
    const openEssays = questions.filter((question) => question.isEssay && !isAnswered(question));
    const answered = questions.filter(isAnswered);
    const objectiveCount = find("[data-answered-objective]");
    if (objectiveCount) objectiveCount.textContent = String(objective.length - openObjective.length);
    find("[data-answered-all]").textContent = String(answered.length);
    find("[data-legend-answered]").textContent = `${answered.length} ${words.questions}`;
    linksTo(find("[data-legend-open]"), [...openObjective, ...openEssays].slice(0, 3), words.none);
    const more = openObjective.length + openEssays.length - 3;
    if (more > 0) find("[data-legend-open]").append(` +${more}`);
    linksTo(find("[data-legend-flags]"), questions.filter((question) => flags.has(question.item)).slice(0, 4), words.none);
    find("[data-legend-now]").textContent = current ? titleOf(current) : "";
    const rest = [];
    if (openObjective.length) rest.push(fill(words.rest_objective, openObjective.length));
    if (openEssays.length) rest.push(fill(words.rest_essays, openEssays.length));
    find("[data-rest]").textContent =
      wasInTrouble ? words.hand_in_offline : rest.length ? `${rest.join(` ${words.rest_and} `)} ${words.rest_tail}` : words.all_done;
  }

  function moveFocusInNavigator(event) {
    const cells = questions.map((question) => question.cell);
    const place = cells.indexOf(event.target.closest("[data-goto]"));
    if (place < 0) return;
    const columns = cells[place].classList.contains("cell") ? 5 : 1;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    let target = null;
    if (event.key in steps) target = cells[Math.min(cells.length - 1, Math.max(0, place + steps[event.key]))];
    if (event.key === "Home") target = cells[0];
    if (event.key === "End") target = cells[cells.length - 1];
    if (!target) return;
    event.preventDefault();
    cells.forEach((cell) => { cell.tabIndex = cell === target ? 0 : -1; });
    target.focus();
  }

  function show(question, options) {
    current = question;
    for (const other of questions) {
      other.section.hidden = other !== question;
      other.cell.tabIndex = other === question ? 0 : -1;
    }
    root.classList.toggle("exam-page--essay", question.isEssay);
    const place = questions.indexOf(question);
    const previous = questions[place - 1];
    const next = questions[place + 1];
    const back = find("[data-previous]");
    const forward = find("[data-next]");
    back.disabled = !previous;
    forward.disabled = !next;
    find("[data-previous-label]").textContent = previous ? `${words.previous}: ${titleOf(previous)}` : words.previous;
    find("[data-next-label]").textContent = next ? `${words.next}: ${titleOf(next)}` : words.next;
    drawFlagButton();
    drawNavigator();
    try {
      window.localStorage.setItem(`place-${root.dataset.attempt}`, question.item);
    } catch {
      // Only the place is forgotten.
    }
    closeNavigator();
    if (options?.focus === false) return;
    const area = find("textarea", question.section);
    if (area && !area.disabled) area.focus({ preventScroll: true });
    else find("h2", question.section).focus({ preventScroll: true });
    if (window.innerWidth <= 1100) question.section.scrollIntoView({ block: "start" });
  }

  function closeNavigator() {
    find("[data-navigator-toggle]").setAttribute("aria-expanded", "false");
    find("[data-navigator]").classList.remove("is-open");
  }

  // --- answers ----------------------------------------------------------------------------------------------------

  function keep(question, answer) {
    question.answer = answer;
    autosave?.change(question.item, answer);
    drawNavigator();
  }

  function showAnswer(question) {
    const { section, answer } = question;
    if (question.kind === "single" || question.kind === "true_false") {
      for (const input of all("input", section)) input.checked = input.value === answer;
    } else if (question.kind === "multiple") {
      for (const input of all("input", section)) input.checked = Array.isArray(answer) && answer.includes(input.value);
    } else if (question.kind === "ordering") {
      if (Array.isArray(answer) && answer.length) {
        const list = find("[data-ordering]", section);
        for (const key of answer) {
          const row = all("[data-key]", list).find((item) => item.dataset.key === key);
          if (row) list.append(row);
        }
        numberRows(list);
      }
    } else {
      const field = find("[data-answer]", section);
      field.value = typeof answer === "string" ? answer : "";
      if (question.isEssay) drawWordCount(question);
    }
  }

  function numberRows(list) {
    const rows = all("[data-key]", list);
    rows.forEach((row, place) => {
      find(".ordering-place", row).textContent = String(place + 1);
      find('[data-move="-1"]', row).disabled = readOnly || place === 0;
      find('[data-move="1"]', row).disabled = readOnly || place === rows.length - 1;
    });
  }

  function drawWordCount(question) {
    const area = find("textarea", question.section);
    find("[data-word-count]", question.section).textContent = String(countWords(area.value));
    find("[data-undo]", question.section).disabled = readOnly || !question.undo.length;
    find("[data-redo]", question.section).disabled = readOnly || !question.redo.length;
  }

  function watchChoices(question) {
    const { section, kind } = question;
    section.addEventListener("change", () => {
      const chosen = all("input:checked", section).map((input) => input.value);
      keep(question, kind === "multiple" ? chosen : chosen[0] ?? null);
    });
    find("[data-clear]", section).addEventListener("click", () => {
      for (const input of all("input", section)) input.checked = false;
      keep(question, kind === "multiple" ? [] : null);
    });
  }

  function watchOrdering(question) {
    const list = find("[data-ordering]", question.section);
    const first = all("[data-key]", list).map((row) => row.dataset.key);
    const order = () => all("[data-key]", list).map((row) => row.dataset.key);
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-move]");
      if (!button) return;
      const row = button.closest("[data-key]");
      const up = button.dataset.move === "-1";
      if (up) row.previousElementSibling?.before(row);
      else row.nextElementSibling?.after(row);
      numberRows(list);
      (button.disabled ? find(`[data-move="${up ? 1 : -1}"]`, row) : button).focus();
      const rows = all("[data-key]", list);
      find("[data-ordering-status]", question.section).textContent =
        fill(words.moved, find(".ordering-text", row).textContent, rows.indexOf(row) + 1, rows.length);
      keep(question, order());
    });
    find("[data-keep-order]", question.section).addEventListener("click", () => keep(question, order()));
    find("[data-clear]", question.section).addEventListener("click", () => {
      question.answer = first;
      showAnswer(question);
      keep(question, []);
    });
  }

  // An undo of our own: the browser's is lost when the page is, and mixes fields.
  function watchEssay(question) {
    const area = find("textarea", question.section);
    let before = "";
    let grouped = 0;
    let composing = false;
    area.addEventListener("compositionstart", () => { composing = true; });
    area.addEventListener("compositionend", () => { composing = false; typed(); });
    area.addEventListener("focus", () => { before = area.value; });
    area.addEventListener("input", typed);

    function typed() {
      if (area.value === before && area.value === question.answer) return;
      const now = performance.now();
      if (!composing && (now - grouped > 1200 || Math.abs(area.value.length - before.length) > 1)) {
        question.undo.push({ text: before, place: area.selectionStart });
        if (question.undo.length > UNDO_STEPS) question.undo.shift();
        grouped = now;
      }
      question.redo.length = 0;
      before = area.value;
      keep(question, area.value);
      drawWordCount(question);
    }

    function step(from, to) {
      const last = from.pop();
      if (!last) return;
      to.push({ text: area.value, place: area.selectionStart });
      area.value = last.text;
      area.setSelectionRange(Math.min(last.place, last.text.length), Math.min(last.place, last.text.length));
      before = area.value;
      grouped = 0;
      keep(question, area.value);
      drawWordCount(question);
      area.focus();
    }

    area.addEventListener("keydown", (event) => {
      if (event.isComposing || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) { event.preventDefault(); step(question.undo, question.redo); }
      else if (key === "y" || (key === "z" && event.shiftKey)) { event.preventDefault(); step(question.redo, question.undo); }
    });
    find("[data-undo]", question.section).addEventListener("click", () => step(question.undo, question.redo));
    find("[data-redo]", question.section).addEventListener("click", () => step(question.redo, question.undo));
  }

  function watch(question) {
    if (question.isEssay) watchEssay(question);
    else if (question.kind === "ordering") watchOrdering(question);
    else if (question.kind === "numeric") find("[data-answer]", question.section).addEventListener("input", (event) => keep(question, event.target.value));
    else watchChoices(question);
  }

  function setReadOnly(value) {
    readOnly = value;
    for (const question of questions) {
      for (const control of all("input, button", question.section)) control.disabled = value;
      const area = find("textarea", question.section);
      if (area) {
        // Read-only, not off: what was written stays readable and can be selected.
        area.disabled = false;
        area.readOnly = value;
        drawWordCount(question);
      }
      const list = find("[data-ordering]", question.section);
      if (list) numberRows(list);
    }
    find("[data-flag]").disabled = value;
    root.classList.toggle("exam-page--read-only", value);
  }

  // --- flags ------------------------------------------------------------------------------------------------------

  function drawFlagButton() {
    const button = find("[data-flag]");
    const set = Boolean(current) && flags.has(current.item);
    button.setAttribute("aria-pressed", String(set));
    find("[data-flag-label]").textContent = set ? words.unflag : words.flag;
  }

  function toggleFlag() {
    if (!current) return;
    if (!flags.delete(current.item)) flags.add(current.item);
    autosave?.change("flags", Array.from(flags));
    drawFlagButton();
    drawNavigator();
  }

  // --- saved state ------------------------------------------------------------------------------------------------

  const saved = find("[data-saved-state]");
  const banner = find("[data-banner]");
  // Spoken when the state changes, not at each save: the visible line is silent, the announcer speaks.
  saved.removeAttribute("role");
  banner.removeAttribute("role");

  function setSaved(state, title, detail) {
    if (saved.dataset.savedState !== state) {
      saved.classList.remove(`saved--${saved.dataset.savedState}`);
      saved.classList.add(`saved--${state}`);
      saved.dataset.savedState = state;
    }
    find("[data-saved-title]", saved).textContent = title;
    find("[data-saved-detail]", saved).textContent = detail;
    if (state === shownState) return;
    if (state === "lost") find("[data-alert]").textContent = `${title}. ${detail}.`;
    else if (state !== "saving" && shownState && shownState !== "saving") announcer.textContent = `${title}. ${detail}.`;
    if (state !== "saving") shownState = state;
  }

  function onStatus(status) {
    const trouble = status.troubleFor > BANNER_AFTER_MILLISECONDS;
    if (status.fenced) {
      setSaved("kept", words.fenced_title, words.fenced_detail);
      drawBanner(status, trouble);
      return;
    }
    if (tooLarge || (status.waiting && !status.journalWorks && trouble)) {
      setSaved("lost", words.lost, words.lost_detail);
    } else if (status.waiting && trouble) {
      setSaved("kept", words.kept, savedText ? fill(words.kept_since, savedText) : words.kept_never);
    } else if (status.waiting && status.sendingFor > SAVING_AFTER_MILLISECONDS) {
      setSaved("saving", words.saving, words.sending);
    } else if (shownState !== "kept" || !status.waiting) {
      setSaved("saved", savedText ? fill(words.saved_at, savedText) : words.nothing_yet, words.on_server);
    }
    drawBanner(status, trouble);
  }

  function drawBanner(status, trouble) {
    if (trouble !== wasInTrouble) {
      wasInTrouble = trouble;
      if (!trouble && !status.fenced) {
        backUntil = performance.now() + BACK_FOR_MILLISECONDS;
        announcer.textContent = words.back;
      }
      drawNavigator();
    }
    const isBack = performance.now() < backUntil;
    const shown = status.fenced || trouble || isBack || tooLarge;
    banner.classList.toggle("exam-banner--good", isBack && !trouble && !status.fenced);
    const title = status.fenced ? words.fenced : tooLarge ? words.too_large : trouble ? words.offline_title : words.back;
    setText("[data-banner-title]", title);
    setText("[data-banner-text]", trouble && !status.fenced ? words.offline_text : "");
    setText("[data-banner-has]", trouble && savedText ? fill(words.server_has, savedText) : "");
    const seconds = Math.ceil(status.retryIn / 1000);
    setText("[data-banner-retry]", trouble ? (seconds ? fill(words.retry_in, seconds) : words.retrying) : "");
    const action = find("[data-banner-action]");
    action.hidden = !status.fenced;
    setText("[data-banner-action]", words.fenced_action);
    if (banner.hidden === shown) {
      banner.hidden = !shown;
      keepLineInPlace();
    }
  }

  function setText(selector, text) {
    const element = find(selector);
    if (element.textContent !== text) element.textContent = text;
  }

  // The banner takes its height from the top of the sheet; the line being written stays where it is.
  function keepLineInPlace() {
    const area = current && find("textarea", current.section);
    if (!area) return;
    const height = banner.hidden ? -banner.dataset.height : banner.offsetHeight + 12;
    banner.dataset.height = String(banner.offsetHeight + 12);
    area.scrollTop += Number(height) || 0;
  }

  function onAnswer(answer, travel, stored) {
    clock.sync(answer.remaining_seconds, travel);
    if (stored) savedText = timeText(answer.server_time);
    if (answer.deadline) {
      const text = timeText(answer.deadline);
      const given = Math.round(answer.given_back_seconds / 60);
      const line = given ? fill(words.until_given, text, given) : fill(words.until, text);
      if (line !== deadlineText) {
        if (deadlineText) announcer.textContent = line;
        deadlineText = line;
        setText("[data-countdown-until]", line);
      }
    }
  }

  function toReceipt() {
    window.location.assign(root.dataset.receiptUrl);
  }

  // --- hand-in ----------------------------------------------------------------------------------------------------

  const dialog = find("[data-hand-in-dialog]");

  function openDialog(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || typeof dialog.showModal !== "function") return;
    event.preventDefault();
    linksTo(find("[data-hand-in-missing]"), questions.filter((question) => !isAnswered(question)), words.none);
    linksTo(find("[data-hand-in-flags]"), questions.filter((question) => flags.has(question.item)), words.none);
    find("[data-hand-in-note]").textContent = wasInTrouble ? words.hand_in_offline : "";
    find("[data-hand-in-left]").textContent = examsite.formatLeft(clock.left());
    dialog.showModal();
    find("[data-hand-in-cancel]").focus();
  }

  // A wish until the server has it: writing goes on, and the page keeps trying.
  async function handIn() {
    const button = find("[data-hand-in-confirm]");
    const note = find("[data-hand-in-note]");
    button.disabled = true;
    note.textContent = words.handing_in;
    for (let round = 0; dialog.open && round < 1000; round += 1) {
      if (await autosave.drain()) {
        try {
          const response = await fetch(root.dataset.handInUrl, {
            method: "POST",
            headers: { Authorization: `Bearer ${page.token}`, "Content-Type": "application/json", Accept: "application/json" },
            body: JSON.stringify({ epoch: page.epoch }),
            credentials: "omit",
          });
          if (response.ok) {
            autosave.stop();
            toReceipt();
            return;
          }
          const refusal = await response.json();
          if (response.status === 409) {
            note.textContent = refusal.message;
            if (refusal.error === "test_over") toReceipt();
            break;
          }
        } catch {
          // No way to the server: the wish stays.
        }
      }
      note.textContent = words.hand_in_waits;
      await new Promise((resolve) => { window.setTimeout(resolve, 800 + Math.random() * 2500); });
    }
    button.disabled = false;
  }

  // --- size -------------------------------------------------------------------------------------------------------

  function setSize(step) {
    const place = Math.min(SIZES.length - 1, Math.max(0, step));
    root.dataset.size = String(SIZES[place]);
    try {
      window.localStorage.setItem(`size-${root.dataset.attempt}`, String(place));
    } catch {
      // The size holds until the page is left.
    }
    find("[data-sheet-smaller]").disabled = place === 0;
    find("[data-sheet-larger]").disabled = place === SIZES.length - 1;
    return place;
  }

  function remembered(name) {
    try {
      return window.localStorage.getItem(`${name}-${root.dataset.attempt}`);
    } catch {
      return null;
    }
  }

  // --- start ------------------------------------------------------------------------------------------------------

  let page = null;

  async function open() {
    for (let failures = 0; ; failures += 1) {
      const sent = performance.now();
      try {
        const response = await fetch(root.dataset.openUrl, {
          method: "POST",
          headers: { "X-CSRFToken": root.dataset.csrf, Accept: "application/json" },
        });
        if (response.ok) return { ...(await response.json()), travel: performance.now() - sent };
        if (response.status === 409) {
          window.location.reload();
          return null;
        }
        setSaved("lost", words.load_failed, response.status === 401 ? words.log_in_again : words.retrying);
      } catch {
        setSaved("lost", words.load_failed, words.retrying);
      }
      await new Promise((resolve) => { window.setTimeout(resolve, 500 + Math.random() * Math.min(10000, 1000 * 2 ** failures)); });
    }
  }

  async function start() {
    page = await open();
    if (!page) return;
    if (page.saved_at) savedText = timeText(page.saved_at);
    autosave = examsite.makeAutosave({
      url: root.dataset.savesUrl,
      token: page.token,
      epoch: page.epoch,
      held: page.held,
      journal,
      onStatus,
      onAnswer,
      onFenced() {
        setReadOnly(true);
        find("[data-alert]").textContent = words.fenced;
      },
      onOver: toReceipt,
      onTooLarge() { tooLarge = true; },
      onLoggedOut() { setSaved("lost", words.load_failed, words.log_in_again); },
    });
    onAnswer(page, page.travel, false);
    const answers = { ...page.answers, ...autosave.adopt(await journal.list()) };
    for (const item of Array.isArray(answers.flags) ? answers.flags : []) if (byItem.has(item)) flags.add(item);
    for (const question of questions) {
      question.answer = answers[question.item] ?? null;
      showAnswer(question);
    }
    setReadOnly(false);
    shownState = "";
    onStatus(autosave.status());
    const wanted = byItem.get(window.location.hash.slice(1)) || byItem.get(remembered("place")) || questions[0];
    show(wanted);
  }

  questions.forEach(watch);
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-goto]");
    const question = target && byItem.get(target.dataset.goto);
    if (!question) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    show(question);
  });
  find("[data-navigator]").addEventListener("keydown", moveFocusInNavigator);
  find("[data-previous]").addEventListener("click", () => show(questions[questions.indexOf(current) - 1]));
  find("[data-next]").addEventListener("click", () => show(questions[questions.indexOf(current) + 1]));
  find("[data-flag]").addEventListener("click", toggleFlag);
  find("[data-hand-in]").addEventListener("click", openDialog);
  find("[data-hand-in-cancel]").addEventListener("click", () => dialog.close());
  find("[data-hand-in-confirm]").addEventListener("click", handIn);
  find("[data-banner-action]").addEventListener("click", () => window.location.reload());
  find("[data-navigator-toggle]").addEventListener("click", (event) => {
    const isOpen = find("[data-navigator]").classList.toggle("is-open");
    event.currentTarget.setAttribute("aria-expanded", String(isOpen));
  });
  let size = setSize(Number(remembered("size") ?? 1));
  find("[data-sheet-smaller]").addEventListener("click", () => { size = setSize(size - 1); });
  find("[data-sheet-larger]").addEventListener("click", () => { size = setSize(size + 1); });

  const countdown = find("[data-countdown]");
  examsite.showClock(clock, {
    value: countdown,
    announce: find("[data-countdown-announce]"),
    thresholds: [60, 30, 15, 5, 1],
    sentence: (minutes) => fill(words.left_minutes, minutes),
    onTick(seconds) {
      const low = seconds <= LOW_SECONDS;
      countdown.closest(".countdown").classList.toggle("countdown--low", low);
      if (dialog.open) setText("[data-hand-in-left]", examsite.formatLeft(seconds));
    },
    onZero() {
      if (!page) return;
      setReadOnly(true);
      banner.hidden = false;
      setText("[data-banner-title]", words.time_over);
      find("[data-alert]").textContent = words.time_over;
      // The rest goes out now; the receipt follows when the server has closed the attempt.
      autosave.drain();
      const watchClose = window.setInterval(async () => {
        if (clock.left() > 0) {
          window.clearInterval(watchClose);
          setReadOnly(false);
          return;
        }
        await autosave.ping();
      }, 3000);
    },
  });
  if (questions.length) show(byItem.get(remembered("place")) || questions[0], { focus: false });
  start();
})();
