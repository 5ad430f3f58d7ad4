// Messages from the room: spoken politely, shown until the candidate closes them, and the server is told that they were.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, fill, setText } = examsite;
  const AGAIN_MILLISECONDS = 4000;

  examsite.watchMessages = function () {
    const { words } = room;
    const card = find("[data-message]");
    const unread = [];
    let newest = Number(room.remembered("message") || room.data.readMessage || 0);
    let read = newest;
    let told = newest;
    let asking = false;

    room.on("view", async (view) => {
      if (!view.message || view.message <= newest || asking) return;
      asking = true;
      try {
        const answer = await room.call(`messages?after=${newest}`, { method: "GET" });
        if (answer.ok) {
          for (const message of answer.data.messages) {
            if (message.id > newest) unread.push(message);
            newest = Math.max(newest, message.id);
          }
          draw();
        }
      } catch {
        // The next answer of the server names the message again.
      }
      asking = false;
    });

    function draw() {
      const [message] = unread;
      if (message) {
        setText(find("[data-message-from]", card), message.for_room ? words.message_room : words.message_own);
        setText(find("[data-message-at]", card), examsite.hour(message.sent_at).slice(0, 5));
        setText(find("[data-message-text]", card), message.text);
        setText(find("[data-message-more]", card), unread.length > 1 ? fill(words.message_more, unread.length - 1) : "");
      }
      const isShown = Boolean(message);
      if (card.hidden === isShown) examsite.keepLine(() => { card.hidden = !isShown; });
      // A region that was hidden is not spoken when it appears: the words are said where a reader listens.
      if (message) find("[data-message-announce]").textContent = `${find("[data-message-from]", card).textContent}. ${message.text}`;
    }

    async function tell() {
      if (told >= read) return;
      const id = read;
      try {
        const answer = await room.call("messages/read", { body: { id } });
        if (answer.ok || answer.status === 404 || answer.status === 422) told = Math.max(told, id);
      } catch {
        // Said again until the server has heard it.
      }
      if (told < read) window.setTimeout(tell, AGAIN_MILLISECONDS * (0.5 + Math.random()));
    }

    find("[data-message-close]", card).addEventListener("click", () => {
      const message = unread.shift();
      if (!message) return;
      read = Math.max(read, message.id);
      room.remember("message", String(read));
      draw();
      tell();
      if (unread.length) return;
      const area = find("[data-item]:not([hidden]) textarea");
      if (area) area.focus({ preventScroll: true });
      else find("[data-item]:not([hidden]) h2")?.focus();
    });
  };
})();
