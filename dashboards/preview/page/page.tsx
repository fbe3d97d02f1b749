// A dashboard as Grafana lays it out: a head with its variables, and its panels on a grid of 24 columns.

import '@fontsource/inter/latin-400.css';
import '@fontsource/inter/latin-500.css';
import 'uplot/dist/uPlot.min.css';
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import { DataFrame, EventBusSrv, ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome, PanelContextProvider } from '@grafana/ui';
import { Answers, Panel } from './answers';
import { Bars, Curves, Drawing, hasData, NoData, Rows, Stat, Words } from './drawings';
import { framesOf, theme, timeRange } from './frames';
import { Heatmap, Pie, States } from './own';

const COLUMNS = 24;
const CELL = 30;
const MARGIN = 8;
const PADDING = 16;
const HEAD = 84;
const DRAWINGS: Record<string, React.FC<Drawing>> = {
  stat: Stat, timeseries: Curves, bargauge: Bars, table: Rows, heatmap: Heatmap, piechart: Pie, 'state-timeline': States, text: Words,
};
const UNDRAWN: Record<string, string> = {
  alertlist: "Grafana lists here which alerts fire. It asks its own alerting for them, which the preview does not have.",
};
/** These say themselves what they show where there is nothing. */
const SPEAK_FOR_THEMSELVES = ['stat', 'bargauge', 'text'];
const CONTEXT = { eventsScope: 'global', eventBus: new EventBusSrv() } as any;

class Guard extends React.Component<{ children: React.ReactNode; width: number; height: number }, { error?: Error }> {
  state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    console.error(error.stack ?? error);
    return { error };
  }

  render() {
    const { width, height, children } = this.props;
    return this.state.error ? <NoData width={width} height={height} words={`The preview failed here: ${this.state.error.message}`} /> : children;
  }
}

function Content({ panel, frames, answers, width, height }: { panel: Panel; frames: DataFrame[]; answers: Answers; width: number; height: number }) {
  const Kind = DRAWINGS[panel.type];
  if (!Kind) {
    const words = UNDRAWN[panel.type] ?? `The preview can't draw panels of the kind ${panel.type}.`;
    return <NoData width={width} height={height} words={words} />;
  }
  if (!hasData(frames) && !SPEAK_FOR_THEMSELVES.includes(panel.type)) {
    return <NoData width={width} height={height} words={panel.fieldConfig?.defaults?.noValue ?? 'No data'} />;
  }
  return <Kind panel={panel} frames={frames} range={timeRange(answers.from, answers.to)} width={width} height={height} />;
}

function Placed({ panel, frames, answers }: { panel: Panel; frames: DataFrame[]; answers: Answers }) {
  const column = (window.innerWidth - 2 * PADDING - MARGIN * (COLUMNS - 1)) / COLUMNS;
  const { x, y, w, h } = panel.gridPos;
  const width = Math.floor(w * column + (w - 1) * MARGIN);
  const height = h * CELL + (h - 1) * MARGIN;
  const style: React.CSSProperties = {
    position: 'absolute', left: Math.round(PADDING + x * (column + MARGIN)), top: HEAD + y * (CELL + MARGIN), width, height,
  };
  if (panel.type === 'row') {
    return <div style={{ ...style, ...theme.typography.h5, display: 'flex', alignItems: 'center' }}>{panel.title}</div>;
  }
  const dim = { color: theme.colors.text.secondary, fontSize: 12, whiteSpace: 'nowrap' } as const;
  const note = panel.timeFrom && !panel.hideTimeOverride ? <span style={dim}>{since(panel.timeFrom)}</span> : undefined;
  return (
    <div style={style}>
      <PanelChrome
        title={panel.title} description={panel.description} width={width} height={height} titleItems={note}
        padding={panel.type === 'table' ? 'none' : 'md'} displayMode={panel.transparent ? 'transparent' : 'default'}
      >
        {(innerWidth, innerHeight) => (
          <Guard width={innerWidth} height={innerHeight}>
            <Content panel={panel} frames={frames} answers={answers} width={innerWidth} height={innerHeight} />
          </Guard>
        )}
      </PanelChrome>
    </div>
  );
}

/** As Grafana writes a panel's own time range beside its title. */
function since(relative: string): string {
  return relative === 'now/d' ? 'Today so far' : `Last ${relative.replace('now-', '')}`;
}

function Head({ answers }: { answers: Answers }) {
  const { dashboard } = answers;
  const shown = dashboard.templating.list.filter((variable) => variable.hide !== 2);
  const clock = (moment: number) => new Date(moment).toISOString().slice(0, 19).replace('T', ' ');
  return (
    <div style={{ position: 'absolute', top: 8, left: PADDING, right: PADDING }}>
      <div style={{ display: 'flex', justifyContent: 'space-between', alignItems: 'baseline' }}>
        <span style={theme.typography.h4 as any}>{dashboard.title}</span>
        <span style={{ color: theme.colors.text.secondary }}>{clock(answers.from)} to {clock(answers.to)} UTC</span>
      </div>
      <div style={{ display: 'flex', gap: 8, marginTop: 6 }}>
        {shown.map((variable) => <Chosen key={variable.name} variable={variable} />)}
      </div>
    </div>
  );
}

function Chosen({ variable }: { variable: any }) {
  const text = variable.type === 'datasource' ? 'Prometheus' : [variable.current?.text ?? ''].flat().join(' + ') || 'All';
  const box = { border: `1px solid ${theme.colors.border.medium}`, padding: '3px 8px', fontSize: 12 };
  return (
    <span style={{ display: 'flex' }}>
      <span style={{ ...box, background: theme.colors.background.secondary, borderRight: 'none' }}>{variable.label || variable.name}</span>
      <span style={{ ...box, background: theme.components.input.background }}>{text}</span>
    </span>
  );
}

function Page({ answers, frames }: { answers: Answers; frames: Map<number, DataFrame[]> }) {
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <PanelContextProvider value={CONTEXT}>
        <Head answers={answers} />
        {answers.dashboard.panels.map((panel) => (
          <Placed key={panel.id} panel={panel} frames={frames.get(panel.id) ?? []} answers={answers} />
        ))}
      </PanelContextProvider>
    </ThemeContext.Provider>
  );
}

async function draw(answers: Answers) {
  await document.fonts.load('14px Inter');
  const frames = new Map<number, DataFrame[]>();
  for (const panel of answers.dashboard.panels) {
    frames.set(panel.id, panel.type === 'row' ? [] : await framesOf(panel, answers.panels[panel.id] ?? []));
  }
  createRoot(document.getElementById('page')!).render(<Page answers={answers} frames={frames} />);
}

draw(window.ANSWERS).catch((error) => {
  console.error(error.stack ?? error);
  document.body.textContent = `The preview failed: ${error.message}`;
});
