// Sheets that show once: whoever leaves before saying that they were printed is asked first, and a box forgotten costs
// no sheets.
(function () {
  "use strict";

  const form = document.querySelector("[data-printed-form]");
  if (!form) return;
  let done = false;
  form.addEventListener("submit", (event) => {
    const printed = form.elements.printed;
    printed.required = true;
    done = printed.reportValidity();
    if (!done) event.preventDefault();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!done) event.preventDefault();
  });
})();
