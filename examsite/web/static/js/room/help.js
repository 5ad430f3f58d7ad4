// Calling an invigilator from the page: what for, that the call reached the server, that somebody has seen it.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, findAll, fill } = examsite;
  const AGAIN_MILLISECONDS = 3000;

  examsite.watchHelp = function () {
    const { words } = room;
    const dialog = find("[data-help-dialog]");
    const form = find("[data-help-form]", dialog);
    const note = find("[data-help-note]", dialog);
    const state = find("[data-help-state]");
    let call = null; // {kind, item, calledAt}
    let sending = false;

    function show(text, seen) {
      state.hidden = !text;
      state.classList.toggle("exam-call--seen", Boolean(seen));
      examsite.setText(state, text);
    }

    async function send() {
      if (sending || !call || call.calledAt) return;
      sending = true;
      try {
        const answer = await room.call("help", { body: { kind: call.kind, item: call.item } });
        if (answer.ok) {
          call.calledAt = answer.data.called_at;
          show(fill(words.help_called, examsite.hour(call.calledAt).slice(0, 5)));
        } else if (answer.status < 500) {
          show(answer.data.message || words.help_by_hand);
          call = null;
        }
      } catch {
        show(words.help_waits);
      }
      sending = false;
      if (call && !call.calledAt) window.setTimeout(send, AGAIN_MILLISECONDS * (0.5 + Math.random()));
    }

    document.addEventListener("click", (event) => {
      if (!event.target.closest("[data-help]")) return;
      find("[data-help-item]", dialog).textContent = find("[data-item]:not([hidden]) [data-title]")?.textContent || "";
      note.textContent = "";
      dialog.showModal();
      find("input", form).focus();
    });
    find("[data-help-cancel]", dialog).addEventListener("click", () => dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = findAll("input", form).find((input) => input.checked);
      if (!chosen) {
        note.textContent = words.help_choose;
        return;
      }
      call = { kind: chosen.value, item: room.item, calledAt: "" };
      dialog.close();
      show(words.help_calling);
      send();
    });

    // Where the server says what became of the last call, the page says so too.
    room.on("view", (view) => {
      if (!view.call || (call && !call.calledAt)) return;
      if (view.call.answered_at) show(fill(words.help_seen, examsite.hour(view.call.answered_at).slice(0, 5)), true);
      else show(fill(words.help_called, examsite.hour(view.call.called_at).slice(0, 5)));
    });
  };
})();
