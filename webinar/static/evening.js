/* Keeps the organiser's page of the evening fresh: fetches it again and puts its live parts in the
   place of the old ones. What is typed stands in none of them, and a part where somebody is with
   the keyboard waits for the next time. Without a script the page has a link to load it again. */
"use strict";
(() => {
  const EVERY = 15000;

  async function renew() {
    if (document.hidden) {
      return;
    }
    let page;
    try {
      const answer = await fetch(window.location.href);
      if (!answer.ok || answer.redirected) {
        return;
      }
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      return; // offline for a moment
    }
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(old.id);
      if (fresh && !old.contains(document.activeElement)) {
        old.replaceWith(document.adoptNode(fresh));
      }
    }
  }

  window.setInterval(renew, EVERY);
  document.addEventListener("visibilitychange", renew);
})();
