// What the page shows as a whole: one of its views, a gate that says why, a notice over the sheet.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, findAll, fill, setText } = examsite;
  const { words } = room;

  // A page has one first heading: that of the view that is shown.
  function setHeading(element, tag) {
    if (element.localName === tag) return;
    const made = document.createElement(tag);
    for (const { name, value } of Array.from(element.attributes)) made.setAttribute(name, value);
    made.append(...element.childNodes);
    element.replaceWith(made);
  }

  function show(name) {
    for (const view of findAll("[data-view]")) {
      view.hidden = view.dataset.view !== name;
      setHeading(find("[data-heading]", view), view.hidden ? "p" : "h1");
    }
    find(".skip-link")?.setAttribute("href", name === "test" ? "#sheet" : `#main-${name}`);
  }

  // A page of its own for what stands between the candidate and the test: why, what is safe, what to do.
  function gate(kind, { reason = "", code = "", onAction } = {}) {
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
    show("gate");
  }

  // Notices over the sheet about who may write: paused, another tab, another machine, time over. None with null.
  function notice(kind, { title, text = "", action = "", onAction = null } = {}) {
    const shown = find("[data-state-notice]");
    examsite.keepLine(() => {
      shown.hidden = !kind;
      shown.dataset.kind = kind || "";
      if (!kind) return;
      setText(find("[data-state-title]", shown), title);
      setText(find("[data-state-text]", shown), text);
      const button = find("[data-state-action]", shown);
      button.hidden = !action;
      setText(button, action);
      button.onclick = onAction;
    });
  }

  examsite.views = {
    show,
    gate,
    notice,
    noticeKind: () => find("[data-state-notice]").dataset.kind,
    // Said at once, by whatever reads the page aloud.
    alert(text) { find("[data-alert]").textContent = text; },
  };
})();
