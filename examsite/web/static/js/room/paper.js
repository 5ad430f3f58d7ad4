// The questions, made from what the server sent by cloning templates; every word goes in as text, never as markup.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { find, findAll } = examsite;

  const clone = (name) => find(`template[data-template="${name}"]`).content.firstElementChild.cloneNode(true);

  // Points are decimals as text; a comma in Vietnamese, no zeros behind it.
  examsite.formatPoints = function (points) {
    const text = String(points).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
    return examsite.room.locale === "vi" ? text.replace(".", ",") : text;
  };

  function stemRow(row) {
    const line = clone("part");
    find("[data-part-key]", line).textContent = row.key;
    find("[data-part-text]", line).textContent = row.text;
    const points = find("[data-part-points]", line);
    if (row.points) points.textContent = row.points;
    else points.remove();
    return line;
  }

  function stemBlock(block) {
    if (block.kind === "paragraph") {
      const paragraph = document.createElement("p");
      paragraph.textContent = block.text;
      return paragraph;
    }
    const list = document.createElement(block.kind === "dashes" ? "ul" : "ol");
    if (block.kind !== "dashes") list.className = "stem-parts";
    for (const row of block.rows) {
      if (block.kind === "dashes") {
        const line = document.createElement("li");
        line.textContent = row.text;
        list.append(line);
      } else list.append(stemRow(row));
    }
    return list;
  }

  function titleOf(item) {
    const { words } = examsite.room;
    return `${item.is_essay ? words.essay : words.objective} ${item.number}`;
  }

  function fillOptions(section, item, order) {
    const texts = new Map(item.options.map((option) => [option.key, option.text]));
    const keys = (order && order.length ? order : Array.from(texts.keys())).filter((key) => texts.has(key));
    const list = find("[data-options]", section);
    keys.forEach((key, place) => {
      const row = clone(item.kind === "ordering" ? "step" : item.kind === "multiple" ? "box" : "choice");
      const id = `${item.item}-${key}`;
      find("[data-option-text]", row).textContent = texts.get(key);
      if (item.kind === "ordering") {
        row.dataset.key = key;
        find("[data-option-text]", row).id = id;
        find(".ordering-place", row).textContent = String(place + 1);
        for (const button of findAll("[data-move]", row)) button.setAttribute("aria-describedby", id);
      } else {
        const input = find("input", row);
        input.id = id;
        input.name = item.item;
        input.value = key;
        row.htmlFor = id;
      }
      list.append(row);
    });
  }

  function section(item, order, hasObjective) {
    const { words } = examsite.room;
    const shape = item.is_essay ? "essay" : item.kind === "numeric" || item.kind === "ordering" ? item.kind : "choices";
    const made = clone("question");
    made.id = item.item;
    made.classList.add(`question--${item.kind}`);
    Object.assign(made.dataset, { item: item.item, kind: item.kind, number: String(item.number) });
    made.setAttribute("aria-labelledby", `${item.item}-title`);
    const title = find("[data-title]", made);
    title.id = `${item.item}-title`;
    title.textContent = titleOf(item);
    find("[data-part]", made).textContent = item.is_essay && hasObjective ? words.part_two : words.part_one;
    find("[data-points]", made).textContent = `${examsite.formatPoints(item.points)} ${words.points}`;
    const stem = find("[data-stem]", made);
    stem.id = `${item.item}-stem`;
    stem.append(...item.blocks.map(stemBlock));

    const sheet = find("[data-sheet]", made);
    sheet.append(document.importNode(find(`template[data-template="${shape}"]`).content, true));
    for (const element of findAll("[data-id]", sheet)) element.id = `${item.item}-${element.dataset.id}`;
    for (const name of ["for", "aria-labelledby", "aria-describedby"]) {
      for (const element of findAll(`[data-${name}]`, sheet)) {
        element.setAttribute(name, `${item.item}-${element.getAttribute(`data-${name}`)}`);
        if (name === "aria-labelledby") element.removeAttribute("aria-label");
      }
    }
    if (item.kind === "numeric") {
      const unit = find("[data-unit]", sheet);
      if (item.unit) unit.textContent = item.unit;
      else unit.remove();
    }
    if (shape === "choices") find("[data-ask]", sheet).textContent = item.kind === "multiple" ? words.choose_all : words.choose_one;
    if (shape === "choices" || shape === "ordering") fillOptions(sheet, item, order);
    return made;
  }

  function cell(item) {
    const made = clone(item.is_essay ? "essay-cell" : "cell");
    made.dataset.goto = item.item;
    if (item.is_essay) {
      const { words } = examsite.room;
      find("[data-essay-title]", made).textContent = titleOf(item);
      find("[data-essay-detail]", made).textContent = `${examsite.formatPoints(item.points)} ${words.points}`;
    } else find("[data-cell-number]", made).textContent = String(item.number);
    return made;
  }

  const sum = (items) => examsite.formatPoints(Math.round(items.reduce((total, item) => total + Number(item.points), 0) * 100) / 100);

  // Builds everything anew; gives back what the other parts work with, in the order of the paper.
  examsite.buildPaper = function (paper, orders) {
    const objective = paper.items.filter((item) => !item.is_essay);
    const essays = paper.items.filter((item) => item.is_essay);
    const place = find("[data-questions]");
    place.textContent = "";
    find("[data-objective-cells]").textContent = "";
    find("[data-essay-cells]").textContent = "";
    find("[data-objective-part]").hidden = !objective.length;
    find("[data-essay-part]").hidden = !essays.length;
    find("[data-objective-count]").textContent = String(objective.length);
    find("[data-essay-count]").textContent = String(essays.length);
    find("[data-all-count]").textContent = String(paper.items.length);
    find("[data-objective-points]").textContent = sum(objective);
    find("[data-essay-points]").textContent = sum(essays);
    return [...objective, ...essays].map((item) => {
      const question = {
        section: section(item, orders?.[item.item], objective.length > 0),
        item: item.item,
        kind: item.kind,
        number: item.number,
        isEssay: item.is_essay,
        title: titleOf(item),
        cell: cell(item),
        answer: null,
        history: null,
      };
      place.append(question.section);
      find(item.is_essay ? "[data-essay-cells]" : "[data-objective-cells]").append(question.cell);
      return question;
    });
  };
})();
