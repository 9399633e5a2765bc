/* Passkeys: a form with data-passkey="get" or "create" asks the authenticator by the options that
   the server wrote, puts the answer into its hidden field and goes its usual way. Without this
   script, or in a browser without passkeys, such forms to sign in stay hidden. */
(() => {
  "use strict";
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

  const wanted = {
    get: (o) => ({ ...o, challenge: bytes(o.challenge), allowCredentials: listed(o.allowCredentials) }),
    create: (o) => ({
      ...o,
      challenge: bytes(o.challenge),
      user: { ...o.user, id: bytes(o.user.id) },
      excludeCredentials: listed(o.excludeCredentials),
    }),
  };

  const answered = (credential) => {
    const { response } = credential;
    const found = { clientDataJSON: text(response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) found[name] = text(response[name]);
    }
    if (response.getTransports) found.transports = response.getTransports();
    const { id, type } = credential;
    return JSON.stringify({
      id, type, rawId: text(credential.rawId), response: found, clientExtensionResults: {},
    });
  };

  const ask = async (form) => {
    const problem = form.querySelector("[data-passkey-problem]");
    const kind = form.dataset.passkey;
    problem.hidden = true;
    try {
      const publicKey = wanted[kind](JSON.parse(form.dataset.options));
      const credential = await navigator.credentials[kind]({ publicKey });
      form.elements.credential.value = answered(credential);
    } catch {
      problem.hidden = false;
      return;
    }
    form.submit();
  };

  if (!window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  }
})();
