// The trace: its steps in nntrace's JSON form, the guide to them, and where one is (the address).

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const TRACE = read("trace"),
  GUIDE = read("guide"),
  CURVE = read("curve");
const RULES = GUIDE.rules,
  ITEMS = GUIDE.items,
  STEPS = TRACE.steps;
const ITEM = new Map(ITEMS.map((item, place) => [item.target, place]));
const STEP = new Map(STEPS.map((step, place) => [`${step.iteration}.${step.batch}`, place]));

// An entry of a quantity, from 0; a single number has but one.
function entry(step, name, row, column) {
  const value = step.values[name];
  return Array.isArray(value) ? value[row][column] : value;
}

function shape(step, name) {
  const value = step.values[name];
  return Array.isArray(value) ? [value.length, value[0].length] : [1, 1];
}

const isMatrix = (step, name) => Array.isArray(step.values[name]);

// The name of an entry, as people write it.
function label(step, name, row, column) {
  return isMatrix(step, name) ? `${name}[${row + 1},${column + 1}]` : name;
}

const formats = new Map();

// The format of a quantity in a step.
function formatOf(step, name) {
  const key = `${STEPS.indexOf(step)} ${name}`;
  if (!formats.has(key)) {
    const { decimals, finest, constant } = GUIDE.quantities[name];
    let largest = 0;
    for (const value of [step.values[name]].flat(2)) if (isNumber(value)) largest = Math.max(largest, Math.abs(value));
    formats.set(key, constant ? typed : formatFor(largest, decimals, finest));
  }
  return formats.get(key);
}

// As the quantity's table shows it.
const cell = (step, name, row, column) => formatOf(step, name)(entry(step, name, row, column));

// The rows or columns to show of so many, null for those left out; the chosen one is among them.
function shown(count, chosen = null) {
  const { whole, ends } = RULES;
  if (count <= whole) return [...Array(count).keys()];
  const left = [...Array(ends).keys()],
    right = left.map((place) => count - ends + place);
  if (chosen === null || chosen < ends || chosen >= count - ends) return [...left, null, ...right];
  const gaps = [chosen > ends ? [null] : [], chosen < count - ends - 1 ? [null] : []];
  return [...left, ...gaps[0], chosen, ...gaps[1], ...right];
}

const counted = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

function stepTitle(step) {
  if (step.iteration === undefined)
    return `After ${counted(GUIDE.iterations, "iteration")} · ${counted(step.examples.length, "example")}`;
  const [first, last] = [step.examples[0], step.examples.at(-1)];
  let which = `example ${first}`;
  if (!GUIDE.single) {
    const listed = shown(step.examples.length)
      .map((place) => (place === null ? "…" : step.examples[place]))
      .join(", ");
    const numbers = GUIDE.shuffled ? listed : `${first}–${last}`;
    which = `batch ${step.batch} · ${first === last ? which : `examples ${numbers}`}`;
  }
  return `Iteration ${step.iteration} · ${which}`;
}

// Where the state that a step starts from was made: the place of the step before, if the page has it.
function before(step) {
  if (step.iteration === undefined || (step.iteration === 1 && step.batch === 1)) return undefined;
  const [iteration, batch] = step.batch > 1 ? [step.iteration, step.batch - 1] : [step.iteration - 1, GUIDE.batches];
  return { iteration, batch, place: STEP.get(`${iteration}.${batch}`) };
}

// Where a number comes from: what to say of it, and the address of it if it is in the page.
function origin(place, name, row, column) {
  const step = STEPS[place],
    earlier = GUIDE.before[name] && before(step);
  if (earlier) {
    const made = GUIDE.before[name],
      known = earlier.place !== undefined && ITEM.has(made);
    const where = `${label(step, name, row, column).replace(name, made)} of the step before`;
    return {
      says: known ? where : `${where}, which is not in this page`,
      to: known ? [earlier.place, made, row, column] : null,
    };
  }
  const item = ITEMS[ITEM.get(name)];
  const says = GUIDE.quantities[name].origin || (item ? item.text : "");
  return { says, to: item ? [place, name, row, column] : null };
}

// Where one is: a step, an equation, and an entry of it. All of it is in the address.
function address(place, name, row = null, column = null) {
  const step = STEPS[place],
    said = new URLSearchParams();
  if (step.iteration !== undefined) said.set("iteration", step.iteration);
  if (step.iteration !== undefined)
    said.set(GUIDE.single ? "example" : "batch", GUIDE.single ? step.examples[0] : step.batch);
  said.set("quantity", name);
  if (row !== null && isMatrix(step, name)) said.set("entry", `${row + 1},${column + 1}`);
  return `#${said.toString().replaceAll("%2C", ",")}`;
}

// What an address says; what it does not say, or says wrongly, is the beginning.
function addressed(hash) {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const iteration = Number(said.get("iteration") ?? 1),
    batch = Number(said.get("batch"));
  const example = Number(said.get("example"));
  const found = STEPS.findIndex(
    (step) =>
      step.iteration === iteration && (batch ? step.batch === batch : !example || step.examples.includes(example)),
  );
  const place = Math.max(0, found);
  const first = ITEMS.findIndex((item) => item.formulas.length);
  const item = ITEM.get(said.get("quantity")) ?? Math.max(0, first);
  const [rows, columns] = shape(STEPS[place], ITEMS[item].target);
  const [row, column] = (said.get("entry") ?? "").split(",").map((text) => Number(text) - 1);
  const there = row >= 0 && row < rows && column >= 0 && column < columns && Number.isInteger(row + column);
  return { place, item, row: there ? row : 0, column: there ? column : 0 };
}
