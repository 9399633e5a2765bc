/* Puts Jitsi's frame into the room page. Everything it needs stands in data attributes; the room's
   host is named in this one page's content policy. If the frame cannot come, the page says so, and
   the plain link beside the title still works. */
"use strict";
(() => {
  const place = document.getElementById("raum");
  const problem = document.getElementById("raum-fehler");
  const rest = document.getElementById("rest");
  const { host, room, token, name, language, back, title } = place.dataset;
  place.removeAttribute("data-token");

  // Counted from when the page came: clocks of office computers are often wrong.
  let ends;
  const tell = () => {
    const minutes = Math.ceil((ends - performance.now()) / 60000);
    const { one, many } = rest.dataset;
    rest.textContent = minutes > 0 ? `, ${minutes === 1 ? one : many.replace("#", minutes)}` : "";
  };
  const set = () => {
    ends = performance.now() + 1000 * Number(rest.dataset.seconds);
    tell();
  };
  rest.addEventListener("change", set); // when the talk is extended: static/watch.js
  set();
  window.setInterval(tell, 15000);

  if (typeof window.JitsiMeetExternalAPI !== "function") {
    problem.hidden = false;
    return;
  }
  const api = new window.JitsiMeetExternalAPI(host, {
    roomName: room,
    jwt: token,
    lang: language,
    parentNode: place,
    width: "100%",
    height: "100%",
    configOverwrite: {
      prejoinConfig: { enabled: true },
      startWithAudioMuted: true,
      startWithVideoMuted: true,
      readOnlyName: true,
      disableInviteFunctions: true,
      disableThirdPartyRequests: true,
      localRecording: { disable: true },
    },
    userInfo: { displayName: name },
  });
  const frame = api.getIFrame();
  if (frame) {
    frame.title = title;
  }

  // Changing to a break-out room leaves and joins; who has joined nothing for so long has left, or
  // lost the connection and needs a new token, which the page behind the room leads to.
  const GRACE = 15000;
  let leaving = 0;
  const leave = () => window.location.assign(back);
  api.addListener("readyToClose", leave);
  api.addListener("videoConferenceLeft", () => {
    window.clearTimeout(leaving);
    leaving = window.setTimeout(leave, GRACE);
  });
  api.addListener("videoConferenceJoined", () => window.clearTimeout(leaving));
})();
