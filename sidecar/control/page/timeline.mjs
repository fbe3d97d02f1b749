// The time line: calls in flight and those that have just settled, each a bar on which the caller's end and the provider's are two
// marks. Only the rows in sight are elements; there may be thousands.

import { html, useLayoutEffect, useMemo, useRef, useState } from './dom.mjs';
import { Empty } from './empty.mjs';
import { FilterBar } from './filterbar.mjs';
import { IN_FLIGHT, SORTS, WIDE, isNarrow, outcomeOf, shown } from './filters.mjs';
import { count } from './formats.mjs';
import { SPANS, isOrphanedNow, rowsInSight, scrollFor, spanFor, ticks } from './layout.mjs';
import { Row, elementId } from './row.mjs';
import { openRoads } from './words.mjs';

/** As in the style sheet: below this width of the list a row has two lines. */
const NARROW_PIXELS = 700;
const HEAD_PIXELS = 28;
const HEIGHTS = { wide: 34, narrow: 62 };
const [LEAST_PIXELS, MOST_PART] = [306, 0.5];
const mostPixels = () => Math.max(LEAST_PIXELS, innerHeight * MOST_PART);
const COLUMNS = [
  ['caller', 'Caller'], ['model', 'Model'], ['kind', 'Kind'], ['life', 'Life'], ['outcome', 'Outcome'],
  ['on-for', 'For nobody'], ['money orphaned-usd', 'Orphaned'], ['money spend', 'Spend'],
];

export function Timeline({ store, onOpen }) {
  const { view, filter } = store;
  const rows = useMemo(() => shown(view, filter), [view.calls, view.recent, filter]);
  const span = useSpan(store, rows);
  const isNothing = !view.calls.size && !view.recent.length;
  return html`
    <section class="calls" aria-labelledby="calls-title">
      <div class="section-head"><h2 id="calls-title">Calls</h2><${Counts} view=${view} shown=${rows.length} /></div>
      ${!isNothing && html`<${FilterBar} store=${store} span=${span} />`}
      ${isNothing ? html`<${Empty} state=${view.state} />` : html`<${Grid} store=${store} rows=${rows} span=${span} onOpen=${onOpen} />`}
      ${!isNothing && html`<${Legend} />`}
    </section>`;
}

function useSpan(store, rows) {
  const last = useRef(SPANS[1]);
  const chosen = SPANS.find((span) => String(span.seconds) === store.filter.span);
  const living = rows.filter((row) => outcomeOf(row) === IN_FLIGHT);
  last.current = chosen ?? spanFor(living, store.now() ?? store.view.now ?? 0, last.current);
  return last.current;
}

function Counts({ view, shown: visible }) {
  const orphans = [...view.calls.values()].filter(isOrphanedNow).length;
  const [all, roads] = [view.calls.size + view.recent.length, openRoads(view.state)];
  return html`<p class="counts">${count(view.calls.size)} in flight${orphans ? html`, <strong>${count(orphans)} orphaned</strong>` : ''}${
    visible < all ? `, ${count(visible)} of ${count(all)} shown` : ''}${roads && `; ${roads}`}</p>`;
}

function Legend() {
  return html`<p class="legend" aria-hidden="true">
    <span><i class="wait"></i>waiting</span><span><i class="work"></i>answering</span><span><b class="left"></b>caller left</span>
    <span><i class="tail"></i>for nobody</span><span><b class="end"></b>provider finished</span></p>`;
}

function Grid({ store, rows, span, onOpen }) {
  const scroller = useRef();
  const [cursor, setCursor] = useState(null);
  const sight = useSight(scroller);
  const rowHeight = sight.width <= NARROW_PIXELS ? HEIGHTS.narrow : HEIGHTS.wide;
  useAnchor(scroller, rows, rowHeight);
  const cursorIndex = rows.findIndex((row) => row.id === cursor);
  const visible = rowsInSight(rows.length, rowHeight, sight.scrolled, sight.height);
  const drawn = rows.slice(visible.first, visible.end).map((row, at) => [row, visible.first + at]);
  if (cursorIndex >= 0 && (cursorIndex < visible.first || cursorIndex >= visible.end)) drawn.push([rows[cursorIndex], cursorIndex]);

  function open(id) {
    setCursor(id);
    onOpen(id);
  }

  function onKeyDown(event) {
    const next = stepOf(event.key, cursorIndex, rows.length, Math.floor(sight.height / rowHeight));
    if (event.key === 'Enter' && cursorIndex >= 0) open(cursor);
    else if (next === null) return;
    else if (rows.length) {
      setCursor(rows[next].id);
      scroller.current.scrollTop = scrollFor(next, rowHeight, scroller.current.scrollTop, scroller.current.clientHeight - HEAD_PIXELS);
    }
    event.preventDefault();
  }

  const selected = store.selected?.type === 'call' ? store.selected.id : null;
  const height = Math.min(mostPixels(), Math.max(rows.length, 1) * rowHeight) + HEAD_PIXELS;
  return html`
    <div class="grid" role="grid" id="calls" ref=${scroller} style=${{ height: `${height}px` }} aria-label=${`Calls, ${SORTS[store.filter.sort]}`}
      aria-rowcount=${rows.length + 1} tabindex="0" aria-activedescendant=${cursorIndex >= 0 ? elementId(cursor) : undefined}
      onKeyDown=${onKeyDown} onFocus=${() => cursorIndex < 0 && setCursor(rows[visible.first]?.id ?? null)}>
      <div role="rowgroup" class="grid-head"><div role="row" class="row head" aria-rowindex="1">
        ${COLUMNS.map(([name, title]) => html`<span role="columnheader" class=${name}>
          ${name === 'life' ? html`<span class="vh">${title}</span><${Axis} span=${span} />` : title}</span>`)}
      </div></div>
      <div class="row guides" aria-hidden="true"><span class="life">
        ${ticks(span).map(({ seconds, at }) => html`<i key=${seconds} style=${{ left: `${at * 100}%` }}></i>`)}</span></div>
      <div role="rowgroup" class="rows" style=${{ height: `${rows.length * rowHeight}px` }}>
        ${drawn.map(([row, index]) => html`<${Row} key=${row.id} row=${row} index=${index} top=${index * rowHeight} store=${store} span=${span}
          isCursor=${row.id === cursor} isSelected=${row.id === selected} onSelect=${open} />`)}
      </div>
    </div>
    ${!rows.length && html`<p class="nothing">${isNarrow(store.filter) ? 'No call is like that.' : 'No call.'} <button type="button" class="link"
      onClick=${() => store.narrow(WIDE)}>Show all</button></p>`}`;
}

function Axis({ span }) {
  return html`<span class="axis" aria-hidden="true">${ticks(span).map(({ seconds, at }) => html`
    <i key=${seconds} style=${{ left: `${at * 100}%` }}>${tickLabel(seconds)}</i>`)}</span>`;
}

function tickLabel(seconds) {
  if (seconds === 0) return 'now';
  return seconds >= 120 ? `−${seconds / 60} min` : `−${seconds} s`;
}

/** The row that a key leads to; null for keys that lead nowhere. */
function stepOf(key, index, length, page) {
  const steps = { ArrowDown: index + 1, ArrowUp: index < 0 ? 0 : index - 1, PageDown: index + page, PageUp: index - page, Home: 0, End: length - 1 };
  return key in steps ? Math.max(0, Math.min(length - 1, steps[key])) : null;
}

/** How far the list is scrolled, how much of it is in sight, and how wide its place is. */
function useSight(scroller) {
  const [sight, set] = useState({ scrolled: 0, height: mostPixels(), width: Infinity });
  useLayoutEffect(() => {
    const element = scroller.current;
    const look = () => {
      const height = element.clientHeight - HEAD_PIXELS || mostPixels();
      set({ scrolled: element.scrollTop, height, width: element.parentElement.clientWidth });
    };
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, []);
  return sight;
}

/** Whoever reads further down keeps the row that is read where it is, although new ones come above it. */
function useAnchor(scroller, rows, rowHeight) {
  const before = useRef([]);
  useLayoutEffect(() => {
    const { scrollTop } = scroller.current;
    const anchor = before.current[Math.floor(scrollTop / rowHeight)];
    before.current = rows;
    if (!anchor || scrollTop < 1) return;
    const moved = rows.findIndex((row) => row.id === anchor.id);
    if (moved >= 0) scroller.current.scrollTop = moved * rowHeight + (scrollTop % rowHeight);
  }, [rows, rowHeight]);
}
