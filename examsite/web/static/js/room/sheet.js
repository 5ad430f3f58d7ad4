// The questions on the page: which one is in front, which are flagged, what stands in them, whether they may be written.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, findAll, fill, setText } = examsite;
  const { words } = room;
  const NARROW_PIXELS = 1100;

  // options: autosave, isOpen() (the candidate may write now), isOver(), isOffline(), onDone(state).
  examsite.makeSheet = function ({ autosave, isOpen, isOver, isOffline, onDone }) {
    const flags = new Set();
    let questions = [];
    let byItem = new Map();
    let current = null;
    let answers = null;
    let navigator = null;
    let handIn = null;
    let isShown = false;

    function build(paper, orders) {
      questions = examsite.buildPaper(paper, orders);
      byItem = new Map(questions.map((question) => [question.item, question]));
      navigator = examsite.makeNavigator({ questions, flags, current: () => current, onGo: turnTo, restNote });
      answers = examsite.makeAnswers({ autosave, isOpen, onAnswer: (question) => navigator.draw(question) });
      handIn = examsite.makeHandIn({ autosave, navigator, isOffline, isOpen, onDone, onWish: () => navigator.draw() });
      questions.forEach(answers.watch);
      room.answers = () => Object.fromEntries(questions.map((question) => [question.item, question.answer]));
      room.work = answers.work;
      findAll("[data-help-row]").forEach((row) => { row.hidden = false; });
    }

    // Puts answers on the page: all of them at once, so that no key comes between two of them; then their steps of undo.
    async function fillIn(contents) {
      flags.clear();
      for (const item of Array.isArray(contents.flags) ? contents.flags : []) if (byItem.has(item)) flags.add(item);
      for (const question of questions) {
        question.answer = contents[question.item] ?? null;
        answers.show(question);
      }
      for (const question of questions) if (question.history) await question.history.load();
    }

    function turnTo(question, options) {
      if (!question) return;
      if (current?.history) current.history.cut();
      current = question;
      room.item = question.item;
      for (const other of questions) {
        other.section.hidden = other !== question;
        other.cell.tabIndex = other === question ? 0 : -1;
      }
      const place = questions.indexOf(question);
      const previous = questions[place - 1];
      const next = questions[place + 1];
      find("[data-previous]").disabled = !previous;
      find("[data-next]").disabled = !next;
      setText(find("[data-previous-label]"), previous ? `${words.previous}: ${previous.title}` : words.previous);
      setText(find("[data-next-label]"), next ? `${words.next}: ${next.title}` : words.next);
      drawFlagButton();
      navigator.draw();
      navigator.close();
      handIn.close();
      room.remember("place", question.item);
      room.say("item", { item: question.item, kind: question.kind });
      if (options?.focus === false) return;
      const area = find("textarea", question.section);
      if (area && !area.readOnly) area.focus({ preventScroll: true });
      else find("h2", question.section).focus({ preventScroll: true });
      // To the top of the page, not of the question: the list and the hand-in stand between, half under the sticky head.
      if (window.innerWidth <= NARROW_PIXELS) window.scrollTo(0, 0);
    }

    function drawFlagButton() {
      const set = Boolean(current) && flags.has(current.item);
      find("[data-flag]").setAttribute("aria-pressed", String(set));
      setText(find("[data-flag-label]"), set ? words.unflag : words.flag);
    }

    function toggleFlag() {
      if (!current || !isOpen()) return;
      if (!flags.delete(current.item)) flags.add(current.item);
      autosave.touch("flags", () => Array.from(flags));
      drawFlagButton();
      navigator.draw();
    }

    function restNote(openObjective, openEssays) {
      if (isOver()) return words.time_over;
      if (!isOpen()) return words.hand_in_off;
      if (isOffline()) return words.hand_in_offline;
      const rest = [];
      if (openObjective) rest.push(fill(words.rest_objective, openObjective));
      if (openEssays) rest.push(fill(words.rest_essays, openEssays));
      return rest.length ? `${rest.join(` ${words.rest_and} `)} ${words.rest_tail}` : words.all_done;
    }

    find("[data-previous]").addEventListener("click", () => turnTo(questions[questions.indexOf(current) - 1]));
    find("[data-next]").addEventListener("click", () => turnTo(questions[questions.indexOf(current) + 1]));
    find("[data-flag]").addEventListener("click", toggleFlag);

    return {
      build,
      fillIn,
      isBuilt: () => questions.length > 0,
      isShown: () => isShown,
      show() {
        isShown = true;
        examsite.views.show("test");
      },
      // To the question that was in front, also before a reload.
      turnBack() {
        turnTo(current || byItem.get(window.location.hash.slice(1)) || byItem.get(room.remembered("place")) || questions[0]);
      },
      setOpen(open) {
        for (const question of questions) answers.setOpen(question, open);
        find("[data-flag]").disabled = !open;
        find("[data-hand-in]").setAttribute("aria-disabled", String(!open));
        navigator?.draw();
        room.root.classList.toggle("is-read-only", !open);
      },
      drawRest() { navigator?.draw(); },
      drawLeft() { handIn?.draw(); },
      closeHandIn() { handIn?.close(); },
      resumeHandIn() { handIn.resume(); },
    };
  };
})();
