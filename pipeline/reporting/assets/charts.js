"use strict";

/** Draw all charts of the page. A list with `data-signal` sets this signal in the charts whose names begin with `data-charts`. */
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
