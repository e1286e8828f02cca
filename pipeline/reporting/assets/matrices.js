"use strict";

/** Show confusion matrices of the configurations that the reader chooses; pressing a cell lists its utterances. */
(() => {
  const place = document.getElementById("matrices");
  const all = block("predictions");
  if (!place || !all) return;
  const LEVELS = 13; // maximum number of rows and columns in a matrix of scores

  /** The names of the rows and columns, and the function that returns the index for a class or score. */
  const levels = (() => {
    if (all.classes.length) return { names: all.classes, of: (coded) => coded };
    const scores = all.truth.concat(...all.configurations.map((one) => one.prediction)).filter((x) => x !== null);
    const low = Math.round(scores.reduce((a, b) => Math.min(a, b), Infinity));
    const high = Math.round(scores.reduce((a, b) => Math.max(a, b), -Infinity));
    const step = Math.max(1, Math.ceil((high - low + 1) / LEVELS));
    const names = [];
    for (let from = low; from <= high; from += step) names.push(step === 1 ? `${from}` : `${from} … ${from + step - 1}`);
    return { names, of: (score) => Math.floor((Math.round(score) - low) / step) };
  })();

  function matrix(one) {
    const { names, of } = levels;
    const cells = names.map(() => names.map(() => []));
    all.utterances.forEach((id, i) => { cells[of(all.truth[i])]?.[of(one.prediction[i])]?.push(id); });
    const head = element("tr", {}, element("td", {}), ...names.map((name) => element("th", { scope: "col" }, name)));
    const rows = cells.map((row, t) => {
      const sum = row.reduce((total, ids) => total + ids.length, 0);
      const shown = row.map((ids, p) => cell(ids, sum, names[t], names[p], t === p, one));
      return element("tr", {}, element("th", { scope: "row" }, names[t]), ...shown);
    });
    const label = `Confusion matrix of ${one.name}`;
    const table = element("table", { class: "matrix" }, element("thead", {}, head), element("tbody", {}, ...rows));
    return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table);
  }

  function cell(ids, sum, truth, predicted, same, one) {
    const share = sum ? Math.round((100 * ids.length) / sum) : 0;
    const made = element("td", { class: same ? "same" : "other", style: `--share: ${share}%` });
    const label = `${counted(ids.length, "utterance")}, truth ${truth}, predicted ${predicted}`;
    const title = `${one.name}: truth ${truth}, predicted ${predicted}`;
    if (!ids.length) made.append("0");
    else made.append(element("button", { "aria-label": label, onclick: () => showUtterances(ids, title, one) },
      `${ids.length} `, element("small", {}, `${share} %`)));
    return made;
  }

  JSON.parse(place.dataset.picked).forEach((picked, i) => {
    const below = element("div", { "aria-live": "polite" });
    const options = all.configurations.map((one, at) => element("option", { value: `${at}` }, one.name));
    const list = element("select", { onchange: () => draw() }, ...options);
    const draw = () => {
      const one = all.configurations[Number(list.value)];
      below.replaceChildren(element("p", { class: "quiet" }, `${all.metric} ${one.value}`), matrix(one));
    };
    list.value = `${all.configurations.findIndex((one) => one.name === picked)}`;
    draw();
    const title = ["First configuration", "Second configuration"][i];
    place.append(element("div", {}, element("label", {}, `${title}: `, list), below));
  });
})();
