"use strict";

/** The facts about utterances. They are divided into parts, which are inside the page or in files that are loaded when needed. */
const glass = (() => {
  const corpus = block("corpus");
  const places = new Map(corpus.ids.map((id, place) => [id, place]));
  const parts = new Map();
  const waiting = new Map();
  window.receivePart = (number, facts) => waiting.get(number)(facts);

  function part(number) {
    if (!parts.has(number)) {
      parts.set(number, new Promise((resolve, reject) => {
        const inside = block(`part-${number}`);
        if (inside) { resolve(inside); return; }
        const src = `report_files/part-${number}.js`;
        waiting.set(number, resolve);
        document.head.append(element("script", { src, onerror: () => reject(new Error(src)) }));
      }));
    }
    return parts.get(number);
  }

  return {
    corpus,
    place: (id) => places.get(id),
    facts: async (id) => (await part(Math.floor(places.get(id) / corpus.part)))[places.get(id) % corpus.part],
  };
})();

/** The predictions of configurations for an utterance; `detailed` has the best configuration of each set of modalities. */
const predicted = (() => {
  const found = block("predictions");
  const all = found && found.configurations.length ? found : null;
  const places = new Map((all ? all.utterances : []).map((id, place) => [id, place]));
  const named = (coded) => String(all.classes.length ? all.classes[coded] : coded);
  const firsts = new Map();
  for (const one of all ? all.configurations : []) {
    const set = one.modalities.join("+");
    const withShares = one.shares && !one.base && !firsts.get(set)?.shares;
    if (one.kind !== "baseline" && (!firsts.has(set) || withShares)) firsts.set(set, one);
  }
  const detailed = [...firsts.values()];
  const best = all && (all.configurations.find((one) => one.name === glass.corpus.best) || detailed.at(-1));
  const judge = best && (glass.corpus.judge ? `the ${glass.corpus.judge} (${best.name})` : best.name);
  return {
    all, best, detailed, named, judge,
    /** The configurations of single modalities beside a fusion: those that it combines, or else the best ones. */
    alone: (one) => one.alone.map((place) => all.configurations[place]),
    has: (id) => places.has(id),
    truth: (id) => all.truth[places.get(id)],
    of: (one, id) => one.prediction[places.get(id)],
    shares(one, id) {
      const n = all.classes.length;
      return one.shares ? one.shares.slice(places.get(id) * n, (places.get(id) + 1) * n) : null;
    },
    /** Whether a predicted class is right; null for scores, and without a prediction. */
    right(one, id) {
      return one && all.classes.length && places.has(id) ? this.of(one, id) === this.truth(id) : null;
    },
  };
})();

/** Make an SVG element. */
function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Show one picture of an utterance with the boxes of the faces in it. */
function still(facts, number, label) {
  const count = facts.faces.shown.length;
  const frame = facts.faces.shown[number];
  const across = count > 1 ? (100 * number) / (count - 1) : 0;
  const face = (box, kind) =>
    drawn("rect", { x: box[0], y: box[1], width: box[2], height: box[3], class: kind, "vector-effect": "non-scaling-stroke" });
  const boxes = drawn("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    ...(frame.others || []).map((box) => face(box, "other")), ...(frame.box ? [face(frame.box, "followed")] : []));
  const style = `aspect-ratio: ${facts.faces.shape}; background-image: url(${facts.strip}); ` +
    `background-size: ${100 * count}% 100%; background-position: ${across}% 0`;
  return element("div", { class: "still", role: "img", "aria-label": label, style }, boxes);
}

const seconds = (value) => `${Number(value).toFixed(2)} s`;

/** List the recording, the span, the speaker and the label of an utterance. */
function summary(facts) {
  const sound = facts.sound;
  const rows = [
    ["Recording", facts.media || "none"],
    ["Span", facts.start === null || facts.seconds === null ? "the whole recording" :
      `${seconds(facts.start)} to ${seconds(facts.start + facts.seconds)} (${seconds(facts.seconds)})`],
    ["Speaker", facts.speaker || "unknown"],
  ];
  if (facts.group && facts.group !== facts.speaker) rows.push(["Group", facts.group]);
  if (facts.label) rows.push(["Label", facts.label]);
  if (sound.kept) {
    rows.push(["Sound trimmed", `${seconds(sound.kept[0])} at the start, ` +
      `${seconds(Math.max(0, facts.seconds - sound.kept[1]))} at the end`]);
    rows.push(["Gain of the sound", `${sound.gain_db > 0 ? "+" : ""}${sound.gain_db} dB`]);
  }
  if (facts.faces.times && facts.faces.times.length) rows.push(["Faces", facesSentence(facts.faces)]);
  for (const [what, from] of Object.entries(facts.sources)) {
    rows.push([what === "text_source" ? "Text" : "Times of words", from]);
  }
  return element("dl", { class: "facts" },
    ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

/** Tell in how many frames the face was found, in how many of these by the detector, and how many other faces there are. */
function facesSentence(faces) {
  const measured = faces.scores.filter((score, i) => score !== null && faces.detected[i]);
  const found = faces.scores.filter((score) => score !== null).length;
  const shown = faces.shown || [];
  const searched = shown.flatMap((frame, i) => (frame.others ? [i + 1] : []));
  const pictures = `picture${searched.length > 1 ? "s" : ""} ${searched.join(", ").replace(/, (\d+)$/, " and $1")}`;
  const others = Math.max(0, ...shown.map((frame) => (frame.others || []).length));
  const mean = measured.reduce((sum, score) => sum + score, 0) / measured.length;
  return `the followed face was found in ${found} of ${counted(faces.times.length, "sampled frame")}` +
    (found ? `: in ${measured.length} by the detector (mean score ${mean.toFixed(2)})` : "") +
    (found > measured.length ? `, in ${found - measured.length} by following it from the frame before` : "") +
    (searched.length ? `. For this page, other faces were searched for in ${pictures} of those below, and ` +
      (others ? `at most ${counted(others, "other face")} found in a picture` : "none found") : "");
}

/** Show the clip, or why there is none. */
function player(facts) {
  const clip = facts.clip;
  if (!facts.clip_src) return element("p", { class: "quiet" }, clip.note || "No clip: the recording is not shown.");
  const kind = clip.mime.startsWith("audio") ? "audio" : "video";
  const made = element(kind, { controls: "", preload: "metadata", src: facts.clip_src, "aria-label": `Clip of ${facts.id}` });
  return element("figure", { class: "clip" }, made, ...(clip.note ? [element("figcaption", {}, clip.note)] : []));
}

/** Tell how the face of a sampled frame was found: with a score where the detector ran. */
function faceWords(faces, place) {
  if (faces.scores[place] === null) return "no face";
  return faces.detected[place] ? `score ${faces.scores[place].toFixed(2)}` : "followed";
}

function frames(facts) {
  if (!facts.strip || !facts.faces.shown) return [];
  const items = facts.faces.shown.map((frame, number) => {
    const time = frame.frame === null ? "" : seconds(facts.faces.times[frame.frame]);
    const said = `${time}${frame.frame === null ? "" : `, ${faceWords(facts.faces, frame.frame)}`}`;
    return element("figure", {}, still(facts, number, `Frame ${number + 1} ${said}`), element("figcaption", {}, said));
  });
  return [element("h4", {}, "Sampled frames"),
    element("p", { class: "quiet" }, "Solid box: the face that is followed. Dashed box: another face." +
      (facts.faces.times.length ? " The score is the detector's; it does not run in every frame." : "")),
    element("div", { class: "stills" }, ...items)];
}

/** Show what each modality and the fusion predict. */
function predictionTable(id) {
  if (!predicted.all || !predicted.has(id)) {
    return element("p", { class: "quiet" }, "There are no predictions for this utterance.");
  }
  const shown = predicted.all.configurations.filter((one) => one.base || predicted.detailed.includes(one));
  const rows = shown.map((one) => {
    const shares = predicted.shares(one, id);
    const right = predicted.right(one, id);
    const colour = one.modalities.length === 1 ? one.modalities[0] : "fusion";
    const bars = shares ? predicted.all.classes.map((name, i) => element("div", { class: "share" },
      element("span", {}, name), element("i", { style: `width: ${shares[i] / 2}%; background: var(--${colour})` }),
      element("span", {}, `${shares[i]} %`))) : [];
    return element("tr", {}, element("th", { scope: "row" }, one.name, ...(one.base ? [element("small", {}, " combined by late fusions")] : [])),
      element("td", {}, predicted.named(predicted.of(one, id)), mark(right)), element("td", {}, ...bars));
  });
  const head = ["Configuration", "Predicts", ...(predicted.all.classes.length ? ["Probabilities"] : [""])];
  return element("div", { class: "scroll predictions", tabindex: "0", role: "region", "aria-label": `Predictions of ${id}` },
    element("table", {}, element("caption", {}, `Truth: ${predicted.named(predicted.truth(id))}`),
      element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...rows)));
}

function mark(right) {
  return right === null ? "" : element("span", { class: right ? "right" : "wrong" }, right ? " ✓ right" : " ✗ wrong");
}

function neighbours(facts) {
  const found = Object.entries(facts.neighbours).filter(([, one]) => one.near.length);
  return [element("div", { class: "columns" }, ...found.map(([modality, one]) => element("div", {},
    element("h4", {}, `Nearest by ${modality}, in the space of ${one.space}`),
    element("ul", { class: "utterances" }, ...one.near.map(([id, similar]) => element("li", {},
      element("button", { "data-utterance": id }, id), ` ${glass.corpus.labels[glass.place(id)] || ""} `,
      element("small", {}, `cosine ${similar.toFixed(2)}`)))))))];
}

function states(facts) {
  const lines = Object.entries(facts.statuses).map(([modality, [status, note]]) => [modality, status, note]);
  lines.push(...facts.missing.filter(([, , note]) => !lines.some((line) => line[2] === note)));
  lines.push(...facts.failures.map(([stage, step, message]) => [`${stage} ${step}`, "failed", message]));
  return element("table", {}, element("caption", {}, "Status of each modality"), element("tbody", {},
    ...lines.map((line) => element("tr", {}, ...line.map((cell, i) =>
      element(i ? "td" : "th", i ? {} : { scope: "row" }, cell))))));
}

/** The utterances through which "previous" and "next" go: those of the list from which one was opened, or all. */
let walked = { ids: glass.corpus.ids, place: null };

/** Buttons for the utterances before and after this one, and for the list that holds it. */
function walk(id) {
  const { ids, place } = walked, at = ids.indexOf(id);
  if (ids.length < 2) return [];
  const to = (name, other) => element("button", other === undefined ? { disabled: "" } :
    { "data-utterance": other, "aria-label": `${name}: ${other}` }, name);
  const back = place ? [element("button", { onclick: () => goTo(place) }, "Back to the list")] : [];
  return [element("nav", { class: "choices", "aria-label": "Other utterances" }, to("Previous", ids[at - 1]),
    to("Next", ids[at + 1]), element("span", { class: "quiet" }, `${at + 1} of ${ids.length}`), ...back)];
}

/** Say what the row that judges the utterance predicts, and what the models of single modalities beside it do. */
function judgement(id) {
  if (!predicted.best || !predicted.has(id)) return [];
  const opening = predicted.best.combined ? " It combines: " : ` The ${predicted.all.top} models of single modalities: `;
  const alone = predicted.alone(predicted.best).flatMap((one, i) => [`${i ? ", " : opening}${one.modalities[0]} `,
    predicted.named(predicted.of(one, id)), mark(predicted.right(one, id))]);
  return [element("p", { class: "quiet" }, `Prediction of ${predicted.judge}: ` +
    `${predicted.named(predicted.of(predicted.best, id))}; truth: ${predicted.named(predicted.truth(id))}.`,
  ...alone, ...(alone.length ? ["."] : []))];
}

/** How often an utterance was opened or left; what loads meanwhile is not shown. */
let opened = 0;

const addressOf = (id) => `#utterance=${encodeURIComponent(id)}`;

/** Show everything that is known about one utterance. `cards` is the list of cards from which it was opened, if any. */
async function openUtterance(id, cards = null) {
  const shown = document.getElementById("utterance-shown");
  const address = addressOf(id), own = ++opened;
  if (![address, `#utterance=${id}`].includes(location.hash)) history.pushState(null, "", address);
  if (glass.place(id) === undefined) {
    shown.replaceChildren(element("p", {}, `There is no utterance ${id}.`));
    goTo(shown);
    return;
  }
  if (cards) walked = { ids: listed.get(cards), place: cards.parentElement };
  else if (!walked.ids.includes(id)) walked = { ids: glass.corpus.ids, place: null };
  try {
    const facts = await glass.facts(id);
    if (own !== opened) return;
    const film = player(facts);
    const time = timeline(facts, film.querySelector("video, audio"));
    shown.replaceChildren(...walk(id),
      element("h3", {}, facts.id, mark(predicted.all ? predicted.right(predicted.best, id) : null)), ...judgement(id),
      element("p", { class: "said", dir: "auto" }, facts.text || "no transcript"),
      element("div", { class: "two" }, film, summary(facts)), ...time, ...frames(facts),
      element("h4", {}, "Predictions"), predictionTable(id), ...neighbours(facts), states(facts));
  } catch (error) {
    if (own !== opened) return;
    shown.replaceChildren(element("p", {}, `${error.message} cannot be read: keep the folder report_files beside this page.`));
  }
  goTo(shown);
}

/** Show a list of utterances as cards, with the predictions of `one`; an utterance of another list is hidden. */
function showUtterances(ids, title, one = predicted.best) {
  const list = document.getElementById("utterance-list");
  list.replaceChildren(element("h3", {}, `${title} (${ids.length})`), ...cards(ids, one));
  opened += 1;
  walked = { ids, place: list };
  document.getElementById("utterance-shown").replaceChildren();
  if (location.hash.startsWith("#utterance=")) history.pushState(null, "", "#utterance-list");
  goTo(list);
}

function openFromAddress() {
  const found = /^#utterance=(.+)$/.exec(location.hash);
  if (found) {
    let id = found[1];
    try { id = decodeURIComponent(id); } catch { /* an address that is not encoded contains the id itself */ }
    openUtterance(id);
  } else opened += 1;
}
