// The page of one attempt from the waiting room to the receipt, without a navigation between: puts the parts together.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, findAll, fill, setText } = examsite;
  const { words } = room;
  const LOW_SECONDS = 300;
  const KNOCK_CAP_MILLISECONDS = 10000;
  const PATIENCE_MILLISECONDS = 4000;
  const CLOSE_POLL_MILLISECONDS = 3000;
  const KEEP_PAGE_JITTER_MILLISECONDS = 15000;
  const THRESHOLD_MINUTES = [60, 30, 15, 5, 1];

  const flags = new Set();
  let questions = [];
  let byItem = new Map();
  let current = null;
  let answers = null;
  let navigator = null;
  let handIn = null;
  let waiting = null;
  let isShown = false; // the paper is on the page
  let isOver = false;
  let deadlineText = "";

  const alert = find("[data-alert]");
  const announcer = find("[data-announcer]");

  const savedState = examsite.makeSavedState({ onTrouble: () => navigator?.draw() });
  const autosave = examsite.makeAutosave({
    room,
    journal: room.journal,
    onStatus: (status) => { if (isShown) savedState.show(status); },
    onStored: (answer) => savedState.stored(answer.server_time),
    onFenced,
    onOver: toReceipt,
    onTooLarge: () => savedState.tooLarge(),
    onRefused: refuse,
  });
  room.unsaved = () => autosave.status().waiting;
  room.everything = () => autosave.everything(room.answers());
  const writer = examsite.makeWriter(room.attempt, {
    onAsked: () => autosave.letGo(),
    onLost: () => leaveTo("elsewhere"),
  });

  // Whether the candidate may write now.
  const isOpen = () => room.state === "writing" && !isOver;

  // A page has one first heading: that of the view that is shown.
  function setHeading(element, tag) {
    if (element.localName === tag) return;
    const made = document.createElement(tag);
    for (const { name, value } of Array.from(element.attributes)) made.setAttribute(name, value);
    made.append(...element.childNodes);
    element.replaceWith(made);
  }

  // --- views ------------------------------------------------------------------------------------------------------

  function showView(name) {
    for (const view of findAll("[data-view]")) {
      view.hidden = view.dataset.view !== name;
      setHeading(find("[data-heading]", view), view.hidden ? "p" : "h1");
    }
    find(".skip-link")?.setAttribute("href", name === "test" ? "#sheet" : `#main-${name}`);
  }

  // A page of its own for what stands between the candidate and the test: why, what is safe, what to do.
  function showGate(kind, { reason = "", code = "", onAction } = {}) {
    const text = words.gates[kind];
    setText(find("[data-gate-title]"), text.title);
    setText(find("[data-gate-reason]"), reason || text.reason);
    setText(find("[data-gate-safe]"), text.safe);
    setText(find("[data-gate-code]"), code ? fill(words.gate_code, code) : "");
    const list = find("[data-gate-steps]");
    list.textContent = "";
    for (const step of text.steps) {
      const line = document.createElement("li");
      const sentence = document.createElement("span");
      sentence.textContent = step;
      line.append(sentence);
      list.append(line);
    }
    const button = find("[data-gate-action]");
    button.hidden = !text.action || !onAction;
    setText(button, text.action || "");
    button.onclick = onAction || null;
    find("[data-gate-log-in]").hidden = kind !== "locked";
    find('[data-view="gate"]').dataset.gate = kind;
    showView("gate");
  }

  // Notices over the sheet about who may write: paused, another tab, another machine, time over.
  function showNotice(kind, { title, text = "", action = "", onAction = null } = {}) {
    const notice = find("[data-state-notice]");
    examsite.keepLine(() => {
      notice.hidden = !kind;
      notice.dataset.kind = kind || "";
      if (!kind) return;
      setText(find("[data-state-title]", notice), title);
      setText(find("[data-state-text]", notice), text);
      const button = find("[data-state-action]", notice);
      button.hidden = !action;
      setText(button, action);
      button.onclick = onAction;
    });
  }

  function setOpen() {
    const open = isOpen();
    for (const question of questions) answers.setOpen(question, open);
    find("[data-flag]").disabled = !open;
    find("[data-hand-in]").setAttribute("aria-disabled", String(!open));
    drawLabel(room.clock.left() <= LOW_SECONDS);
    navigator?.draw();
    room.root.classList.toggle("is-read-only", !open);
  }

  // Read-only from now on: another tab or machine writes. Nothing that was typed here is thrown away.
  function leaveTo(state) {
    if (isOver || room.state === "done") return;
    room.become(state);
    handIn?.close();
    if (!isShown) {
      showGate(state, { onAction: comeBack });
      return;
    }
    setOpen();
    const text = words.gates[state];
    showNotice(state, { title: text.title, text: text.banner, action: text.action, onAction: comeBack });
    alert.textContent = `${text.title}. ${text.banner}`;
  }

  function onFenced() {
    leaveTo("fenced");
  }

  // The candidate wants to write here: this tab takes over, and the server gives it the next epoch.
  async function comeBack() {
    showNotice(null);
    if (!(await writer.takeOver())) {
      leaveTo("elsewhere");
      return;
    }
    room.become("opening");
    await begin();
  }

  // --- the questions ----------------------------------------------------------------------------------------------

  function show(question, options) {
    if (!question) return;
    if (current?.history) current.history.cut();
    current = question;
    room.item = question.item;
    for (const other of questions) {
      other.section.hidden = other !== question;
      other.cell.tabIndex = other === question ? 0 : -1;
    }
    const place = questions.indexOf(question);
    const previous = questions[place - 1];
    const next = questions[place + 1];
    find("[data-previous]").disabled = !previous;
    find("[data-next]").disabled = !next;
    setText(find("[data-previous-label]"), previous ? `${words.previous}: ${previous.title}` : words.previous);
    setText(find("[data-next-label]"), next ? `${words.next}: ${next.title}` : words.next);
    drawFlagButton();
    navigator.draw();
    navigator.close();
    handIn.close();
    room.remember("place", question.item);
    room.say("item", { item: question.item, kind: question.kind });
    if (options?.focus === false) return;
    const area = find("textarea", question.section);
    if (area && !area.readOnly) area.focus({ preventScroll: true });
    else find("h2", question.section).focus({ preventScroll: true });
    if (window.innerWidth <= 1100) question.section.scrollIntoView({ block: "start" });
  }

  function drawFlagButton() {
    const set = Boolean(current) && flags.has(current.item);
    find("[data-flag]").setAttribute("aria-pressed", String(set));
    setText(find("[data-flag-label]"), set ? words.unflag : words.flag);
  }

  function toggleFlag() {
    if (!current || !isOpen()) return;
    if (!flags.delete(current.item)) flags.add(current.item);
    autosave.touch("flags", () => Array.from(flags));
    drawFlagButton();
    navigator.draw();
  }

  function restNote(openObjective, openEssays) {
    if (isOver) return words.time_over;
    if (!isOpen()) return words.hand_in_off;
    if (savedState.isOffline()) return words.hand_in_offline;
    const rest = [];
    if (openObjective) rest.push(fill(words.rest_objective, openObjective));
    if (openEssays) rest.push(fill(words.rest_essays, openEssays));
    return rest.length ? `${rest.join(` ${words.rest_and} `)} ${words.rest_tail}` : words.all_done;
  }

  function build(paper, orders) {
    questions = examsite.buildPaper(paper, orders);
    byItem = new Map(questions.map((question) => [question.item, question]));
    navigator = examsite.makeNavigator({ questions, flags, current: () => current, onGo: show, restNote });
    answers = examsite.makeAnswers({ autosave, isOpen, onAnswer: (question) => navigator.draw(question) });
    handIn = examsite.makeHandIn({
      autosave,
      navigator,
      isOffline: savedState.isOffline,
      isOpen,
      onDone: toReceipt,
      onWish: () => navigator.draw(),
    });
    questions.forEach(answers.watch);
    room.answers = () => Object.fromEntries(questions.map((question) => [question.item, question.answer]));
    room.work = answers.work;
    findAll("[data-help-row]").forEach((row) => { row.hidden = false; });
  }

  // Puts answers on the page; what is being typed is not touched unless the server holds something newer.
  async function fillIn(contents) {
    flags.clear();
    for (const item of Array.isArray(contents.flags) ? contents.flags : []) if (byItem.has(item)) flags.add(item);
    for (const question of questions) {
      question.answer = contents[question.item] ?? null;
      answers.show(question);
      if (question.history) await question.history.load();
    }
  }

  // --- opening ----------------------------------------------------------------------------------------------------

  function refuse(refusal) {
    if (isOver) return;
    if (refusal.status === 401 || refusal.status === 403) {
      if (isShown) {
        showNotice("locked", { title: words.gates.locked.title, text: refusal.message || words.gates.locked.reason });
      } else showGate("locked", { reason: refusal.message, code: refusal.error, onAction: () => window.location.reload() });
    }
  }

  // Knocks until the server opens, with jitter; gives back what it said, or null when it is not time (any more).
  async function open() {
    const knockedAt = performance.now();
    for (let failures = 0; ; failures += 1) {
      if (!writer.holds()) return null;
      let answer = null;
      try {
        answer = await room.call("open");
      } catch {
        // No answer: again.
      }
      if (answer?.ok) {
        room.take(answer.data, answer.travel);
        return answer.data;
      }
      if (answer?.status === 409 && answer.data.error === "test_not_started") {
        backToWaiting();
        return null;
      }
      if (answer?.status === 409 && answer.data.error === "test_over") {
        beginClosing();
        return null;
      }
      if (answer && answer.status < 500 && answer.status !== 429) {
        room.become("locked");
        showGate("locked", { reason: answer.data.message, code: answer.data.error, onAction: () => window.location.reload() });
      } else if (!isShown && performance.now() - knockedAt > PATIENCE_MILLISECONDS) {
        if (!(await resumeAlone())) showGate("unreachable");
      }
      await examsite.pause(400 + Math.random() * Math.min(KNOCK_CAP_MILLISECONDS, 1000 * 2 ** failures));
    }
  }

  async function readPaper(opened) {
    const stored = await room.journal.session();
    if (stored?.paper && stored.digest === opened.paper && stored.locale === room.locale) return stored.paper;
    for (let failures = 0; ; failures += 1) {
      try {
        const answer = await room.call(`paper?lang=${room.locale}`, { method: "GET" });
        if (answer.ok) return answer.data;
      } catch {
        // Again.
      }
      await examsite.pause(300 + Math.random() * Math.min(KNOCK_CAP_MILLISECONDS, 1000 * 2 ** failures));
    }
  }

  async function begin() {
    const opened = await open();
    if (!opened) return;
    room.epoch = opened.epoch;
    if (opened.saved_at) savedState.stored(opened.saved_at);
    const paper = await readPaper(opened);
    if (!questions.length) build(paper, opened.orders);
    await room.journal.keepSession({
      digest: opened.paper,
      locale: room.locale,
      paper,
      orders: opened.orders,
      epoch: opened.epoch,
      held: opened.held,
      answers: opened.answers,
      deadline: opened.deadline,
    });
    const adopted = await autosave.begin(opened);
    await fillIn({ ...opened.answers, ...adopted });
    startWriting();
    room.say("opened", { epoch: opened.epoch, answers: room.answers() });
    window.navigator.storage?.persist?.().catch(() => {});
    handIn.resume();
  }

  function startWriting() {
    waiting?.stop();
    room.become(room.view?.paused ? "paused" : "writing");
    isShown = true;
    showView("test");
    showNotice(null);
    setOpen();
    drawPause();
    if (!current) {
      const wanted = byItem.get(window.location.hash.slice(1)) || byItem.get(room.remembered("place")) || questions[0];
      show(wanted);
    } else show(current);
    savedState.show(autosave.status());
  }

  // The server does not answer, but this machine knows the paper from before: writing goes on into the journal.
  async function resumeAlone() {
    const session = await room.journal.session();
    if (!session?.paper) return false;
    build(session.paper, session.orders);
    room.epoch = session.epoch;
    if (session.deadline) showDeadline(session.deadline, 0);
    const found = await autosave.keepOnly(session);
    await fillIn({ ...session.answers, ...found });
    startWriting();
    return true;
  }

  // --- time, pause, end -------------------------------------------------------------------------------------------

  function showDeadline(deadline, givenBackSeconds) {
    const hour = examsite.hour(deadline);
    const minutes = Math.round((givenBackSeconds || 0) / 60);
    const line = minutes ? fill(words.until_given, hour, minutes) : fill(words.until, hour);
    setText(find("[data-countdown-until]"), line);
    if (line === deadlineText) return;
    if (deadlineText) announcer.textContent = line;
    deadlineText = line;
  }

  function drawLabel(isLow) {
    let label = words.left;
    if (room.clock.stands()) label = words.stands;
    else if (isOver) label = words.over;
    else if (isLow && isShown) label = words.low;
    setText(find("[data-test-countdown] [data-countdown-label]"), label);
  }

  function drawPause() {
    const paused = Boolean(room.view?.paused);
    drawLabel(room.clock.left() <= LOW_SECONDS);
    find(".exam-bar .countdown").classList.toggle("countdown--stands", paused);
    if (paused && room.state === "paused") {
      showNotice("paused", { title: words.paused, text: fill(words.paused_text, examsite.formatLeft(room.clock.left())) });
    }
  }

  room.on("view", (view) => {
    if (find("[data-state-notice]").dataset.kind === "locked") showNotice(null);
    // While the clock stands nobody knows when it will end.
    if (view.deadline && !view.paused) showDeadline(view.deadline, view.given_back_seconds);
    if (view.paused) setText(find("[data-countdown-until]"), words.stands_until);
    if (room.state === "writing" && view.paused) {
      room.become("paused");
      handIn.close();
      setOpen();
      drawPause();
      alert.textContent = `${words.paused}. ${find("[data-state-text]").textContent}`;
    } else if (room.state === "paused" && !view.paused) {
      room.become("writing");
      showNotice(null);
      setOpen();
      drawPause();
      alert.textContent = words.resumed;
      if (current) show(current);
    } else if (isShown) drawPause();
  });

  function toReceipt(state) {
    isOver = true;
    room.become("done");
    autosave.stop();
    room.journal.forget().then(() => {
      for (const name of ["place", "wish", "message", "call"]) room.remember(name, null);
      window.location.assign(room.data.receiptUrl);
    });
    if (isShown) showNotice("done", { title: state === "handed_in" ? words.handed_in : words.closed });
  }

  function backToWaiting() {
    room.become("waiting");
    showView("waiting");
    if (waiting) waiting.again();
    else runWaiting();
  }

  // The time is over and nobody may write: what this machine still holds goes out, then the receipt comes.
  async function beginClosing() {
    isOver = true;
    room.become("over");
    showGate("closing");
    try {
      const answer = await room.call("state", { method: "GET" });
      if (answer.ok && answer.data.state !== "open") {
        room.take(answer.data, answer.travel);
        room.epoch = answer.data.epoch;
      }
      await autosave.beginClosing(answer.ok ? answer.data : { epoch: 0 });
    } catch {
      await autosave.beginClosing({ epoch: 0 });
    }
    window.setInterval(autosave.ping, CLOSE_POLL_MILLISECONDS);
  }

  function onZero() {
    if (!isShown || isOver || room.clock.stands()) return;
    if (room.state !== "writing") return;
    isOver = true;
    handIn.close();
    setOpen();
    showNotice("over", { title: words.time_over, text: words.time_over_text });
    alert.textContent = words.time_over;
    // The rest goes out now; the receipt follows when the server has closed the attempt.
    autosave.drain();
    const watchClose = window.setInterval(async () => {
      if (room.clock.left() > 0) {
        window.clearInterval(watchClose);
        isOver = false;
        showNotice(null);
        setOpen();
        return;
      }
      await autosave.ping();
    }, CLOSE_POLL_MILLISECONDS);
  }

  const countdown = find("[data-test-countdown] [data-countdown]");
  examsite.showClock(room.clock, {
    value: countdown,
    announce: find("[data-test-countdown] [data-countdown-announce]"),
    thresholds: THRESHOLD_MINUTES,
    sentence: (minutes) => fill(words.left_minutes, minutes),
    onTick(seconds) {
      const isLow = seconds <= LOW_SECONDS && isShown;
      countdown.closest(".countdown").classList.toggle("countdown--low", isLow);
      drawLabel(isLow);
      handIn?.draw();
    },
    onZero,
  });

  // --- start ------------------------------------------------------------------------------------------------------

  find("[data-previous]").addEventListener("click", () => show(questions[questions.indexOf(current) - 1]));
  find("[data-next]").addEventListener("click", () => show(questions[questions.indexOf(current) + 1]));
  find("[data-flag]").addEventListener("click", toggleFlag);
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  examsite.watchReading();
  examsite.watchMessages();
  examsite.watchHelp();

  function runWaiting() {
    waiting = examsite.runWaiting({ onStart: begin, onRefused: refuse });
  }

  // Keeps the page itself for a reload without a network; the paper and the answers lie in the journal.
  async function keepPage() {
    if (!window.isSecureContext || !window.navigator.serviceWorker || !window.caches) return;
    await examsite.pause(1000 + Math.random() * KEEP_PAGE_JITTER_MILLISECONDS);
    try {
      const policy = window.trustedTypes?.createPolicy("examsite-room", { createScriptURL: () => room.data.workerUrl });
      const address = policy ? policy.createScriptURL("") : room.data.workerUrl;
      await window.navigator.serviceWorker.register(address, { scope: window.location.pathname, updateViaCache: "none" });
      const store = await window.caches.open("examsite-room");
      const page = await fetch(window.location.pathname, { headers: { Accept: "text/html" } });
      if (page.ok && !page.redirected) await store.put(window.location.origin + window.location.pathname, page);
      const parts = performance.getEntriesByType("resource").map((entry) => entry.name);
      const statics = parts.filter((name) => name.startsWith(`${window.location.origin}/static/`));
      await Promise.allSettled(Array.from(new Set(statics), (name) => store.add(name)));
    } catch {
      // A reload then needs the network; nothing else does.
    }
  }

  async function start() {
    if (!(await writer.take())) {
      leaveTo("elsewhere");
      return;
    }
    keepPage();
    // A page that was kept may say "waiting" long after the start; the journal knows better.
    if (room.data.attemptState === "seated" && !(await room.journal.session())) {
      room.become("waiting");
      showView("waiting");
      runWaiting();
    } else await begin();
  }

  start();
})();
