// How figures are written: money, durations, moments. Pure. Nothing that is not known is ever written as zero.

export const UNKNOWN = '–';
const ESTIMATE = '~';
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SMALL_DIGITS = 6;

/** Milliseconds since the epoch of an RFC 3339 moment; null where there is none. (Microseconds become fractions.) */
export function moment(text) {
  if (!text) return null;
  const whole = Date.parse(text);
  const micros = /\.\d{3}(\d{3})/.exec(text);
  return Number.isNaN(whole) ? null : whole + (micros ? Number(micros[1]) / 1000 : 0);
}

/** A decimal string as a number for drawing and counting; null where nothing is known. */
export function amount(text) {
  if (text === null || text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** How many digits behind the point leave an amount readable: a call may cost a millionth, a day's bill a thousand. */
export function digitsFor(value) {
  const size = Math.abs(value);
  if (size === 0) return 0;
  if (size >= 100) return 2;
  return size >= 1 ? 4 : SMALL_DIGITS;
}

/** US dollars, `~` before an estimate; an en dash where nothing is known. */
export function usd(value, { isEstimate = false, digits } = {}) {
  const known = typeof value === 'string' ? amount(value) : value;
  if (known === null || known === undefined) return UNKNOWN;
  const places = digits ?? digitsFor(known);
  const written = known.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places });
  return `${isEstimate ? ESTIMATE : ''}$${written}`;
}

/** A sum for the head of the page: four digits as long as these show anything. */
export function total(text, options = {}) {
  const value = amount(text);
  if (value === null || value === 0) return usd(value, { digits: 0 });
  return usd(value, { ...options, digits: Math.abs(value) >= 100 ? 2 : Math.abs(value) >= 0.001 ? 4 : SMALL_DIGITS });
}

/** A share of a whole as a percentage, or an empty text where there is no whole. */
export function share(part, whole) {
  if (!whole) return '';
  const percent = (100 * part) / whole;
  return `${percent > 0 && percent < 1 ? '<1' : Math.round(percent)}%`;
}

/** Seconds as people say them: `4.2 s`, `3 min 05 s`, `2 h 04 min`, `3 d 2 h`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return UNKNOWN;
  const length = Math.max(0, seconds);
  if (length < 99.95) return `${length.toFixed(1)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min ${two(length % MINUTE)} s`;
  if (length < DAY) return `${Math.floor(length / HOUR)} h ${two((length % HOUR) / MINUTE)} min`;
  return `${Math.floor(length / DAY)} d ${Math.floor((length % DAY) / HOUR)} h`;
}

/** Whole seconds left of a lease: `0:42`, `12:05`, `1:02:05`. */
export function countdown(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  const [hours, minutes] = [Math.floor(left / HOUR), Math.floor((left % HOUR) / MINUTE)];
  return hours ? `${hours}:${two(minutes)}:${two(left % MINUTE)}` : `${minutes}:${two(left % MINUTE)}`;
}

/** How long ago, in one unit: for what need not be exact. */
export function ago(seconds) {
  const length = Math.max(0, seconds);
  if (length < 1) return 'now';
  if (length < MINUTE) return `${Math.floor(length)} s ago`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min ago`;
  return length < DAY ? `${Math.floor(length / HOUR)} h ago` : `${Math.floor(length / DAY)} d ago`;
}

/** The time of day where the reader is, with milliseconds if asked. */
export function timeOfDay(at, { withMillis = false } = {}) {
  if (at === null) return UNKNOWN;
  const date = new Date(at);
  const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return withMillis ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text;
}

/** A count with separators. */
export function count(number) {
  return Number(number).toLocaleString('en-US');
}

/** `1 call`, `2 calls`. */
export function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? '' : 's'}`;
}

function two(number) {
  return String(Math.floor(number)).padStart(2, '0');
}
