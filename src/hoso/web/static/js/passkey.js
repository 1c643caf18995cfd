// Asks the browser for a passkey when a form marked data-passkey is sent, and sends on what it answers.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const ids = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function made({ publicKey }) {
  const user = { ...publicKey.user, id: bytes(publicKey.user.id) };
  const excludeCredentials = ids(publicKey.excludeCredentials);
  return navigator.credentials.create({
    publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), user, excludeCredentials },
  });
}

async function shown({ publicKey }) {
  const allowCredentials = ids(publicKey.allowCredentials);
  return navigator.credentials.get({ publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials } });
}

function told(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const sent = Object.fromEntries(parts.filter((name) => response[name]).map((name) => [name, text(response[name])]));
  if (response.getTransports) sent.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: sent,
  };
}

async function options(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  return (await fetch(form.dataset.fetch, { headers: { Accept: "application/json" } })).json();
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential || !window.isSecureContext) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = form.querySelector("[data-said]");
    wrong.hidden = true;
    try {
      const given = await options(form);
      const credential = form.dataset.passkey === "make" ? await made(given.creation_options) : await shown(given.request_options);
      form.elements.credential.value = JSON.stringify(told(credential));
    } catch {
      wrong.textContent = wrong.dataset.said;
      wrong.hidden = false;
      return;
    }
    form.submit();
  });
}
