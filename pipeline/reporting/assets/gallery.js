"use strict";

const PER_PAGE = 24;

/** Load the pictures of cards when they come into view. */
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    watcher.unobserve(entry.target);
    glass.facts(entry.target.dataset.utterance).then((facts) => {
      const shown = facts.faces.shown;
      if (!facts.strip || !shown) return;
      const seen = shown.findIndex((frame) => frame.box);
      entry.target.querySelector(".blank").replaceWith(still(facts, Math.max(seen, 0), ""));
    }, () => {});
  }
}, { rootMargin: "200px" });

function card(id, one) {
  const { corpus } = glass;
  const place = glass.place(id);
  const missing = Object.entries(corpus.statuses).filter(([, codes]) => codes[place] !== "o").map(([name]) => name);
  const made = element("button", { class: "card", "data-utterance": id },
    element("span", { class: "blank" }), element("b", {}, id),
    element("span", { dir: "auto" }, corpus.texts[place].slice(0, 80)),
    element("small", {}, ...verdict(id, one), ...(missing.length ? [` · no ${missing.join(", ")}`] : [])), ...alone(id, one));
  if (corpus.clips !== "none") watcher.observe(made);
  return element("li", {}, made);
}

/** The label of an utterance, what a configuration predicts unless it is the same, and whether that is right. */
function verdict(id, one) {
  const label = glass.corpus.labels[glass.place(id)];
  if (!one || !predicted.has(id)) return [label];
  const right = predicted.right(one, id);
  return [label, right ? "" : `, predicted ${predicted.named(predicted.of(one, id))}`, mark(right)];
}

/** The configurations of single modalities that cards show beside the class that a fusion predicts. */
const besides = (one) => (one && predicted.all.classes.length ? predicted.alone(one) : []);

/** What each of them predicts, one line for each. */
function alone(id, one) {
  return (predicted.has(id) ? besides(one) : []).map((single) => {
    const right = predicted.right(single, id);
    return element("small", {}, `${single.modalities[0]}: ${predicted.named(predicted.of(single, id))} `,
      element("span", { class: right ? "right" : "wrong" }, right ? "✓" : "✗"));
  });
}

/** For each list of cards, its utterances in their order. */
const listed = new WeakMap();

/** Cards of utterances, with the predictions of one configuration: the first at once, more at the press of a button. */
function cards(ids, one = predicted.best) {
  const grid = element("ul", { class: "cards" });
  listed.set(grid, ids);
  const more = element("button", { onclick: () => add() });
  let shown = 0;
  function add() {
    grid.append(...ids.slice(shown, shown + PER_PAGE).map((id) => card(id, one)));
    shown = Math.min(shown + PER_PAGE, ids.length);
    more.hidden = shown >= ids.length;
    more.textContent = `Show more (${ids.length - shown} left)`;
  }
  add();
  const name = one === predicted.best ? predicted.judge : one.name;
  const below = () => (one.combined ? "the models that it combines" : `the ${predicted.all.top} models of single modalities`);
  const said = besides(one).length ? ` Below them, those of ${below()}.` : "";
  const judged = one ? [element("p", { class: "quiet" }, `Predictions of ${name}.${said}`)] : [];
  return ids.length ? [...judged, grid, more] : [element("p", { class: "quiet" }, "None.")];
}

/** For each filter of the gallery, a function that tells whether an utterance passes it. */
const filters = {
  label: (place, wanted) => glass.corpus.labels[place] === wanted,
  group: (place, wanted) => glass.corpus.groups[place] === wanted,
  status: (place, wanted) => {
    const [modality, code] = wanted.split(" ");
    return glass.corpus.statuses[modality][place] === code;
  },
  outcome: (place, wanted) => predicted.right(predicted.best, glass.corpus.ids[place]) === (wanted === "right"),
};

function filtered() {
  const chosen = Object.keys(filters).map((name) => [name, document.getElementById(`gallery-${name}`)])
    .filter(([, field]) => field && field.value !== "");
  const ids = glass.corpus.ids.filter((_, place) => chosen.every(([name, field]) => filters[name](place, field.value)));
  document.getElementById("gallery-count").textContent = `${ids.length} of ${glass.corpus.ids.length} utterances`;
  document.getElementById("gallery-cards").replaceChildren(...cards(ids));
}

function options(id, values) {
  const field = document.getElementById(id);
  if (!field) return;
  field.append(...values.map(([value, text]) => element("option", { value }, text)));
  field.addEventListener("change", filtered);
}

/** Repeat the buttons of the section Results that list utterances by who is right. */
function disagreements() {
  const buttons = document.querySelectorAll("#results .lists button");
  document.getElementById("utterance-only").append(...[...buttons].map((button) => button.cloneNode(true)));
}

function search(event) {
  event.preventDefault();
  const wanted = document.getElementById("utterance-search").value.trim().toLowerCase();
  const { corpus } = glass;
  if (!wanted) return;
  const exact = corpus.ids.find((id) => id.toLowerCase() === wanted);
  const ids = corpus.ids.filter((id, place) =>
    [id, corpus.texts[place], corpus.speakers[place]].some((text) => text.toLowerCase().includes(wanted)));
  showUtterances(exact ? [exact, ...ids.filter((id) => id !== exact)] : ids, `Found “${wanted}”`);
  if (ids.length === 1 || exact) openUtterance(exact || ids[0], document.querySelector("#utterance-list ul.cards"));
}

const distinct = (values) => [...new Set(values)].filter((value) => value !== "").sort().map((value) => [value, value]);
if (document.getElementById("gallery-cards")) {
  options("gallery-label", distinct(glass.corpus.labels));
  options("gallery-group", distinct(glass.corpus.groups));
  options("gallery-status", Object.keys(glass.corpus.statuses).flatMap((modality) =>
    [["o", "ok"], ["a", "absent"], ["e", "empty"], ["f", "failed"]]
      .filter(([code]) => glass.corpus.statuses[modality].includes(code))
      .map(([code, name]) => [`${modality} ${code}`, `${modality} ${name}`])));
  const judged = predicted.all && predicted.right(predicted.best, predicted.all.utterances[0]) !== null;
  if (predicted.best) document.getElementById("gallery-judge").textContent = `prediction of ${predicted.judge}`;
  options("gallery-outcome", judged ? [["right", "right"], ["wrong", "wrong"]] : []);
  filtered();
  document.getElementById("utterance-find").addEventListener("submit", search);
  disagreements();
}
window.addEventListener("hashchange", openFromAddress);
openFromAddress();
