/* Sends large files in pieces (tus 1.0) instead of one form: with progress, pause, and a way on after
   a reload, where choosing the same file again is enough. Without this script the form sends the
   file as a whole, up to the size that it names. */
"use strict";
(() => {
  const form = document.querySelector("form[data-upload]");
  if (!form || !window.tus || !window.tus.isSupported) {
    return;
  }
  const PIECE = 64 * 1024 * 1024;
  const PAUSES = [0, 1000, 3000, 5000, 10000, 15000, 30000, 60000, 60000, 60000];
  const words = form.dataset;
  const field = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const box = form.querySelector("[data-progress]");
  const bar = box.querySelector("progress");
  const [name, numbers, told] = ["name", "numbers", "told"].map((p) => box.querySelector(`[data-${p}]`));
  const [pause, stop] = ["pause", "stop"].map((p) => box.querySelector(`button[data-${p}]`));
  const wrong = form.querySelector("[data-wrong]");
  const LIMIT = Number(words.limit);

  let queue = [];
  let current = null;
  let paused = false;
  let since = [0, 0]; // moment and bytes from which the speed is counted

  field.multiple = true;
  document.getElementById(`${field.id}-h`).textContent = words.hint;
  form.querySelectorAll("[data-plain]").forEach((part) => part.setAttribute("hidden", ""));

  function size(bytes) {
    const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : bytes < 1e9 ? [bytes / 1e6, "MB"] : [bytes / 1e9, "GB"];
    const digits = value < 10 && unit !== "kB" ? 1 : 0;
    return value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }) + "\u00a0" + unit;
  }

  function time(seconds) {
    return seconds < 90
      ? words.seconds.replace("{n}", Math.max(1, Math.round(seconds)))
      : words.minutes.replace("{n}", Math.round(seconds / 60));
  }

  function say(text) {
    told.textContent = text;
  }

  function complain(text) {
    wrong.textContent = text;
    wrong.hidden = !text;
    field.toggleAttribute("aria-invalid", Boolean(text));
  }

  function progress(sent, all) {
    bar.max = all;
    bar.value = sent;
    const passed = (performance.now() - since[0]) / 1000;
    let text = words.sent.replace("{sent}", size(sent)).replace("{all}", size(all));
    if (passed > 2 && sent > since[1]) {
      const speed = (sent - since[1]) / passed;
      text += ", " + words.speed.replace("{speed}", size(speed)).replace("{left}", time((all - sent) / speed));
    }
    numbers.textContent = text;
  }

  function reason(error) {
    const answer = error.originalResponse;
    const text = answer ? answer.getBody() : "";
    const plain = answer && (answer.getHeader("Content-Type") || "").startsWith("text/plain");
    if (answer && plain && text) {
      return text;
    }
    return answer ? words.refused : words.away;
  }

  function next() {
    current = queue.shift() || null;
    if (!current) {
      window.location.assign(words.done);
      return;
    }
    begin(current);
  }

  async function begin(file) {
    const kind = form.querySelector("input[name=kind]:checked");
    const title = form.querySelector("input[name=title]");
    const upload = new window.tus.Upload(file, {
      endpoint: words.upload,
      chunkSize: PIECE,
      retryDelays: PAUSES,
      removeFingerprintOnSuccess: true,
      headers: { "X-CSRFToken": form.querySelector("input[name=csrf_token]").value },
      metadata: {
        filename: file.name,
        filetype: file.type,
        kind: kind.value,
        title: form.dataset.count === "1" ? title.value : "",
      },
      onProgress: progress,
      onShouldRetry: (error) => {
        const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
        const again = status === 0 || status >= 500 || status === 409 || status === 423 || status === 460;
        if (again) {
          say(words.waits);
          since = [performance.now(), bar.value];
        }
        return again && status !== 507;
      },
      onError: (error) => {
        complain(reason(error));
        show(false);
        upload.url = null;
      },
      onSuccess: next,
    });
    current = upload;
    name.textContent = file.name;
    pause.hidden = stop.hidden = false;
    since = [performance.now(), 0];
    progress(0, file.size);
    const earlier = await upload.findPreviousUploads();
    const same = earlier.filter((one) => new URL(one.uploadUrl || words.upload, window.location.href).pathname.startsWith(words.upload));
    if (same.length) {
      upload.resumeFromPreviousUpload(same[same.length - 1]);
      say(words.goes_on);
    } else {
      say(words.begins);
    }
    upload.options.onAfterResponse = (_request, answer) => {
      const offset = Number(answer.getHeader("Upload-Offset"));
      if (offset && since[1] === 0) {
        since = [performance.now(), offset];
      }
    };
    upload.start();
  }

  function show(sending) {
    box.hidden = !sending;
    form.querySelectorAll("[data-entry]").forEach((part) => part.toggleAttribute("hidden", sending));
    if (sending) {
      pause.focus();
    }
  }

  function send(files) {
    complain("");
    const large = files.find((file) => file.size > LIMIT);
    if (!files.length) {
      complain(words.choose);
    } else if (large) {
      complain(words.large.replace("{name}", large.name));
    } else if (!form.querySelector("input[name=kind]:checked")) {
      complain(words.kind);
      form.querySelector("input[name=kind]").focus();
    } else {
      queue = files;
      form.dataset.count = String(files.length);
      paused = false;
      pause.querySelector(".kern-label").textContent = words.pause;
      show(true);
      next();
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send([...field.files]);
  });

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.querySelector(".kern-label").textContent = paused ? words.resume : words.pause;
    if (paused) {
      current.abort();
      say(words.paused);
    } else {
      since = [performance.now(), bar.value];
      say(words.goes_on);
      current.start();
    }
  });

  stop.addEventListener("click", async () => {
    queue = [];
    try {
      await current.abort(true);
    } catch {
      // It expires by itself.
    }
    show(false);
    say("");
    field.value = "";
    field.focus();
  });

  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("drop--over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    drop.addEventListener(kind, () => drop.classList.remove("drop--over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  window.addEventListener("beforeunload", (event) => {
    if (!box.hidden && !paused && bar.value < bar.max) {
      event.preventDefault();
    }
  });
})();
