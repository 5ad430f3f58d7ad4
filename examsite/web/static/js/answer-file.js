// The last resort: the whole work as one encrypted file, when neither the network nor the server is there.
//
// `await examsite.answerFile.save()` makes the file and hands it to the browser's downloads; it resolves to the name of
// the file, to "" when there is nothing to save, to null when it could not be made. Builds on `examsite.room`: its data
// attributes say whose file it is, `room.everything()` what the page holds. Nothing here needs a secure context, the
// network, or a part of the page that may be broken.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const FIRST_LINE = "examsite answer file 1\n";
  const OFFERED_AFTER_MILLISECONDS = 60000;
  const GATE_LOOK_MILLISECONDS = 3000;

  function join(...parts) {
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let place = 0;
    for (const part of parts) {
      whole.set(part, place);
      place += part.length;
    }
    return whole;
  }

  // One version of each number.
  function gather(entries) {
    const versions = new Map();
    for (const entry of entries) {
      if (!entry || !(entry.number >= 1) || entry.content === undefined) continue;
      const { item, epoch, number, content } = entry;
      versions.set(`${item}@${epoch}@${number}`, { item, epoch, number, content });
    }
    return Array.from(versions.values());
  }

  async function entries(room) {
    if (room.everything) return room.everything();
    return room.journal.list();
  }

  // The bytes of the file, or null when this machine holds nothing.
  async function encrypt(room) {
    const saves = gather(await entries(room));
    if (!saves.length) return null;
    const { answerFileRecipient: recipient, competition, sitting, candidateNumber: number } = room.data;
    const left = room.view ? room.clock.left() : NaN;
    const encoder = new TextEncoder();
    const body = encoder.encode(JSON.stringify({
      attempt: Number(room.attempt),
      competition,
      sitting,
      number,
      saved_at: new Date().toISOString(),
      remaining_seconds: Number.isFinite(left) ? Math.max(0, Math.round(left)) : null,
      epoch: room.epoch || 0,
      saves,
    }));
    const first = encoder.encode(FIRST_LINE);
    const mac = window.age.hmacHex(encoder.encode(room.token), join(first, body));
    return window.age.encrypt(recipient, join(first, encoder.encode(`${mac}\n`), body));
  }

  function download(bytes, name) {
    const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.hidden = true;
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(() => URL.revokeObjectURL(address), 60000);
  }

  async function save() {
    const { room } = examsite;
    try {
      const bytes = await encrypt(room);
      if (!bytes) return "";
      // The time in the name tells two files of one candidate apart.
      const time = new Date().toTimeString().slice(0, 8).replace(/:/g, "");
      const name = `bai-lam-${room.data.candidateNumber}-${room.data.sitting}-${time}.age`;
      download(bytes, name);
      return name;
    } catch {
      return null;
    }
  }

  examsite.answerFile = { encrypt, save };

  const { room } = examsite;
  if (!room?.data.answerFileRecipient) {
    for (const element of document.querySelectorAll("[data-answer-file-menu]")) element.hidden = true;
    return;
  }

  for (const tool of document.querySelectorAll("[data-answer-file-tool]")) {
    const button = tool.querySelector("[data-answer-file-save]");
    const said = tool.querySelector("[data-answer-file-said]");
    button.addEventListener("click", async () => {
      button.disabled = true;
      const name = await save();
      button.disabled = false;
      if (name) said.textContent = `${tool.dataset.saved} ${name}`;
      else said.textContent = name === "" ? tool.dataset.none : tool.dataset.failed;
    });
  }

  // In the banner it is offered once the network has been away for a while, or at once where nothing can be kept.
  const offer = document.querySelector("[data-answer-file] [data-answer-file-tool]");
  if (offer) {
    offer.hidden = true;
    room.on("saving", (status) => {
      const isDue = status.troubleFor > OFFERED_AFTER_MILLISECONDS || (status.troubleFor > 0 && !status.journalWorks);
      offer.hidden = !isDue && !offer.querySelector("[data-answer-file-said]").textContent;
    });
  }

  // Before a closed door: only where this machine still holds words that the server may not have.
  const gate = document.querySelector("[data-answer-file-gate]");
  if (gate) {
    window.setInterval(async () => {
      if (gate.closest("[data-view]").hidden) return;
      gate.hidden = !(await room.journal.list()).length;
    }, GATE_LOOK_MILLISECONDS);
  }
})();
