// A page of the desk comes without loading everything anew: links, keys and forms fetch it, and its header and main part change
// places with those that are shown. Until the answer is there the page stays as it is, with what was typed and which photo was
// chosen, so a service that is away or slow costs nothing. Pages that are likely next are kept at hand (see desk.js) and stand
// there with the next frame. Without this script the page works too: the browser loads each page itself.
"use strict";

const csrf = document.querySelector('meta[name="csrf"]')?.content;
const LONGEST_MS = 60000; // a file of thousands of people is checked in less
const SLOW_MS = 1000;

// --- pages at hand -------------------------------------------------------------------------------------------------
// True until the desk says otherwise: whatever changes there, and whatever is sent from here, makes them forgotten.

const atHand = new Map(); // path and query -> { title, header, main } as nodes that are shown nowhere; a form has no header of its own

function forget() { atHand.clear(); }

const addressOf = (url) => { const { pathname, search } = new URL(url, location.href); return pathname + search; };

let shown = addressOf(location.href);

// --- going from page to page ---------------------------------------------------------------------------------------

let going = null; // the request that is under way: { sends, stop }
let unanswered = null; // what was sent and got no answer: the same again has the same key, and gets the answer that was lost

function keyOf(url, body) {
  const plain = (value) => (value instanceof File ? [value.name, value.size, value.lastModified] : value);
  const what = JSON.stringify([url, ...[...body].map(([name, value]) => [name, plain(value)])]);
  const drawn = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  if (unanswered?.what !== what) unanswered = { what, key: drawn() };
  return unanswered.key;
}

// Fetch a page, or send a form, and show what comes back. `form`: what is sent; `back`: the browser's own way, nothing is added to it.
async function go(url, { form = null, body = null, back = false } = {}) {
  if (going?.sends) return; // what was sent is answered first: nothing is sent twice
  going?.stop.abort();
  const kept = body ? null : atHand.get(addressOf(url));
  if (kept?.header || (kept && document.querySelector("#live.desk"))) {
    turn(kept.header ? kept : { ...kept, main: kept.main.cloneNode(true) }, url, { back }); // a form comes empty each time
    document.dispatchEvent(new Event("athand"));
    return;
  }
  if (body) forget();
  const trip = { sends: Boolean(body), stop: new AbortController() };
  underWay(trip);
  const limit = setTimeout(() => trip.stop.abort("long"), LONGEST_MS);
  const slow = setTimeout(() => tell("slow"), SLOW_MS);
  try {
    const headers = body ? { "Idempotency-Key": keyOf(url, body) } : {};
    const answer = await fetch(url, { method: body ? "POST" : "GET", body, headers, signal: trip.stop.signal });
    const html = answer.headers.get("Content-Type")?.startsWith("text/html");
    const made = html ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    if (going !== trip) return;
    connected(true);
    if (body && (made || answer.status < 500)) unanswered = null;
    if (made && fits(made)) {
      const stays = body && !answer.redirected; // a form that was refused: the address stays the one that shows it
      turn({ title: made.title, header: made.querySelector("header"), main: made.querySelector("main") }, stays ? location.href : answer.url, { back, form });
    } else if (answer.status >= 500) tell("unsent");
    else { leaving = true; location.assign(answer.url); } // another person, another version of the page, a file
  } catch {
    if (going === trip && !leaving) tell("unsent");
  } finally {
    clearTimeout(limit);
    clearTimeout(slow);
    if (going === trip) { underWay(null); tell("slow", false); }
  }
}

// While a page is on its way, keys are not taken (see desk.js): the page says that it is busy.
function underWay(trip) {
  going = trip;
  document.body.ariaBusy = trip ? "true" : null;
}

// Whether a document is a page of the same person at the same desk in the same language, made for the scripts that run here.
function fits(made) {
  const sources = (from) => [...from.querySelectorAll("script[src]")].map((one) => one.getAttribute("src"));
  const here = sources(document);
  return csrf && made.querySelector('meta[name="csrf"]')?.content === csrf && made.documentElement.lang === document.documentElement.lang
    && made.body.dataset.desk === document.body.dataset.desk && sources(made).every((one) => here.includes(one));
}

// Show a page in place of the one that is shown.
function turn(page, url, { back = false, form = null } = {}) {
  const [header, main] = [document.querySelector("header"), document.querySelector("main")];
  if (document.querySelector("#live.desk")) atHand.set(shown, { title: document.title, header, main }); // the work place is where everybody comes back to
  if (page.header && page.header !== header) header.replaceWith(page.header);
  main.replaceWith(page.main);
  document.title = page.title;
  if (!back && url !== location.href) history.pushState(null, "", url);
  shown = addressOf(location.href);
  if (form) bring(form, page.main);
  if (!back) scrollTo(0, 0);
  for (const one of ["unsent", "back"]) tell(one, false);
  (page.main.querySelector("[autofocus]") ?? page.main.querySelector(".problem") ?? page.main).focus();
  say(page.title);
  document.dispatchEvent(new Event("turned"));
}

// Files are in no answer: a form that comes back has those that were chosen, and the cut of a photo, again.
function bring(form, main) {
  for (const old of form.querySelectorAll("input[type=file], input[type=range]")) {
    const to = sameField(old, main);
    if (!to) continue;
    if (old.type === "range") to.value = old.value;
    else if (old.files.length) to.files = (old.whole ?? old).files;
  }
}

// The same control in the part that comes, by what it is sent as; a button, link or slider by its id.
function sameField(field, made) {
  if (field.id) return made.querySelector(`#${CSS.escape(field.id)}`) ?? document.getElementById(field.id);
  if (!field.name || !field.form) return null;
  const choice = ["radio", "checkbox"].includes(field.type) ? field.value : null;
  return [...made.querySelectorAll(`[name="${CSS.escape(field.name)}"]`)].find(
    (one) => one.form?.getAttribute("action") === field.form.getAttribute("action") && (choice === null || one.value === choice));
}

const ours = (url) => url.origin === location.origin && url.pathname.startsWith("/desk");

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!csrf || !link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (!ours(url) || link.target || (url.hash && addressOf(url) === shown)) return;
  event.preventDefault();
  link.classList.add("pressed");
  go(url.href);
});

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!csrf || event.defaultPrevented || form.target || form.method === "dialog") return;
  const url = new URL(submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? location.href, location.href);
  const data = new FormData(form);
  if (submitter?.name) data.append(submitter.name, submitter.value);
  event.preventDefault();
  submitter?.classList.add("pressed");
  if (form.method === "get") {
    url.search = new URLSearchParams(data);
    go(url.href);
  } else go(url.href, { form, body: form.enctype === "multipart/form-data" ? data : new URLSearchParams(data) });
});

window.addEventListener("popstate", () => {
  if (addressOf(location.href) !== shown) go(location.href, { back: true });
});

// --- what is told of the connection --------------------------------------------------------------------------------

let leaving = false; // a page that is being left closes its stream: that is no reason to tell of it
window.addEventListener("beforeunload", () => { leaving = true; });
window.addEventListener("pageshow", () => { leaving = false; });

const TOLD = {
  slow: ["正在等服务回应……", "Waiting for the service ..."],
  away: ["连不上服务；卡上正在办的业务不受影响。正在重连……", "No connection to the service; what is under way on the card goes on. Trying again ..."],
  unsent: [
    "刚才这一步没有收到回应，这一页和填的内容都留着。再按一次即可，同一件事不会办两次。",
    "There was no answer to what you did just now; this page and what you typed stay. Press the key again: nothing is done twice.",
  ],
  early: ["刚才按键时这一页还没准备好，键没有接受。看清这一页，再按一次。", "The page was not ready for the keys you pressed just now: they were not taken. Look, and press again."],
  back: ["已恢复连接。刚才那一步没有收到回应，请再按一次。", "The connection is back. There was no answer to what you did: press the key again."],
};

const telling = new Set();

// Say something in the bar above the page, or no longer.
function tell(what, on = true) {
  if (telling.has(what) === on) return;
  if (on) telling.add(what); else telling.delete(what);
  if (what === "unsent" && on) for (const one of document.querySelectorAll(".pressed")) one.classList.remove("pressed");
  document.querySelector(".offline")?.remove();
  if (!telling.size) return;
  const bar = document.createElement("p");
  bar.className = telling.has("away") || telling.has("unsent") ? "offline" : "offline slow";
  bar.setAttribute("role", "alert");
  const lines = Object.keys(TOLD).filter((one) => telling.has(one)).map((one) => TOLD[one][document.documentElement.lang === "en" ? 1 : 0]);
  lines.forEach((line, number) => { if (number) bar.append(document.createElement("br")); bar.append(line); });
  document.body.prepend(bar);
}

// Whether the service answers. What waits for one that does not is given up, and told.
function connected(there) {
  if (leaving) return;
  tell("away", !there);
  if (there && telling.has("unsent")) {
    tell("unsent", false);
    tell("back");
  } else if (!there) {
    forget();
    going?.stop.abort();
  }
}

function say(text) {
  const place = document.getElementById("say");
  if (place && text && place.textContent !== text) place.textContent = text;
}
