// Highlights and margin notes: painted on the words they were written about, listed beside them, kept as one types.
// A note whose words no longer stand at its place is shown as one that hangs nowhere, never beside other words.
(function () {
  "use strict";

  const { marking } = window.examsite;
  const script = document.querySelector("[data-notes-at]");
  if (!script) return;

  const SAVE_AFTER_MS = 700;
  const RETRY_AFTER_MS = 4000;
  const GAP_PX = 10;
  const words = script.dataset;
  const names = JSON.parse(words.names);
  const isOpen = "open" in words;
  const tools = script.querySelector("[data-note-tools]");
  const undoLine = script.querySelector("[data-undo]");
  const margins = new Map(Array.from(script.querySelectorAll("[data-margin]"), (list) => [list.dataset.margin, list]));
  const notes = Array.from(script.querySelectorAll("[data-note]"), (row) => JSON.parse(row.dataset.note));

  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  function letterOf(number) {
    const low = String.fromCharCode(97 + (number % 26));
    return number < 26 ? low : letterOf(Math.floor(number / 26) - 1) + low;
  }

  // --- painting --------------------------------------------------------------------------------------------------

  function paint(item) {
    const own = notes.filter((note) => note.item === item && note.anchored);
    for (const paragraph of script.querySelectorAll(`[data-answer="${CSS.escape(item)}"] [data-start]`)) {
      const points = Array.from(paragraph.textContent);
      const base = Number(paragraph.dataset.start);
      const here = own.filter((note) => note.start < base + points.length && note.end > base);
      const cuts = new Set([0, points.length]);
      for (const note of here) {
        cuts.add(Math.max(0, note.start - base));
        cuts.add(Math.min(points.length, note.end - base));
      }
      const order = Array.from(cuts).sort((one, other) => one - other);
      const pieces = order.slice(0, -1).map((from, place) => piece(points, base, from, order[place + 1], here));
      paragraph.replaceChildren(...pieces);
    }
  }

  function piece(points, base, from, to, here) {
    const text = points.slice(from, to).join("");
    const over = here.filter((note) => note.start <= base + from && note.end >= base + to);
    if (!over.length) return document.createTextNode(text);
    const mark = make("mark", over.some((note) => note.text) ? "script-mark" : "script-mark script-mark--bare", text);
    mark.dataset.notes = over.map((note) => note.id).join(" ");
    const ending = over.filter((note) => note.end === base + to);
    if (ending.length) mark.dataset.letters = ending.map((note) => note.letter).join(" ");
    return mark;
  }

  // --- the margin ------------------------------------------------------------------------------------------------

  function draw() {
    notes.sort((one, other) => (one.item < other.item ? -1 : one.item > other.item ? 1 : one.start - other.start || one.end - other.end || one.id - other.id));
    notes.forEach((note, number) => {
      note.letter = letterOf(number);
    });
    for (const [item, list] of margins) {
      paint(item);
      const own = notes.filter((note) => note.item === item);
      const kept = new Set(own.map((note) => note.card).filter(Boolean));
      for (const row of Array.from(list.children)) if (!kept.has(row)) row.remove();
      own.forEach((note, place) => {
        if (!note.card) makeCard(note);
        label(note);
        // A card that stands in its place is not moved: moving takes the focus from who types in it.
        if (list.children[place] !== note.card) list.insertBefore(note.card, list.children[place] || null);
      });
      list.classList.toggle("margin--empty", own.length === 0);
    }
    align();
  }

  function makeCard(note) {
    const card = make("li", "margin-note");
    card.dataset.testid = "note";
    card.dataset.id = note.id;
    const head = make("p", "margin-head");
    note.jump = make("button", "plain-button margin-jump");
    note.jump.type = "button";
    note.jump.addEventListener("click", () => showInText(note));
    head.append(note.jump, make("time", "", note.time));
    card.append(head);
    if (!note.anchored) {
      card.classList.add("margin-note--loose");
      card.append(make("p", "note", words.textGone), make("blockquote", "margin-quote", note.quote));
    }
    if (isOpen) {
      note.area = make("textarea", "input input--area margin-words");
      note.area.rows = 1;
      note.area.value = note.text;
      note.area.maxLength = 4000;
      note.area.placeholder = words.textWords;
      note.area.addEventListener("input", () => {
        grow(note);
        align();
        keepSoon(note);
      });
      note.area.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || event.isComposing) return;
        event.stopPropagation();
        event.preventDefault();
        leave();
      });
      note.area.addEventListener("blur", () => {
        if (note.waits) keepSoon(note, 0);
      });
      const away = make("button", "plain-button margin-away", words.textDelete);
      away.type = "button";
      away.addEventListener("click", () => remove(note));
      note.away = away;
      head.append(away);
      card.append(note.area);
    } else if (note.text) card.append(make("p", "margin-said", note.text));
    note.card = card;
  }

  function label(note) {
    const name = names[note.criterion] || "";
    note.jump.textContent = name ? `${note.letter} · ${name}` : note.letter;
    const said = marking.filled(words.textNote, { letter: note.jump.textContent });
    note.jump.setAttribute("aria-label", `${said}: ${note.quote}`);
    if (!note.area) return;
    note.area.setAttribute("aria-label", said);
    note.away.setAttribute("aria-label", `${words.textDelete}: ${said}`);
  }

  function grow(note) {
    note.area.style.height = "auto";
    if (note.area.scrollHeight) note.area.style.height = `${note.area.scrollHeight + 2}px`;
  }

  // Each card beside its line where there is a margin; below the text they simply follow each other.
  function align() {
    for (const [item, list] of margins) {
      const own = notes.filter((note) => note.item === item);
      for (const note of own) {
        note.card.style.marginTop = "";
        if (note.area) grow(note);
      }
      if (window.getComputedStyle(list).position !== "relative" || !list.offsetParent) continue;
      const top = list.getBoundingClientRect().top;
      let bottom = 0;
      for (const note of own) {
        const mark = script.querySelector(`mark[data-notes~="${note.id}"]`);
        const wanted = mark ? mark.getBoundingClientRect().top - top : 0;
        const from = Math.max(bottom ? bottom + GAP_PX : 0, wanted);
        note.card.style.marginTop = `${from - bottom}px`;
        bottom = from + note.card.offsetHeight;
      }
    }
  }

  function showInText(note) {
    const mark = script.querySelector(`mark[data-notes~="${note.id}"]`);
    for (const other of script.querySelectorAll(".script-mark--now")) other.classList.remove("script-mark--now");
    if (!mark) return;
    for (const own of script.querySelectorAll(`mark[data-notes~="${note.id}"]`)) own.classList.add("script-mark--now");
    mark.scrollIntoView({ block: "nearest" });
  }

  function leave() {
    const open = marking.opened && marking.opened();
    if (open) open.button.focus({ preventScroll: true });
    else marking.focusText();
  }

  // --- keeping ---------------------------------------------------------------------------------------------------

  function failed(answer) {
    marking.tell("amber", (answer && answer.message) || words.textFailed);
  }

  // The same words once more, after a deletion or a mishap, make a new note at the same place.
  async function add(span, text = "") {
    const open = marking.opened();
    const criterion = span.criterion === undefined ? Object.keys(names).find((key) => names[key] === open.name) || "" : span.criterion;
    try {
      const { good, answer } = await marking.call(words.notesAt, {
        item: span.item, start: span.start, end: span.end, quote: span.quote, text, criterion,
      });
      if (!good) {
        failed(answer);
        return null;
      }
      notes.push(answer);
      window.getSelection().removeAllRanges();
      draw();
      return answer;
    } catch {
      failed(null);
      return null;
    }
  }

  function keepSoon(note, delay = SAVE_AFTER_MS) {
    window.clearTimeout(note.timer);
    note.waits = true;
    note.card.dataset.state = "waits";
    note.timer = window.setTimeout(() => keep(note), delay);
  }

  async function keep(note, { keepalive = false } = {}) {
    if (note.saving || !note.waits || note.stopped) return;
    note.saving = true;
    note.waits = false;
    try {
      const text = note.area.value;
      const { good, answer } = await marking.call(words.notesAt, { note: note.id, seen: note.seen, text }, { keepalive });
      if (good) {
        const painted = Boolean(note.text) !== Boolean(answer.text);
        note.text = answer.text;
        note.seen = answer.seen;
        if (painted) paint(note.item);
        if (!note.waits) note.card.dataset.state = "kept";
      } else if (answer.error === "note_changed_elsewhere" && answer.note) askWhich(note, answer.note, answer.message);
      else failed(answer);
    } catch {
      note.waits = true;
      failed(null);
      note.timer = window.setTimeout(() => keep(note), RETRY_AFTER_MS);
    } finally {
      note.saving = false;
    }
    if (note.waits && !note.stopped) keepSoon(note);
  }

  // Both versions in sight; only the person decides.
  function askWhich(note, other, message) {
    note.stopped = true;
    marking.tell("amber", message);
    const box = make("div", "margin-which");
    box.dataset.testid = "note-which";
    const mine = make("button", "plain-button plain-button--link", words.textMine);
    const theirs = make("button", "plain-button plain-button--link", words.textTheirs);
    for (const [button, text] of [[mine, null], [theirs, other.text]]) {
      button.type = "button";
      button.addEventListener("click", () => {
        if (text !== null) note.area.value = text;
        note.seen = other.seen;
        note.stopped = false;
        box.remove();
        keepSoon(note, 0);
        note.area.focus();
        align();
      });
    }
    box.append(make("p", "note", words.textOther), make("p", "", other.text || "–"), mine, " ", theirs);
    note.card.append(box);
    align();
  }

  async function remove(note) {
    window.clearTimeout(note.timer);
    try {
      const { good, answer } = await marking.call(`${words.notesAt}/${note.id}/delete`, {});
      if (!good) {
        failed(answer);
        return;
      }
    } catch {
      failed(null);
      return;
    }
    const { letter } = note;
    const text = note.area.value;
    notes.splice(notes.indexOf(note), 1);
    draw();
    const undo = make("button", "plain-button plain-button--link", words.textUndo);
    undo.type = "button";
    undo.dataset.testid = "note-undo";
    undo.addEventListener("click", async () => {
      const back = await add(note, text);
      if (!back) return;
      undoLine.replaceChildren();
      back.area.focus({ preventScroll: true });
    });
    undoLine.replaceChildren(marking.filled(words.textDeleted, { letter }), " ", undo);
    undo.focus({ preventScroll: true });
  }

  // --- acts ------------------------------------------------------------------------------------------------------

  // Touch takes the selection away before the button hears of it: the last one is remembered.
  let chosen = null;

  function take() {
    const span = marking.selectedSpan() || chosen;
    chosen = null;
    if (!span) marking.say(words.textNone);
    return span;
  }

  marking.highlight = async function () {
    const span = take();
    if (span) await add(span);
  };

  marking.annotate = async function () {
    const span = take();
    if (!span) return;
    const note = await add(span);
    if (note) {
      note.area.focus();
      note.card.scrollIntoView({ block: "nearest" });
    }
  };

  if (isOpen && marking.sheet) {
    tools.hidden = false;
    const buttons = Array.from(tools.querySelectorAll("[data-highlight], [data-annotate]"));
    document.addEventListener("selectionchange", () => {
      const span = marking.selectedSpan();
      if (span) chosen = span;
      else if (!tools.contains(document.activeElement)) chosen = null;
      for (const button of buttons) button.disabled = !(span || chosen);
    });
    for (const button of buttons) {
      button.addEventListener("pointerdown", (event) => event.preventDefault());
      button.addEventListener("click", () => ("highlight" in button.dataset ? marking.highlight() : marking.annotate()));
    }
    window.addEventListener("pagehide", () => {
      for (const note of notes) if (note.waits) keep(note, { keepalive: true });
    });
  }
  script.addEventListener("click", (event) => {
    const mark = event.target.closest("mark[data-notes]");
    if (!mark || !window.getSelection().isCollapsed) return;
    const note = notes.find((known) => String(known.id) === mark.dataset.notes.split(" ").pop());
    if (!note) return;
    showInText(note);
    (note.area || note.jump).focus({ preventScroll: true });
  });
  document.addEventListener("marking:open", align);
  window.addEventListener("resize", align);
  document.fonts?.ready.then(align);
  draw();
})();
