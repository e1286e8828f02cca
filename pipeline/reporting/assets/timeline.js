"use strict";

/** Draw waveform, level, pitch, faces and words of an utterance over one axis of time; a click or the arrow keys move the clip. */
function timeline(facts, film) {
  if (!facts.seconds) return [];
  const holder = element("figure", { class: "timeline" });
  const draw = () => {
    const width = Math.max(holder.clientWidth || 640, 280);
    holder.replaceChildren(painted(facts, film, width),
      element("figcaption", {}, caption(facts)));
  };
  new ResizeObserver(() => { if (holder.clientWidth !== Number(holder.dataset.width)) {
    holder.dataset.width = holder.clientWidth;
    draw();
  } }).observe(holder);
  return [element("h4", {}, "Over time"), holder];
}

function caption(facts) {
  const sound = facts.sound;
  const parts = [];
  if (sound.unread) parts.push(`The waveform is not shown: ${sound.unread}.`);
  else if (sound.wave && sound.wave.length) parts.push("Waveform before cleaning.");
  if (sound.kept) parts.push("Shaded: trimmed.");
  if (facts.words.length && !facts.words.some((word) => word[1] !== null)) parts.push("The times of the words are unknown.");
  return parts.join(" ");
}

function painted(facts, film, width) {
  const left = 4, right = width - 4;
  const at = (time) => left + ((right - left) * time) / facts.seconds;
  const svg = drawn("svg", { width, role: "img", "aria-label": `Sound, faces and words of ${facts.id} over ${facts.seconds} s` });
  let y = 2;
  const row = (title, height, fill) => {
    svg.append(drawn("text", { x: left, y: y + 11, class: "title" }, title));
    fill(y + 16, height);
    y += 16 + height + 8;
  };
  const { sound, faces } = facts;
  if (sound.wave && sound.wave.length) {
    row(`sound${sound.peak_db === null ? "" : `, peak ${sound.peak_db} dB`}`, 64, (top, height) => {
      waveform(svg, sound, facts.seconds, at, top, height);
    });
  }
  for (const [name, unit, colour] of [["level", "dB", "audio"], ["pitch", "Hz", "fusion"]]) {
    const values = sound.curves ? sound.curves[name] : [];
    const known = values.filter((value) => value !== null);
    if (known.length) {
      const low = Math.min(...known), high = Math.max(...known);
      row(`${name}, ${unit}`, 36, (top, height) => {
        const place = (value) => top + height * (1 - (value - low) / (high - low || 1));
        for (const value of low === high ? [low] : [low, high]) {
          svg.append(drawn("line", { x1: left, x2: right, y1: place(value), y2: place(value), class: "scale" }),
            drawn("text", { x: right, y: place(value) - 2, class: "title", "text-anchor": "end" }, `${Math.round(value)}`));
        }
        svg.append(curve(sound.curves.times, values, at, place, colour));
      });
    }
  }
  if (faces.times && faces.times.length) {
    row("face found in sampled frames", 10, (top, height) => {
      faces.times.forEach((time, i) => {
        const end = Math.min(at(i + 1 < faces.times.length ? faces.times[i + 1] : facts.seconds), right);
        const kind = faces.scores[i] === null ? "missing" : "face";
        svg.append(drawn("rect", { x: at(time), y: top, height, width: Math.max(2, end - at(time) - 2), class: kind }));
      });
    });
  }
  const timed = facts.words.filter((word) => word[1] !== null);
  if (timed.length) row("words", 0, (top) => { y += words(svg, timed, at, top, right); });
  axis(svg, facts.seconds, at, y);
  svg.setAttribute("height", y + 22);
  follow(svg, film, facts.seconds, at, y);
  return svg;
}

function waveform(svg, sound, total, at, top, height) {
  const middle = top + height / 2, count = sound.wave.length / 2;
  const level = (value) => middle - (value / 100) * (height / 2);
  if (sound.kept) {
    for (const [from, to] of [[0, sound.kept[0]], [sound.kept[1], total]]) {
      if (to > from) svg.append(drawn("rect", { x: at(from), y: top, width: at(to) - at(from), height, class: "trimmed" }));
    }
  }
  const path = [];
  for (let i = 0; i < count; i += 1) {
    const x = at((total * (i + 0.5)) / count).toFixed(1);
    path.push(`M${x} ${level(sound.wave[2 * i]).toFixed(1)}V${(level(sound.wave[2 * i + 1]) - 0.5).toFixed(1)}`);
  }
  svg.append(drawn("path", { d: path.join(""), class: "wave" }));
}

function curve(times, values, at, place, colour) {
  const path = [];
  let drawing = false;
  values.forEach((value, i) => {
    if (value !== null) path.push(`${drawing ? "L" : "M"}${at(times[i]).toFixed(1)} ${place(value).toFixed(1)}h.1`);
    drawing = value !== null;
  });
  return drawn("path", { d: path.join(""), class: "curve", style: `stroke: var(--${colour})` });
}

/** Draw words at the times when they begin, on as many lines as needed; return the height of the lines. */
function words(svg, timed, at, top, right) {
  const ends = [];
  for (const [word, start, end] of timed) {
    const length = 7.2 * [...word].length + 6;
    const x = Math.max(4, Math.min(at(start), right - length));
    let line = ends.findIndex((taken) => taken <= x);
    if (line < 0) line = ends.length;
    ends[line] = x + length;
    const y = top + 18 * line;
    svg.append(drawn("line", { x1: at(start), x2: Math.max(at(end), at(start) + 1), y1: y + 15, y2: y + 15, class: "spoken" }),
      drawn("text", { x, y: y + 11, class: "word" }, word));
  }
  return 18 * ends.length;
}

function axis(svg, total, at, y) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300].find((one) => total / one <= 8) || total;
  svg.append(drawn("line", { x1: at(0), x2: at(total), y1: y, y2: y, class: "axis" }));
  for (let time = 0; time <= total; time += step) {
    const end = at(time) + 30 > at(total) && time > 0;
    svg.append(drawn("text", { x: at(time), y: y + 15, class: "title", "text-anchor": time === 0 ? "start" : end ? "end" : "middle" },
      `${Number(time.toFixed(1))} s`));
  }
}

/** Show the current time of the clip as a line, and set it where somebody clicks. */
function follow(svg, film, total, at, height) {
  if (!film) return;
  const line = drawn("line", { x1: at(0), x2: at(0), y1: 0, y2: height, class: "now" });
  svg.append(line);
  film.addEventListener("timeupdate", () => {
    const x = at(Math.min(film.currentTime, total));
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  });
  svg.addEventListener("click", (event) => {
    const x = event.clientX - svg.getBoundingClientRect().left;
    film.currentTime = Math.max(0, Math.min(total, ((x - at(0)) / (at(total) - at(0))) * total));
  });
  slider(svg, film, total);
}

/** Let the arrow keys move the clip, as in a slider. */
function slider(svg, film, total) {
  const steps = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1, Home: -total, End: total };
  const tell = () => {
    svg.setAttribute("aria-valuenow", film.currentTime.toFixed(2));
    svg.setAttribute("aria-valuetext", `${film.currentTime.toFixed(1)} s`);
  };
  for (const [name, value] of Object.entries({ role: "slider", tabindex: "0", "aria-valuemin": "0", "aria-valuemax": total })) {
    svg.setAttribute(name, value);
  }
  tell();
  film.addEventListener("timeupdate", tell);
  svg.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    film.currentTime = Math.max(0, Math.min(total, film.currentTime + step));
  });
}
