// The kinds of panel that Grafana's own components draw, with the settings that the panel's JSON makes.

import * as React from 'react';
import {
  DataFrame, FieldDisplay, FieldType, getDisplayProcessor, getDisplayValueAlignmentFactors, getFieldDisplayValues, renderTextPanelMarkdown,
  TimeRange, VizOrientation,
} from '@grafana/data';
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { Panel } from './answers';
import { theme, TIME_ZONE } from './frames';

export interface Drawing {
  panel: Panel;
  frames: DataFrame[];
  range: TimeRange;
  width: number;
  height: number;
}

export function Stat({ panel, frames, width, height }: Drawing) {
  const { options } = panel;
  const renderValue = ({ value, ...place }: any) => (
    <BigValue
      theme={theme} width={place.width} height={place.height} count={place.count} value={value.display}
      sparkline={value.sparkline} colorMode={options.colorMode} graphMode={options.graphMode} textMode={options.textMode}
      justifyMode={options.justifyMode} text={options.text} disableWideLayout={!options.wideLayout}
      alignmentFactors={place.alignmentFactors}
    />
  );
  return <Repeated {...{ panel, frames, width, height, renderValue }} autoGrid sparkline={options.graphMode !== 'none'} />;
}

export function Bars({ panel, frames, width, height }: Drawing) {
  const { options } = panel;
  const renderValue = ({ value, ...place }: any) => (
    <BarGauge
      theme={theme} width={place.width} height={place.height} orientation={place.orientation} value={value.display}
      field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)} text={options.text}
      displayMode={options.displayMode} showUnfilled={options.showUnfilled} valueDisplayMode={options.valueMode}
      namePlacement={options.namePlacement} alignmentFactors={place.alignmentFactors} isOverflow={false} itemSpacing={10} lcdCellWidth={12}
    />
  );
  return <Repeated {...{ panel, frames, width, height, renderValue }} />;
}

/** One drawing for each value. */
function Repeated({ panel, frames, width, height, renderValue, autoGrid = false, sparkline = false }: any) {
  const { options, fieldConfig } = panel as Panel;
  const isSized = options.sizing === 'manual';
  const getValues = (): FieldDisplay[] =>
    getFieldDisplayValues({
      data: frames, reduceOptions: options.reduceOptions, fieldConfig: fieldConfig as any, sparkline, theme, timeZone: TIME_ZONE,
      replaceVariables: (text) => text,
    });
  return (
    <VizRepeater
      getValues={getValues} getAlignmentFactors={getDisplayValueAlignmentFactors} renderValue={renderValue} width={width}
      height={height} source={frames} itemSpacing={autoGrid ? 3 : 10} autoGrid={autoGrid} renderCounter={0}
      orientation={(options.orientation ?? 'auto') as VizOrientation} minVizWidth={isSized ? options.minVizWidth : 75}
      minVizHeight={isSized ? options.minVizHeight : 16} maxVizHeight={isSized ? options.maxVizHeight : 300}
    />
  );
}

export function Curves({ panel, frames, range, width, height }: Drawing) {
  return (
    <TimeSeries frames={frames} timeRange={range} timeZone={TIME_ZONE} width={width} height={height} legend={panel.options.legend} />
  );
}

export function Rows({ panel, frames, width, height }: Drawing) {
  const { options } = panel;
  const cellHeight = options.cellHeight ?? 'sm';
  return (
    <TableNG
      data={frames[0]} width={width} height={height} initialSortBy={options.sortBy} noHeader={!options.showHeader}
      cellHeight={cellHeight} enableVirtualization={false} fieldConfig={panel.fieldConfig as any}
    />
  );
}

export function Words({ panel }: Drawing) {
  const html = renderTextPanelMarkdown(panel.options.content);
  return <div className="markdown-html" style={{ height: '100%', overflow: 'hidden' }} dangerouslySetInnerHTML={{ __html: html }} />;
}

/** What Grafana writes where nothing was found. */
export function NoData({ width, height, words = 'No data' }: { width: number; height: number; words?: string }) {
  const style = { width, height, display: 'flex', alignItems: 'center', justifyContent: 'center', textAlign: 'center' as const };
  return <div style={{ ...style, color: theme.colors.text.secondary, padding: 16 }}>{words}</div>;
}

export function hasData(frames: DataFrame[]): boolean {
  return frames.some((frame) => frame.fields.some((field) => field.type === FieldType.number && field.values.length > 0));
}

export function formatted(unit: string | undefined, value: number): string {
  const display = getDisplayProcessor({ field: { type: FieldType.number, config: { unit } }, theme, timeZone: TIME_ZONE })(value);
  return `${display.prefix ?? ''}${display.text}${display.suffix ?? ''}`;
}
