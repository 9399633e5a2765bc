/* Puts Jitsi's frame into the room page. Everything it needs stands in data attributes; the room's
   host is named in this one page's content policy. If the frame cannot come, the page says so, and
   the plain link beside the title still works. */
"use strict";
(() => {
  const place = document.getElementById("raum");
  const problem = document.getElementById("raum-fehler");
  const { host, room, token, language, back, title } = place.dataset;
  place.removeAttribute("data-token");

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
  });
  const frame = api.getIFrame();
  if (frame) {
    frame.title = title;
  }
  api.addListener("readyToClose", () => window.location.assign(back));
})();
