// The page: it shows where its address says one is, and moves when the address changes.

const byId = (id) => document.getElementById(id);
let here, shownAt, moveCursor;
let example = 0; // the column of a batch that the drawing shows

function go(place, item = here.item, row = null, column = null) {
  const step = Math.min(Math.max(place, 0), STEPS.length - 1),
    name = ITEMS[Math.min(Math.max(item, 0), ITEMS.length - 1)].target;
  location.replace(address(step, name, row, column));
  show(); // at once: the next key may come before the event
}

const goStep = (place) => go(place, here.item, here.row, here.column);

function show() {
  if (shownAt === location.hash) return;
  shownAt = location.hash;
  here = addressed(location.hash);
  const step = STEPS[here.place],
    item = ITEMS[here.item];
  const inCard = byId("card").contains(document.activeElement);
  const { drawn } = GUIDE.quantities[item.target];
  if (drawn?.[0] === "node" && shape(step, item.target)[1] === step.examples.length) example = here.column;
  if (example >= step.examples.length) example = 0;
  byId("step").textContent = stepTitle(step);
  showList(item);
  showDrawing(step, item, drawn);
  showCard(step, item);
  moveCursor(here.place);
  for (const [id, off] of Object.entries({
    first: !here.place,
    earlier: !here.place,
    later: here.place === STEPS.length - 1,
    last: here.place === STEPS.length - 1,
    previous: !here.item,
    next: here.item === ITEMS.length - 1,
  }))
    byId(id).disabled = off;
  mark([item.target, here.row, here.column], "chosen");
  if (inCard && !byId("card").contains(document.activeElement)) byId("card").focus({ preventScroll: true });
  byId("live").textContent = `${stepTitle(step)}. Equation ${here.item + 1} of ${ITEMS.length}: ${item.text}`;
}

// A quantity in the formula leads to its own equation.
function follow(event) {
  const part = event.target.closest?.("#formula mrow[data-q]");
  if (!part || (event.type === "keydown" && event.key !== "Enter")) return;
  const { to } = origin(here.place, part.dataset.q, 0, 0);
  if (to) location.hash = address(to[0], to[1]);
}

function find(event) {
  event.preventDefault();
  const wanted = byId("wanted").value,
    [, name, row, column] = wanted.match(/^\s*(\w+)\s*(?:\[\s*(\d+)\s*,\s*(\d+)\s*\])?\s*$/) ?? [];
  const target =
    ITEMS.find((item) => item.target === name) ??
    ITEMS.find((item) => item.target.toLowerCase() === name?.toLowerCase());
  const [rows, columns] = target ? shape(STEPS[here.place], target.target) : [0, 0];
  const there = target && (!row || (row >= 1 && row <= rows && column >= 1 && column <= columns));
  byId("unknown").textContent = there
    ? ""
    : target
      ? `${target.target} is ${rows} × ${columns}`
      : `no ${wanted.trim() || "name"} here`;
  if (!there) return;
  location.hash = address(here.place, target.target, row ? row - 1 : null, column ? column - 1 : null);
  byId("wanted").value = "";
  byId("wanted").blur();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (event.target.closest?.("input, select, textarea"))
    return event.key === "Escape" ? event.target.blur() : undefined;
  const onTrack = event.target.closest?.(".track");
  const moves = {
    ArrowLeft: () => (onTrack ? goStep(here.place - 1) : go(here.place, here.item - 1)),
    ArrowRight: () => (onTrack ? goStep(here.place + 1) : go(here.place, here.item + 1)),
    ArrowUp: () => goStep(here.place - 1),
    ArrowDown: () => goStep(here.place + 1),
    Home: () => goStep(0),
    End: () => goStep(STEPS.length - 1),
    "/": () => byId("wanted").focus(),
    "?": () => byId("help").showModal(),
  };
  if (!moves[event.key]) return;
  event.preventDefault();
  moves[event.key]();
}

function chooseTheme(event) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  let theme = document.documentElement.dataset.theme ?? remembered();
  if (event) theme = (theme ?? (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
  if (!theme) return;
  document.documentElement.dataset.theme = theme;
  if (event) remembered(theme);
}

// A page from disk may not be allowed to remember.
function remembered(theme) {
  try {
    if (theme) localStorage.setItem("theme", theme);
    return localStorage.getItem("theme") ?? undefined;
  } catch {
    return undefined;
  }
}

function showAbout() {
  const list = element("dl");
  for (const [name, text] of GUIDE.about) {
    const link = /^https?:\/\/\S+$/.test(text) ? element("a", { href: text, rel: "noopener" }, text) : text;
    list.append(element("dt", {}, name), element("dd", {}, link));
  }
  byId("about").append(list);
  for (const item of ITEMS) byId("names").append(new Option(item.text, item.target));
  const stop = TRACE.stopped;
  const stopped = stop
    ? `The trace stops at its last step: ${stop.quantity} is the first quantity that is not finite.`
    : "";
  byId("remark").textContent = [CURVE.remark, stopped].filter(Boolean).join(" ");
  byId("remark").hidden = !byId("remark").textContent;
  byId("ending").hidden = !byId("ending").querySelector("table");
}

function start() {
  chooseTheme();
  showAbout();
  moveCursor = timeline(goStep);
  for (const [id, act] of Object.entries({
    first: () => goStep(0),
    earlier: () => goStep(here.place - 1),
    later: () => goStep(here.place + 1),
    last: () => goStep(STEPS.length - 1),
    previous: () => go(here.place, here.item - 1),
    next: () => go(here.place, here.item + 1),
    theme: chooseTheme,
    helping: () => byId("help").showModal(),
  }))
    byId(id).addEventListener("click", act);
  byId("find").addEventListener("submit", find);
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address says where one is, and no more
    byId("card").focus();
  });
  document.addEventListener("keydown", pressed);
  for (const kind of ["pointerover", "focusin"]) byId("page").addEventListener(kind, pointed);
  for (const kind of ["click", "keydown"]) byId("formula").addEventListener(kind, follow);
  addEventListener("hashchange", show);
  show();
}

start();
