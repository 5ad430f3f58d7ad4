// A member's own part in a draw. The number is made here, kept here and offered as a file; the server is given its hash
// and the number encrypted to the holders of the key, until the member shows it.
(function () {
  "use strict";

  const ASK_MS = 3000;
  const { draws } = window.examsite;
  const ceremony = document.querySelector("[data-draw]");
  if (!ceremony) return;
  const { drawKey: key } = ceremony.dataset;

  // --- What this machine keeps -------------------------------------------------------------------------------------

  function keep(nonce) {
    try {
      window.localStorage.setItem(key, nonce);
      return window.localStorage.getItem(key) === nonce;
    } catch {
      return false;
    }
  }

  function kept() {
    try {
      return window.localStorage.getItem(key) || "";
    } catch {
      return "";
    }
  }

  function offer(nonce) {
    const text = JSON.stringify({ competition: ceremony.dataset.competition, draw: ceremony.dataset.draw, nonce });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "application/json" }));
    link.download = ceremony.dataset.fileName;
    link.hidden = true;
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  // --- Giving ------------------------------------------------------------------------------------------------------

  function armour(bytes) {
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    const lines = window.btoa(binary).match(/.{1,64}/g).join("\n");
    return `-----BEGIN AGE ENCRYPTED FILE-----\n${lines}\n-----END AGE ENCRYPTED FILE-----\n`;
  }

  const give = ceremony.querySelector("[data-draw-give]");
  if (give) {
    give.hidden = false;
    const said = give.querySelector("[data-draw-said]");
    give.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = give.querySelector("button");
      button.disabled = true;
      said.textContent = give.dataset.working;
      try {
        const bytes = window.crypto.getRandomValues(new Uint8Array(32));
        const nonce = draws.hex(bytes);
        give.elements.commitment.value = draws.hex(await draws.sha256(bytes));
        give.elements.deposit.value = armour(await window.age.encrypt(ceremony.dataset.recipient, bytes));
        keep(nonce);
        offer(nonce);
        give.submit();
      } catch {
        said.textContent = give.dataset.failed;
        button.disabled = false;
      }
    });
  }

  const again = ceremony.querySelector("[data-draw-file]");
  if (again && kept()) {
    again.hidden = false;
    again.addEventListener("click", () => offer(kept()));
  }

  // --- Showing -----------------------------------------------------------------------------------------------------

  const show = ceremony.querySelector("[data-draw-show]");
  if (show) {
    const field = show.elements.number;
    const found = show.querySelector("[data-draw-found]");
    const isOwn = async (nonce) => {
      const bytes = draws.unhex(nonce);
      return bytes && draws.hex(await draws.sha256(bytes)) === show.dataset.commitment;
    };
    isOwn(kept()).then((own) => {
      if (!own || field.value) return;
      field.value = kept();
      found.hidden = false;
    });
    const file = show.querySelector("[data-draw-pick]");
    file.closest("[data-draw-pick-part]").hidden = false;
    file.addEventListener("change", async () => {
      const text = file.files[0] ? await file.files[0].text() : "";
      const nonce = /[0-9a-f]{64}/.exec(text);
      field.value = nonce ? nonce[0] : text.slice(0, 100);
    });
  }

  // --- What the others do ------------------------------------------------------------------------------------------

  async function ask() {
    try {
      const answer = await fetch(ceremony.dataset.stateUrl, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { state } = await answer.json();
      const active = document.activeElement;
      const isBusy = active && (["INPUT", "TEXTAREA", "BUTTON"].includes(active.tagName) && active.closest("form"));
      if (state !== ceremony.dataset.state && !isBusy) window.location.reload();
    } catch {
      // Without a network the page stays as it is.
    }
  }

  const clock = ceremony.querySelector("[data-draw-left]");
  if (clock) {
    const base = Number(clock.dataset.drawLeft);
    const since = performance.now();
    window.setInterval(() => {
      const left = Math.max(0, Math.ceil(base - (performance.now() - since) / 1000));
      const parts = [Math.floor(left / 60) % 60, left % 60];
      if (left >= 3600) parts.unshift(Math.floor(left / 3600));
      clock.textContent = parts.map((part) => String(part).padStart(2, "0")).join(":");
    }, 250);
  }
  if (ceremony.dataset.stateUrl) window.setInterval(ask, ASK_MS);
})();
