/* The page of a talk in the archive: links to a moment move the film instead of loading the page,
   slides beside the film change with it, and its speed can be chosen. Without this script the same
   links load the page at their moment, and the slides are turned by hand. */
"use strict";
(() => {
  const film = document.querySelector("[data-film]");
  if (!film) {
    return;
  }
  const leaves = document.querySelector("[data-beside]");
  const pages = leaves ? [...leaves.querySelectorAll("[data-from]")] : [];
  pages.sort((one, two) => one.dataset.from - two.dataset.from);
  const chapters = [...document.querySelectorAll("[data-chapter]")];

  /* "75", "1:15" or "1:01:15"; NaN for anything else */
  function seconds(text) {
    if (!/^(\d+:){0,2}\d+(\.\d+)?s?$/.test(text)) {
      return NaN;
    }
    return text.replace("s", "").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  }

  function seek(at, play) {
    const go = () => {
      film.currentTime = at;
      if (play) {
        film.play().catch(() => {}); // the browser may want a click on the film itself
      }
    };
    if (film.readyState >= 1) {
      go();
    } else {
      film.addEventListener("loadedmetadata", go, { once: true });
      film.load();
    }
  }

  function fromAddress() {
    const found = /^#t=([\d:.]+s?)$/.exec(window.location.hash);
    const at = found ? seconds(found[1]) : NaN;
    if (!Number.isNaN(at)) {
      seek(at, false);
      film.scrollIntoView({ block: "nearest" });
    }
  }

  /* the last of those that have begun; `from` reads the second of one */
  function current(all, from) {
    return all.filter((one) => from(one) <= film.currentTime + 0.2).pop();
  }

  function mark(all, now) {
    for (const one of all) {
      if (one === now) {
        one.setAttribute("aria-current", "true");
      } else {
        one.removeAttribute("aria-current");
      }
    }
  }

  function follow() {
    const page = current(pages, (one) => Number(one.dataset.from));
    if (page && !page.hasAttribute("aria-current")) {
      mark(pages, page);
      // Only the strip moves, never the page that somebody reads.
      leaves.scrollTo({
        left: page.offsetLeft - leaves.firstElementChild.offsetLeft,
        behavior: "instant",
      });
    }
    mark(chapters, current(chapters, (one) => Number(one.dataset.at)));
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-at]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      seek(Number(link.dataset.at), true);
      film.scrollIntoView({ block: "nearest" });
    }
  });

  const speed = document.querySelector("[data-speed]");
  speed.hidden = false;
  speed.querySelector("select").addEventListener("change", (event) => {
    film.playbackRate = Number(event.target.value);
  });

  film.addEventListener("timeupdate", follow);
  film.addEventListener("seeked", follow);
  window.addEventListener("hashchange", fromAddress);
  fromAddress();
})();
