// The panel's tablet: the clock runs, the sheet saves itself, one criterion is open at a time. All works without it too.
(function () {
  "use strict";

  const SAVE_AFTER_MS = 400;
  const RETRY_AFTER_MS = 4000;
  const ASK_CLOCK_MS = 5000;

  const pad = (number) => String(number).padStart(2, "0");
  const side = document.querySelector("[data-clock-url]");
  const sheet = document.querySelector("[data-sheet]");
  let dirty = false;

  // --- Clock: the server's remaining time, run forward with the monotonic clock ------------------------------------
  function setUpClock() {
    const shown = side.querySelector("[data-phase-state='now']");
    const clock = shown && shown.querySelector("[data-clock]");
    let base = shown ? Number(shown.dataset.left) : 0;
    let since = performance.now();

    function draw() {
      const left = Math.round(base - (performance.now() - since) / 1000);
      const size = Math.abs(left);
      clock.textContent = `${left < 0 ? `${side.dataset.over} ` : ""}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
      clock.classList.toggle("panel-clock--over", left < 0);
      const allowed = Number(shown.dataset.allowed);
      const bar = shown.querySelector("[data-clock-bar]");
      if (bar) bar.setAttribute("width", `${Math.min(100, Math.max(0, ((allowed - left) * 100) / allowed))}%`);
    }

    async function ask() {
      try {
        const answer = await fetch(side.dataset.clockUrl, { headers: { Accept: "application/json" } });
        if (!answer.ok) return;
        const now = await answer.json();
        if (now.state !== side.dataset.state) {
          // A page in the middle of a word waits; the next question finds it at rest.
          const typing = document.activeElement && ["INPUT", "TEXTAREA"].includes(document.activeElement.tagName);
          if (!dirty && !typing) window.location.reload();
          return;
        }
        if (shown) {
          base = now.phases[shown.dataset.phase].left;
          since = performance.now();
        }
      } catch {
        // Without a network the clock runs on by itself.
      }
    }

    if (clock) window.setInterval(draw, 250);
    window.setInterval(ask, ASK_CLOCK_MS);
  }

  // --- Sheet ------------------------------------------------------------------------------------------------------
  // Points are counted in whole hundredths: a sum of binary fractions would drift.
  function hundredths(text) {
    const found = /^\s*([0-9]{1,6})(?:[.,]([0-9]{1,2}))?\s*$/.exec(text);
    return found ? Number(found[1]) * 100 + Number((found[2] || "").padEnd(2, "0")) : null;
  }

  function words(value) {
    const rest = value % 100;
    const decimals = rest ? sheet.dataset.comma + pad(rest).replace(/0$/, "") : "";
    return `${Math.floor(value / 100)}${decimals}`;
  }

  function setUpSheet() {
    const sections = [...sheet.querySelectorAll("[data-criterion]")];
    const saved = sheet.querySelector("[data-saved-text]");
    const tag = sheet.querySelector("[data-saved-tag]");
    const lockButton = sheet.querySelector("[data-lock-button]");
    let timer = 0;
    let sending = false;
    let stopped = false;
    let waiting = null; // the button that was pressed while a save was under way

    const inputOf = (section) => section.querySelector(".panel-input");
    const limit = (section) => hundredths(section.dataset.maximum);
    const step = (section) => hundredths(section.dataset.step);

    function isGood(section) {
      const value = hundredths(inputOf(section).value);
      return value !== null && value <= limit(section) && value % step(section) === 0;
    }

    function say(text, tone) {
      saved.textContent = text;
      tag.className = `tag tag--${tone}`;
    }

    function drawBar(section, value) {
      const box = section.querySelector("[data-level-bar]");
      const space = "http://www.w3.org/2000/svg";
      const svg = document.createElementNS(space, "svg");
      svg.setAttribute("class", "level-bar");
      svg.setAttribute("width", "88");
      svg.setAttribute("height", "8");
      svg.setAttribute("aria-hidden", "true");
      for (let part = 0; part < 5; part += 1) {
        const filled = Math.max(0, Math.min(1, (value / limit(section)) * 5 - part));
        for (const [name, width] of [["score-bar-rest", 16], ["score-bar-part--1", 16 * filled]]) {
          const rect = document.createElementNS(space, "rect");
          rect.setAttribute("class", name);
          rect.setAttribute("x", String(part * 18));
          rect.setAttribute("width", String(width));
          rect.setAttribute("height", "8");
          svg.append(rect);
        }
      }
      box.replaceChildren(svg);
    }

    function drawSection(section) {
      const value = hundredths(inputOf(section).value);
      section.querySelector("[data-points-text]").textContent = isGood(section) ? words(value) : "–";
      for (const card of section.querySelectorAll("[data-level]")) {
        const chosen = value !== null && hundredths(card.dataset.level) === value;
        card.setAttribute("aria-pressed", String(chosen));
        card.querySelector(".panel-level-chosen").textContent = chosen ? sheet.dataset.chosen : "";
      }
      if (isGood(section)) drawBar(section, value);
      else {
        const none = document.createElement("span");
        none.className = "tag tag--neutral";
        none.textContent = sheet.dataset.notYet;
        section.querySelector("[data-level-bar]").replaceChildren(none);
      }
    }

    function drawTotal() {
      const good = sections.filter(isGood);
      const total = good.reduce((sum, section) => sum + hundredths(inputOf(section).value), 0);
      const missing = sections.filter((section) => !isGood(section)).map((section) => section.dataset.number);
      sheet.querySelector("[data-total]").textContent = good.length ? words(total) : "–";
      sheet.querySelector("[data-count]").textContent = String(good.length);
      const canLock = sheet.dataset.canLock === "yes";
      lockButton.disabled = missing.length > 0 || !canLock;
      if (missing.length) lockButton.textContent = `${sheet.dataset.missing} ${missing.join(", ")}`;
      else lockButton.textContent = canLock ? `${sheet.dataset.lock} · ${words(total)}` : sheet.dataset.wait;
    }

    function showErrors(errors) {
      for (const place of sheet.querySelectorAll("[data-error]")) {
        const text = errors[place.dataset.error] || "";
        place.textContent = text;
        place.hidden = !text;
      }
    }

    function stop() {
      stopped = true;
      say(sheet.dataset.elsewhere, "amber");
      sheet.classList.add("panel-sheet--unsaved");
    }

    async function save() {
      if (sending || stopped) return;
      sending = true;
      dirty = false;
      const slow = window.setTimeout(() => say(sheet.dataset.saving, "neutral"), 1000);
      try {
        const answer = await fetch(sheet.action, {
          method: "POST",
          headers: { Accept: "application/json" },
          body: new FormData(sheet),
        });
        const told = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : null;
        if (answer.ok && told) {
          sheet.elements.revision.value = String(told.revision);
          showErrors({});
          say(`${sheet.dataset.saved} ${told.saved_at}`, "green");
        } else if (told && answer.status === 422) {
          showErrors(told.errors);
          say(sheet.dataset.bad, "amber");
        } else if (told && told.conflict) stop();
        else throw new Error("not saved");
      } catch {
        dirty = true;
        say(sheet.dataset.unsaved, "amber");
        window.setTimeout(save, RETRY_AFTER_MS + Math.random() * 1000);
      } finally {
        window.clearTimeout(slow);
        sending = false;
        if (waiting) sheet.requestSubmit(waiting);
        else if (dirty && !timer) later();
      }
    }

    function later() {
      dirty = true;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        timer = 0;
        save();
      }, SAVE_AFTER_MS);
    }

    function open(section) {
      for (const other of sections) {
        const isOpen = other === section;
        other.classList.toggle("panel-criterion--open", isOpen);
        other.querySelector("[data-body]").hidden = !isOpen;
        other.querySelector(".panel-toggle").setAttribute("aria-expanded", String(isOpen));
      }
    }

    for (const section of sections) {
      const title = section.querySelector(".panel-criterion-title");
      const body = section.querySelector("[data-body]");
      body.id = `body-${section.dataset.criterion}`;
      const toggle = document.createElement("button");
      toggle.type = "button";
      toggle.className = "panel-toggle";
      toggle.textContent = title.textContent;
      toggle.setAttribute("aria-controls", body.id);
      title.replaceChildren(toggle);
      toggle.addEventListener("click", () => open(body.hidden ? section : null));
      for (const card of section.querySelectorAll("[data-level]")) {
        card.addEventListener("click", (event) => {
          event.preventDefault();
          inputOf(section).value = words(hundredths(card.dataset.level));
          drawSection(section);
          drawTotal();
          later();
        });
      }
      for (const button of section.querySelectorAll("[data-press]")) {
        button.addEventListener("click", (event) => {
          event.preventDefault();
          const now = hundredths(inputOf(section).value) || 0;
          const wanted = button.dataset.press === "+" ? now + step(section) : now - step(section);
          inputOf(section).value = words(Math.max(0, Math.min(limit(section), wanted)));
          drawSection(section);
          drawTotal();
          later();
        });
      }
    }
    sheet.addEventListener("input", (event) => {
      const section = event.target.closest("[data-criterion]");
      if (!section) return;
      if (event.target === inputOf(section)) {
        drawSection(section);
        drawTotal();
      }
      later();
    });
    window.addEventListener("beforeunload", (event) => {
      if (dirty && !stopped) event.preventDefault();
    });
    sheet.addEventListener("submit", (event) => {
      window.clearTimeout(timer);
      if (sending) {
        // The save under way moves the revision on; the form goes after it, never beside it.
        event.preventDefault();
        waiting = event.submitter || lockButton.form.querySelector("[type=submit]");
        return;
      }
      dirty = false;
      stopped = true;
    });

    const wanted = sections.find((section) => `#${section.id}` === window.location.hash);
    const wrong = sections.find((section) => section.classList.contains("panel-criterion--bad"));
    open(wrong || wanted || sections.find((section) => !isGood(section)) || sections[0]);
    drawTotal();
  }

  if (side) setUpClock();
  if (sheet) setUpSheet();
})();
