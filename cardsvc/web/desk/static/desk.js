// The desk page follows its desk: the server says that something changed, and the part of the page that shows it is fetched
// again. Without this script the page works too; it is only loaded again by hand.
"use strict";

const csrf = document.querySelector('meta[name="csrf"]')?.content;
const TYPING = ["INPUT", "SELECT", "TEXTAREA"];
const AGAIN_MS = 2000;
const SILENT_MS = 6000; // three of the stream's beats
const QUEUE_MS = 10000; // how soon a desk sees that somebody waits for it; and whether the page is locked by now

// --- the live part -------------------------------------------------------------------------------------------------

let leaving = false; // a page that is being left closes its stream: that is no reason to load it again
window.addEventListener("beforeunload", () => { leaving = true; });
window.addEventListener("pageshow", () => { leaving = false; });

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
      const answer = await fetch(live.dataset.url + location.search, { headers: { "X-Live": "1" } });
      if (leaving) return;
      if (away) offline(false);
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) show(await answer.text());
    } while (again);
  } catch { if (!leaving && !away) offline(true); } finally { fetching = false; }
}

function show(html) {
  const old = document.getElementById("live");
  const made = new DOMParser().parseFromString(html, "text/html").getElementById("live");
  if (!made || !old || made.outerHTML === old.outerHTML) return;
  if (pressed) { waiting = html; return; } // a button that is replaced between press and release would lose its click
  const focused = document.activeElement;
  keepTyped(old, made);
  old.replaceWith(made);
  const target = (focused && sameField(focused, made)) || made.querySelector("[autofocus]");
  if (target && (document.activeElement === document.body || focused?.id)) target.focus();
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

// The same control in the part that comes, by what it is sent as; a button or link by its id.
function sameField(field, made) {
  if (field.id) return made.querySelector(`#${CSS.escape(field.id)}`) ?? document.getElementById(field.id);
  if (!field.name || !field.form) return null;
  const choice = ["radio", "checkbox"].includes(field.type) ? field.value : null;
  return [...made.querySelectorAll(`[name="${CSS.escape(field.name)}"]`)].find(
    (one) => one.form?.getAttribute("action") === field.form.getAttribute("action") && (choice === null || one.value === choice));
}

function keepTyped(old, made) {
  for (const field of old.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    const to = sameField(field, made);
    if (!to) continue;
    if (field.checked !== field.defaultChecked) to.checked = field.checked;
    else if (field.tagName === "SELECT" || field.value !== field.defaultValue) to.value = field.value;
  }
}

function say(text) {
  const place = document.getElementById("say");
  if (place && text && place.textContent !== text) place.textContent = text;
}

// A card that nobody has looked at yet: begin the look. The server begins each only once.
async function look(live) {
  if (!live?.dataset.look) return;
  const body = new URLSearchParams({ csrf, contact: live.dataset.look });
  try { await fetch("/desk/look", { method: "POST", body, headers: { "X-Live": "1" } }); } catch { if (!away) offline(true); }
}

// --- the connection ------------------------------------------------------------------------------------------------
// While the service is away nothing is sent and no page is left: what was typed stays, and one more Enter sends it then. The
// form's key makes it the same job, also where the first answer was lost on its way.

let away = false;

function offline(gone, kept = false) {
  away = gone;
  document.querySelector(".offline")?.remove();
  if (!gone) return;
  const english = document.documentElement.lang === "en";
  const bar = document.createElement("p");
  bar.className = "offline";
  bar.setAttribute("role", "alert");
  bar.textContent = english
    ? "No connection to the service; what is under way on the card goes on. Trying again ..."
    : "连不上服务；卡上正在办的业务不受影响。正在重连……";
  if (kept) {
    bar.append(document.createElement("br"), english
      ? "Nothing was sent just now; this page stays. Press the key again once this line is gone: nothing is done twice."
      : "刚才没有发出，这一页留着。等这条提示消失，再按一次：同一笔不会办两次。");
  }
  document.body.prepend(bar);
}

let heard = 0; // when the stream said something last; 0 where there is none

function follow() {
  const events = new EventSource("/desk/events");
  const listen = (name, then) => events.addEventListener(name, () => { heard = performance.now(); then?.(); });
  listen("open", () => offline(false));
  listen("desk", refresh);
  listen("beat");
  events.addEventListener("error", async () => {
    const status = await reach();
    if (events.readyState !== EventSource.CLOSED || leaving) return; // the browser tries again by itself
    if (status >= 400 && status < 500) location.reload(); // a session that ended: to the door
    else setTimeout(follow, AGAIN_MS);
  });
}

// Whether the service answers: a stream alone also ends when one of its processes is started anew.
async function reach() {
  let status = 0;
  try {
    status = (await fetch("/desk/live", { headers: { "X-Live": "1" }, signal: AbortSignal.timeout(SILENT_MS) })).status;
  } catch { /* it does not */ }
  const gone = status === 0 || status >= 500;
  if (!leaving && gone !== away) offline(gone);
  return status;
}

setInterval(() => { // a cable that is out makes no error
  if (!heard || performance.now() - heard < SILENT_MS) return;
  heard = performance.now();
  reach();
}, SILENT_MS / 4);

function stay(event) {
  if (!away || event.defaultPrevented) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  offline(true, true);
}
window.addEventListener("offline", () => offline(true));
window.addEventListener("online", reach);
document.addEventListener("submit", stay, true);
document.addEventListener("click", (event) => { if (event.target.closest?.("a[href]")) stay(event); }, true);

const every = Number(document.getElementById("live")?.dataset.every);
if (csrf && every) setInterval(refresh, every); // figures of the hall follow no desk: they are asked for every few seconds

if (csrf && document.getElementById("live") && !every) {
  follow();
  setInterval(refresh, QUEUE_MS);
  look(document.getElementById("live"));
}

// --- keys ----------------------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (document.querySelector("dialog[open]")) return;
  const here = document.activeElement;
  const typing = TYPING.includes(here?.tagName) && !["radio", "checkbox"].includes(here.type);
  if (typing && event.key !== "Escape") return;
  if (typing && here.tagName !== "SELECT" && here.value !== here.defaultValue) { // what was typed is not lost by one key
    event.preventDefault();
    here.blur();
    return;
  }
  if (event.key === "Enter" && here?.matches("a, button, input, select")) return;
  const amount = document.querySelector('input[name="amount"]');
  if (amount && here !== amount && /^[0-9]$/.test(event.key)) { // an amount is typed wherever the focus is
    amount.focus();
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const sign = `[data-key="${CSS.escape(key)}"]`; // a key of the page itself comes before the menu's
  const target = document.querySelector(`main ${sign}`) || document.querySelector(sign) || (key === "Escape" && document.querySelector('nav [data-key="w"]'));
  if (!target) return;
  event.preventDefault();
  target.click();
});

// The list of this page's keys is read off the page itself.
document.getElementById("keys")?.addEventListener("click", () => {
  const list = document.getElementById("key-list"), rows = list.querySelector(".keys"), told = new Set();
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
    const copy = one.cloneNode(true);
    for (const sign of copy.querySelectorAll("kbd, [aria-hidden]")) sign.remove();
    if (one !== document.getElementById("keys")) add(one.dataset.key, copy.textContent.trim());
  }
  add("Escape", list.dataset.back);
  list.showModal();
});
document.getElementById("keys-away")?.addEventListener("click", () => document.getElementById("key-list").close());

// --- forms ---------------------------------------------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-once]")) return;
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  event.target.dataset.sent = "1";
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  const amount = event.target.closest?.("[data-amount]");
  const field = document.querySelector('input[name="amount"]');
  if (!amount || !field) return;
  field.value = amount.dataset.amount;
  field.focus();
  tellChange();
});

function addUp() { // also when the page comes: a form that was refused comes back as it was typed
  const total = document.getElementById("total");
  if (!total) return;
  let fen = 0;
  for (const field of document.querySelectorAll("[data-piece]")) fen += Number(field.dataset.piece) * (parseInt(field.value, 10) || 0);
  total.textContent = (fen / 100).toFixed(2);
}
document.addEventListener("input", addUp);
addUp();

function tellChange() { // what goes back of the cash that was handed over, as far as the page knows what it costs
  for (const output of document.querySelectorAll("output[data-change]")) {
    const form = output.closest("form"), given = form.elements.namedItem("given").value;
    const fixed = form.querySelector("input[data-cost]:checked, fieldset[data-cost]");
    const typed = form.elements.namedItem("amount")?.value;
    const cost = fixed ? Number(fixed.dataset.cost) : Math.round(Number(typed || NaN) * 100);
    const change = given ? Math.round(Number(given) * 100) - cost : NaN;
    const words = change < 0 ? output.dataset.short : output.dataset.change;
    output.textContent = Number.isNaN(change) ? "" : `${words} ${(Math.abs(change) / 100).toFixed(2)}`;
  }
}
document.addEventListener("input", tellChange);
tellChange();

document.addEventListener("click", (event) => { if (event.target.closest?.("[data-print]")) window.print(); });

// --- writing with a deaf person: nothing of it is sent or kept ---------------------------------------------------------

const ours = document.getElementById("ours"), theirs = document.getElementById("theirs");
if (ours && theirs) {
  const clear = () => { ours.value = ""; theirs.value = ""; };
  for (const button of document.querySelectorAll("[data-phrase]")) button.addEventListener("click", () => { ours.value = button.dataset.phrase; theirs.focus(); });
  document.getElementById("clear").addEventListener("click", () => { clear(); ours.focus(); });
  document.getElementById("turn").addEventListener("click", (event) => {
    const turned = document.querySelector(".dialogue").classList.toggle("turned");
    event.currentTarget.setAttribute("aria-pressed", String(turned));
  });
  window.addEventListener("pagehide", clear); // the browser's way back shows the next person an empty page
}

// --- the photo: cut to the card's size in the browser, so that any photo will do ---------------------------------------

const photo = document.querySelector("[data-photo]");
if (photo) {
  const crop = document.getElementById("crop"), canvas = crop.querySelector("canvas"), paper = canvas.getContext("2d");
  const [zoom, across, down] = ["zoom", "across", "down"].map((id) => document.getElementById(id));
  const MOST_BYTES = 50 * 1024;
  let picture = null;
  let working = 0, work = Promise.resolve(); // one step after the other: what is cut last is what is kept

  function later(step) {
    working += 1;
    work = work.then(step).finally(() => { working -= 1; });
  }

  function draw() {
    const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height) * (zoom.value / 100);
    const width = picture.width * scale, height = picture.height * scale;
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(picture, (canvas.width - width) * (across.value / 100), (canvas.height - height) * (down.value / 100), width, height);
  }

  async function keep() {
    draw();
    let cut = null;
    for (const quality of [0.95, 0.9, 0.8, 0.7, 0.6, 0.5]) {
      cut = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (cut.size <= MOST_BYTES) break;
    }
    const files = new DataTransfer();
    files.items.add(new File([cut], "photo.jpg", { type: "image/jpeg" }));
    photo.files = files.files;
    document.getElementById("photo-size").textContent = `358×441 · ${(cut.size / 1024).toFixed(0)} KB`;
  }

  photo.addEventListener("change", () => later(async () => {
    try { picture = await createImageBitmap(photo.files[0]); } catch { picture = null; }
    crop.hidden = !picture;
    if (picture) await keep(); // what is no picture goes to the service as it is, and is told there
  }));
  for (const slider of [zoom, across, down]) {
    slider.addEventListener("input", () => { if (picture && working < 2) later(keep); }); // the step that waits sees the newest place
  }
  photo.form.addEventListener("submit", (event) => {
    if (!working) return;
    event.preventDefault();
    event.stopPropagation(); // it is not sent yet: the picture as the camera made it would be refused as too large
    work.then(() => photo.form.requestSubmit(event.submitter));
  });
}
