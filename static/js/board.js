/* What the board adds to htmx: plain listeners, nothing a page needs in order to work. See docs/look.md. */
"use strict";
const root = document.documentElement, $ = (id) => document.getElementById(id);
root.classList.add("js");

/* Live parts: a morph keeps an open <details> open; a page loaded in the background opens no stream. */
htmx.registerExtension("keep", {htmx_before_morph_attr: (el, d) => !(d.attrName === "open" && el.tagName === "DETAILS")});
document.addEventListener("htmx:config:request", (e) => { if (e.target.id === "live" && document.hidden) e.preventDefault(); });

/* Failures say so in the one live region; a message of success goes away by itself. */
let fading;
function say(text, stay) {
  $("status").textContent = text;
  clearTimeout(fading);
  if (!stay) fading = setTimeout(() => { $("status").textContent = ""; }, 8000);
}
const quiet = (e) => (e.target.id || "") === "live" || !(e.detail?.ctx?.request?.method || "GET").match(/POST|PUT|PATCH|DELETE/i);
document.addEventListener("htmx:response:error", (e) => {
  if (e.detail.ctx.response.status >= 500 && !quiet(e)) say(document.body.dataset.failed, true);
});
document.addEventListener("htmx:error", (e) => { if (!quiet(e)) say(document.body.dataset.offline, true); });

/* hx-confirm asks in our own dialog. */
document.addEventListener("htmx:confirm", (e) => {
  const dialog = $("confirm");
  e.preventDefault();
  $("confirm-text").textContent = e.detail.ctx.confirm;
  dialog.returnValue = "no";
  dialog.onclose = () => (dialog.returnValue === "yes" ? e.detail.issueRequest() : e.detail.dropRequest());
  dialog.showModal();
});

/* After a swap: say it, let it glow once, and never leave the focus on nothing. */
let held = "";
document.addEventListener("htmx:before:swap", () => { held = document.activeElement?.id || ""; });
document.addEventListener("htmx:after:swap", (e) => {
  const target = $(e.detail.ctx?.target?.id) || e.detail.ctx?.target;
  if ($("status").textContent.trim()) say($("status").textContent, false);
  if (!target || !target.isConnected || target === document.body) return;
  target.querySelectorAll("[data-draft]").forEach(restore);
  const error = target.querySelector("[data-focus]");
  if (error && e.target.matches?.("form, form *")) error.focus();
  else if (held && document.activeElement === document.body) {
    const next = $(held) || target.querySelector("a[href], button, input, select, textarea");
    next?.focus({preventScroll: true});
  }
  if (target.id && target.id !== "list" && target.id !== "status" && !target.matches("form, main")) {
    target.classList.remove("glow");
    requestAnimationFrame(() => target.classList.add("glow"));
    target.addEventListener("animationend", () => target.classList.remove("glow"), {once: true});
  }
});

/* Menus close on Escape, on a click elsewhere, and when the focus leaves them. */
const closeMenus = (except) => document.querySelectorAll("details[data-close][open]").forEach((m) => { if (!m.contains(except)) m.open = false; });
document.addEventListener("click", (e) => closeMenus(e.target));
document.addEventListener("focusin", (e) => closeMenus(e.target));

/* Keys: j and k walk the rows, o opens, / searches. Switched off in the footer (WCAG 2.1.4). */
const keysOn = () => localStorage.getItem("keys") !== "off";
$("keys")?.setAttribute("aria-pressed", keysOn());
$("keys")?.addEventListener("click", (e) => {
  localStorage.setItem("keys", keysOn() ? "off" : "on");
  e.currentTarget.setAttribute("aria-pressed", keysOn());
});
document.addEventListener("keydown", (e) => {
  const menu = e.key === "Escape" && e.target.closest?.("details[data-close][open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  if (!keysOn() || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input, select, textarea, dialog, [contenteditable]")) return;
  if (e.key === "j" || e.key === "k") {
    const rows = [...document.querySelectorAll("[data-row]")].filter((r) => r.querySelector("[data-open]"));
    const here = rows.indexOf(document.activeElement.closest("[data-row]"));
    const row = rows[here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + (e.key === "j" ? 1 : -1)))];
    row?.querySelector("[data-open]").focus();
    row?.scrollIntoView({block: "nearest"});
  } else if (e.key === "o") document.activeElement.closest("[data-row]")?.querySelector("[data-open]").click();
  else if (e.key === "/" && document.querySelector("input[type=search]")) { e.preventDefault(); document.querySelector("input[type=search]").focus(); }
});

/* A filter form sends itself when a select or a box changes; its button "apply" is for browsers without scripts. */
document.addEventListener("change", (e) => {
  if (e.target.matches("form[data-auto] :is(select, [type=checkbox], [type=radio], [type=date])")) e.target.form.requestSubmit();
});

/* Drafts: <form data-draft="proposal"> keeps what is typed until it was accepted, across a sign-in or a closed tab. */
const draftKey = (form) => "draft:" + form.dataset.draft;
const draftFields = (form) => [...form.elements].filter((f) => f.name && !["hidden", "password", "file", "submit"].includes(f.type) && f.tagName !== "BUTTON");
const read = (f) => (f.type === "checkbox" || f.type === "radio" ? f.checked : f.value);
function restore(form) {
  const saved = JSON.parse(localStorage.getItem(draftKey(form)) || "null");
  if (!saved || draftFields(form).some((f) => f.matches("textarea, [type=text]") && f.value)) return;
  draftFields(form).forEach((f) => {
    const value = saved[f.name + (f.type === "radio" ? "=" + f.value : "")];
    if (value !== undefined) typeof value === "boolean" ? (f.checked = value) : (f.value = value);
  });
  say(document.body.dataset.restored, false);
}
document.addEventListener("input", (e) => {
  const form = e.target.form;
  if (form?.dataset.draft) localStorage.setItem(draftKey(form), JSON.stringify(Object.fromEntries(draftFields(form).map((f) => [f.name + (f.type === "radio" ? "=" + f.value : ""), read(f)]))));
});
/* Sent and answered by something else than the form, the sign-in or an error: accepted, so forget it. */
document.addEventListener("submit", (e) => { if (e.target.dataset.draft) sessionStorage.setItem("sent", e.target.dataset.draft); });
function settle() {
  const sent = sessionStorage.getItem("sent");
  if (!sent || document.querySelector(`[data-draft="${sent}"], [type=password], .failure`)) return;
  localStorage.removeItem("draft:" + sent);
  sessionStorage.removeItem("sent");
}
settle();
document.addEventListener("htmx:after:swap", settle);
document.querySelectorAll("[data-draft]").forEach(restore);
