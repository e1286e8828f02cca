"use strict";

/**
 * Tables can be sorted by pressing the title of a column, at first with the best value on top, and filtered to the rows
 * that contain all given words in their cells or in their other names.
 */
(() => {
  /** Return the number at the beginning of a cell, as in "80.0 [70.0, 90.0]", "< .001", "+1.5"; null without one. */
  const number = (text) => {
    const found = /^\s*[<>]?\s*([+-]?(\d+(\.\d+)?|\.\d+))(?![\w-])/.exec(text);
    return found ? Number(found[1]) : null;
  };

  /** Compare two cells: numbers come before texts, texts are in alphabetical order, and empty cells are always last. */
  const compared = (first, second, down) => {
    const [a, b] = [first.trim(), second.trim()];
    if (!a || !b) return (a ? 0 : 1) - (b ? 0 : 1);
    const [m, n] = [number(a), number(b)];
    const found = m !== null && n !== null ? m - n : (m === null ? 1 : 0) - (n === null ? 1 : 0) || a.localeCompare(b);
    return down ? -found : found;
  };

  function sortable(table) {
    const titles = [...table.tHead.rows[0].cells];
    titles.forEach((title, place) => {
      const press = () => {
        const sorted = title.getAttribute("aria-sort");
        const down = sorted ? sorted === "ascending" : title.dataset.first === "descending";
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => compared(a.cells[place].textContent, b.cells[place].textContent, down));
        table.tBodies[0].append(...rows);
        for (const other of titles) other.removeAttribute("aria-sort");
        title.setAttribute("aria-sort", down ? "descending" : "ascending");
      };
      const words = [...title.childNodes];
      title.append(element("button", { class: "sort", onclick: press }, ...words));
    });
  }

  function filterable(table) {
    const count = element("output", { class: "quiet" });
    const rows = [...table.tBodies[0].rows];
    const cells = rows.map((row) => [row.dataset.words, ...[...row.cells].map((cell) => cell.textContent)].join(" ").toLowerCase());
    const filter = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        row.hidden = !words.every((word) => cells[i].includes(word));
        if (!row.hidden) shown += 1;
      });
      count.textContent = shown ? `${shown} of ${counted(rows.length, "row")}` : "No row has all of these words.";
    };
    const example = rows.at(-1).dataset.words.split(/[ +]/).slice(0, 2).join(" "); // a strategy and a modality
    const input = element("input", { type: "search", oninput: filter, placeholder: `words, such as: ${example}` });
    const place = table.closest(".scroll") ?? table;
    place.before(element("p", { class: "filter" }, element("label", {}, "Show rows with ", input), " ", count));
    filter();
  }

  document.querySelectorAll("table[data-sortable]").forEach(sortable);
  document.querySelectorAll("table[data-filterable]").forEach(filterable);
})();
