// Dragging a card with a pointer, as an extra: it presses the button that the card's own menu holds for that column.
// Where there is no such button nothing can be dropped; the menu stays the way for keyboards and touch.
"use strict";

const buttonFor = (card, state) => {
  if (state === "claimed") { return card.querySelector("[id^='claim-']"); }
  const form = [...card.querySelectorAll(".menu form")].find((f) => new URL(f.action).searchParams.get("to") === state);
  return form ? form.querySelector("button") : null;
};
const stateOf = (column) => column.getAttribute("aria-labelledby").replace("column-", "");
let dragged = null;

document.addEventListener("pointerover", (event) => {
  const card = event.pointerType === "mouse" && event.target.closest(".board .package");
  if (card) { card.draggable = Boolean(card.querySelector(".menu form, [id^='claim-']")); }
});
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest ? event.target.closest(".board .package[draggable='true']") : null;
  if (!dragged) { return; }
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.id);
  dragged.classList.add("dragged");
  for (const column of document.querySelectorAll(".board .column")) {
    column.classList.toggle("takes", Boolean(buttonFor(dragged, stateOf(column))));
  }
});
document.addEventListener("dragover", (event) => {
  const column = dragged && event.target.closest(".board .column.takes");
  if (column) { event.preventDefault(); event.dataTransfer.dropEffect = "move"; }
});
document.addEventListener("drop", (event) => {
  const column = dragged && event.target.closest(".board .column.takes");
  if (!column) { return; }
  event.preventDefault();
  const button = buttonFor(dragged, stateOf(column));
  if (button) { button.click(); }
});
document.addEventListener("dragend", () => {
  for (const found of document.querySelectorAll(".takes, .dragged")) { found.classList.remove("takes", "dragged"); }
  dragged = null;
});
