// Screens of the hall: what they show is fetched again every moment; a newly called number sounds.
"use strict";

const LOOK_MS = 1500;
const BACK_MS = 15000;
const LOST_AFTER = 4;

const bell = document.querySelector("[data-sound]");
let audio = null;
if (bell && window.AudioContext) {
  audio = new AudioContext();
  // A browser lets nothing sound on a page that nobody touched, unless it was started so: then somebody must be told.
  const tell = () => { bell.hidden = audio.state === "running"; };
  audio.addEventListener("statechange", tell);
  bell.addEventListener("click", () => { audio.resume(); });
  tell();
}

function sound() {
  if (audio?.state !== "running") return;
  for (const [at, pitch] of [[0, 880], [0.25, 660]]) {
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.2);
  }
}

let missed = 0;
function heard(answered) {
  missed = answered ? 0 : missed + 1;
  document.querySelector("[data-lost]").hidden = missed < LOST_AFTER;
}

let pressed = false;
for (const [name, down] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) {
  addEventListener(name, () => { pressed = down; });
}

async function look() {
  const live = document.getElementById("live");
  if (!live?.dataset.url || pressed) return;
  try {
    const answer = await fetch(live.dataset.url);
    heard(answer.ok);
    if (!answer.ok) return;
    if (answer.redirected) { location.assign(answer.url); return; } // paired a moment ago, or paired no more
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (!made || made.outerHTML === live.outerHTML || pressed) return;
    if (made.dataset.made !== live.dataset.made) { location.reload(); return; } // made for scripts and styles of another version
    const fresh = (made.dataset.called ?? "").split(" ").filter((one) => one && !(live.dataset.called ?? "").includes(one));
    const focused = live.contains(document.activeElement) ? document.activeElement.value : null;
    live.replaceWith(made);
    if (focused) [...made.querySelectorAll("button")].find((one) => one.value === focused)?.focus();
    if (fresh.length) sound();
  } catch { heard(false); }
}

setInterval(look, LOOK_MS);

const clock = document.querySelector("[data-clock]");
if (clock) {
  const tell = () => { clock.textContent = new Date().toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hour12: false }); };
  setInterval(tell, LOOK_MS);
  tell();
}

// A browser that goes to a service which is away shows an error of its own, and nobody at a screen can lead it back.
async function reachable(address) {
  try {
    const answer = await fetch(address);
    heard(answer.ok);
    return answer.ok;
  } catch {
    heard(false);
    return false;
  }
}

let sure = false;
addEventListener("submit", async (event) => {
  if (sure) return;
  event.preventDefault();
  sure = await reachable(location.href);
  document.querySelector("[data-lost]").hidden = sure;
  if (!sure) return;
  event.target.requestSubmit(event.submitter);
});

// Started with --kiosk-printing, chromium asks nobody.
if (document.querySelector("[data-print]")) window.print();

// What one person left on the screen goes before the next one comes; whoever still writes has time.
const back = document.querySelector("[data-back]");
if (back) {
  let going;
  const leave = async () => {
    if (await reachable(back.dataset.back)) location.assign(back.dataset.back);
    else going = setTimeout(leave, LOOK_MS);
  };
  const wait = () => {
    clearTimeout(going);
    going = setTimeout(leave, Number(back.dataset.after ?? BACK_MS));
  };
  for (const name of ["pointerdown", "keydown", "input"]) addEventListener(name, wait);
  wait();
}

// A page that comes back from the browser's memory has the key of the number that it gave.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
