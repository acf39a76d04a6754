/* What the board adds to htmx: plain listeners, nothing a page needs in order to work. See docs/look.md. */
"use strict";
const $ = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const on = (type, listener) => document.addEventListener(type, listener);
const words = document.body.dataset;
document.documentElement.classList.add("js");

/* Live parts: a morph keeps an open <details> open; a page loaded in the background opens no stream. */
htmx.registerExtension("keep", {htmx_before_morph_attr: (el, d) => !(d.attrName === "open" && el.tagName === "DETAILS")});
on("htmx:config:request", (e) => { if (e.target.id === "live" && (document.hidden || over)) e.preventDefault(); });

/* Topics come as events on #live and bubble. "reload" means that too much happened to name it: every live part fetches
   itself. Without a free stream (503) the page asks every five seconds; after sign-out (401) it says so once and is quiet. */
const live = $("live");
let cursor = live && new URL(live.getAttribute("hx-sse:connect"), location).searchParams.get("after");
let polling, over = false, resuming = true;
const tell = (topics) => topics.forEach((topic) => live.dispatchEvent(new CustomEvent(topic, {bubbles: true})));
const awaited = () => all('[hx-trigger*="from:document"]:not(#live)')
  .flatMap((el) => [...el.getAttribute("hx-trigger").matchAll(/([\w-]+) from:document/g)].map((match) => match[1]));
/* A page that was given while the database was away is loaded anew once it is back. */
const back = () => { if ($("away")) location.reload(); };
async function poll() {
  const answer = document.hidden ? null : await fetch("/live/topics?after=" + encodeURIComponent(cursor)).catch(() => null);
  if (answer?.status === 401) clearInterval(polling);
  if (!answer?.ok) return;
  back();
  const news = await answer.json();
  cursor = news.cursor;
  tell(news.topics);
}
live?.addEventListener("reload", () => tell([...new Set(awaited())]));
live?.addEventListener("htmx:sse:before:message", (e) => { cursor = e.detail.message.id || cursor; });
live?.addEventListener("htmx:sse:after:connection", () => { polling = clearInterval(polling); back(); });
live?.addEventListener("htmx:response:error", (e) => {
  over = e.detail.ctx.response.status === 401;
  if (e.detail.ctx.response.status === 503) polling ??= setInterval(poll, 5000);
});
/* A refused reconnection: the extension would ask for ever and show nothing, so let htmx ask once more instead. */
live?.addEventListener("htmx:sse:error", (e) => { resuming = ![401, 503].includes(e.detail.status); });
live?.addEventListener("htmx:sse:before:connection", (e) => {
  if (!resuming) e.preventDefault();
  if (!resuming) setTimeout(() => document.dispatchEvent(new Event("visibilitychange")));
  resuming = true;
});

/* Failures say so in the one live region; a message of success goes away by itself. */
let fading;
function say(text, stay) {
  $("status").textContent = text;
  clearTimeout(fading);
  if (!stay) fading = setTimeout(say, 8000, "", true);
}
const acts = (e) => /POST/i.test(e.detail?.ctx?.request?.method);
on("htmx:response:error", (e) => { if (e.detail.ctx.response.status >= 500 && acts(e)) say(e.detail.ctx.response.status === 503 ? words.away : words.failed, true); });
on("htmx:error", (e) => { if (acts(e)) say(words.offline, true); });

/* hx-confirm asks in our own dialog, on plain forms too. The focus goes to what does no harm; `autofocus` would ask for it
   while the page loads, which Chromium notes in the console where the address names a part of the page. */
const show = (dialog) => { dialog.showModal(); dialog.querySelector("[data-calm]")?.focus(); };
const ask = (question, yes, no) => {
  const dialog = $("confirm");
  $("confirm-text").textContent = question;
  dialog.returnValue = "no";
  dialog.onclose = () => (dialog.returnValue === "yes" ? yes() : no?.());
  show(dialog);
};
on("htmx:confirm", (e) => {
  e.preventDefault();
  ask(e.detail.ctx.confirm, () => e.detail.issueRequest(), () => e.detail.dropRequest());
});
on("submit", (e) => {
  const form = e.target;
  if (!form.matches("form[hx-confirm]:not([hx-post])") || form.dataset.sure) return;
  e.preventDefault();
  ask(form.getAttribute("hx-confirm"), () => {
    form.dataset.sure = "yes";
    form.requestSubmit(e.submitter);
    delete form.dataset.sure;
  });
});

/* What was recorded is done: the form that asked for it closes, and is empty when it is opened again. */
function finished(fold) {
  if ([document.body, null].includes(document.activeElement) || fold.contains(document.activeElement)) fold.querySelector("summary").focus({preventScroll: true});
  fold.open = false;
  all("form", fold).forEach((form) => form.reset());
}

/* After a swap: say it, let what changed glow once, and never leave the focus on nothing. */
let held, before;
const component = (e) => $(e.detail.ctx?.target?.id) || e.detail.ctx?.target;
on("htmx:before:swap", (e) => {  // Fetched for news, and late: the part shows an answer by now that does not follow.
  const {request, sourceElement: part, target} = e.detail.ctx;
  if (request?.method === "GET" && part?.id && part.id === target?.id && !$(part.id)?.hasAttribute("hx-get")) e.preventDefault();
});
on("htmx:before:swap", (e) => { held = document.activeElement?.id; before = component(e)?.textContent; });
on("htmx:after:swap", (e) => {
  const target = component(e);
  if ($("status").textContent.trim()) say($("status").textContent);
  settle();
  if (!target?.isConnected) return;
  all("[data-draft]", target).forEach(restore);
  if (e.detail.ctx.request?.method === "POST" && e.detail.ctx.response?.status === 200) all("details[data-once][open]", target).forEach(finished);
  const error = target.querySelector("[data-focus]");
  if (error && e.target.matches?.("form")) error.focus();
  else if (held && document.activeElement === document.body) ($(held) || error || target.querySelector("[aria-pressed=true]") || target.querySelector("a[href], button, input:not([type=hidden]), select, textarea"))?.focus({preventScroll: true});
  if (before !== target.textContent && !(e.detail.ctx.response?.status >= 400) && !target.matches("#list, #results, #jump-hits, #live, #status, #flash, #news, form, main, body") && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const glow = {backgroundColor: "var(--green-back)", boxShadow: "0 0 0 .3rem var(--green-back)"};
    target.animate([glow, {...glow, offset: .88}, {}], 1200);
  }
});

/* A workshop: keys turn the agenda on the projector; a phone on which somebody writes stays where it is until it is sent. */
on("keydown", (e) => {
  if (!document.querySelector(".page.screen") || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input, select, textarea, dialog")) return;
  const step = {ArrowRight: "next", PageDown: "next", ArrowLeft: "back", PageUp: "back"}[e.key];
  if (step) { e.preventDefault(); document.querySelector(`[data-step="${step}"]`)?.click(); }
  if (e.key.toLowerCase() === "f") document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.();
});
let behind = false;
const writing = (el) => all("textarea", el).some((area) => area.value && area.value !== area.defaultValue);
on("htmx:config:request", (e) => {
  if (!e.target.matches?.(".now") || !writing(e.target)) return;
  e.preventDefault();
  behind = true;
});
on("htmx:after:swap", (e) => {
  if (!behind || !document.querySelector(".now") || writing(document.querySelector(".now"))) return;
  behind = false;
  live?.dispatchEvent(new CustomEvent("workshops", {bubbles: true}));
});

/* A value that has to be carried elsewhere: address and secret of a webhook. */
on("click", (e) => {
  const button = e.target.closest("[data-copy]"), field = button && $(button.dataset.copy);
  if (!field) return;
  field.select();
  (navigator.clipboard?.writeText(field.value) ?? Promise.reject()).catch(() => document.execCommand("copy")).then(() => say(button.dataset.copied));
});

/* What is fetched into a closed dialog opens it, with its form unfolded. */
on("htmx:after:swap", (e) => {
  const dialog = e.detail.ctx?.target?.closest?.("dialog:not([open])");
  if (!dialog) return;
  all("details.disclosure", dialog).forEach((fold) => { fold.open = true; });
  dialog.showModal();
});

/* Menus close on Escape, on a click elsewhere, and when the focus leaves them. */
const leave = (e) => all("details[data-close][open]").forEach((menu) => { if (!menu.contains(e.target)) menu.open = false; });
on("click", leave);
on("focusin", leave);

/* Several at once: all boxes of a name follow one, and their number is told. */
const boxes = (name) => all(`[type=checkbox][name="${name}"]`);
const count = () => all("[data-words]").forEach((out) => { const n = all(".pick input:checked").length; out.textContent = n ? out.dataset.words.replace("{n}", n) : ""; });
on("change", ({target}) => { if (target.dataset.all) boxes(target.dataset.all).forEach((box) => { box.checked = target.checked; }); count(); });
on("htmx:after:swap", count);
count();

/* Keys: j and k walk the rows, o opens, / searches. Switched off in the footer (WCAG 2.1.4). */
const keys = () => localStorage.getItem("keys") !== "off";
const firstIn = (part) => part?.querySelector("[data-first]") || part?.querySelector(":is(input:not([type=hidden]), select)");
const showKeys = () => $("keys")?.setAttribute("aria-pressed", keys());
$("keys")?.addEventListener("click", () => { localStorage.setItem("keys", keys() ? "off" : "on"); showKeys(); });
showKeys();
on("keydown", (e) => {
  const menu = e.key === "Escape" && e.target.closest?.("details[data-close][open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  if (keys() && (e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") return jump(e);
  if (!keys() || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input, select, textarea, dialog")) return;
  const links = all("[data-row] [data-open]"), row = e.target.closest?.("[data-row]"), here = links.findIndex((a) => row?.contains(a));
  const next = {j: here + 1, k: Math.max(here - 1, 0)}[e.key];
  if (next < links.length) { links[next].focus(); links[next].closest("[data-row]").scrollIntoView({block: "nearest"}); }
  if (e.key === "o") links[here]?.click();
  const box = e.key === " " && e.target.matches("[data-open]") && row?.querySelector(".pick input");
  if (box) { e.preventDefault(); box.click(); }
  if (e.key === "b" && $("bulk-do")) { e.preventDefault(); ($("bulk-do").checkVisibility() ? $("bulk-do") : boxes("issue")[0]).focus(); }
  const act = row && all("[data-key]", row).find((b) => b.dataset.key === e.key.toLowerCase());
  if (act) { e.preventDefault(); act.click(); firstIn(act.closest("details[open]"))?.focus(); }
  if (e.key === "/") { e.preventDefault(); $("q") ? $("q").focus() : jump(e); }
  if (e.key === "?") show($("help"));
});
$("help-open").addEventListener("click", () => show($("help")));

/* The jump box: opened by its key or by the link to the search page; arrows walk what it found. */
function jump(e) {
  e.preventDefault();
  if (!$("jump").open) $("jump").showModal();
  $("jump-q").select();
}
$("find").addEventListener("click", (e) => { if (!e.ctrlKey && !e.metaKey && !e.shiftKey) jump(e); });
$("jump").addEventListener("click", (e) => { if (e.target === $("jump")) $("jump").close(); });
$("jump").addEventListener("keydown", (e) => {
  if (e.key === "Escape") { e.preventDefault(); $("jump").close(); }  // A search field would only empty itself.
  const step = {ArrowDown: 1, ArrowUp: -1}[e.key];
  if (!step) return;
  const stops = [$("jump-q"), ...all("a", $("jump-hits"))];
  e.preventDefault();
  stops[Math.min(Math.max(stops.indexOf(document.activeElement) + step, 0), stops.length - 1)].focus();
});

/* A filter form sends itself when a select or a box changes; its button "apply" is for browsers without scripts. */
on("change", (e) => { if (e.target.matches("form[data-auto] :is(select, [type=checkbox], [type=radio], [type=date])")) e.target.form.requestSubmit(); });

/* Drafts: <form data-draft="proposal"> keeps its texts in this tab until they were accepted, also across a sign-in. */
const store = sessionStorage, slot = (form) => "draft:" + form.dataset.draft;
const texts = (form) => [...form.elements].filter((f) => f.name && f.matches("textarea, select, input:not([type=hidden], [type=password], [type=file], [type=checkbox], [type=radio])"));
const written = (form) => texts(form).some((f) => f.value && !f.matches("select, [type=date]"));
function restore(form) {
  const saved = JSON.parse(store.getItem(slot(form)));
  if (!saved || written(form)) return;
  texts(form).forEach((f) => { f.value = saved[f.name] ?? f.value; });
  say(words.restored);
}
on("input", ({target: {form}}) => { if (form?.dataset.draft) store.setItem(slot(form), JSON.stringify(Object.fromEntries(texts(form).map((f) => [f.name, f.value])))); });
on("submit", ({target: form}) => {
  if (form.dataset.draft) store.setItem("sent", slot(form));
  if (form.getAttribute("action")?.endsWith("/sign-out")) store.clear();
});
/* Accepted: what answers is neither an error nor the sign-in, and no longer shows what was typed. */
function settle() {
  const sent = store.getItem("sent"), form = all("[data-draft]").find((f) => slot(f) === sent);
  if (!sent || document.querySelector("[type=password], .failure") || form && (written(form) || form.querySelector("[aria-invalid]"))) return;
  store.removeItem(sent);
  store.removeItem("sent");
}
settle();
all("[data-draft]").forEach(restore);
