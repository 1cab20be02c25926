// Forms: amounts and change while they are typed, the written dialogue, the photo.
"use strict";

document.addEventListener("click", (event) => {
  const amount = event.target.closest?.("[data-amount]");
  const field = document.querySelector('input[name="amount"]');
  if (!amount || !field) return;
  field.value = amount.dataset.amount;
  field.focus();
  tellChange();
});

function addUp() {
  const total = document.getElementById("total");
  if (!total) return;
  let fen = 0;
  for (const field of document.querySelectorAll("[data-piece]")) fen += Number(field.dataset.piece) * (parseInt(field.value, 10) || 0);
  total.textContent = (fen / 100).toFixed(2);
}

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

function howPaid() { // what is free is not paid for; what is not paid in cash has a reference
  for (const part of document.querySelectorAll("fieldset.payment")) {
    part.disabled = Boolean(part.form.querySelector("[data-free]:checked"));
    part.querySelector('[name="reference"]').required = part.querySelector('[name="method"]:checked')?.value !== "cash";
  }
}

function sums() { // also when a page comes: a form that was refused comes back as it was typed
  addUp();
  howPaid();
  tellChange();
}
document.addEventListener("input", sums);
document.addEventListener("turned", sums);
sums();

document.addEventListener("click", (event) => { if (event.target.closest?.("[data-print]")) window.print(); });

// --- writing with a deaf person: nothing of it is sent or kept ---------------------------------------------------------

document.addEventListener("click", (event) => {
  const [said, written] = ["ours", "theirs"].map((id) => document.getElementById(id));
  const button = event.target.closest?.("button");
  if (!said || !button) return;
  if (button.dataset.phrase) {
    said.value = button.dataset.phrase;
    written.focus();
  } else if (button.id === "clear") {
    said.value = written.value = "";
    said.focus();
  } else if (button.id === "turn") button.setAttribute("aria-pressed", String(document.querySelector(".dialogue").classList.toggle("turned")));
});
window.addEventListener("pagehide", () => { // the browser's way back shows the next person an empty page
  for (const field of document.querySelectorAll(".dialogue textarea")) field.value = "";
});

// --- the photo: cut to the card's size in the browser, so that any photo will do ---------------------------------------

const MOST_BYTES = 50 * 1024;

function cutPhotos() {
  const photo = document.querySelector("[data-photo]");
  if (!photo) return;
  const crop = document.getElementById("crop"), canvas = crop.querySelector("canvas"), paper = canvas.getContext("2d");
  const noPicture = document.getElementById("no-picture");
  const [zoom, across, down] = ["zoom", "across", "down"].map((id) => document.getElementById(id));
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

  const listed = (file) => {
    const list = new DataTransfer();
    list.items.add(file);
    return list;
  };

  async function keep() {
    draw();
    let cut = null;
    for (const quality of [0.95, 0.9, 0.8, 0.7, 0.6, 0.5]) {
      cut = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (cut.size <= MOST_BYTES) break;
    }
    photo.files = listed(new File([cut], "photo.jpg", { type: "image/jpeg" })).files;
    document.getElementById("photo-size").textContent = `358×441 · ${(cut.size / 1024).toFixed(0)} KB`;
  }

  async function take() {
    if (!photo.files.length) return;
    photo.whole = listed(photo.files[0]); // as the camera made it: a form that is refused is cut from it again
    try { picture = await createImageBitmap(photo.files[0]); } catch { picture = null; }
    crop.hidden = !picture;
    noPicture.hidden = Boolean(picture);
    photo.setCustomValidity(picture ? "" : noPicture.textContent); // the form stays, however large the file is
    if (picture) await keep();
  }

  photo.addEventListener("change", () => later(take));
  for (const slider of [zoom, across, down]) {
    slider.addEventListener("input", () => { if (picture && working < 2) later(keep); }); // the step that waits sees the newest place
  }
  photo.form.addEventListener("submit", (event) => {
    if (!working) return;
    event.preventDefault();
    event.stopPropagation(); // it is not sent yet: the picture as the camera made it would be refused as too large
    work.then(() => photo.form.requestSubmit(event.submitter));
  });
  later(take); // a form that came back has its photo
}
document.addEventListener("turned", cutPhotos);
cutPhotos();
