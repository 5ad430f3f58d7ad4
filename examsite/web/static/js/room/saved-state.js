// What is saved, in one place and four states, each true at the instant it is shown: saved, being saved, kept on this
// machine only, not kept. "Saved" stands only while nothing at all waits. Only an hour that came from the server is ever shown as the hour of a save.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find, fill, setText } = examsite;
  // Longer than a text waits that is being typed without a pause (autosave.js): then something is slow.
  const KEPT_AFTER_MILLISECONDS = 6500;
  const BANNER_AFTER_MILLISECONDS = 5000;
  const BACK_FOR_MILLISECONDS = 6000;

  // The notices above the sheet take their height from its top: the line being written stays where it is.
  examsite.keepLine = function (change) {
    const area = find("[data-item]:not([hidden]) textarea");
    const before = area?.getBoundingClientRect().top;
    change();
    if (!area) return;
    const moved = area.getBoundingClientRect().top - before;
    if (!moved) return;
    const isNoticed = Boolean(find("[data-notices] > :not([hidden])"));
    if (isNoticed) makeRoom(area);
    area.scrollTop += moved;
    if (!isNoticed) area.style.paddingBottom = "";
  };

  // Short texts can be scrolled as well: below the text there is as much room as the sheet has left.
  function makeRoom(area) {
    const style = window.getComputedStyle(area);
    const room = area.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.lineHeight);
    area.style.paddingBottom = `${Math.max(0, Math.floor(room))}px`;
  }

  // options: onTrouble(offline): the connection went or came back.
  examsite.makeSavedState = function ({ onTrouble }) {
    const { words } = room;
    const saved = find("[data-saved-state]");
    const banner = find("[data-banner]");
    const announcer = find("[data-announcer]");
    const alert = find("[data-alert]");
    // Spoken when the state changes, not at each save: the visible line is silent, the announcer speaks.
    saved.removeAttribute("role");
    const tooLarge = new Set(); // items of which the server does not take what stands there
    let savedHour = hourOf(room.remembered("saved"));
    let spoken = "";
    let trouble = false;
    let isBackDue = false; // the line is back; once nothing waits any more that is said
    let backUntil = 0;
    let retryAt = 0; // performance.now() of the next call; 0 while one is on its way

    function hourOf(instant) {
      return instant ? examsite.hour(instant) : "";
    }

    function set(state, title, detail) {
      if (saved.dataset.savedState !== state) {
        saved.classList.remove(`saved--${saved.dataset.savedState}`);
        saved.classList.add(`saved--${state}`);
        saved.dataset.savedState = state;
      }
      setText(find("[data-saved-title]", saved), title);
      setText(find("[data-saved-detail]", saved), detail);
      if (state === "saving" || state === spoken) return;
      if (state === "lost") alert.textContent = `${title}. ${detail}.`;
      else if (spoken) announcer.textContent = `${title}. ${detail}.`;
      spoken = state;
    }

    function show(status) {
      const isOffline = status.troubleFor > BANNER_AFTER_MILLISECONDS;
      room.say("saving", status);
      if (isOffline !== trouble) {
        trouble = isOffline;
        isBackDue = !trouble && !status.fenced;
        onTrouble(trouble);
      }
      if (isBackDue && !status.waiting) {
        isBackDue = false;
        backUntil = performance.now() + BACK_FOR_MILLISECONDS;
      }
      const isNowhere = status.waiting > 0 && !status.journalWorks && trouble;
      if (isNowhere || tooLarge.size) set("lost", status.journalWorks ? words.kept : words.lost, words.lost_detail);
      else if (!status.waiting) showSaved(status);
      else if (room.state === "fenced" || room.state === "elsewhere") set("kept", words.kept, words.kept_beside);
      else if (trouble) set("kept", words.kept, savedHour ? fill(words.kept_since, savedHour) : words.kept_never);
      else if (status.journalWorks && status.waitingFor > KEPT_AFTER_MILLISECONDS) set("kept", words.kept, words.sending);
      else set("saving", words.saving, savedHour ? fill(words.server_has, savedHour) : words.sending);
      drawBanner(status);
    }

    function showSaved(status) {
      const detail = status.journalWorks ? words.on_server : words.no_journal;
      set("saved", savedHour ? fill(words.saved_at, savedHour) : words.nothing_yet, detail);
    }

    function drawBanner(status) {
      const isBack = performance.now() < backUntil && !trouble;
      const isTooLarge = tooLarge.size > 0;
      const isLost = trouble && status.waiting > 0 && !status.journalWorks;
      const shown = (trouble || isBack || isTooLarge) && room.state !== "fenced" && room.state !== "elsewhere";
      if (shown) {
        banner.classList.toggle("exam-banner--good", isBack && !isTooLarge);
        banner.classList.toggle("exam-banner--bad", isLost || isTooLarge);
        let title = words.back;
        if (isTooLarge) title = words.too_large;
        else if (isLost) title = words.offline_lost;
        else if (trouble) title = words.offline_title;
        setText(find("[data-banner-title]"), title);
        setText(find("[data-banner-text]"), trouble ? (isLost ? words.offline_lost_text : words.offline_text) : "");
        setText(find("[data-banner-has]"), trouble && savedHour ? fill(words.server_has, savedHour) : "");
        retryAt = status.retryIn ? performance.now() + status.retryIn : 0;
        if (banner.hidden || !trouble || !room.clock.ticks()) drawRetry();
        find("[data-answer-file]").hidden = !trouble && !isTooLarge;
      }
      if (banner.hidden === shown) {
        examsite.keepLine(() => { banner.hidden = !shown; });
        if (shown && isBack) announcer.textContent = words.back;
      }
    }

    // The two that count seconds change in one frame of the page: a frame costs a slow machine as much as a key.
    function drawRetry() {
      const seconds = retryAt ? Math.ceil((retryAt - performance.now()) / 1000) : 0;
      setText(find("[data-banner-retry]"), trouble ? (seconds > 0 ? fill(words.retry_in, seconds) : words.retrying) : "");
    }

    room.on("second", drawRetry);

    return {
      show,
      isOffline: () => trouble,
      // The server holds these items as they stood at this instant.
      stored(instant, items = []) {
        savedHour = hourOf(instant);
        room.remember("saved", instant);
        for (const item of items) tooLarge.delete(item);
      },
      tooLarge(item) { tooLarge.add(item); },
    };
  };
})();
