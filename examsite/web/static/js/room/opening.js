// The way into the test: knocking until the server opens, the paper, the answers of before; without a server, what this
// machine knows from before.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, views } = examsite;
  const KNOCK_CAP_MILLISECONDS = 10000;
  const KNOCK_FIRST_MILLISECONDS = 400;
  const PATIENCE_MILLISECONDS = 4000;

  const knockAgain = (failures) =>
    examsite.pause(KNOCK_FIRST_MILLISECONDS + Math.random() * Math.min(KNOCK_CAP_MILLISECONDS, 1000 * 2 ** failures));

  // options: autosave, sheet, savedState, holds() (this tab is the writer), onWriting() (the test is on the page),
  // onTooEarly(), onTooLate(), onDeadline(deadline).
  examsite.makeOpening = function ({ autosave, sheet, savedState, holds, onWriting, onTooEarly, onTooLate, onDeadline }) {
    // Knocks until the server opens, with jitter; gives back what it said, or null when it is not time (any more).
    async function open() {
      const knockedAt = performance.now();
      for (let failures = 0; ; failures += 1) {
        if (!holds()) return null;
        let answer = null;
        try {
          answer = await room.call("open");
        } catch {
          // No answer: again.
        }
        if (answer?.ok) {
          room.take(answer.data, answer.travel);
          return answer.data;
        }
        if (answer?.status === 409 && answer.data.error === "test_not_started") {
          onTooEarly();
          return null;
        }
        if (answer?.status === 409 && answer.data.error === "test_over") {
          onTooLate();
          return null;
        }
        if (answer && answer.status < 500 && answer.status !== 429) {
          room.become("locked");
          views.gate("locked", { reason: answer.data.message, code: answer.data.error, onAction: () => window.location.reload() });
        } else if (!sheet.isShown() && performance.now() - knockedAt > PATIENCE_MILLISECONDS) {
          if (!(await resumeAlone())) views.gate("unreachable");
        }
        await knockAgain(failures);
      }
    }

    async function readPaper(opened) {
      const stored = await room.journal.session();
      if (stored?.paper && stored.digest === opened.paper && stored.locale === room.locale) return stored.paper;
      for (let failures = 0; ; failures += 1) {
        try {
          const answer = await room.call(`paper?lang=${room.locale}`, { method: "GET" });
          if (answer.ok) return answer.data;
          if (answer.status === 409) {
            onTooLate(); // the time ran out on the way
            return null;
          }
        } catch {
          // Again.
        }
        await knockAgain(failures);
      }
    }

    async function begin() {
      const opened = await open();
      if (!opened) return;
      room.epoch = opened.epoch;
      if (opened.saved_at) savedState.stored(opened.saved_at);
      const paper = await readPaper(opened);
      if (!paper) return;
      if (!sheet.isBuilt()) sheet.build(paper, opened.orders);
      await room.journal.keepSession({
        digest: opened.paper,
        locale: room.locale,
        paper,
        orders: opened.orders,
        epoch: opened.epoch,
        held: opened.held,
        answers: opened.answers,
        deadline: opened.deadline,
      });
      const adopted = await autosave.begin(opened);
      await sheet.fillIn({ ...opened.answers, ...adopted });
      onWriting();
      room.say("opened", { epoch: opened.epoch, answers: room.answers() });
      window.navigator.storage?.persist?.().catch(() => {});
      sheet.resumeHandIn();
    }

    // The server does not answer, but this machine knows the paper from before: writing goes on into the journal.
    async function resumeAlone() {
      const session = await room.journal.session();
      if (!session?.paper) return false;
      sheet.build(session.paper, session.orders);
      room.epoch = session.epoch;
      if (session.deadline) onDeadline(session.deadline);
      const found = await autosave.keepOnly(session);
      await sheet.fillIn({ ...session.answers, ...found });
      onWriting();
      return true;
    }

    return { begin };
  };
})();
