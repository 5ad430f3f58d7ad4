// The navigator: which questions there are, which are answered, flagged, open now. One tab stop, arrows inside.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, isAnswered } = examsite;
  const COLUMNS = 5;
  const OPEN_SHOWN = 3;
  const FLAGS_SHOWN = 4;

  // options: questions, flags (a Set of items), current(), onGo(question), isHandingIn(), isOffline().
  examsite.makeNavigator = function ({ questions, flags, current, onGo, restNote }) {
    const { words } = room;
    const panel = find("[data-navigator]");
    const toggle = find("[data-navigator-toggle]");
    const byItem = new Map(questions.map((question) => [question.item, question]));

    function drawCell(question) {
      const answered = isAnswered(question);
      const isCurrent = question === current();
      const isFlagged = flags.has(question.item);
      const { cell } = question;
      cell.classList.toggle("is-answered", answered);
      cell.classList.toggle("is-flagged", isFlagged);
      cell.classList.toggle("is-current", isCurrent);
      if (isCurrent) cell.setAttribute("aria-current", "true");
      else cell.removeAttribute("aria-current");
      const parts = [question.isEssay ? question.title : `${words.question} ${question.number}`];
      if (isCurrent) parts.push(words.current);
      parts.push(answered ? words.answered : words.unanswered);
      if (isFlagged) parts.push(words.flagged);
      if (question.isEssay) {
        const count = question.words || 0;
        const detail = find("[data-essay-detail]", cell);
        const state = isCurrent ? words.now : answered ? words.written : words.unwritten;
        if (count) examsite.setText(detail, `${count} ${words.words}`);
        examsite.setText(find("[data-essay-state]", cell), state);
        // The name begins with what is seen, so that it can be called by voice.
        parts[0] = `${question.title} ${detail.textContent} ${state}`;
      }
      cell.setAttribute("aria-label", parts.join(", "));
    }

    function linksTo(target, list, empty) {
      target.textContent = "";
      if (!list.length) target.textContent = empty;
      list.forEach((question, place) => {
        if (place) target.append(" ");
        const link = document.createElement("a");
        link.href = `#${question.item}`;
        link.dataset.goto = question.item;
        link.textContent = question.isEssay ? question.title : String(question.number);
        target.append(link);
      });
    }

    const openQuestions = () => questions.filter((question) => !isAnswered(question));
    const flagged = () => questions.filter((question) => flags.has(question.item));

    let drawn = "";
    function drawSummary() {
      const open = openQuestions();
      const openObjective = open.filter((question) => !question.isEssay).length;
      const openEssays = open.length - openObjective;
      const note = restNote(openObjective, openEssays);
      examsite.setText(find("[data-rest]"), note);
      const sign = [open.map((question) => question.item), Array.from(flags), current()?.item].join("|");
      if (sign === drawn) return;
      drawn = sign;
      const objective = questions.filter((question) => !question.isEssay).length;
      find("[data-answered-objective]").textContent = String(objective - openObjective);
      find("[data-answered-all]").textContent = String(questions.length - open.length);
      find("[data-legend-answered]").textContent = `${questions.length - open.length} ${words.questions}`;
      linksTo(find("[data-legend-open]"), open.slice(0, OPEN_SHOWN), words.none);
      if (open.length > OPEN_SHOWN) find("[data-legend-open]").append(` +${open.length - OPEN_SHOWN}`);
      linksTo(find("[data-legend-flags]"), flagged().slice(0, FLAGS_SHOWN), words.none);
      find("[data-legend-now]").textContent = current()?.title || "";
    }

    function draw(question) {
      if (question) drawCell(question);
      else questions.forEach(drawCell);
      drawSummary();
    }

    panel.addEventListener("keydown", (event) => {
      const cells = questions.map((question) => question.cell);
      const place = cells.indexOf(event.target.closest("[data-goto]"));
      if (place < 0) return;
      const columns = cells[place].classList.contains("cell") ? COLUMNS : 1;
      const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
      let target = null;
      if (event.key in steps) target = cells[Math.min(cells.length - 1, Math.max(0, place + steps[event.key]))];
      if (event.key === "Home") target = cells[0];
      if (event.key === "End") target = cells[cells.length - 1];
      if (!target) return;
      event.preventDefault();
      for (const cell of cells) cell.tabIndex = cell === target ? 0 : -1;
      target.focus();
    });

    function close() {
      toggle.setAttribute("aria-expanded", "false");
      panel.classList.remove("is-open");
    }

    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !panel.classList.contains("is-open")) return;
      close();
      toggle.focus();
    });
    toggle.addEventListener("click", () => {
      const isOpen = panel.classList.toggle("is-open");
      toggle.setAttribute("aria-expanded", String(isOpen));
    });
    document.addEventListener("click", (event) => {
      const target = event.target.closest("[data-goto]");
      const question = target && byItem.get(target.dataset.goto);
      if (!question) return;
      event.preventDefault();
      onGo(question);
    });

    return { draw, close, linksTo, open: openQuestions, flagged };
  };
})();
