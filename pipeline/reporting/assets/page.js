"use strict";

/** Return the data of a JSON block of the page; each block is parsed once. */
const block = (() => {
  const read = new Map();
  return (id) => {
    if (!read.has(id)) {
      const found = document.getElementById(id);
      read.set(id, found ? JSON.parse(found.textContent) : null);
    }
    return read.get(id);
  };
})();

/**
 * Make an element. Text is set as text and never parsed as HTML, so that no id, label or transcript can become markup.
 * @param {string} tag
 * @param {Object<string, string|function>} attributes - `onclick` and the like are functions
 * @param {...(Node|string)} children
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Return a number with its noun, in the singular or plural. */
const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Move the focus (of keyboard and screen reader) to an element, and scroll to it. */
function goTo(target) {
  target.scrollIntoView({ block: "start" });
  target.focus({ preventScroll: true });
}

/** Buttons show the utterances that they name: one (`data-utterance`), or a list (`data-utterances`, `data-title`). */
document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-utterance], [data-utterances]");
  if (!pressed) return;
  if (pressed.dataset.utterance !== undefined) openUtterance(pressed.dataset.utterance, pressed.closest("ul.cards"));
  else showUtterances(JSON.parse(pressed.dataset.utterances), pressed.dataset.title);
});

/** Buttons that copy the text of another element. */
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => {
    const source = document.getElementById(button.dataset.copy);
    const selection = getSelection();
    selection.selectAllChildren(source);
    const copied = document.execCommand("copy"); // pages opened from disk may not use the newer clipboard interface
    button.parentElement.querySelector("output").textContent = copied ? "Copied." : "Selected: press Ctrl+C.";
  });
}
