// Which open page of this person holds the script. A second one says so and keeps nothing until it is taken over;
// what was typed stays on both, and the revision of the draft guards what is saved.
(function () {
  "use strict";

  const { marking } = window.examsite;
  const address = marking.sheet.dataset.hold;
  const held = document.querySelector("[data-held]");
  const notice = document.querySelector("[data-other-page]");
  const RENEW_MS = 5 * 60 * 1000;
  const ENDING_SECONDS = 10 * 60;
  const LOOK_MS = 20 * 1000;
  let until = 0; // performance.now() at the end of the claim
  let renewedAt = 0;
  let active = false;
  let away = false;

  function fresh() {
    return Array.from(window.crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // A page that is loaded anew stays the same page.
  function pageNumber(known) {
    try {
      const number = known || window.sessionStorage.getItem("marking_page") || fresh();
      window.sessionStorage.setItem("marking_page", number);
      return number;
    } catch {
      return known || fresh();
    }
  }
  let page = pageNumber();

  // The copy of a tab brings the number of the tab along: whoever had it keeps it, the copy takes another.
  const born = `${performance.timeOrigin}/${fresh()}`;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("marking_pages") : null;
  channel?.addEventListener("message", ({ data }) => {
    if (data.page !== page || data.born === born) return;
    if (data.asks) channel.postMessage({ page, born, asks: false });
    else {
      page = pageNumber(fresh());
      hold("");
    }
  });
  channel?.postMessage({ page, born, asks: true });

  function show(text, isEnding) {
    held.hidden = !text;
    held.classList.toggle("is-attention", isEnding);
    if (held.dataset.shown === `${text}${isEnding}`) return;
    held.dataset.shown = `${text}${isEnding}`;
    held.replaceChildren(text);
    if (!isEnding) return;
    const longer = document.createElement("button");
    longer.type = "button";
    longer.className = "plain-button plain-button--link";
    longer.textContent = marking.sheet.dataset.textHoldLonger;
    longer.addEventListener("click", () => hold(""));
    held.append(" ", longer);
  }

  async function hold(wish) {
    let got;
    try {
      got = await marking.call(address, { page, wish });
    } catch {
      return; // Nothing is lost: saving speaks for itself, and the next look asks again.
    }
    if (!got.good) return;
    renewedAt = performance.now();
    active = false;
    const isHere = got.answer.here;
    if (isHere) {
      until = renewedAt + got.answer.seconds * 1000;
      show(got.answer.text, false);
    } else {
      notice.querySelector("[data-other-page-text]").textContent = got.answer.elsewhere;
      show("", false);
    }
    notice.hidden = isHere;
    marking.sheet.inert = !isHere;
    if (isHere && away) marking.resume();
    else if (!isHere) marking.pause();
    away = !isHere;
  }

  function look() {
    if (away || document.hidden) return;
    const now = performance.now();
    if (active && now - renewedAt > RENEW_MS) hold("");
    else if (until && until - now < ENDING_SECONDS * 1000) show(held.firstChild?.textContent || "", true);
  }

  document.addEventListener("input", () => {
    active = true;
  });
  document.addEventListener("keydown", () => {
    active = true;
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && performance.now() - renewedAt > LOOK_MS) hold("");
  });
  notice.querySelector("[data-take]").addEventListener("click", async () => {
    await hold("take");
    marking.opened().button.focus();
  });
  window.addEventListener("pagehide", () => {
    if (!away) marking.call(address, { page, wish: "leave" }, { keepalive: true }).catch(() => {});
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) hold("");
  });
  window.setInterval(look, LOOK_MS);
  hold("");
})();
