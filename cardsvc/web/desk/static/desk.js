// The desk page follows its desk: the server says that something changed, and the part of the page that shows it is fetched
// again. Without this script the page works too; it is only loaded again by hand.
"use strict";

const TYPING = ["INPUT", "SELECT", "TEXTAREA"];
const FIELD = "input:not([type=hidden]), select, textarea";
const AGAIN_MS = 2000;
const SILENT_MS = 6000; // three of the stream's beats
const QUEUE_MS = 10000; // how soon a desk sees that somebody waits for it; and whether the page is locked by now
const AT_HAND_MS = 30000; // so old may a form be that is kept at hand: a second person may have agreed meanwhile

// --- the live part -------------------------------------------------------------------------------------------------

let fetching = false;
let again = false;

async function refresh() {
  const live = document.getElementById("live");
  if (!live?.dataset.url) return;
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    do {
      again = false;
      const page = shown, answer = await fetch(document.getElementById("live").dataset.url + location.search, { headers: { "X-Live": "1" } });
      if (leaving) return;
      connected(true);
      if (answer.status === 401) { location.reload(); return; }
      const html = await answer.text();
      if (answer.ok && page === shown) show(html);
    } while (again && document.getElementById("live")?.dataset.url);
  } catch { connected(false); } finally { fetching = false; }
  lookAhead();
}

function show(html) {
  const old = document.getElementById("live");
  const made = new DOMParser().parseFromString(html, "text/html").getElementById("live");
  if (!made || !old || made.outerHTML === old.outerHTML) return;
  if (pressed) { waiting = html; return; } // a button that is replaced between press and release would lose its click
  const focused = document.activeElement, nowhere = [document.body, document.querySelector("main")].includes(focused);
  keepTyped(old, made);
  old.replaceWith(made);
  const target = (!nowhere && sameField(focused, made)) || made.querySelector("[autofocus]");
  if (target && (nowhere || focused.id || document.activeElement === document.body)) target.focus();
  say(made.dataset.say);
  look(made);
}

let pressed = false;
let waiting = null; // what came while the mouse button or the finger was down
addEventListener("pointerdown", () => { pressed = true; });
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => { // its click comes first
  pressed = false;
  if (waiting) show(waiting);
  waiting = null;
}));

function keepTyped(old, made) {
  for (const field of old.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    const to = sameField(field, made);
    if (!to) continue;
    if (field.checked !== field.defaultChecked) to.checked = field.checked;
    else if (field.tagName === "SELECT" || field.value !== field.defaultValue) to.value = field.value;
  }
}

// A card that nobody has looked at yet: begin the look. The server begins each only once.
async function look(live) {
  if (!live?.dataset.look) return;
  const body = new URLSearchParams({ csrf, contact: live.dataset.look });
  try { await fetch("/desk/look", { method: "POST", body, headers: { "X-Live": "1" } }); } catch { connected(false); }
}

// --- the forms of this card's jobs, before a key asks for one ------------------------------------------------------------

let asked = "", askedAt = 0;

async function lookAhead() {
  const from = document.getElementById("live")?.dataset.ahead;
  const fresh = from === asked && performance.now() - askedAt < AT_HAND_MS && [...atHand.keys()].some((one) => one !== shown);
  if (!from || fresh || going) return;
  [asked, askedAt] = [from, performance.now()];
  try {
    const answer = await fetch(from, { headers: { "X-Live": "1" } });
    if (!answer.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (document.getElementById("live")?.dataset.ahead !== from) return;
    for (const one of made.querySelectorAll("template")) {
      const main = document.querySelector("main").cloneNode();
      main.append(one.content);
      atHand.set(one.dataset.url, { title: one.dataset.title, header: null, main });
    }
  } catch { /* then each is fetched when it is wanted */ }
}

document.addEventListener("athand", refresh); // it was true a moment ago; what is true now comes at once

document.addEventListener("turned", () => {
  look(document.getElementById("live"));
  lookAhead();
  keepTime();
});

// --- the connection ------------------------------------------------------------------------------------------------

let heard = 0; // when the stream said something last; 0 where there is none
let events = null;

function follow() {
  events = new EventSource("/desk/events");
  const mine = events, listen = (name, then) => mine.addEventListener(name, () => { heard = performance.now(); then?.(); });
  listen("open", () => connected(true));
  listen("desk", () => { forget(); asked = ""; refresh(); });
  listen("beat");
  mine.addEventListener("error", async () => {
    if (mine !== events || leaving) return;
    const status = await reach();
    if (mine !== events || mine.readyState !== EventSource.CLOSED || leaving) return; // the browser tries again by itself
    if (status < 400 || status >= 500) setTimeout(follow, AGAIN_MS);
  });
}

function unfollow() {
  events?.close();
  [events, heard] = [null, 0];
}

let touched = true; // since the service was told last: it locks a page that nobody touches
for (const name of ["keydown", "pointerdown"]) addEventListener(name, () => { touched = true; }, true);

// Whether the service answers: a stream alone also ends when one of its processes is started anew. A sign-in that is over or
// locked leads to its door, on whatever page.
async function reach() {
  let status = 0;
  const told = touched;
  touched = false;
  try {
    ({ status } = await fetch(`/desk/here${told ? "?touched" : ""}`, { headers: { "X-Live": "1" }, signal: AbortSignal.timeout(SILENT_MS) }));
  } catch { touched ||= told; }
  connected(status > 0 && status < 500);
  if (status === 401 && !leaving) location.reload();
  return status;
}

window.addEventListener("offline", () => connected(false));
window.addEventListener("online", reach);

let every = null;

function keepTime() { // figures of the hall follow no desk: they are asked for every few seconds
  clearInterval(every);
  const wait = Number(document.getElementById("live")?.dataset.every);
  every = wait ? setInterval(refresh, wait) : null;
}

if (csrf) {
  const desk = document.body.hasAttribute("data-desk");
  if (desk) follow();
  document.addEventListener("visibilitychange", () => { // a page in the background holds no connection
    if (document.hidden) unfollow();
    else { reach(); if (desk && !events) follow(); }
  });
  setInterval(() => { reach(); if (!every) refresh(); }, QUEUE_MS);
  setInterval(() => { // a cable that is out makes no error
    if (!heard || performance.now() - heard < SILENT_MS) return;
    heard = performance.now();
    reach();
  }, SILENT_MS / 4);
  look(document.getElementById("live"));
  keepTime();
}

// --- keys ----------------------------------------------------------------------------------------------------------

// A key that is pressed while a page, or what the card offers, is on its way was meant for that. It is not taken, nor are those that
// follow without a pause: of "1 400 Enter" without its 1 the work place would make 4, refund, Enter.
const PAUSE_MS = 400;
let early = -Infinity; // when the newest of them was pressed

function tooEarly(event) {
  const pressedAt = performance.now();
  if ((!going && pressedAt - early > PAUSE_MS) || (event.key === "Escape" && !going?.sends)) { // Esc leaves a page that does not come
    early = -Infinity;
    tell("early", false);
    return false;
  }
  early = pressedAt;
  if (event.key !== "Enter") tell("early"); // the second of a double press was meant for nothing
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (tooEarly(event)) event.preventDefault();
  if (event.defaultPrevented || event.repeat) return;
  if (document.querySelector("dialog[open]")) return;
  const here = document.activeElement;
  const typing = TYPING.includes(here?.tagName) && !["radio", "checkbox"].includes(here.type);
  const scanning = here?.matches("[data-scan]") && !here.value && /^[a-z]$/i.test(event.key); // no number begins with a letter
  if (typing && event.key !== "Escape" && !scanning) return;
  if (typing && here.tagName !== "SELECT" && here.value !== here.defaultValue) { // what was typed is not lost by one key
    event.preventDefault();
    here.blur();
    return;
  }
  if (event.key === "Enter" && here?.matches("a, button, input, select, summary")) return;
  const amount = document.querySelector('input[name="amount"]');
  if (amount && here !== amount && /^[0-9]$/.test(event.key)) { // an amount is typed wherever the focus is
    amount.focus();
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const sign = `[data-key="${CSS.escape(key)}"]`; // a key of the page itself comes before the menu's
  const target = document.querySelector(`main ${sign}`) || document.querySelector(sign) || (key === "Escape" && document.querySelector('nav [data-key="w"]'));
  if (!target) {
    if (/^[^ ]$/.test(key)) early = performance.now();
    return;
  }
  event.preventDefault();
  if (target.matches("input, select, textarea")) target.focus();
  if (!target.matches("select, textarea")) target.click();
  if (target.matches("summary")) (target.parentElement.open && target.parentElement.querySelector(FIELD) || target).focus(); // what it unfolds is begun
});

// The list of this page's keys is read off the page itself.
document.addEventListener("click", (event) => {
  const list = document.getElementById("key-list");
  if (event.target.closest?.("#keys-away")) list.close();
  if (!event.target.closest?.("#keys")) return;
  const rows = list.querySelector(".keys"), told = new Set();
  rows.replaceChildren();
  const add = (key, text) => {
    if (told.has(key)) return;
    told.add(key);
    const row = document.createElement("li"), sign = document.createElement("kbd");
    sign.textContent = key.length === 1 ? key.toUpperCase() : key === "Escape" ? "Esc" : key;
    row.append(sign, " ", text);
    rows.append(row);
  };
  for (const one of [...document.querySelectorAll("main [data-key]"), ...document.querySelectorAll("header [data-key]")]) {
    const copy = (one.labels?.[0] ?? one).cloneNode(true);
    for (const sign of copy.querySelectorAll("kbd, select, textarea, [aria-hidden]")) sign.remove();
    if (one.id !== "keys") add(one.dataset.key, copy.textContent.trim());
  }
  add("Escape", list.dataset.back);
  list.showModal();
});
