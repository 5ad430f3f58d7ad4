// Sheets that show once: whoever leaves before saying that they were printed is asked first.
(function () {
  "use strict";

  const form = document.querySelector("[data-printed-form]");
  if (!form) return;
  let done = false;
  form.addEventListener("submit", () => { done = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!done) event.preventDefault();
  });
})();
