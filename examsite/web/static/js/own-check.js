// Computes the own records again in this browser: each content against its commitment, each record against the signed
// checkpoint by its proof (RFC 9162). The server only hands out the file; whether it is right is found here.
(function () {
  "use strict";

  const { draws } = window.examsite;
  const tool = document.querySelector("[data-own-check]");
  if (!tool) return;
  const button = tool.querySelector("button");
  const said = tool.querySelector("[data-own-said]");
  const encoder = new TextEncoder();
  tool.hidden = false;

  function say(text, isGood) {
    said.textContent = text;
    said.classList.toggle("is-good", isGood === true);
    said.classList.toggle("is-late", isGood === false);
  }

  function joined(...parts) {
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let place = 0;
    for (const part of parts) {
      bytes.set(part, place);
      place += part.length;
    }
    return bytes;
  }

  const text = (value) => encoder.encode(draws.canonical(value));
  const leafHash = (record) => draws.sha256(joined([0], text(record)));
  const nodeHash = (left, right) => draws.sha256(joined([1], left, right));

  async function rootOf(leaf, index, size, proof) {
    let [place, last, hash] = [index, size - 1, leaf];
    for (const part of proof) {
      if (last === 0) return null;
      if (place % 2 || place === last) {
        hash = await nodeHash(part, hash);
        while (place % 2 === 0 && place) [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
      } else {
        hash = await nodeHash(hash, part);
      }
      [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
    }
    return last === 0 ? draws.hex(hash) : null;
  }

  function readCheckpoint(note) {
    const [, size, root] = note.split("\n");
    const bytes = Uint8Array.from(atob(root), (sign) => sign.charCodeAt(0));
    return { size: Number(size), root: draws.hex(bytes) };
  }

  async function isSound(row, known) {
    const commit = draws.hex(await draws.sha256(joined(draws.unhex(row.salt), text(row.payload))));
    if (commit !== row.record.commit) return false;
    if (row.proof === null) return row.record.seq >= known.size;
    const root = await rootOf(await leafHash(row.record), row.record.seq, known.size, row.proof.map(draws.unhex));
    return root === known.root;
  }

  async function check() {
    const answer = await fetch(tool.dataset.ownCheck, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const file = await answer.json();
    const known = file.checkpoint === null ? { size: 0, root: "" } : readCheckpoint(file.checkpoint);
    const broken = [];
    for (const row of file.records) {
      if (!(await isSound(row, known))) broken.push(row.record.seq);
    }
    if (broken.length) return say(`${tool.dataset.broken} ${broken.join(", ")}`, false);
    return say(tool.dataset.same.replace("{count}", file.records.length).replace("{size}", known.size), true);
  }

  button.addEventListener("click", () => {
    button.disabled = true;
    say(tool.dataset.running);
    check().catch(() => say(tool.dataset.failed, false)).finally(() => { button.disabled = false; });
  });
})();
