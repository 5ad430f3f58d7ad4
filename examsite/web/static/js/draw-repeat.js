// "Repeat it in your browser": reads the file of a draw, computes the outcome here and compares it with what is shown.
(function () {
  "use strict";

  const { draws } = window.examsite;
  const tool = document.querySelector("[data-draw-repeat]");
  if (!tool) return;
  const button = tool.querySelector("button");
  const said = tool.querySelector("[data-draw-said]");
  tool.hidden = false;

  function say(text, isGood) {
    said.textContent = text;
    said.classList.toggle("is-good", isGood === true);
    said.classList.toggle("is-late", isGood === false);
  }

  async function brokenCommitment(file) {
    for (const { by, nonce } of file.document.contributions) {
      const entry = file.committed.commitments.find((row) => row.by === by);
      const hash = draws.hex(await draws.sha256(draws.unhex(nonce)));
      if (!entry || ![entry.commitment, entry.substitute].includes(hash)) return by;
    }
    return file.document.contributions.length === file.committed.commitments.length ? null : "–";
  }

  async function repeat() {
    const answer = await fetch(tool.dataset.drawRepeat, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const file = await answer.json();
    const by = await brokenCommitment(file);
    if (by !== null) return say(`${tool.dataset.broken} ${by}`, false);
    if (draws.canonical(file.committed.items) !== draws.canonical(file.document.items)) return say(tool.dataset.list, false);
    const { seed, outcome } = await draws.repeat(file.document);
    const shown = Array.from(document.querySelectorAll("[data-draw-outcome] [data-item]"), (node) => node.dataset.item);
    if (draws.canonical(outcome) !== draws.canonical(shown)) {
      return say(`${tool.dataset.differs} ${outcome.join(" ")}`, false);
    }
    return say(`${tool.dataset.same} ${seed.match(/.{8}/g).join(" ")}`, true);
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    say(tool.dataset.working);
    try {
      await repeat();
    } catch {
      say(tool.dataset.failed, false);
    }
    button.disabled = false;
  });
})();
