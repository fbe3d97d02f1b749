// Prometheus' answers as data frames, in the shapes that Grafana's Prometheus data source gives them, and then through Grafana's
// own transformations and field settings.

import {
  applyFieldOverrides, cacheFieldDisplayNames, createTheme, DataFrame, dateTime, Field, FieldType, FieldConfigOptionsRegistry, standardTransformers,
  standardTransformersRegistry, TimeRange, transformDataFrame,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';
import { Panel, Query, Series } from './answers';

export const theme = createTheme({ colors: { mode: 'dark' } });
export const TIME_ZONE = 'utc';
const STANDARD = [
  'unit', 'decimals', 'min', 'max', 'displayName', 'color', 'thresholds', 'mappings', 'noValue', 'links', 'filterable', 'fieldMinMax',
];

// Some of them are exported under two names.
const transformers = new Map(Object.values(standardTransformers).map((each: any) => [each.id, { ...each, transformation: each }]));
standardTransformersRegistry.setInit(() => [...transformers.values()]);

export function timeRange(from: number, to: number): TimeRange {
  const [start, end] = [dateTime(from), dateTime(to)];
  return { from: start, to: end, raw: { from: start, to: end } };
}

/** What a panel draws. */
export async function framesOf(panel: Panel, queries: Query[]): Promise<DataFrame[]> {
  const asked = queries.flatMap((query) => framesOfQuery(query, queries.length));
  const context = { interpolate: (text: string) => text };
  const transformed = await lastValueFrom(transformDataFrame(panel.transformations ?? [], asked, context));
  const frames = applyFieldOverrides({
    data: transformed,
    fieldConfig: fieldConfigOf(panel),
    fieldConfigRegistry: registryOf(panel),
    replaceVariables: (text) => text,
    theme,
    timeZone: TIME_ZONE,
  });
  cacheFieldDisplayNames(frames); // the table asks for nothing else
  return frames;
}

function framesOfQuery(query: Query, queries: number): DataFrame[] {
  if (query.format === 'table') {
    return query.series.length ? [tableOf(query, queries)] : [];
  }
  return query.format === 'heatmap' ? heatmapOf(query) : query.series.map((series) => curveOf(series, query));
}

function samplesOf(series: Series): Array<[number, string]> {
  return series.values ?? (series.value ? [series.value] : []);
}

function curveOf(series: Series, query: Query): DataFrame {
  const samples = samplesOf(series);
  const { __name__, ...labels } = series.metric;
  const config = { displayNameFromDS: series.name };
  const values: Field = {
    name: 'Value', type: FieldType.number, labels, config, values: samples.map(([, value]) => number(value)),
  };
  return { refId: query.refId, name: series.name, length: samples.length, fields: [times(samples, query), values] };
}

/** With its interval, by which gaps are seen. */
function times(samples: Array<[number, string]>, query: Query): Field {
  const config = query.instant ? {} : { interval: query.step * 1000 };
  return { name: 'Time', type: FieldType.time, config, values: samples.map(([seconds]) => seconds * 1000) };
}

function number(text: string): number | null {
  const value = text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
  return Number.isNaN(value) ? null : value;
}

/** One row for each series: its time, its labels, its value. */
function tableOf(query: Query, queries: number): DataFrame {
  const names = [...new Set(query.series.flatMap((series) => Object.keys(series.metric)))].sort();
  const rows = query.series.map((series) => samplesOf(series).at(-1)!);
  const labels: Field[] = names.map((name) => ({
    name, type: FieldType.string, config: {}, values: query.series.map((series) => series.metric[name] ?? ''),
  }));
  const value: Field = {
    name: queries > 1 ? `Value #${query.refId}` : 'Value', type: FieldType.number, config: {},
    values: rows.map(([, text]) => number(text)),
  };
  return { refId: query.refId, length: rows.length, fields: [times(rows, query), ...labels, value] };
}

/** One frame with a field for each bucket, in rising order; Prometheus' buckets hold all that is below, ours what is between. */
function heatmapOf(query: Query): DataFrame[] {
  const sorted = [...query.series].sort((one, other) => number(one.metric.le)! - number(other.metric.le)!);
  const moments = [...new Set(sorted.flatMap((series) => samplesOf(series).map(([seconds]) => seconds)))].sort((a, b) => a - b);
  const below = new Map<number, number>();
  const fields = sorted.map((series): Field => {
    const found = new Map(samplesOf(series).map(([seconds, value]) => [seconds, number(value) ?? 0]));
    const values = moments.map((moment) => {
      const all = found.get(moment) ?? 0;
      const between = Math.max(0, all - (below.get(moment) ?? 0));
      below.set(moment, all);
      return between;
    });
    return { name: series.metric.le, type: FieldType.number, labels: series.metric, config: {}, values };
  });
  const time: Field = { name: 'Time', type: FieldType.time, config: {}, values: moments.map((seconds) => seconds * 1000) };
  return fields.length ? [{ refId: query.refId, length: moments.length, fields: [time, ...fields] }] : [];
}

/** JSON has no -Infinity: the lowest step's value is null there. */
function fieldConfigOf(panel: Panel): any {
  const config = structuredClone(panel.fieldConfig ?? { defaults: {}, overrides: [] });
  const thresholds = [config.defaults, ...config.overrides.flatMap((each: any) => each.properties.map((one: any) => one.value))]
    .map((holder: any) => holder?.thresholds ?? holder);
  for (const step of thresholds.flatMap((each: any) => (Array.isArray(each?.steps) ? each.steps : []))) {
    step.value ??= -Infinity;
  }
  return config;
}

/** Grafana's registry of field settings lives in its core; here every setting that the panel makes is taken as it stands. */
function registryOf(panel: Panel): FieldConfigOptionsRegistry {
  const custom = Object.keys(panel.fieldConfig?.defaults.custom ?? {}).map((name) => `custom.${name}`);
  const overridden = (panel.fieldConfig?.overrides ?? []).flatMap((each) => each.properties.map((one: any) => one.id));
  const ids = [...new Set([...STANDARD, ...custom, ...overridden])];
  return new FieldConfigOptionsRegistry(() => ids.map((id) => setting(id)) as any);
}

function setting(id: string): any {
  const isCustom = id.startsWith('custom.');
  const path = isCustom ? id.slice('custom.'.length) : id;
  return { id, path, name: id, isCustom, process: (value: unknown) => value, shouldApply: () => true };
}
