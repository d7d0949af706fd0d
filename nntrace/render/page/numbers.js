// How a number looks: as in every other form of nntrace, digit for digit (numbers.py).

// JavaScript rounds halves away from zero, the other forms (as C does) to even: 0.03125 is 0.0312.
function halfToEven(rounded, exact, digits) {
  const mantissa = exact.split("e")[0];
  const cut = mantissa.length - EXTRA;
  if (!/^50*$/.test(mantissa.slice(cut))) return rounded;
  const below = mantissa.slice(0, digits ? cut : cut - 1);
  if (Number(below.at(-1)) % 2) return rounded;
  return (rounded.startsWith("-") ? "-" : "") + below + exact.slice(mantissa.length);
}
const EXTRA = 25; // so many digits more tell a half from what is near it

function fixed(value, decimals) {
  return halfToEven(value.toFixed(decimals), Math.abs(value).toFixed(decimals + EXTRA), decimals);
}

function scientific(value, decimals) {
  const exact = Math.abs(value).toExponential(decimals + EXTRA);
  return halfToEven(value.toExponential(decimals), exact, decimals).replace("e+", "e");
}

// The exponents of the first and of the last digit that it takes to say a number.
function extent(value) {
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e");
  const first = Number(exponent),
    last = first - Math.max(0, mantissa.length - 2);
  return [first, Math.abs(value) >= 1e-4 && Math.abs(value) < 1e16 ? Math.min(last, -1) : last];
}

const NOT_FINITE = "not finite";
const isNumber = (value) => value !== null && Number.isFinite(value);

// As one types it, with so many significant digits at most: 0.5, 1e-8.
function typed(value, digits = 6) {
  if (!isNumber(value)) return NOT_FINITE;
  if (value === 0) return "0";
  const [mantissa, exponent] = scientific(value, digits - 1).split("e");
  const short = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent >= -4 && exponent < digits) return short(fixed(value, digits - 1 - exponent));
  return `${short(mantissa)}e${exponent}`;
}

// The format that all entries of a quantity share, whose largest is given.
function formatFor(largest, decimals, finest) {
  const { significant, scientificFrom, mostDecimals } = RULES;
  let places = decimals;
  let whole = largest === 0 || (largest >= 10 ** (significant - 1 - decimals) && largest < scientificFrom);
  if (!whole && largest < scientificFrom) {
    const needed = Math.min(significant - 1 - extent(largest)[0], finest ?? Infinity);
    whole = needed <= Math.max(mostDecimals, decimals);
    places = Math.max(decimals, needed);
  }
  return (value) => {
    if (!isNumber(value)) return NOT_FINITE;
    if (!whole) return scientific(value || 0, Math.max(decimals, significant - 1));
    if (value !== 0 && Math.abs(value) <= 0.5 * Number(`1e-${places}`)) return scientific(value, 1);
    return fixed(value || 0, places); // without the sign of a negative zero
  };
}

// A number that stands in a line of arithmetic and not in a column: `alone` of numbers.py.
function alone(value, decimals, extra, least) {
  const { significant, scientificFrom, mostDecimals } = RULES;
  if (!isNumber(value)) return NOT_FINITE;
  if (value === 0) return fixed(0, least);
  const [first, last] = extent(value);
  let places = decimals + extra;
  if (first + places < 1) places = significant + extra - 1 - first;
  if (Math.abs(value) >= scientificFrom || places > Math.max(mostDecimals, decimals) + extra) {
    const mantissa = (first > 0 ? Math.max(decimals, significant - 1) : significant - 1) + extra;
    return scientific(value, Math.min(mantissa, Math.max(first - last, significant - 1)));
  }
  return fixed(value, Math.min(places, Math.max(least, -last)));
}

// What one in the last digit of a number is worth.
function lastDigit(text) {
  const [mantissa, exponent = "0"] = text.split("e");
  return 10 ** (Number(exponent) - (mantissa.split(".")[1] ?? "").length);
}

// For people: a real minus, and powers of ten.
function display(text) {
  const [mantissa, exponent] = text.split("e");
  const raised = exponent && [...exponent].map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻").join("");
  return (exponent && /\d$/.test(text) ? `${mantissa}·10${raised}` : text).replace("-", "−");
}
