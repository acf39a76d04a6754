// Dragging a card with a pointer, as an extra: it presses the button that the card's own menu holds for that column.
// Where there is no such button nothing can be dropped; the menu stays the way for keyboards and touch.
"use strict";

const buttonFor = (card, state) => {
  if (state === "claimed") { return card.querySelector("[id^='claim-']"); }
  const form = [...card.querySelectorAll(".menu form")].find((f) => new URL(f.action).searchParams.get("to") === state);
  return form ? form.querySelector("button") : null;
};
const stateOf = (column) => column.getAttribute("aria-labelledby").replace("column-", "");
let dragged = "";  // By its id: while it is being dragged, news may put a new card or column in its place.

const take = (event) => {
  const card = event.pointerType === "mouse" && event.target.closest(".board .package");
  if (card) { card.draggable = Boolean(card.querySelector(".menu form, [id^='claim-']")); }
};
document.addEventListener("pointerover", take);
document.addEventListener("pointerdown", take);
document.addEventListener("dragstart", (event) => {
  const card = event.target.closest ? event.target.closest(".board .package[draggable='true']") : null;
  dragged = card ? card.id : "";
  if (!card) { return; }
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.id);
  card.classList.add("dragged");
  for (const column of document.querySelectorAll(".board .column")) {
    column.classList.toggle("takes", Boolean(buttonFor(card, stateOf(column))));
  }
});
const buttonUnder = (event) => {
  const card = dragged && document.getElementById(dragged);
  const column = card && event.target.closest(".board .column");
  return column ? buttonFor(card, stateOf(column)) : null;
};
document.addEventListener("dragover", (event) => {
  if (buttonUnder(event)) { event.preventDefault(); event.dataTransfer.dropEffect = "move"; }
});
document.addEventListener("drop", (event) => {
  const button = buttonUnder(event);
  if (button) { event.preventDefault(); button.click(); }
});
document.addEventListener("dragend", () => {
  for (const found of document.querySelectorAll(".takes, .dragged")) { found.classList.remove("takes", "dragged"); }
  dragged = "";
});
