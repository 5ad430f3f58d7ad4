// Passkeys: asks the device to make one or to sign with one, puts the answer into the form and sends it. Everything is
// checked again on the server; without this script the codes of an app remain.
(function () {
  "use strict";

  function bytes(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  }

  function text(buffer) {
    let plain = "";
    for (const byte of new Uint8Array(buffer)) plain += String.fromCharCode(byte);
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function known(list) {
    return (list || []).map((item) => ({ ...item, id: bytes(item.id) }));
  }

  async function make(options) {
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: known(options.excludeCredentials),
      },
    });
    return {
      type: made.type,
      id: made.id,
      rawId: text(made.rawId),
      response: {
        clientDataJSON: text(made.response.clientDataJSON),
        attestationObject: text(made.response.attestationObject),
      },
    };
  }

  async function sign(options) {
    const signed = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: known(options.allowCredentials),
      },
    });
    return {
      type: signed.type,
      id: signed.id,
      rawId: text(signed.rawId),
      response: {
        clientDataJSON: text(signed.response.clientDataJSON),
        authenticatorData: text(signed.response.authenticatorData),
        signature: text(signed.response.signature),
      },
    };
  }

  for (const box of document.querySelectorAll("[data-passkey]")) {
    const button = box.querySelector("[data-passkey-button]");
    const refused = box.querySelector("[data-passkey-refused]");
    if (!window.PublicKeyCredential) {
      box.hidden = true;
      continue;
    }
    button.addEventListener("click", async () => {
      refused.hidden = true;
      button.disabled = true;
      try {
        const options = JSON.parse(box.dataset.passkeyOptions);
        const answer = await (box.dataset.passkey === "create" ? make(options) : sign(options));
        const form = button.form;
        form.elements.namedItem(box.dataset.passkeyField).value = JSON.stringify(answer);
        if (box.dataset.passkeySubmit) form.requestSubmit(form.querySelector(box.dataset.passkeySubmit));
        else form.submit();
      } catch {
        refused.hidden = false;
        button.disabled = false;
        button.focus();
      }
    });
  }
})();
