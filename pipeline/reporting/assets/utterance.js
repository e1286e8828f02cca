"use strict";

/** List utterances, each a button that opens it. */
function showUtterances(ids, title) {
  const list = document.getElementById("utterance-list");
  const items = ids.map((id) => element("li", {}, element("button", { onclick: () => openUtterance(id) }, id)));
  list.replaceChildren(element("h3", {}, `${title} (${ids.length})`), element("ul", { class: "utterances" }, ...items));
  goTo(list);
}

/** Show one utterance: what each configuration predicts of it. */
function openUtterance(id) {
  const all = block("predictions");
  const place = all.utterances.indexOf(id);
  const said = (coded) => String(all.classes.length ? all.classes[coded] : coded);
  const lines = all.configurations.map((one) =>
    element("tr", {}, element("td", {}, one.name), element("td", {}, said(one.prediction[place]))));
  const list = document.getElementById("utterance-list");
  list.replaceChildren(
    element("h3", {}, id),
    element("p", {}, all.texts[place]),
    element("p", {}, `Truth: ${said(all.truth[place])}`),
    element("table", {}, element("tbody", {}, ...lines)),
  );
  goTo(list);
}
