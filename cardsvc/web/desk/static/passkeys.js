// Passkeys: the server says what to ask, the browser asks the device, the answer goes back in a form. Where a browser knows no
// passkeys the forms stay hidden, and the password is the only way.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function readable(options) {
  const told = { ...options, challenge: bytes(options.challenge) };
  if (options.user) told.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) told.excludeCredentials = options.excludeCredentials.map((one) => ({ ...one, id: bytes(one.id) }));
  return told;
}

function sendable(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
}

function offer() {
  for (const form of window.PublicKeyCredential ? document.querySelectorAll("[data-passkey]") : []) {
    form.hidden = false;
    const failed = form.querySelector("[role=alert]"), button = form.querySelector("button");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      failed.textContent = "";
      button.disabled = true;
      try {
        const asked = await fetch(form.dataset.from, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        const publicKey = await asked.json();
        if (!asked.ok) { failed.textContent = publicKey.message; return; }
        const credential = await navigator.credentials[form.dataset.passkey]({ publicKey: readable(publicKey) });
        form.elements.answer.value = sendable(credential);
        if (form.elements.password) form.elements.password.value = ""; // it was asked for once: it need not travel twice
        form.submit();
      } catch {
        failed.textContent = failed.dataset.failed;
      } finally { button.disabled = false; }
    });
  }
}
document.addEventListener("turned", offer); // a page that came without being loaded: pages.js
offer();
