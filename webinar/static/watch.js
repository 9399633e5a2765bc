/* Asks from time to time how the door of the evening stands. A page that shows something else loads
   again, unless somebody is typing in it. Inside the room the end is written anew, and when another
   meeting takes the room's place, the page leaves for the one that leads there. */
"use strict";
(() => {
  const { address, state, back } = document.getElementById("lage").dataset;
  const every = 15000 + Math.random() * 5000; // not all at the same moment

  const typed = () =>
    [...document.querySelectorAll("input, textarea")].some(
      (entry) => entry.value !== entry.defaultValue || entry.checked !== entry.defaultChecked,
    );

  function inside(found) {
    for (const end of document.querySelectorAll("[data-end]")) {
      end.textContent = found.end;
    }
    const rest = document.getElementById("rest");
    rest.dataset.seconds = found.seconds;
    rest.dispatchEvent(new Event("change"));
    // The end stands second: a token reaches to the one that was set when it was made.
    const [, before] = state.split(" ");
    const [, now] = found.state.split(" ");
    document.getElementById("verlaengert").hidden = now <= before;
    if (found.elsewhere) {
      window.location.assign(back);
    }
  }

  async function ask() {
    let found;
    try {
      const answer = await fetch(address, { headers: { accept: "application/json" } });
      if (!answer.ok) {
        return;
      }
      found = await answer.json();
    } catch {
      return; // offline for a moment: the next time tells
    }
    if (back) {
      inside(found);
    } else if (found.state !== state && !typed()) {
      window.location.reload();
    }
  }

  window.setInterval(ask, every);
})();
