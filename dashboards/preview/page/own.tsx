// The kinds of panel that @grafana/ui has no component for: drawn here, after what Grafana draws from the same JSON.

import * as React from 'react';
import { DataFrame, Field, FieldType, getFieldDisplayName, getFieldDisplayValues } from '@grafana/data';
import { VizLegend } from '@grafana/ui';
import * as chromatic from 'd3-scale-chromatic';
import { Drawing, formatted } from './drawings';
import { theme, TIME_ZONE } from './frames';

const FONT = { fill: theme.colors.text.primary, fontSize: 12, fontFamily: theme.typography.fontFamily };
const TICK_WIDTH = 110;
const LABEL_WIDTH = 56;

interface Scale {
  from: number;
  to: number;
  left: number;
  right: number;
}

function place(scale: Scale, moment: number): number {
  return scale.left + ((moment - scale.from) / (scale.to - scale.from)) * (scale.right - scale.left);
}

/** Moments at round minutes, or parts of one, that leave room for their labels. */
function ticks(scale: Scale): number[] {
  const most = Math.max(1, (scale.right - scale.left) / TICK_WIDTH);
  const least = (scale.to - scale.from) / most / 1000;
  const step = 1000 * ([5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find((seconds) => seconds >= least) ?? 7200);
  const first = Math.ceil(scale.from / step) * step;
  const all = Array.from({ length: Math.floor((scale.to - first) / step) + 1 }, (_, number) => first + number * step);
  return all.filter((moment) => place(scale, moment) < scale.right - LABEL_WIDTH / 2);
}

function TimeAxis({ scale, top, height }: { scale: Scale; top: number; height: number }) {
  return (
    <g>
      {ticks(scale).map((moment) => (
        <g key={moment}>
          <line x1={place(scale, moment)} x2={place(scale, moment)} y1={top} y2={height} stroke="rgba(240, 250, 255, 0.09)" />
          <text {...FONT} x={place(scale, moment)} y={height + 18} textAnchor="middle">
            {new Date(moment).toISOString().slice(11, 19)}
          </text>
        </g>
      ))}
    </g>
  );
}

// === heatmap ===

/** In dark themes Grafana turns the schemes around, so that much is bright. */
function colorOf(options: any, share: number): string {
  const scheme = (chromatic as any)[`interpolate${options.scheme ?? 'Oranges'}`] as (at: number) => string;
  const steps = Math.max(2, options.steps ?? 64);
  const at = Math.round(share * (steps - 1)) / (steps - 1);
  return scheme(options.reverse ? at : 1 - at);
}

export function Heatmap({ panel, frames, range, width, height }: Drawing) {
  const { options } = panel;
  const [time, ...buckets] = frames[0].fields;
  const least = options.filterValues?.le ?? 0;
  const most = Math.max(...buckets.flatMap((bucket) => bucket.values.filter(Number.isFinite)), 0);
  const legend = options.legend?.show ? 36 : 0;
  const scale = { from: range.from.valueOf(), to: range.to.valueOf(), left: 60, right: width - 8 };
  const bottom = height - 26 - legend;
  const rowHeight = (bottom - 6) / buckets.length;
  const step = (time.values[1] ?? time.values[0]) - time.values[0];
  const cellWidth = ((scale.right - scale.left) * step) / (scale.to - scale.from);
  const gap = options.cellGap ?? 1;
  return (
    <svg width={width} height={height}>
      <TimeAxis scale={scale} top={6} height={bottom} />
      {buckets.map((bucket, row) => {
        const y = bottom - (row + 1) * rowHeight;
        return (
          <g key={bucket.name}>
            <BucketLabel bucket={bucket} row={row} every={Math.ceil(16 / rowHeight)} unit={options.yAxis?.unit} y={y} />
            {bucket.values.map((value, column) =>
              value > least ? (
                <rect
                  key={column} x={Math.max(scale.left, place(scale, time.values[column] - step))} y={y}
                  width={Math.max(1, cellWidth - gap)} height={Math.max(1, rowHeight - gap)} fill={colorOf(options.color, value / most)}
                />
              ) : null
            )}
          </g>
        );
      })}
      {legend > 0 && <ColorLegend options={options} most={most} top={height - 30} />}
    </svg>
  );
}

/** At the bucket's upper edge, as its name is its upper bound. */
function BucketLabel({ bucket, row, every, unit, y }: { bucket: Field; row: number; every: number; unit?: string; y: number }) {
  const bound = bucket.name === '+Inf' ? Infinity : Number(bucket.name);
  const text = Number.isFinite(bound) ? formatted(unit, bound) : '+Inf';
  return row % every === 0 ? <text {...FONT} x={54} y={y + 8} textAnchor="end">{text}</text> : null;
}

function ColorLegend({ options, most, top }: { options: any; most: number; top: number }) {
  const parts = 60;
  return (
    <g>
      {Array.from({ length: parts }, (_, number) => (
        <rect key={number} x={60 + number * 3} y={top} width={3} height={8} fill={colorOf(options.color, number / (parts - 1))} />
      ))}
      <text {...FONT} x={60} y={top + 22}>0</text>
      <text {...FONT} x={60 + parts * 3} y={top + 22} textAnchor="end">{formatted(options.cellValues?.unit ?? 'short', most)}</text>
    </g>
  );
}

// === pie chart ===

export function Pie({ panel, frames, width, height }: Drawing) {
  const values = getFieldDisplayValues({
    data: frames, reduceOptions: panel.options.reduceOptions, fieldConfig: panel.fieldConfig as any, theme, timeZone: TIME_ZONE,
    replaceVariables: (text) => text,
  }).filter((each) => each.display.numeric > 0);
  const whole = values.reduce((sum, each) => sum + each.display.numeric, 0);
  const radius = Math.min(width / 3, height / 2) - 6;
  const inner = panel.options.pieType === 'donut' ? radius * 0.6 : 0;
  const items = values.map(({ display }) => ({
    label: display.title ?? '', color: display.color, yAxis: 1, getDisplayValues: () => [{ ...display, title: undefined }],
  }));
  let begun = 0;
  return (
    <div style={{ width, height, display: 'flex', alignItems: 'center', gap: 16 }}>
      <svg width={radius * 2 + 4} height={radius * 2 + 4} viewBox={`${-radius - 2} ${-radius - 2} ${radius * 2 + 4} ${radius * 2 + 4}`}>
        {values.map(({ display }, number) => {
          const path = slice(begun / whole, (begun + display.numeric) / whole, radius, inner);
          begun += display.numeric;
          return <path key={number} d={path} fill={display.color} stroke={theme.colors.background.primary} fillRule="evenodd" />;
        })}
      </svg>
      <VizLegend items={items} displayMode={panel.options.legend?.displayMode ?? 'list'} placement="right" />
    </div>
  );
}

function slice(from: number, to: number, radius: number, inner: number): string {
  const end = to - from >= 1 ? from + 0.9999 : to;
  const point = (share: number, at: number) => `${at * Math.sin(2 * Math.PI * share)} ${-at * Math.cos(2 * Math.PI * share)}`;
  const large = end - from > 0.5 ? 1 : 0;
  return (
    `M ${point(from, radius)} A ${radius} ${radius} 0 ${large} 1 ${point(end, radius)} ` +
    `L ${point(end, inner)} A ${inner} ${inner} 0 ${large} 0 ${point(from, inner)} Z`
  );
}

// === state timeline ===

export function States({ frames, range, width, height }: Drawing) {
  const fields = frames.flatMap((frame) => frame.fields.filter((field) => field.type !== FieldType.time).map((field) => ({ frame, field })));
  const scale = { from: range.from.valueOf(), to: range.to.valueOf(), left: 150, right: width - 8 };
  const rowHeight = (height - 30) / fields.length;
  return (
    <svg width={width} height={height}>
      <TimeAxis scale={scale} top={0} height={height - 26} />
      {fields.map(({ frame, field }, row) => (
        <g key={row}>
          <text {...FONT} x={142} y={(row + 0.5) * rowHeight + 4} textAnchor="end">{getFieldDisplayName(field, frame, frames)}</text>
          {runs(frame, field).map(({ start, end, value }) => {
            const shown = field.display!(value);
            const [left, right] = [place(scale, Math.max(start, scale.from)), place(scale, Math.min(end, scale.to))];
            return (
              <g key={start}>
                <rect x={left} y={row * rowHeight + 3} width={Math.max(1, right - left)} height={rowHeight - 6} fill={shown.color} fillOpacity={0.7} />
                {right - left > 60 && <text {...FONT} x={left + 6} y={(row + 0.5) * rowHeight + 4}>{shown.text}</text>}
              </g>
            );
          })}
        </g>
      ))}
    </svg>
  );
}

/** Times over which a value stays as it is. */
function runs(frame: DataFrame, field: Field): Array<{ start: number; end: number; value: any }> {
  const moments: number[] = frame.fields.find((each) => each.type === FieldType.time)!.values;
  const found: Array<{ start: number; end: number; value: any }> = [];
  field.values.forEach((value, index) => {
    const last = found.at(-1);
    const end = moments[index + 1] ?? moments[index];
    if (last && last.value === value) {
      last.end = end;
    } else if (value !== null && value !== undefined) {
      found.push({ start: moments[index], end, value });
    }
  });
  return found;
}
