// Handing in: a wish until the server has it. Without a network it stays one, through reloads too; writing goes on, and
// the candidate may take it back. Only the server's word leads to the receipt.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, setText } = examsite;
  const AGAIN_MILLISECONDS = 800;
  const AGAIN_JITTER_MILLISECONDS = 2500;

  // options: autosave, navigator, isOffline(), isOpen(), onDone(state), onWish(waits).
  examsite.makeHandIn = function ({ autosave, navigator, isOffline, isOpen, onDone, onWish }) {
    const { words } = room;
    const dialog = find("[data-hand-in-dialog]");
    const opener = find("[data-hand-in]");
    const button = find("[data-hand-in-confirm]");
    const note = find("[data-hand-in-note]");
    let wish = false;
    let running = false;

    function draw() {
      const left = examsite.formatLeft(room.clock.left());
      if (dialog.open) setText(find("[data-hand-in-left]"), left);
    }

    function open(event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey || typeof dialog.showModal !== "function") return;
      event.preventDefault();
      if (!isOpen()) return;
      navigator.linksTo(find("[data-hand-in-missing]"), navigator.open(), words.none);
      navigator.linksTo(find("[data-hand-in-flags]"), navigator.flagged(), words.none);
      note.textContent = isOffline() ? words.hand_in_offline : "";
      setOff(false);
      dialog.showModal();
      draw();
      find("[data-hand-in-cancel]").focus();
    }

    // Said to be off: switched off, it would take the focus of the keyboard with it.
    const setOff = (off) => button.setAttribute("aria-disabled", String(off));

    function setWish(value) {
      wish = value;
      room.remember("wish", value ? "yes" : null);
      find("[data-wish]").hidden = !value;
      opener.hidden = value;
      onWish(value);
    }

    // Tries until it is done or taken back.
    async function run() {
      if (running) return;
      running = true;
      while (wish) {
        if (await autosave.drain()) {
          let answer = null;
          try {
            if (wish) answer = await room.call("hand-in", { body: { epoch: room.epoch } });
          } catch {
            // No way to the server: the wish stays.
          }
          if (answer?.ok) {
            room.take(answer.data, answer.travel);
            setWish(false);
            running = false;
            onDone(answer.data.state);
            return;
          }
          if (answer && answer.status < 500 && answer.status !== 429) {
            setWish(false);
            note.textContent = answer.data.message || "";
            setOff(false);
            find("[data-alert]").textContent = answer.data.message || "";
            if (answer.data.error === "test_over") autosave.ping();
            break;
          }
        }
        if (dialog.open) note.textContent = words.hand_in_waits;
        await examsite.pause(AGAIN_MILLISECONDS + Math.random() * AGAIN_JITTER_MILLISECONDS);
      }
      running = false;
    }

    opener.addEventListener("click", open);
    find("[data-hand-in-cancel]").addEventListener("click", () => dialog.close());
    // The browser gives the focus back to the opener, unless that is gone because the wish stands.
    dialog.addEventListener("close", () => {
      if (opener.hidden && document.activeElement === document.body) find("[data-wish-back]").focus();
    });
    button.addEventListener("click", () => {
      if (wish) return;
      setOff(true);
      note.textContent = words.handing_in;
      setWish(true);
      run();
    });
    find("[data-wish-back]").addEventListener("click", () => {
      setWish(false);
      setOff(false);
      opener.focus();
    });

    return {
      draw,
      close() { if (dialog.open) dialog.close(); },
      // A wish that an earlier page could not bring to the server.
      resume() {
        if (room.remembered("wish") !== "yes") return;
        setWish(true);
        run();
      },
    };
  };
})();
