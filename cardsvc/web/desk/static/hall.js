// Screens of the hall: what they show is fetched again every moment; a newly called number sounds.
"use strict";

const LOOK_MS = 1500;
const BACK_MS = 15000;

function sound() {
  try {
    const audio = new AudioContext();
    for (const [at, pitch] of [[0, 880], [0.25, 660]]) {
      const tone = audio.createOscillator();
      tone.frequency.value = pitch;
      tone.connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + 0.2);
    }
  } catch { /* a screen without sound still shows the number */ }
}

async function look() {
  const live = document.getElementById("live");
  if (!live?.dataset.url) return;
  try {
    const answer = await fetch(live.dataset.url);
    if (!answer.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (!made || made.outerHTML === live.outerHTML) return;
    const fresh = (made.dataset.called ?? "").split(" ").filter((one) => one && !(live.dataset.called ?? "").includes(one));
    live.replaceWith(made);
    if (fresh.length) sound();
  } catch { /* the service is away: the last state stays on the screen */ }
}

setInterval(look, LOOK_MS);

const clock = document.querySelector("[data-clock]");
if (clock) {
  const tell = () => { clock.textContent = new Date().toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hour12: false }); };
  setInterval(tell, LOOK_MS);
  tell();
}

const back = document.querySelector("[data-back]");
if (back) setTimeout(() => { location.href = back.dataset.back; }, BACK_MS);
