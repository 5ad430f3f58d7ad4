// The draft of the sheet, kept as one goes; the lock goes after the last save, never beside it.
(function () {
  "use strict";

  const { marking } = window.examsite;
  const { sheet, lockButton, refresh } = marking;
  const SAVE_AFTER_MS = 700;
  const RETRY_AFTER_MS = 4000;
  const saved = document.querySelector("[data-saved]");
  const keepButton = sheet.querySelector("[data-keep]");
  const words = sheet.dataset;
  let timer = 0;
  let saving = false;
  let changed = false;
  let failed = false;
  // Beside a draft of another page nothing is kept by itself: only the button decides.
  let stopped = "elsewhere" in words;
  let waiting = null; // the button that was pressed while a save was under way

  function tell(kind, text) {
    const tag = document.createElement("span");
    tag.className = `tag tag--${kind}`;
    tag.textContent = text;
    saved.replaceChildren(tag);
    // Saves are silent; a failed one speaks once.
    if (kind === "amber" && !failed) marking.say(text);
    failed = kind === "amber" || (failed && kind === "neutral");
  }

  function keepSoon(delay = SAVE_AFTER_MS) {
    changed = true;
    window.clearTimeout(timer);
    if (!stopped) timer = window.setTimeout(keep, delay);
  }

  async function keep() {
    if (saving || stopped || !changed) return;
    saving = true;
    changed = false;
    let wait = SAVE_AFTER_MS;
    tell("neutral", words.textSaving);
    try {
      const response = await fetch(sheet.action, {
        method: "POST",
        body: new FormData(sheet),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
      // A server that stumbles has kept nothing: the draft is sent again, as after a lost connection.
      if (response.status >= 500) throw new Error("not saved");
      const answer = await response.json();
      if (response.ok) {
        sheet.elements.revision.value = answer.revision;
        // What cannot stand keeps nothing else from being saved; the answer names it.
        tell(Object.keys(answer.errors).length ? "amber" : "green", answer.saved);
      } else refused(response.status, answer);
    } catch {
      changed = true;
      wait = RETRY_AFTER_MS;
      tell("amber", words.textFailed);
    } finally {
      saving = false;
    }
    if (waiting) sheet.requestSubmit(waiting);
    else if (changed && !stopped) keepSoon(wait);
  }

  function refused(status, answer) {
    if (answer.error === "draft_changed_elsewhere") {
      stopped = true; // Only the person decides which of the two drafts stays.
      keepButton.hidden = false;
      tell("amber", words.textElsewhere);
      return;
    }
    if (answer.error === "rubric_changed") {
      waiting = keepButton; // The page comes back with the new words and everything that was typed.
      return;
    }
    // What was refused for good is not sent for ever: the answer says what stands in the way.
    if ([400, 403, 404, 409].includes(status)) stopped = true;
    tell("amber", answer.message || words.textRefused);
  }

  function lock() {
    const { missing, allGood } = refresh();
    if (missing.length || !allGood) {
      if (missing.length) marking.show(missing[0], { focus: true });
      return;
    }
    changed = false;
    lockButton.disabled = false;
    sheet.requestSubmit(lockButton);
  }

  for (const area of sheet.querySelectorAll("textarea")) area.addEventListener("input", () => keepSoon());
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
    if (changed && !stopped) {
      fetch(sheet.action, {
        method: "POST",
        body: new FormData(sheet),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        keepalive: true,
      });
    }
  });

  Object.assign(marking, {
    keepSoon,
    tell,
    lock,
    // Another page of the same person has the script: what stands here stays, and is kept no more.
    pause() {
      window.clearTimeout(timer);
      stopped = true;
    },
    resume() {
      stopped = "elsewhere" in words;
      if (changed) keepSoon(0);
    },
  });
  // What is kept by itself needs no button, until two drafts have to be compared.
  keepButton.hidden = !stopped;
})();
