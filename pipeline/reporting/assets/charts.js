"use strict";

/** Draw every chart of the page; a list that names a signal sets it in the charts whose name begins as it says. */
(() => {
  const views = new Map();
  const specs = block("charts") ?? {};
  for (const place of document.querySelectorAll(".chart")) {
    const name = place.dataset.chart;
    vegaEmbed(place, specs[name], { actions: false, renderer: "svg" })
      .then((drawn) => { views.set(name, drawn.view); })
      .catch((error) => { console.error(name, error); });
  }
  for (const list of document.querySelectorAll("select[data-signal]")) {
    list.addEventListener("change", () => {
      for (const [name, view] of views) {
        if (name.startsWith(`${list.dataset.charts}-`)) view.signal(list.dataset.signal, list.value).runAsync();
      }
    });
  }
})();
