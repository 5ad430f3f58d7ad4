// The time of the attempt on the page: until when, standing still, run out, and the way to the receipt.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, fill, setText, views } = examsite;
  const { words } = room;
  const LOW_SECONDS = 300;
  const CLOSE_POLL_MILLISECONDS = 3000;
  const THRESHOLD_MINUTES = [60, 30, 15, 5, 1];
  const REMEMBERED = ["place", "wish", "message", "call", "saved"];

  // options: autosave, sheet, setOpen() (whether the candidate may write has changed).
  examsite.makeEnding = function ({ autosave, sheet, setOpen }) {
    const countdown = find("[data-test-countdown] [data-countdown]");
    let isOver = false;
    let deadlineText = "";

    function showDeadline(deadline, givenBackSeconds) {
      const hour = examsite.hour(deadline);
      const minutes = Math.round((givenBackSeconds || 0) / 60);
      const line = minutes ? fill(words.until_given, hour, minutes) : fill(words.until, hour);
      setText(find("[data-countdown-until]"), line);
      if (line === deadlineText) return;
      if (deadlineText) find("[data-announcer]").textContent = line;
      deadlineText = line;
    }

    function drawLabel() {
      let label = words.left;
      if (room.clock.stands()) label = words.stands;
      else if (isOver) label = words.over;
      else if (sheet.isShown() && room.clock.left() <= LOW_SECONDS) label = words.low;
      setText(find("[data-test-countdown] [data-countdown-label]"), label);
    }

    function drawPause() {
      const paused = Boolean(room.view?.paused);
      drawLabel();
      find(".exam-bar .countdown").classList.toggle("countdown--stands", paused);
      if (paused && room.state === "paused") {
        views.notice("paused", { title: words.paused, text: fill(words.paused_text, examsite.formatLeft(room.clock.left())) });
      }
    }

    room.on("view", (view) => {
      if (views.noticeKind() === "locked") views.notice(null);
      // While the clock stands nobody knows when it will end.
      if (view.deadline && !view.paused) showDeadline(view.deadline, view.given_back_seconds);
      if (view.paused) setText(find("[data-countdown-until]"), words.stands_until);
      if (room.state === "over" && view.state === "open" && view.remaining_seconds > 0) {
        window.location.reload(); // time was given after the end: the test is open again
      } else if (room.state === "writing" && view.paused) {
        room.become("paused");
        sheet.closeHandIn();
        setOpen();
        drawPause();
        views.alert(`${words.paused}. ${find("[data-state-text]").textContent}`);
      } else if (room.state === "paused" && !view.paused) {
        room.become("writing");
        views.notice(null);
        setOpen();
        drawPause();
        views.alert(words.resumed);
        sheet.turnBack();
      } else if (sheet.isShown()) drawPause();
    });

    // Nobody but a person of the room ends a test before its time.
    function endWords(state) {
      if (state === "handed_in") return words.handed_in;
      return room.clock.left() > 0 ? words.closed_by_person : words.closed;
    }

    // The server has the work, or has closed it: what this machine kept goes, and the receipt comes.
    async function toReceipt(state) {
      if (room.state === "done") return;
      isOver = true;
      room.become("done");
      autosave.stop();
      if (sheet.isShown()) views.notice("done", { title: endWords(state) });
      await room.journal.forget();
      for (const name of REMEMBERED) room.remember(name, null);
      window.location.assign(room.data.receiptUrl);
    }

    // The time is over and nobody may write: what this machine still holds goes out, then the receipt comes.
    async function beginClosing() {
      isOver = true;
      room.become("over");
      views.gate("closing");
      let view = { epoch: 0 };
      try {
        const answer = await room.call("state", { method: "GET" });
        if (answer.ok) view = answer.data;
        if (answer.ok && view.state !== "open") {
          room.take(view, answer.travel);
          room.epoch = view.epoch;
        }
      } catch {
        // The words go out all the same, each under the epoch it was written in.
      }
      await autosave.beginClosing(view);
      window.setInterval(autosave.ping, CLOSE_POLL_MILLISECONDS);
    }

    function onZero() {
      if (!sheet.isShown() || isOver || room.clock.stands()) return;
      if (room.state !== "writing") return;
      isOver = true;
      sheet.closeHandIn();
      setOpen();
      views.notice("over", { title: words.time_over, text: words.time_over_text });
      views.alert(words.time_over);
      // The rest goes out now; the receipt follows when the server has closed the attempt.
      autosave.drain();
      const watchClose = window.setInterval(async () => {
        if (room.clock.left() > 0) {
          window.clearInterval(watchClose);
          isOver = false;
          views.notice(null);
          setOpen();
          return;
        }
        await autosave.ping();
      }, CLOSE_POLL_MILLISECONDS);
    }

    examsite.showClock(room.clock, {
      value: countdown,
      announce: find("[data-test-countdown] [data-countdown-announce]"),
      thresholds: THRESHOLD_MINUTES,
      sentence: (minutes) => fill(words.left_minutes, minutes),
      onTick(seconds) {
        countdown.closest(".countdown").classList.toggle("countdown--low", seconds <= LOW_SECONDS && sheet.isShown());
        drawLabel();
        sheet.drawLeft();
        room.say("second");
      },
      onZero,
    });

    return { isOver: () => isOver, showDeadline, drawLabel, drawPause, toReceipt, beginClosing };
  };
})();
