// The last resort: the whole work as one encrypted file, when neither the network nor the server is there.
//
// For the test page: `await examsite.answerFile.save(page)` makes the file and hands it to the browser's downloads;
// it resolves to the name of the file, or to null when it could not be made. `page` holds
//   info        what the server wrote into the page (data-answer-file): {recipient, competition, sitting, number}
//   attempt, token, epoch      of this page; epoch 0 while the page has none
//   journal     the journal (its `list()` gives {item, epoch, number, content})
//   held        everything the page itself holds: [{item, epoch, number, content}], also what the journal could not keep
//   remaining   seconds left as the page believes, or null
// Nothing here needs a secure context, the network, or a part of the page that may be broken.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const FIRST_LINE = "examsite answer file 1\n";

  function join(...parts) {
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let place = 0;
    for (const part of parts) {
      whole.set(part, place);
      place += part.length;
    }
    return whole;
  }

  // One version of each number: what the page holds is never older than its journal.
  function gather(kept, held) {
    const versions = new Map();
    for (const entry of [...kept, ...held]) {
      if (!entry || !(entry.number >= 1) || entry.content === undefined) continue;
      const { item, epoch, number, content } = entry;
      versions.set(`${item}@${epoch}@${number}`, { item, epoch, number, content });
    }
    return Array.from(versions.values());
  }

  async function encrypt(page) {
    let kept = [];
    try {
      // A journal that does not answer must not keep the words of the page back.
      kept = await Promise.race([page.journal.list(), new Promise((resolve) => { window.setTimeout(resolve, 2000, []); })]);
    } catch {
      kept = [];
    }
    const saves = gather(kept, page.held || []);
    if (!saves.length) return null;
    const encoder = new TextEncoder();
    const body = encoder.encode(JSON.stringify({
      attempt: Number(page.attempt),
      competition: page.info.competition,
      sitting: page.info.sitting,
      number: page.info.number,
      saved_at: new Date().toISOString(),
      remaining_seconds: Number.isFinite(page.remaining) ? Math.max(0, Math.round(page.remaining)) : null,
      epoch: page.epoch || 0,
      saves,
    }));
    const first = encoder.encode(FIRST_LINE);
    const mac = window.age.hmacHex(encoder.encode(page.token), join(first, body));
    return window.age.encrypt(page.info.recipient, join(first, encoder.encode(`${mac}\n`), body));
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

  examsite.answerFile = {
    encrypt,
    async save(page) {
      try {
        const bytes = await encrypt(page);
        if (!bytes) return null;
        // The minute in the name tells two files of one candidate apart.
        const minute = new Date().toTimeString().slice(0, 8).replace(/:/g, "");
        const name = `bai-lam-${page.info.number}-${page.info.sitting}-${minute}.age`;
        download(bytes, name);
        return name;
      } catch {
        return null;
      }
    },
  };
})();
