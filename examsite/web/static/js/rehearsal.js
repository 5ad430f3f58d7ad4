// The page of a rehearsal under way: asks where it is, and loads itself anew when a step is over.
(function () {
  "use strict";

  const PERIOD_MILLISECONDS = 1500;
  const place = document.querySelector("[data-rehearsal]");
  if (!place) return;

  async function ask() {
    try {
      const answer = await fetch(place.dataset.rehearsal, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const told = await answer.json();
        if (told.is_over || told.step !== place.dataset.step) {
          window.location.reload();
          return;
        }
      }
    } catch {
      // The next round asks again.
    }
    window.setTimeout(ask, PERIOD_MILLISECONDS);
  }

  window.setTimeout(ask, PERIOD_MILLISECONDS);
})();
