
// The live page: follows a server by a stream of its rows, puts them where they belong, and sends controls.
// All HTML comes from the server, which escapes what clients have sent. Other texts are only set as text.
(() => {
  const page = echoPage;
  const { all, make, rows } = page;
  const at = (id) => document.getElementById(id);
  const main = all.parentNode;
  const svg = (tag, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    made.textContent = text;
    return made;
  };

  // --- the token: from the address, and then from this tab's storage, so that a reload has it ---
  const KEY = "echo.token";
  const stored = (name) => { try { return sessionStorage.getItem(name) || ""; } catch { return ""; } };
  const store = (name, value) => { try { sessionStorage.setItem(name, value); } catch { /* the tab keeps it */ } };
  let token = stored(KEY);
  const takeToken = (text) => {
    const named = /[#&]token=([^&]*)/.exec(text);
    token = named ? decodeURIComponent(named[1]) : text.trim();
    store(KEY, token);
  };
  const takeAddress = () => {
    if (!/[#&]token=/.test(location.hash)) return false;
    takeToken(location.hash);
    history.replaceState(null, "", location.pathname + location.search);
    return true;
  };
  takeAddress();

  // --- requests ---
  const failed = (text, status) => Object.assign(new Error(text), { status });
  const ask = async (path, options) => {
    if (!/^[\x21-\x7e]+$/.test(token)) throw failed("the token is missing or wrong", 401);
    let answer;
    try {
      answer = await fetch("/servers" + path, { cache: "no-store", ...options, headers: { Authorization: "Bearer " + token } });
    } catch (error) {
      throw error.name === "AbortError" ? error : failed("the server does not answer", 0);
    }
    if (answer.ok) return answer;
    const text = await answer.text();
    let error = text;
    try { error = JSON.parse(text).error; } catch { /* no JSON */ }
    throw failed(error, answer.status);
  };
  let id = "";
  const path = (rest) => `/${encodeURIComponent(id)}${rest}`;
  const pause = (millis) => new Promise((done) => { setTimeout(done, millis); });

  // --- what a control has done is said, also to those who do not see it ---
  let saidUntil = 0;
  const say = (text, isError) => {
    at("said-text").textContent = isError ? "" : text;
    at("said-error").textContent = isError ? text : "";
    at("said").className = text ? (isError ? "bad" : "") : "quiet";
    at("said-close").hidden = !isError;
    clearTimeout(saidUntil);
    if (text && !isError) saidUntil = setTimeout(() => say(""), 6000);
  };
  at("said-close").addEventListener("click", () => say(""));
  say("");

  // --- the connection to the server ---
  let run = 0;
  let stop = null;
  let goOn = null;
  const link = (style, text, canTry) => {
    at("link").className = style;
    if (at("link-text").textContent !== text) at("link-text").textContent = text;
    at("again").hidden = !canTry;
  };
  const askForToken = () => {
    link("off", "No access", false);
    at("token-form").hidden = false;
    at("token-why").textContent = (token ? "The token is not that of the server that runs here now. " : "The page needs the token of the server. ")
      + "It follows #token= in the address that the server has printed. Paste the token or that address.";
    at("token").focus();
  };
  const SILENCE = 40000; // the server says something each 15 seconds
  const read = async (body, take) => {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let silence = 0;
    let parts = [];
    try {
      for (;;) {
        clearTimeout(silence);
        silence = setTimeout(() => stop.abort(), SILENCE);
        const { value, done } = await reader.read();
        if (done) return;
        parts.push(value);
        if (!value.includes("\n")) continue;
        const messages = parts.join("").split("\n\n");
        parts = [messages.pop()];
        for (const message of messages) {
          const data = message.indexOf("\ndata: ");
          if (data >= 0) take(JSON.parse(message.slice(data + 7)));
        }
      }
    } finally {
      clearTimeout(silence);
    }
  };
  const showServers = (list) => {
    const ids = list.map((each) => each.id);
    if (!ids.includes(id)) id = ids.includes(stored("echo.server")) ? stored("echo.server") : ids[0] || "";
    const select = at("servers");
    if (select.dataset.ids !== JSON.stringify(ids)) {
      select.dataset.ids = JSON.stringify(ids);
      select.replaceChildren(...ids.map((each) => make("option", { value: each }, each)));
    }
    select.value = id;
    at("choice").hidden = ids.length < 2;
    at("name").textContent = ids.length < 2 ? id : "";
  };
  const follow = async () => {
    const mine = ++run;
    let wait = 500;
    if (stop) stop.abort();
    at("token-form").hidden = true;
    while (mine === run) {
      let isClosed = false;
      stop = new AbortController();
      try {
        const list = (await (await ask("", { signal: stop.signal })).json()).servers;
        if (mine !== run) return;
        showServers(list);
        if (!id) throw failed("no server is running", 0);
        const answer = await ask(path("/page"), { signal: stop.signal });
        await read(answer.body, (message) => {
          if (mine !== run) return;
          wait = 500;
          isClosed = message.state === "closed";
          link("on", "Live", false);
          take(message);
        });
        throw failed("the server has ended the stream", 0);
      } catch (error) {
        if (mine !== run) return;
        stopClock();
        if (error.status === 401) { askForToken(); return; }
        if (isClosed) {
          link("off", "The server has ended. The page keeps what it shows.", true);
          await new Promise((done) => { goOn = done; });
          continue;
        }
        const why = error.name === "AbortError" ? "the server is silent" : error.status === undefined ? "the connection broke" : error.message;
        link("off", `Not connected: ${why}. The page keeps what it shows, and tries again in ${wait / 1000} s.`, true);
        await Promise.race([pause(wait), new Promise((done) => { goOn = done; })]);
        wait = Math.min(wait * 2, 30000);
      }
    }
  };
  at("again").addEventListener("click", () => { if (goOn) goOn(); });
  at("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    takeToken(at("token").value);
    at("token").value = "";
    at("token-why").textContent = "";
    follow();
  });
  addEventListener("hashchange", () => { if (takeAddress()) follow(); });
  at("servers").addEventListener("change", () => {
    id = at("servers").value;
    store("echo.server", id);
    clear();
    follow();
  });
  setInterval(async () => { // servers that have started since
    if (document.hidden || !at("link").classList.contains("on")) return;
    try { showServers((await (await ask("")).json()).servers); } catch { /* the stream will say so */ }
  }, 10000);

  // --- what has come is drawn once a frame; of each row only the newest state waits ---
  const named = new Map();
  let waiting = null;
  const take = (message) => {
    if (message.first || !waiting) {
      const before = message.first ? null : waiting;
      waiting = before || { rows: new Map(), gone: new Set(), texts: {}, isFirst: false, newest: null };
      if (message.first) waiting.isFirst = true;
      if (!before) requestAnimationFrame(draw);
    }
    for (const row of message.rows) { waiting.rows.set(row.name, row.html); waiting.gone.delete(row.name); }
    for (const name of message.gone) { if (named.has(name)) waiting.gone.add(name); waiting.rows.delete(name); }
    Object.assign(waiting.texts, message.texts);
    waiting.newest = message;
  };
  const clear = () => {
    waiting = null;
    all.replaceChildren();
    named.clear();
    for (const place of ["facts", "log", "problems", "options", "notes"]) setText(place, "");
    known.plan = null;
    known.text = "";
    page.fill();
    page.countShown();
  };
  const parsed = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    return box.content;
  };
  const draw = () => {
    const now = waiting;
    if (!now) return;
    waiting = null;
    if (now.isFirst) for (const name of named.keys()) if (!now.rows.has(name)) now.gone.add(name);
    keepPlace(() => {
      for (const place in now.texts) setText(place, now.texts[place]);
      now.gone.forEach(remove);
      const made = Array.from(parsed(Array.from(now.rows.values()).join("")).children);
      const fits = page.test();
      Array.from(now.rows.keys()).forEach((name, i) => put(name, made[i], fits));
      at("none").hidden = named.size > 0 || at("notes").childElementCount > 0;
      setClock(now.newest);
    });
    showState(now.newest);
    if (now.rows.size || now.gone.size) countSoon();
  };
  // The browser keeps the place where it is scrolled. At the top of the page it does not, so what is read is kept here.
  const keepPlace = (change) => {
    const anchor = scrollY > 0 && CSS.supports("overflow-anchor", "auto") ? null : anchorNow();
    const before = anchor && anchor.getBoundingClientRect().top;
    change();
    const by = anchor && anchor.isConnected ? anchor.getBoundingClientRect().top - before : 0;
    if (by > 1) scrollBy(0, by);
  };
  const anchorNow = () => {
    const selection = getSelection();
    const selected = selection.isCollapsed ? null : selection.focusNode;
    const element = selected && selected.nodeType === 3 ? selected.parentNode : selected;
    return [element, document.activeElement, Array.from(all.querySelectorAll(":hover")).pop()].find((each) => each && all.contains(each));
  };
  // Makes an element like another one. What is the same stays, and with it a selection and the focus.
  const renew = (old, made) => {
    if (old.isEqualNode(made)) return;
    if (old.nodeName !== made.nodeName) { old.replaceWith(made); return; }
    if (old.nodeType === 3) { old.data = made.data; return; }
    for (const { name } of Array.from(old.attributes)) if (!made.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of made.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    renewChildren(old, Array.from(made.childNodes));
  };
  const renewChildren = (parent, made) => {
    const old = Array.from(parent.childNodes);
    made.forEach((each, i) => { if (old[i]) renew(old[i], each); else parent.append(each); });
    old.slice(made.length).forEach((each) => each.remove());
  };
  const setText = (place, html) => {
    const target = at(place);
    renewChildren(target, Array.from(parsed(html).childNodes));
    const fold = at(place + "-fold");
    if (!fold) return;
    fold.hidden = !html;
    const newest = fold.querySelector(".newest");
    const last = target.lastElementChild;
    if (newest) newest.textContent = last ? `(${target.childElementCount}) ${last.textContent.trim()}` : "";
  };
  const remove = (name) => {
    const row = named.get(name);
    if (!row) return;
    near.unobserve(row);
    named.delete(name);
    row.remove();
  };
  const isRead = (row) => row.open || row.contains(document.activeElement);
  const put = (name, made, fits) => {
    let row = named.get(name);
    if (!row) {
      row = made;
      named.set(name, row);
      let after = all.lastElementChild;
      while (after && Number(after.dataset.s) > Number(row.dataset.s)) after = after.previousElementSibling;
      if (after) after.after(row); else all.prepend(row);
    } else {
      Object.assign(row.dataset, made.dataset);
      renew(row.querySelector(":scope > summary"), made.querySelector(":scope > summary"));
      if (row.open) refresh(row);
    }
    row.style.setProperty("--o", row.dataset.s / 1e6);
    row.style.setProperty("--w", Math.max(row.dataset.w, 1) / 1e6);
    row.hidden = !isRead(row) && !fits(row); // nobody loses what he reads
  };
  let isCounting = 0;
  const countSoon = () => {
    if (isCounting) return;
    isCounting = setTimeout(() => {
      isCounting = 0;
      page.fill();
      page.countShown();
      if (page.text.value) findText();
    }, 250);
  };

  // --- text is found by the server, since conversations that are folded are not here ---
  let found = { text: "", numbers: new Set() };
  let isFinding = false;
  let isToFindAgain = false;
  page.hasText = (row, wanted) => {
    if (wanted !== found.text) findText();
    return row.dataset.n === "0" ? row.textContent.toLowerCase().includes(wanted) : wanted === found.text && found.numbers.has(row.dataset.n);
  };
  const findText = async () => {
    isToFindAgain = true;
    if (isFinding) return;
    isFinding = true;
    while (isToFindAgain) await findOnce();
    isFinding = false;
  };
  const findOnce = async () => {
    await pause(0);
    isToFindAgain = false;
    const began = performance.now();
    const wanted = page.text.value.toLowerCase();
    try {
      const answer = wanted ? await (await ask(path("/connections?text=" + encodeURIComponent(wanted)))).json() : { connections: [] };
      found = { text: wanted, numbers: new Set(answer.connections.map(String)) };
      const fits = page.test();
      for (const row of rows()) row.hidden = !fits(row) && !(isRead(row) && !row.hidden);
      page.countShown();
    } catch (error) {
      say("Filter by text: " + error.message, true);
    }
    await pause(Math.max(100, 4 * (performance.now() - began)));
    if (page.text.value.toLowerCase() !== wanted) isToFindAgain = true;
  };
  page.status.setAttribute("aria-live", "off"); // else each new connection is read aloud
  page.tools.addEventListener("change", () => setTimeout(() => say(page.status.textContent), 300));

  // --- the time axis grows in steps, so that rows seldom move; two properties move all of them ---
  const STEP = 1.25;
  const clock = { now: 0, last: 0, at: 0, isOpen: false, done: [], span: 1 };
  const view = make("select", { id: "f-time" }, ...[[0, "all"], [10, "last 10 s"], [60, "last minute"], [600, "last 10 minutes"]].map(([value, text]) => make("option", { value }, text)));
  page.tools.insertBefore(make("label", { for: "f-time" }, "Time axis", view), page.tools.lastElementChild);
  view.addEventListener("change", () => drawAxis());
  const millis = () => clock.isOpen ? clock.now + performance.now() - clock.at : clock.last;
  const setClock = (message) => {
    Object.assign(clock, { now: message.now / 1e6, last: message.last / 1e6, at: performance.now(), isOpen: message.open, done: message.done.slice(-100).map((each) => each / 1e6) });
    drawAxis();
  };
  const stopClock = () => { clock.last = Math.max(clock.last, millis()); clock.isOpen = false; };
  setInterval(() => { if (clock.isOpen && !document.hidden) drawAxis(); }, 1000);
  const timeText = (time) => {
    if (time === 0) return "0";
    const [value, unit] = time >= 3600000 ? [time / 3600000, "h"] : time >= 60000 ? [time / 60000, "min"] : time >= 1000 ? [time / 1000, "s"] : time >= 1 ? [time, "ms"] : [time * 1000, "\u00b5s"];
    return `${Number(value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 3))} ${unit}`;
  };
  const MINUTES = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1440];
  // The time between two lines: 1, 2 or 5 times a power of ten up to 50 seconds, and then as people count minutes and hours.
  const stepOf = (span) => {
    for (let unit = 0.001; unit <= 10000; unit *= 10) for (const times of [1, 2, 5]) if (span / (unit * times) < 5) return unit * times;
    return 60000 * (MINUTES.find((each) => span / (60000 * each) < 5) || Math.ceil(span / 60000 / 1440 / 5) * 1440);
  };
  let drawn = "";
  const drawAxis = () => {
    const end = Math.max(millis(), clock.last);
    const part = Number(view.value) * 1000;
    if (clock.span < end || clock.span > end * STEP * STEP) clock.span = STEP ** Math.ceil(Math.log(Math.max(end, 1)) / Math.log(STEP));
    const from = part ? Math.max(0, end - part) : 0;
    const span = part || clock.span;
    const set = (name, value) => { if (main.style.getPropertyValue(name) !== value) main.style.setProperty(name, value); };
    set("--from", String(from));
    set("--span", String(span));
    set("--rest", String(Math.max(0, 1 - (end - from) / span).toFixed(4)));
    const key = [from, span, clock.done.length, clock.done[clock.done.length - 1]].join();
    if (key === drawn) return;
    drawn = key;
    const step = stepOf(span);
    const lines = clock.done.filter((time) => time >= from && time <= from + span)
      .map((time) => `repeating-linear-gradient(var(--fault) 0 2px, transparent 2px 5px) ${100 * (time - from) / span}% 0 / 1.5px 100% no-repeat`);
    const labels = [];
    for (let n = Math.ceil(from / step); n * step <= from + span; n++) {
      const x = 100 * (n * step - from) / span;
      lines.push(`linear-gradient(var(--line), var(--line)) ${x}% 0 / 1px 100% no-repeat`);
      labels.push(svg("text", { x: x + "%", y: 14, "text-anchor": x < 3 ? "start" : x > 93 ? "end" : "middle" }, timeText(Number((n * step).toPrecision(12)))));
    }
    main.style.setProperty("--lines", lines.join(", "));
    const axis = document.querySelector(".axis .t");
    axis.replaceChildren(...labels);
    axis.setAttribute("aria-label", `time since the first connection, ${from ? "from " + timeText(from) + " " : ""}to ${timeText(end)}`);
  };

  // --- conversations are asked for when they are unfolded and near what is in view ---
  const MOST = 200;
  const ladders = new Set(); // rows with a conversation, the newest last
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      target.echoIsNear = isIntersecting;
      if (isIntersecting && target.open && target.echoIsOld !== false) refresh(target);
    }
  }, { rootMargin: "400px" });
  all.addEventListener("toggle", (event) => {
    const row = event.target;
    if (!row.classList.contains("c") || row.dataset.n === "0") return;
    if (row.open) {
      row.echoIsOld = true;
      if (!row.querySelector(":scope > .k")) row.append(make("div", { class: "wait" }, "The conversation is on its way."));
      near.observe(row);
    } else {
      near.unobserve(row);
      drop(row);
    }
  }, true);
  const drop = (row) => {
    ladders.delete(row);
    row.querySelectorAll(":scope > :not(summary)").forEach((each) => each.remove());
  };
  const refresh = async (row) => {
    row.echoIsOld = true;
    if (row.echoIsLoading || !row.echoIsNear || row.dataset.n === "0") return;
    row.echoIsLoading = true;
    while (row.open && row.isConnected && row.echoIsNear && row.echoIsOld) {
      row.echoIsOld = false;
      const began = performance.now();
      try {
        const html = await (await ask(path(`/connections/${row.dataset.n}.html`))).text();
        if (row.open && row.isConnected) keepPlace(() => putLadder(row, html));
      } catch (error) {
        const wait = row.querySelector(":scope > .wait");
        if (wait) wait.textContent = "The conversation cannot be shown: " + error.message;
      }
      await pause(Math.max(100, 4 * (performance.now() - began)));
    }
    row.echoIsLoading = false;
  };
  const putLadder = (row, html) => {
    const start = html.indexOf("<ol");
    const facts = make("div", { class: "kf" }, ...parsed(html.slice(html.indexOf(">") + 1, start)).childNodes);
    const items = html.slice(start, html.lastIndexOf("</ol>"));
    const had = row.querySelector(":scope > .k");
    if (had) {
      renew(had.firstElementChild, facts);
      grow(had.lastElementChild, row.echoItems, items).forEach(page.showAll);
    } else {
      const wait = row.querySelector(":scope > .wait");
      if (wait) wait.remove();
      const made = make("div", { class: "k" }, facts, ...parsed(items).childNodes);
      row.append(made);
      page.showAll(made);
      ladders.add(row);
      for (const old of ladders) {
        if (ladders.size <= MOST) break;
        if (!old.echoIsNear && !isFocused(old)) forgetLadder(old);
      }
    }
    row.echoItems = items;
    showActions(row);
  };
  const isFocused = (row) => row.contains(document.activeElement) || row.contains(getSelection().focusNode);
  // Keeps the height, so that nothing moves.
  const forgetLadder = (row) => {
    const height = row.offsetHeight - row.firstElementChild.offsetHeight;
    drop(row);
    const wait = make("div", { class: "wait" });
    wait.style.height = height + "px";
    row.append(wait);
    row.echoIsOld = true;
  };
  // Puts new items where they belong, and leaves the others as they are: in hexadecimal, unfolded, selected. Only what
  // differs is parsed. Text has no "<": what begins with it is an element.
  const ITEM = "<li ";
  const grow = (list, old, fresh) => {
    if (old === fresh) return [];
    const most = Math.min(old.length, fresh.length);
    let same = 0;
    while (same < most && old.charCodeAt(same) === fresh.charCodeAt(same)) same++;
    const start = same === most ? same : fresh.lastIndexOf(ITEM, same);
    if (start < 0) { // it has become that of a relay, with three life lines
      const made = parsed(fresh).firstElementChild;
      list.replaceWith(made);
      return [made];
    }
    let tail = 0;
    while (tail < most - start && old.charCodeAt(old.length - 1 - tail) === fresh.charCodeAt(fresh.length - 1 - tail)) tail++;
    const rest = tail ? fresh.indexOf(ITEM, fresh.length - tail) : -1;
    const end = rest < 0 ? fresh.length : rest;
    const items = Array.from(list.children);
    const first = fresh.slice(0, start).split(ITEM).length - 1;
    const last = fresh.slice(end).split(ITEM).length - 1;
    const were = items.slice(first, items.length - last);
    const texts = old.slice(start, old.length - (fresh.length - end)).split(ITEM).slice(1);
    const isGap = (text) => text.startsWith('class="gap"');
    const added = [];
    let i = 0;
    for (const text of fresh.slice(start, end).split(ITEM).slice(1)) {
      while (i < were.length && texts[i] !== text && isGap(texts[i])) were[i++].remove(); // too short by now
      if (i < were.length && texts[i] === text) { i++; continue; }
      const made = parsed(ITEM + text).firstElementChild;
      list.insertBefore(made, were[i] || items[items.length - last] || null);
      added.push(made);
      if (i < were.length && !isGap(text)) were[i++].remove();
    }
    were.slice(i).forEach((each) => each.remove());
    return added;
  };

  // --- controls ---
  const control = async (button, what, path_, options, done) => {
    if (button.getAttribute("aria-busy") === "true") return null;
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await ask(path(path_), { method: "POST", ...options });
      if (done) say(done);
      return answer;
    } catch (error) {
      say(`${what}: ${error.message}`, true);
      if (error.status === 401) askForToken();
      return null;
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  };
  const DONE = {
    resume: "The server accepts connects.", refuse: "The server refuses connects.", unanswered: "The server leaves connects unanswered.",
    freeze: "The server neither reads nor sends.", unfreeze: "The server reads and sends again.",
    reset: "All open connections were reset.", close: "All open connections were closed.",
  };
  document.querySelectorAll("[data-do]").forEach((button) => button.addEventListener("click", () => {
    const word = button.dataset.do;
    control(button, button.textContent, "/" + word, {}, DONE[word]);
  }));
  const onSubmit = (form, does) => form.addEventListener("submit", (event) => {
    event.preventDefault();
    does(form.querySelector("button"));
  });
  onSubmit(at("restart-form"), (button) => {
    const time = at("restart-time").value.trim();
    control(button, "Restart", "/restart?time=" + encodeURIComponent(time), {}, `The server has reset all connections, and refuses connects for ${time}.`);
  });
  at("refuse-for").addEventListener("click", () => {
    const time = at("restart-time").value.trim();
    control(at("refuse-for"), "Refuse", "/refuse?time=" + encodeURIComponent(time), {}, `The server refuses connects for ${time}.`);
  });
  at("catch-up").addEventListener("click", async () => {
    const answer = await control(at("catch-up"), "Catch up", "/catch-up", {});
    if (!answer) return;
    const { caughtUp, unfinished } = await answer.json();
    const left = unfinished.length ? ` Steps of the script are left: ${unfinished.map((each) => each.text).join("; ")}` : "";
    say((caughtUp ? "The server has read and answered all that has come." : "The server has not read all that has come.") + left);
  });
  onSubmit(at("note-form"), async (button) => {
    if (await control(button, "Add note", "/note", { body: at("note").value }, "The note is in the recording.")) at("note").value = "";
  });
  at("forget").addEventListener("click", async () => {
    const answer = await control(at("forget"), "Forget ended", "/recording", { method: "DELETE" });
    if (answer) {
      const { forgotten } = await answer.json();
      say(forgotten === 1 ? "1 connection was forgotten." : `${forgotten} connections were forgotten.`);
    }
  });
  const known = { plan: null, text: "" };
  const applyPlan = async (button) => {
    const plan = at("plan").value;
    const isForOpen = at("plan-open").checked;
    planError("");
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await (await ask(path("/faults?open=" + isForOpen), { method: "PUT", body: plan })).json();
      known.plan = answer.faults;
      at("plan").value = answer.faults;
      say(`The plan is in force for ${isForOpen ? "all" : "new"} connections: ${answer.faults}`);
    } catch (error) {
      planError(error.message);
      if (error.status === 401) askForToken();
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  };
  const planError = (text) => {
    at("plan-error").textContent = text;
    at("plan").setAttribute("aria-invalid", String(text !== ""));
  };
  onSubmit(at("plan-form"), applyPlan);
  at("plan").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); applyPlan(at("plan-apply")); }
  });
  at("plan-none").addEventListener("click", () => { at("plan").value = "none"; applyPlan(at("plan-none")); });
  document.querySelectorAll("[data-file]").forEach((button) => button.addEventListener("click", async () => {
    const kind = button.dataset.file;
    const answer = await control(button, "Download", "/recording." + kind, { method: "GET" });
    if (!answer) return;
    const name = (/filename="([^"]*)"/.exec(answer.headers.get("Content-Disposition")) || [])[1] || "recording." + kind;
    const url = URL.createObjectURL(await answer.blob());
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    say(`Downloaded ${name}.`);
  }));
  const showState = (state) => {
    const pressed = { refuse: state.state === "refusing", unanswered: state.state === "unanswered", freeze: state.frozen };
    for (const word in pressed) document.querySelector(`[data-do="${word}"]`).setAttribute("aria-pressed", String(pressed[word]));
    if (state.faults !== known.plan) {
      if (known.plan === null || at("plan").value === known.plan) at("plan").value = state.faults; // else a person writes another
      known.plan = state.faults;
    }
    known.kind = state.kind;
    known.startsInClear = state.startsInClear;
    main.hidden = false;
    if (at("controls").hidden) {
      at("controls").hidden = false;
      at("controls").open = matchMedia("(min-width: 45rem)").matches;
    }
    const title = `${id}: ${state.state === "accepting" ? state.kind : state.state}`;
    if (document.title !== title) document.title = title;
  };
  const ESCAPES = { n: 10, r: 13, t: 9, "\\": 92 };
  // Bytes from text with the escapes that the page shows.
  const bytesOf = (text) => {
    const encoder = new TextEncoder();
    const bytes = [];
    for (const part of text.match(/\\x[0-9a-fA-F]{2}|\\[nrt\\]|\\.?|[^\\]+/gs) || []) {
      if (part.startsWith("\\x") && part.length === 4) bytes.push(parseInt(part.slice(2), 16));
      else if (part.length === 2 && part[1] in ESCAPES) bytes.push(ESCAPES[part[1]]);
      else if (part.startsWith("\\")) throw failed(`${part} is no escape; write \\n, \\r, \\t, \\\\ or two digits as in \\x00`, 400);
      else bytes.push(...encoder.encode(part));
    }
    return Uint8Array.from(bytes);
  };
  const showActions = (row) => {
    const isOpen = row.dataset.e.split(" ").includes("open");
    let actions = row.querySelector(":scope > .act");
    if (!isOpen) {
      if (actions) {
        if (actions.contains(document.activeElement)) row.querySelector("summary").focus();
        actions.remove();
      }
      return;
    }
    if (actions) return;
    const n = row.dataset.n;
    const button = (name, word, done) => {
      const made = make("button", { type: "button", "aria-label": `${name} connection ${n}` }, name);
      made.addEventListener("click", () => control(made, `${name} connection ${n}`, `/connections/${n}/${word}`, {}, done));
      return made;
    };
    actions = make("div", { class: "act" }, button("Reset", "reset", `Connection ${n} was reset.`), button("Close", "close", `Connection ${n} was closed.`));
    if (known.kind === "script" || known.kind === "handler") {
      const input = make("input", { "aria-label": `Bytes for connection ${n}`, placeholder: "text, \\r\\n, \\x00", spellcheck: "false", autocomplete: "off" });
      const form = make("form", {}, input, make("button", { "aria-label": `Send to connection ${n}` }, "Send"));
      onSubmit(form, async (send) => {
        let bytes;
        try { bytes = bytesOf(input.value); } catch (error) { say("Send: " + error.message, true); return; }
        if (await control(send, `Send to connection ${n}`, `/connections/${n}/send`, { body: bytes }, `${bytes.length} bytes were sent on connection ${n}.`)) input.value = "";
      });
      actions.append(button("Half-close", "half-close", `The server has ended its output on connection ${n}.`));
      if (known.startsInClear) actions.append(button("Start TLS", "start-tls", `Connection ${n} goes on with TLS.`));
      actions.append(form);
    }
    row.querySelector(":scope > summary").after(actions);
  };

  drawAxis();
  link("", "Connecting", false);
  follow();
})();
