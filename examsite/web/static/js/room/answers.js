// Answers between the sheet and what is kept. Per key an essay does two things: it marks itself as changed, and it
// asks once for its word count to be drawn when the keys pause.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, findAll } = examsite;
  const DRAW_MILLISECONDS = 1000;
  // Whoever types on and on sees the count move as well: drawing it takes as long as a key does.
  const LONGEST_DRAW_MILLISECONDS = 6000;

  // Words are pieces between spaces.
  examsite.countWords = function (text) {
    let count = 0;
    for (const piece = /\S+/g; piece.test(text); ) count += 1;
    return count;
  };

  examsite.isAnswered = function (question) {
    if (typeof question.answer === "string") return /\S/.test(question.answer);
    return Array.isArray(question.answer) && question.answer.length > 0;
  };

  // options: autosave, isOpen(), onAnswer(question). What was done is counted in `work`, for whoever measures.
  examsite.makeAnswers = function ({ autosave, isOpen, onAnswer }) {
    const work = { keys: 0, reads: 0, draws: 0 };

    function keep(question, answer) {
      question.answer = answer;
      autosave.touch(question.item, () => question.answer);
      room.say("answer", { item: question.item, kind: question.kind });
      onAnswer(question);
    }

    function show(question) {
      const { section, answer } = question;
      if (question.kind === "single" || question.kind === "true_false") {
        for (const input of findAll("input", section)) input.checked = input.value === answer;
      } else if (question.kind === "multiple") {
        for (const input of findAll("input", section)) input.checked = Array.isArray(answer) && answer.includes(input.value);
      } else if (question.kind === "ordering") {
        const list = find("[data-ordering]", section);
        for (const key of Array.isArray(answer) && answer.length ? answer : question.order) {
          const row = findAll("[data-key]", list).find((item) => item.dataset.key === key);
          if (row) list.append(row);
        }
        numberRows(list);
      } else {
        const field = find("[data-answer]", section);
        const text = typeof answer === "string" ? answer : "";
        if (field.value !== text) field.value = text;
        if (question.isEssay) drawEssay(question);
      }
    }

    function numberRows(list) {
      const rows = findAll("[data-key]", list);
      rows.forEach((row, place) => {
        find(".ordering-place", row).textContent = String(place + 1);
        find('[data-move="-1"]', row).disabled = !isOpen() || place === 0;
        find('[data-move="1"]', row).disabled = !isOpen() || place === rows.length - 1;
      });
    }

    function drawInPause(question) {
      const now = performance.now();
      const isPause = now - question.changedAt >= DRAW_MILLISECONDS - 50 || now - question.drawnAt >= LONGEST_DRAW_MILLISECONDS;
      if (isPause) examsite.whenIdle(() => drawEssay(question), DRAW_MILLISECONDS);
      else question.drawing = window.setTimeout(() => drawInPause(question), DRAW_MILLISECONDS);
    }

    function drawEssay(question) {
      question.drawing = 0;
      question.drawnAt = performance.now();
      work.draws += 1;
      question.answer = find("textarea", question.section).value;
      question.words = examsite.countWords(question.answer);
      examsite.setText(find("[data-word-count]", question.section), String(question.words));
      drawSteps(question);
      onAnswer(question);
    }

    function drawSteps(question) {
      const { history, section } = question;
      find("[data-undo]", section).disabled = !isOpen() || !history?.canUndo();
      find("[data-redo]", section).disabled = !isOpen() || !history?.canRedo();
    }

    function watchEssay(question) {
      const area = find("textarea", question.section);
      const read = () => {
        work.reads += 1;
        question.answer = area.value;
        return question.answer;
      };
      const changed = () => {
        autosave.touch(question.item, read);
        question.changedAt = performance.now();
        if (!question.drawing) question.drawing = window.setTimeout(() => drawInPause(question), DRAW_MILLISECONDS);
      };
      area.addEventListener("input", (event) => {
        work.keys += 1;
        changed();
        room.say("input", { item: question.item, kind: question.kind, event });
      });
      area.addEventListener("compositionend", changed);
      area.addEventListener("blur", () => autosave.note());
      question.history = examsite.makeHistory({
        area,
        journal: room.journal,
        item: question.item,
        isOpen,
        onStep() { changed(); area.focus(); },
        onChange: () => drawSteps(question),
      });
      find("[data-undo]", question.section).addEventListener("click", question.history.undo);
      find("[data-redo]", question.section).addEventListener("click", question.history.redo);
    }

    function watchChoices(question) {
      const { section, kind } = question;
      const isMany = kind === "multiple";
      section.addEventListener("change", () => {
        const chosen = findAll("input:checked", section).map((input) => input.value);
        keep(question, isMany ? chosen : chosen[0] ?? null);
      });
      find("[data-clear]", section).addEventListener("click", () => {
        for (const input of findAll("input", section)) input.checked = false;
        keep(question, isMany ? [] : null);
      });
    }

    function watchOrdering(question) {
      const { section } = question;
      const list = find("[data-ordering]", section);
      const order = () => findAll("[data-key]", list).map((row) => row.dataset.key);
      question.order = order();
      list.addEventListener("click", (event) => {
        const button = event.target.closest("[data-move]");
        if (!button) return;
        const row = button.closest("[data-key]");
        const up = button.dataset.move === "-1";
        if (up) row.previousElementSibling?.before(row);
        else row.nextElementSibling?.after(row);
        numberRows(list);
        (button.disabled ? find(`[data-move="${up ? 1 : -1}"]`, row) : button).focus();
        const rows = findAll("[data-key]", list);
        find("[data-ordering-status]", section).textContent =
          examsite.fill(room.words.moved, find(".ordering-text", row).textContent, rows.indexOf(row) + 1, rows.length);
        keep(question, order());
      });
      find("[data-keep-order]", section).addEventListener("click", () => keep(question, order()));
      find("[data-clear]", section).addEventListener("click", () => {
        keep(question, []);
        show(question);
      });
    }

    function watch(question) {
      if (question.isEssay) watchEssay(question);
      else if (question.kind === "ordering") watchOrdering(question);
      else if (question.kind === "numeric") {
        find("[data-answer]", question.section).addEventListener("input", (event) => keep(question, event.target.value));
      } else watchChoices(question);
    }

    // Read-only, not off: what was written stays readable and can be selected.
    function setOpen(question, open) {
      const controls = findAll("input, button:not([data-help])", question.section);
      // What goes off loses the focus of the keyboard: it waits at the question instead.
      if (!open && controls.includes(document.activeElement)) find("h2", question.section).focus({ preventScroll: true });
      for (const control of controls) control.disabled = !open;
      // Choices that scroll can be reached while none of them can.
      const body = find(".sheet-body", question.section);
      if (body && open) body.removeAttribute("tabindex");
      else if (body) body.tabIndex = 0;
      const area = find("textarea", question.section);
      if (area) {
        area.disabled = false;
        area.readOnly = !open;
        drawSteps(question);
      }
      const list = find("[data-ordering]", question.section);
      if (list) numberRows(list);
    }

    return { keep, show, watch, setOpen, work };
  };
})();
