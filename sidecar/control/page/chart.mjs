// Spend over time, drawn by uPlot: the whole bill of each step, and the orphaned part of it.

import { html, useEffect, useLayoutEffect, useRef, useState } from './dom.mjs';
import uPlot from './vendor/uplot.mjs';
import { timeOfDay, usd } from './formats.mjs';
import { RANGES, USUAL, columns, queryOf, sums } from './spend.mjs';
import { onThemeChange } from './theme.mjs';

const HEIGHT = 190;
const ASKED_AGAIN_MILLISECONDS = 5000;

export function SpendChart({ store }) {
  const [range, setRange] = useState(USUAL);
  const [rows, failure] = useSpend(store, range);
  const [at, setAt] = useState(null);
  const all = sums(rows);
  const pointed = at === null ? undefined : rows[at];
  const part = pointed ? sums([pointed]) : all;
  const choose = (event) => setRange(RANGES.find(({ name }) => name === event.currentTarget.value));
  return html`
    <section class="spending" aria-labelledby="spending-title">
      <div class="section-head"><h2 id="spending-title">Spend over time</h2>
        <select aria-label="Time of the chart" value=${range.name} onChange=${choose}>
          ${RANGES.map(({ name, title }) => html`<option value=${name} selected=${name === range.name}>${title}</option>`)}</select></div>
      <p class="legend"><span><i class="delivered"></i>delivered ${usd(part.spend - part.orphaned)}</span>
        <span><i class="tail"></i>orphaned ${usd(part.orphaned)}</span>
        ${pointed && html`<span>${timeOfDay(Date.parse(pointed.at))}</span>`}</p>
      ${failure && html`<p class="hint">${failure}</p>`}
      <${Plot} rows=${rows} onPoint=${setAt}
        label=${`Spend, ${range.title}: ${usd(all.spend)} in all, ${usd(all.orphaned)} of it orphaned`} />
    </section>`;
}

/** The rows of a range, asked for again while the page is live, and what went wrong. */
function useSpend(store, range) {
  const [rows, set] = useState([]);
  const [failure, setFailure] = useState('');
  useEffect(() => {
    let isWanted = true;
    async function ask() {
      const now = store.now();
      if (now === null || store.isPaused || store.connection.name !== 'live' || document.hidden) return;
      try {
        const told = await store.api.get(queryOf(range, now));
        if (isWanted) set(told);
        if (isWanted) setFailure('');
      } catch (error) {
        if (isWanted) setFailure(error.message);
      }
    }
    ask();
    const first = setTimeout(ask, 600); // the first message may not have come when the page is drawn
    const timer = setInterval(ask, ASKED_AGAIN_MILLISECONDS);
    return () => {
      isWanted = false;
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [range, store.connection.name, store.isPaused]);
  return [rows, failure];
}

function Plot({ rows, label, onPoint }) {
  const [place, plot, newest] = [useRef(), useRef(), useRef(rows)];
  newest.current = rows;
  useLayoutEffect(() => {
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsFor(place.current, onPoint), columns(newest.current), place.current);
    };
    draw();
    const observer = new ResizeObserver(() => plot.current.setSize({ width: place.current.clientWidth, height: HEIGHT }));
    observer.observe(place.current);
    const end = onThemeChange(draw);
    return () => {
      end();
      observer.disconnect();
      plot.current.destroy();
    };
  }, []);
  useLayoutEffect(() => plot.current.setData(columns(rows)), [rows]);
  return html`<div class="plot" role="img" aria-label=${label} ref=${place}></div>`;
}

function optionsFor(place, onPoint) {
  const color = (name) => colorOf(place, name);
  const bars = uPlot.paths.bars({ size: [0.72, 26], radius: 0.12 });
  const series = (name) => ({ fill: color(name), stroke: color(name), width: 0, paths: bars, points: { show: false } });
  const axis = { stroke: color('--soft'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, font: '11px Inter' };
  return {
    width: place.clientWidth || 300,
    height: HEIGHT,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { range: (drawn, first, last) => withMargin(drawn.data[0], first, last) }, y: { range: (_, __, most) => [0, most || 0.001] } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 26, values: (_, marks, __, ___, step) => marks.map((mark) => timeLabel(mark, step)) },
      { ...axis, size: 58, values: (_, marks) => marks.map((mark) => (mark ? usd(mark, { digits: axisDigits(marks) }) : '0')) },
    ],
    series: [{}, series('--work'), series('--accent')],
    hooks: { setCursor: [(drawn) => onPoint(drawn.cursor.idx ?? null)] },
  };
}

/** Half a step left and right, so that the first bar and the last are whole. */
function withMargin(moments, first, last) {
  const half = moments.length > 1 ? (moments[1] - moments[0]) / 2 : 30;
  return [first - half, last + half];
}

/** Digits that tell the marks of an axis apart. */
function axisDigits(marks) {
  const step = marks.length > 1 ? marks[1] - marks[0] : 1;
  return Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
}

function timeLabel(seconds, step) {
  const date = new Date(seconds * 1000);
  if (step >= 86_400) return date.toLocaleDateString(undefined, { month: 'short', day: 'numeric' });
  return timeOfDay(seconds * 1000).slice(0, step < 60 ? 8 : 5);
}

/** A color of the style sheet, as it is now: a canvas does not follow `light-dark()`. */
function colorOf(place, name) {
  const probe = place.appendChild(document.createElement('i'));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
