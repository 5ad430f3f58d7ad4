// The bank of one's own comments: a number or a click puts a sentence into the comment of the open criterion.
(function () {
  "use strict";

  const { marking } = window.examsite;
  const bank = document.querySelector("#bank");
  const rows = bank.querySelector("[data-bank-rows]");
  const empty = bank.querySelector("[data-bank-empty]");
  const address = marking.sheet.dataset.commentsAt;
  const KEYED = 9;

  function makeRow(id, text) {
    const row = document.createElement("li");
    const insert = document.createElement("button");
    insert.type = "button";
    insert.className = "bank-insert";
    insert.dataset.insert = id;
    insert.textContent = text;
    const away = document.createElement("button");
    away.type = "button";
    away.className = "plain-button plain-button--link";
    away.textContent = rows.dataset.textDelete;
    away.setAttribute("aria-label", `${rows.dataset.textDelete}: ${text}`);
    row.append(insert, away);
    insert.addEventListener("click", () => put(id, text));
    away.addEventListener("click", async () => {
      try {
        const { good } = await marking.call(`${address}/${id}/delete`, {});
        if (good) row.remove();
      } catch {
        // It stays in the list; the next try may do.
      }
      number();
      (rows.querySelector("[data-insert]") || bank.querySelector("[data-close-dialog]")).focus();
    });
    return row;
  }

  function number() {
    Array.from(rows.children).forEach((row, place) => {
      row.querySelector(".key")?.remove();
      if (place >= KEYED) return;
      const key = document.createElement("kbd");
      key.className = "key";
      key.textContent = String(place + 1);
      key.setAttribute("aria-hidden", "true");
      row.prepend(key);
    });
    empty.hidden = rows.children.length > 0;
  }

  function put(id, text) {
    const area = marking.opened().section.querySelector("textarea");
    area.value = area.value.trim() ? `${area.value.trimEnd()} ${text}` : text;
    bank.close();
    // From here the levels and the next criterion are one key away again.
    marking.opened().button.focus({ preventScroll: true });
    area.dispatchEvent(new Event("input", { bubbles: true }));
    marking.call(`${address}/${id}/use`, {}).catch(() => {});
  }

  async function save(area) {
    const text = area.value.trim();
    if (!text) {
      area.focus();
      return;
    }
    try {
      const { good, answer } = await marking.call(address, { text });
      if (!good) {
        marking.tell("amber", answer.message);
        return;
      }
      const known = rows.querySelector(`[data-insert="${answer.id}"]`);
      if (!known) rows.append(makeRow(answer.id, answer.text));
      number();
      marking.tell("green", marking.sheet.dataset.textKept);
      marking.say(marking.sheet.dataset.textKept);
    } catch {
      marking.tell("amber", marking.sheet.dataset.textFailed);
    }
  }

  marking.openBank = function () {
    bank.showModal();
    (rows.querySelector("[data-insert]") || bank.querySelector("[data-close-dialog]")).focus();
  };

  for (const row of Array.from(rows.children)) row.replaceWith(makeRow(row.dataset.comment, row.textContent));
  number();
  bank.addEventListener("keydown", (event) => {
    if (!/^[1-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = rows.children[Number(event.key) - 1]?.querySelector("[data-insert]");
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  for (const item of marking.criteria) {
    const own = item.section.querySelector("[data-comment-tools]");
    own.hidden = false;
    own.querySelector("[data-bank]").addEventListener("click", marking.openBank);
    own.querySelector("[data-keep-comment]").addEventListener("click", () => save(item.section.querySelector("textarea")));
  }
})();
