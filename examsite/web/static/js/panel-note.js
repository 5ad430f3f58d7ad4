// The written assessment saves itself; a page that was overtaken by another one stops and says so.
(function () {
  "use strict";

  const SAVE_AFTER_MS = 800;
  const RETRY_AFTER_MS = 4000;
  const form = document.querySelector("[data-note]");
  if (!form) return;
  const saved = form.querySelector("[data-saved-text]");
  const tag = form.querySelector("[data-saved-tag]");
  const wrong = form.querySelector("[data-error]");
  let timer = 0;
  let dirty = false;
  let sending = false;
  let stopped = false;
  let waiting = null;

  function say(text, tone) {
    saved.textContent = text;
    tag.className = `tag tag--${tone}`;
  }

  function later(wait) {
    window.clearTimeout(timer);
    timer = window.setTimeout(save, wait);
  }

  async function save() {
    timer = 0;
    if (sending || stopped || !dirty) return;
    sending = true;
    dirty = false;
    const slow = window.setTimeout(() => say(form.dataset.saving, "neutral"), 1000);
    let wait = SAVE_AFTER_MS;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new FormData(form),
      });
      const told = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : null;
      if (answer.ok && told) {
        form.elements.revision.value = String(told.revision);
        wrong.hidden = true;
        say(`${form.dataset.saved} ${told.saved_at}`, "green");
      } else if (told && answer.status === 422) {
        wrong.textContent = told.errors.text || told.error;
        wrong.hidden = false;
        say(form.dataset.bad, "amber");
      } else if (told && answer.status === 409) {
        stopped = true;
        say(told.conflict ? form.dataset.elsewhere : told.error, "amber");
      } else throw new Error("not saved");
    } catch {
      dirty = true;
      wait = RETRY_AFTER_MS + Math.random() * 1000;
      say(form.dataset.unsaved, "amber");
    } finally {
      window.clearTimeout(slow);
      sending = false;
      if (waiting) form.requestSubmit(waiting);
      else if (dirty && !stopped) later(wait);
    }
  }

  form.addEventListener("input", () => {
    dirty = true;
    later(SAVE_AFTER_MS);
  });
  form.addEventListener("submit", (event) => {
    window.clearTimeout(timer);
    if (sending) {
      // The save under way moves the revision on; the form goes after it, never beside it.
      event.preventDefault();
      waiting = event.submitter;
      return;
    }
    dirty = false;
    stopped = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (dirty && !stopped) event.preventDefault();
  });
})();
