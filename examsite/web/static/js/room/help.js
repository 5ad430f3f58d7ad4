// Calling an invigilator from the page: what for, that the call reached the server, that somebody has seen it.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, findAll, fill } = examsite;
  const AGAIN_MILLISECONDS = 3000;
  const LOOK_MILLISECONDS = 8000;
  const SEEN_FOR_MILLISECONDS = 120000;

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
          room.remember("call", "yes");
          show(fill(words.help_called, examsite.hour(call.calledAt).slice(0, 5)));
          window.setTimeout(look, LOOK_MILLISECONDS);
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

    // While a call waits the page asks now and then whether somebody has seen it, also after a reload.
    async function look() {
      if (room.state === "done" || (call && !call.calledAt)) return;
      try {
        const { ok, data } = await room.call("help", { method: "GET" });
        if (ok && data.answered_at) {
          room.remember("call", null);
          call = null;
          show(fill(words.help_seen, examsite.hour(data.answered_at).slice(0, 5)), true);
          window.setTimeout(() => { if (!call) show(""); }, SEEN_FOR_MILLISECONDS);
          return;
        }
        if (ok && data.called_at) show(fill(words.help_called, examsite.hour(data.called_at).slice(0, 5)));
        if (ok && !data.called_at) {
          room.remember("call", null);
          return;
        }
      } catch {
        // Asked again.
      }
      window.setTimeout(look, LOOK_MILLISECONDS * (0.8 + Math.random() * 0.4));
    }

    room.on("opened", () => { if (room.remembered("call") === "yes" && !call) look(); });
  };
})();
