// The running total of a plan. The server adds up again when the plan is saved.
(function () {
  "use strict";

  const form = document.querySelector("[data-plan]");
  if (!form) return;
  const output = form.querySelector("[data-total]");
  const verdict = form.querySelector("[data-verdict]");
  const comma = document.documentElement.lang === "vi";

  // Hundredths of a point, as whole numbers: no binary fractions near points.
  function hundredths(text) {
    const match = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.trim());
    return match ? Number(match[1]) * 100 + Number((match[2] || "").padEnd(2, "0")) : null;
  }

  function whole(text) {
    const typed = text.trim();
    if (typed === "") return 0;
    return /^\d{1,4}$/.test(typed) ? Number(typed) : null;
  }

  function inWords(value) {
    const text = `${Math.floor(value / 100)}.${String(value % 100).padStart(2, "0")}`.replace(/\.?0+$/, "");
    return comma ? text.replace(".", ",") : text;
  }

  function addUp() {
    const points = hundredths(form.elements.objective_points.value);
    const essays = whole(form.elements.essay_count.value);
    const counts = [...form.querySelectorAll("[data-count]")].map((field) => whole(field.value));
    if (points === null || essays === null || counts.includes(null)) {
      output.textContent = "–";
      verdict.textContent = verdict.dataset.off;
      return;
    }
    const total = points * counts.reduce((sum, count) => sum + count, 0) + essays * hundredths(form.dataset.essayPoints);
    output.textContent = inWords(total);
    verdict.textContent = total === hundredths(form.dataset.maximum) ? verdict.dataset.good : verdict.dataset.off;
  }

  form.addEventListener("input", addUp);
  addUp();
})();
