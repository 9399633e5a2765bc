/* Looks whether this browser can show the room, and on a click at camera and microphone. What it
   finds are sentences of the page that were hidden; nothing is sent anywhere. */
"use strict";
(() => {
  const part = document.getElementById("pruefung");
  const button = part.querySelector("button");
  const meter = document.getElementById("pegel");
  const picture = document.getElementById("bild");
  let stop = () => {};

  const show = (name) => {
    part.querySelector(`[data-result="${name}"]`).hidden = false;
  };
  const hideFound = () => {
    for (const line of document.getElementById("gefunden").children) {
      line.hidden = true;
    }
    meter.hidden = true;
    picture.hidden = true;
  };

  const listen = (stream) => {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    const samples = new Float32Array(analyser.fftSize);
    context.createMediaStreamSource(stream).connect(analyser);
    const timer = window.setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const loudest = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
      meter.value = Math.min(1, loudest * 2);
    }, 100);
    meter.hidden = false;
    return () => {
      window.clearInterval(timer);
      context.close();
    };
  };

  const ask = async (kinds) => {
    try {
      return await navigator.mediaDevices.getUserMedia(kinds);
    } catch (trouble) {
      if (trouble.name === "NotFoundError") {
        return null;
      }
      throw trouble;
    }
  };

  const check = async () => {
    stop();
    hideFound();
    show("asking");
    try {
      const both = await ask({ audio: true, video: true });
      const sound = both || (await ask({ audio: true }));
      const sight = both || (await ask({ video: true }));
      hideFound();
      show(sight ? "camera-yes" : "camera-no");
      show(sound ? "microphone-yes" : "microphone-no");
      const quiet = sound ? listen(sound) : () => {};
      if (sight) {
        picture.srcObject = sight;
        picture.hidden = false;
        picture.play();
      }
      stop = () => {
        quiet();
        for (const stream of [sound, sight]) {
          stream?.getTracks().forEach((track) => track.stop());
        }
      };
    } catch (trouble) {
      hideFound();
      show(trouble.name === "NotAllowedError" ? "denied" : "busy");
    }
  };

  const able = Boolean(navigator.mediaDevices?.getUserMedia && window.RTCPeerConnection);
  part.hidden = false;
  show(able ? "browser-yes" : "browser-no");
  button.hidden = !able;
  button.addEventListener("click", check);
  window.addEventListener("pagehide", () => stop());
})();
