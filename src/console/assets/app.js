// The console works without this file. It adds: live regions, countdowns, shortcuts, drafts, and a guard for what is typed.
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- Live regions. The server sends HTML; it is merged into the element of the same id, so that focus, hover, an open
// <details> and scrolling stay where they are. A region holds no form that anybody types into.
function merge(here, wanted) {
  if (here.isEqualNode(wanted)) return;
  if (here.nodeType !== 1 || here.nodeName !== wanted.nodeName) return void here.replaceWith(wanted);
  for (const { name } of [...here.attributes]) if (!wanted.hasAttribute(name) && name !== "open") here.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (here.getAttribute(name) !== value) here.setAttribute(name, value);
  const known = new Map([...here.children].filter((child) => child.id).map((child) => [child.id, child]));
  const kept = new Set([...wanted.children].map((child) => child.id));
  let at = here.firstChild;
  for (const next of [...wanted.childNodes]) {
    while (at && at.id && !kept.has(at.id)) { const gone = at; at = at.nextSibling; gone.remove(); }
    const mine = next.id ? known.get(next.id) : at && !at.id && at.nodeName === next.nodeName ? at : null;
    if (!mine) { here.insertBefore(next, at); continue; }
    if (mine === at) at = at.nextSibling; else here.insertBefore(mine, at);
    merge(mine, next);
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
}

let stream = null;
function listen() {
  const address = document.body.dataset.live;
  if (!address || stream || document.hidden) return;
  stream = new EventSource(address);
  stream.onopen = () => (document.body.dataset.conn = "on");
  stream.onerror = () => {
    document.body.dataset.conn = "off";
    // A stream that was refused does not come back by itself: the session may have ended.
    if (stream && stream.readyState === EventSource.CLOSED) { stream = null; setTimeout(listen, 5000); }
  };
  stream.addEventListener("patch", (event) => {
    const template = document.createElement("template");
    template.innerHTML = event.data;
    for (const wanted of [...template.content.children]) {
      const here = wanted.id && document.getElementById(wanted.id);
      if (here) merge(here, wanted);
    }
    tick();
  });
}
function hush() { if (stream) { stream.close(); stream = null; document.body.dataset.conn = "off"; } }
// Browsers open six connections to a host at most: a tab that nobody sees needs none.
document.addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
addEventListener("pagehide", hush);
addEventListener("pageshow", listen);

// --- Countdowns: seconds left when the element was drawn, so that the clock of this machine need not be right.
const deadlines = new WeakMap();
function secondsLeft(time) {
  const drawn = time.dateTime + " " + time.dataset.left;
  if (deadlines.get(time)?.drawn !== drawn) deadlines.set(time, { drawn, at: Date.now() + time.dataset.left * 1000 });
  return (deadlines.get(time).at - Date.now()) / 1000;
}
const units = { "zh-CN": ["天", "小时", "分钟", ""], en: [" d", " h", " min", " "], ja: ["日", "時間", "分", ""] };
const late = { "zh-CN": "已超时 #", en: "# late", ja: "#超過" }, left = { "zh-CN": "还剩 #", en: "due in #", ja: "残り#" };
function span(seconds) {
  const [d, h, m, gap] = units[document.documentElement.lang] || units.en;
  const minutes = Math.floor(Math.abs(seconds) / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (days) return days + d + gap + (hours % 24) + h;
  if (hours) return hours + h + gap + (minutes % 60) + m;
  return minutes + m;
}
function tick() {
  const lang = document.documentElement.lang;
  for (const time of all("time[data-left]")) {
    const seconds = secondsLeft(time);
    const text = ((seconds < 0 ? late : left)[lang] || (seconds < 0 ? late.en : left.en)).replace("#", span(seconds));
    if (time.textContent !== text) time.textContent = text;
    time.className = "due " + (seconds < 0 ? "late" : seconds < 3600 ? "soon" : "ok");
  }
}
tick();
setInterval(tick, 10000);

// --- Shortcuts: data-key on the control itself. Never while somebody types, never while an input method composes.
const visible = (element) => element.offsetParent !== null || element.getClientRects().length > 0;
// Digits and letters answer the first question that is still open; then they are shortcuts again.
function step() {
  return all("fieldset[data-step]").find((set) => visible(set) && !one("input:checked", set));
}
addEventListener("keydown", (event) => {
  const mod = event.ctrlKey || event.metaKey;
  if (event.altKey || event.isComposing || event.keyCode === 229) return;
  const typing = event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  if (typing && !mod) { if (event.key === "Escape") event.target.blur(); return; }
  if (one("dialog[open]")) return;
  const key = (mod ? "mod+" : "") + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
  const among = (root) => all("[data-key]", root).find((element) => element.dataset.key === key && !element.disabled && (element.type === "radio" || visible(element)));
  const open = step();
  const control = (open && among(open)) || all("[data-key]").find((element) => element.dataset.key === key && !element.disabled && !element.closest("fieldset[data-step]") && visible(element)) || (!open && among(document));
  if (!control) return;
  event.preventDefault();
  control.focus();
  if (control.type !== "search") control.click();
});

// What can be taken back goes when it no longer can.
for (const undo of all("form[data-seconds]")) setTimeout(() => undo.remove(), undo.dataset.seconds * 1000);

// --- What is half typed is not lost, and nothing is sent twice. Words about one record (its id is in the action) are kept in
// this tab alone, until they are taken or somebody else may sit here; where the page had other words meanwhile, those stand.
const taken = new URLSearchParams(location.search).has("done");
if (one("form[action='/console/sign-in']")) sessionStorage.clear();
for (const form of all("form[data-keep]")) {
  const place = (field) => "draft " + form.getAttribute("action") + " " + field.name;
  const kept = (field) => JSON.parse(sessionStorage.getItem(place(field)));
  const keep = (field, sent) => sessionStorage.setItem(place(field), JSON.stringify({ was: field.defaultValue, text: field.value, sent }));
  for (const field of all("textarea", form)) {
    const draft = kept(field);
    if (draft?.sent && taken) sessionStorage.removeItem(place(field));
    else if (draft?.was === field.defaultValue) field.value = draft.text;
    field.addEventListener("input", () => keep(field, false));
  }
  form.addEventListener("submit", () => { for (const field of all("textarea", form)) if (kept(field)) keep(field, true); });
}
let dirty = false;
for (const form of all("form[data-guard]"))
  form.addEventListener("input", (event) => { if (!event.target.matches("form[data-keep] textarea")) dirty = true; });
addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
addEventListener("submit", (event) => {
  dirty = false;
  if (event.target.getAttribute("action") === "/console/sign-out") sessionStorage.clear();
  setTimeout(() => { for (const button of all("button", event.target)) button.disabled = true; });
});
addEventListener("pageshow", () => { for (const button of all("form button")) button.disabled = false; });

const post = (address, fields = {}) => fetch(address, { method: "POST", body: new URLSearchParams(fields), credentials: "same-origin" }).catch(() => null);
// A note is kept on the server while it is written; a lease lives as long as its page.
for (const form of all("form[data-draft]")) {
  let waiting = null;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => post(form.dataset.draft, { note: form.elements.note.value }), 800);
  });
}
for (const form of all("form[data-claim]")) {
  let said = 0;
  form.addEventListener("input", () => { if (Date.now() - said > 60000) { said = Date.now(); post(form.dataset.claim); } });
}
const work = one("[data-heartbeat]");
if (work) setInterval(() => post(work.dataset.heartbeat), 60000);
for (const dial of all("[data-stage]")) dial.addEventListener("click", () => post(dial.dataset.stage, { stage: "dialing", number: dial.dataset.number }));

// --- <button command> where the browser does not know it yet.
if (!("commandForElement" in HTMLButtonElement.prototype))
  addEventListener("click", (event) => {
    const button = event.target.closest("[command=show-modal]");
    if (button) document.getElementById(button.getAttribute("commandfor")).showModal();
  });
