// Keys of the scoring page: dead while a text field has the focus (Vietnamese typing needs letters and digits), and can
// be switched off.
(function () {
  "use strict";

  const { marking } = window.examsite;
  const list = document.querySelector("#keys-list");
  let keysOn = true;

  function isTyping(target) {
    return target.matches("textarea, input:not([type=radio]), select") || target.isContentEditable;
  }

  function follow(selector) {
    const link = document.querySelector(selector);
    if (link) link.click();
  }

  const KEYS = {
    j: () => marking.move(1),
    k: () => marking.move(-1),
    h: () => marking.highlight(),
    n: () => (marking.selectedSpan() ? marking.annotate() : marking.opened().section.querySelector("textarea").focus()),
    c: () => marking.openBank(),
    t: () => marking.focusText(),
    f: () => follow("[data-flag]"),
    "+": () => marking.nudge(1),
    "=": () => marking.nudge(1),
    "-": () => marking.nudge(-1),
    "−": () => marking.nudge(-1),
    delete: () => marking.give(null),
    "[": () => follow("[data-before]"),
    "]": () => follow("[data-after]"),
    "?": () => list.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (!keysOn || event.isComposing || event.defaultPrevented) return;
    // A key held down steps and walks; it locks, opens and writes nothing twice.
    if (event.repeat && !"jk+=-−".includes(event.key.toLowerCase())) return;
    if (document.querySelector("dialog[open]") || marking.sheet.inert) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      marking.lock();
      return;
    }
    if (event.key === "Escape") {
      window.getSelection().removeAllRanges();
      marking.opened().button.focus({ preventScroll: true });
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (/^[1-9]$/.test(event.key)) {
      if (marking.giveRung(Number(event.key))) event.preventDefault();
      return;
    }
    const act = KEYS[event.key.toLowerCase()];
    if (act) {
      event.preventDefault();
      act();
    }
  });

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
  // The page begins where the first key counts, unless somebody is somewhere already.
  if (document.activeElement === document.body && !window.location.hash) marking.opened().button.focus({ preventScroll: true });
  document.querySelector("[data-keys-list]").addEventListener("click", () => list.showModal());
  for (const dialog of [list, document.querySelector("#bank")]) {
    // Back to where the next key counts.
    dialog.addEventListener("close", () => marking.opened().button.focus({ preventScroll: true }));
  }
  for (const closer of document.querySelectorAll("dialog [data-close-dialog]")) {
    closer.addEventListener("click", () => closer.closest("dialog").close());
  }
})();
