// What every page gains when scripts run: copying, disclosures, dialogs, reading choices. Every page works without it.
(function () {
  "use strict";

  const root = document.documentElement;
  root.classList.add("js");

  const YEAR_SECONDS = 31536000;

  function remember(name, value) {
    try {
      window.localStorage.setItem(name, value);
    } catch {
      // Storage may be switched off; the cookie alone then carries the choice.
    }
    const secure = window.location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
  }

  function remembered(name) {
    try {
      return window.localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  function setUpContrast() {
    const stored = remembered("contrast");
    if (stored) root.dataset.contrast = stored;
    const isHigh = () =>
      root.dataset.contrast === "high" ||
      (root.dataset.contrast !== "normal" && window.matchMedia("(prefers-contrast: more)").matches);
    for (const button of document.querySelectorAll("[data-contrast-toggle]")) {
      button.hidden = false;
      button.setAttribute("aria-pressed", String(isHigh()));
      button.addEventListener("click", () => {
        root.dataset.contrast = isHigh() ? "normal" : "high";
        remember("contrast", root.dataset.contrast);
        button.setAttribute("aria-pressed", String(isHigh()));
      });
    }
  }

  function setUpTextSize() {
    const steps = ["normal", "large", "larger"];
    const stored = remembered("text_size");
    if (steps.includes(stored)) root.dataset.textSize = stored;
    for (const button of document.querySelectorAll("[data-text-size-toggle]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const next = steps[(steps.indexOf(root.dataset.textSize) + 1) % steps.length];
        root.dataset.textSize = next;
        remember("text_size", next);
      });
    }
  }

  function setUpCopying() {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("[data-copy]")) {
      const label = button.textContent;
      button.hidden = false;
      button.setAttribute("aria-live", "polite");
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(button.dataset.copy);
        } catch {
          return; // The code stays selectable by hand.
        }
        button.textContent = button.dataset.copied;
        window.setTimeout(() => { button.textContent = label; }, 2500);
      });
    }
  }

  function show(button, open) {
    const panel = document.getElementById(button.getAttribute("aria-controls"));
    button.setAttribute("aria-expanded", String(open));
    if (button.dataset.labelOpen) button.textContent = open ? button.dataset.labelOpen : button.dataset.labelClosed;
    // The site navigation folds by style, so that a wide window always shows it.
    if (panel && !panel.classList.contains("site-nav")) panel.hidden = !open;
  }

  function setUpDisclosures() {
    for (const button of document.querySelectorAll("[data-disclosure]")) {
      const id = button.getAttribute("aria-controls");
      const wanted = window.location.hash === `#${id}`;
      if (button.hasAttribute("data-start-closed")) show(button, wanted);
      else show(button, button.getAttribute("aria-expanded") === "true");
      button.addEventListener("click", () => show(button, button.getAttribute("aria-expanded") !== "true"));
    }
    window.addEventListener("hashchange", () => {
      const id = window.location.hash.slice(1);
      for (const button of document.querySelectorAll("[data-disclosure]")) {
        if (id && button.getAttribute("aria-controls") === id) show(button, true);
      }
    });
  }

  function setUpDialogs() {
    for (const opener of document.querySelectorAll("[data-open-dialog]")) {
      const dialog = document.getElementById(opener.dataset.openDialog);
      if (!dialog || typeof dialog.showModal !== "function") continue;
      opener.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        dialog.showModal();
        // The safe way out has the focus.
        dialog.querySelector("[data-close-dialog]")?.focus();
      });
      dialog.addEventListener("close", () => opener.focus());
      for (const closer of dialog.querySelectorAll("[data-close-dialog]")) {
        closer.addEventListener("click", (event) => {
          event.preventDefault();
          dialog.close();
        });
      }
    }
  }

  function setUpPrinting() {
    for (const button of document.querySelectorAll("[data-print-page]")) {
      button.hidden = false;
      button.addEventListener("click", () => window.print());
    }
  }

  function setUpWideTables() {
    // A box that scrolls must be reachable by keyboard, and say so: columns that end at its edge look like all there are.
    const hints = new WeakMap();
    const boxes = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        const isWide = target.scrollWidth > target.clientWidth;
        if (isWide) target.tabIndex = 0;
        if (!isWide && !hints.has(target)) continue;
        if (!hints.has(target)) {
          const hint = Object.assign(document.createElement("p"), { className: "note wide-table-hint" });
          hint.textContent = document.body.dataset.wideTable;
          target.before(hint);
          hints.set(target, hint);
        }
        hints.get(target).hidden = !isWide;
      }
    });
    for (const box of document.querySelectorAll(".table-scroll")) boxes.observe(box);
  }

  setUpContrast();
  setUpTextSize();
  setUpCopying();
  setUpDisclosures();
  setUpDialogs();
  setUpPrinting();
  setUpWideTables();
  document.querySelector("[data-error-summary]")?.focus();
})();
