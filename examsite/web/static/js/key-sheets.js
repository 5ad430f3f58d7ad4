// Sheets that show once: whoever leaves before saying that they were printed is asked first, and a box forgotten costs
// no sheets.
(function () {
  "use strict";

  const form = document.querySelector("[data-printed-form]");
  if (!form) return;
  let done = false;
  form.elements.printed.addEventListener("change", (event) => event.target.setCustomValidity(""));
  form.addEventListener("submit", (event) => {
    const printed = form.elements.printed;
    printed.setCustomValidity(printed.checked ? "" : form.dataset.printedForm); // in the language of the page
    done = printed.reportValidity();
    if (!done) event.preventDefault();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!done) event.preventDefault();
  });
})();
