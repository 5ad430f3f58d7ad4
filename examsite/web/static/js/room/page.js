// The page of one attempt from the waiting room to the receipt, without a navigation between: puts the parts together.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, views } = examsite;
  const { words } = room;
  const KEEP_PAGE_JITTER_MILLISECONDS = 15000;

  let waiting = null;

  // Whether the candidate may write now.
  const isOpen = () => room.state === "writing" && !ending.isOver();

  const savedState = examsite.makeSavedState({ onTrouble: () => sheet.drawRest() });
  const autosave = examsite.makeAutosave({
    room,
    journal: room.journal,
    onStatus: (status) => { if (sheet.isShown()) savedState.show(status); },
    onStored: (answer) => savedState.stored(answer.server_time, answer.saved.map((save) => save.item)),
    onFenced: () => leaveTo("fenced"),
    onOver: (state) => ending.toReceipt(state),
    onTooLarge: savedState.tooLarge,
    onRefused: refuse,
  });
  room.unsaved = () => autosave.status().waiting;
  room.everything = () => autosave.everything(room.answers());
  const writer = examsite.makeWriter(room.name, {
    onAsked: () => autosave.letGo(),
    onLost: () => leaveTo("elsewhere"),
  });
  const sheet = examsite.makeSheet({
    autosave,
    isOpen,
    isOver: () => ending.isOver(),
    isOffline: savedState.isOffline,
    onDone: (state) => ending.toReceipt(state),
  });
  const ending = examsite.makeEnding({ autosave, sheet, setOpen });
  const opening = examsite.makeOpening({
    autosave,
    sheet,
    savedState,
    holds: writer.holds,
    onWriting: startWriting,
    onTooEarly: backToWaiting,
    onTooLate: ending.beginClosing,
    onDeadline: (deadline) => ending.showDeadline(deadline, 0),
  });

  function setOpen() {
    sheet.setOpen(isOpen());
    ending.drawLabel();
  }

  function startWriting() {
    waiting?.stop();
    room.become(room.view?.paused ? "paused" : "writing");
    sheet.show();
    views.notice(null);
    setOpen();
    ending.drawPause();
    sheet.turnBack();
    savedState.show(autosave.status());
  }

  // Read-only from now on: another tab or machine writes. Nothing that was typed here is thrown away.
  function leaveTo(state) {
    if (ending.isOver() || room.state === "done") return;
    room.become(state);
    sheet.closeHandIn();
    if (!sheet.isShown()) {
      views.gate(state, { onAction: comeBack });
      return;
    }
    setOpen();
    const text = words.gates[state];
    views.notice(state, { title: text.title, text: text.banner, action: text.action, onAction: comeBack });
    views.alert(`${text.title}. ${text.banner}`);
    savedState.show(autosave.status());
  }

  // The candidate wants to write here: this tab takes over, and the server gives it the next epoch.
  async function comeBack() {
    views.notice(null);
    if (!(await writer.takeOver())) {
      leaveTo("elsewhere");
      return;
    }
    room.become("opening");
    await opening.begin();
  }

  function refuse(refusal) {
    if (ending.isOver() || (refusal.status !== 401 && refusal.status !== 403)) return;
    const { title, reason } = words.gates.locked;
    if (sheet.isShown()) views.notice("locked", { title, text: refusal.message || reason });
    else views.gate("locked", { reason: refusal.message, code: refusal.error, onAction: () => window.location.reload() });
  }

  // --- start ------------------------------------------------------------------------------------------------------

  function runWaiting() {
    waiting = examsite.runWaiting({ onStart: opening.begin, onRefused: refuse });
  }

  function backToWaiting() {
    room.become("waiting");
    views.show("waiting");
    if (waiting) waiting.again();
    else runWaiting();
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
      const parts = performance.getEntriesByType("resource").map((entry) => entry.name);
      const statics = parts.filter((name) => name.startsWith(`${window.location.origin}/static/`));
      await Promise.allSettled(Array.from(new Set(statics), (name) => store.add(name)));
      // The page last: one without its parts would stand there and do nothing.
      const page = await fetch(window.location.pathname, { headers: { Accept: "text/html" } });
      if (page.ok && !page.redirected) await store.put(window.location.origin + window.location.pathname, page);
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
      views.show("waiting");
      runWaiting();
    } else await opening.begin();
  }

  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  examsite.watchReading();
  examsite.watchMessages();
  examsite.watchHelp();
  start();
})();
