'use client';
// A live line chart (uPlot, loaded only when one is shown): theme aware, with a legend of present
// values, a summary for readers, and an honest empty state.
// Props: `label`, `times` (ms), `series` [{label, values (null: no sample)}], `format` of a value,
// `height`, `empty`, `windowMs` (the span shown; older samples slide out).
import { useEffect, useRef } from 'react';
import 'uplot/dist/uPlot.min.css';
import { classNames } from '../class-names.ts';
import { type ChartHandle, drawChart } from './draw-chart.ts';

export interface ChartSeries {
  label: string;
  values: readonly (number | null)[];
}

export interface LineChartProps {
  label: string;
  /** Milliseconds since the epoch, ascending; as long as each series' values. */
  times: readonly number[];
  series: readonly ChartSeries[];
  format: (value: number) => string;
  height?: number;
  windowMs?: number;
  empty?: string;
}

const CHART_TEXT = [
  'bg-chart-1',
  'bg-chart-2',
  'bg-chart-3',
  'bg-chart-4',
  'bg-chart-5',
  'bg-chart-6',
] as const;

export function LineChart(props: LineChartProps) {
  const { label, times, series, format, height = 160, windowMs = 300_000 } = props;
  const { empty = 'No samples yet. They appear while the virtual machine is powered on.' } = props;
  const box = useRef<HTMLDivElement>(null);
  const handle = useRef<ChartHandle | null>(null);
  const latest = useRef({ times, series, windowMs });
  latest.current = { times, series, windowMs };
  const names = series.map((one) => one.label).join('\n');
  const hasData = series.some((one) => one.values.some((value) => value !== null));

  useEffect(() => {
    if (!box.current || !hasData) return;
    const chart = drawChart({
      element: box.current,
      names: names.split('\n'),
      height,
      format,
      data: () => latest.current,
    });
    handle.current = chart;
    return () => {
      handle.current = null;
      chart.destroy();
    };
  }, [names, height, format, hasData]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new samples are what this redraws for
  useEffect(() => handle.current?.update(), [times, series, windowMs]);

  return (
    <figure className="flex min-w-0 flex-col">
      <figcaption className="mb-1 flex flex-1 flex-wrap content-start items-center gap-x-4">
        <span className="basis-full font-medium">{label}</span>
        {series.map((one, index) => (
          <Legend key={one.label} series={one} index={index} format={format} />
        ))}
      </figcaption>
      {hasData ? (
        <div ref={box} role="img" aria-label={summary(props)} style={{ height }} />
      ) : (
        <div
          className="flex items-center justify-center rounded-md border border-dashed border-line
            text-muted"
          style={{ height }}
        >
          {empty}
        </div>
      )}
    </figure>
  );
}

interface LegendProps {
  series: ChartSeries;
  index: number;
  format: (value: number) => string;
}

function Legend({ series, index, format }: LegendProps) {
  const value = series.values.at(-1) ?? null;
  return (
    <span className="inline-flex items-center gap-1.5 text-sm text-muted">
      <span
        aria-hidden
        className={classNames('h-0.5 w-3', CHART_TEXT[index % CHART_TEXT.length])}
      />
      {series.label}
      <span className="font-medium text-ink">{value === null ? '–' : format(value)}</span>
    </span>
  );
}

function summary({ label, series, format }: LineChartProps): string {
  const parts = series.map((one) => {
    const known = one.values.filter((value) => value !== null);
    const last = known.at(-1);
    if (last === undefined) return `${one.label}: no samples`;
    return `${one.label}: now ${format(last)}, highest ${format(Math.max(...known))}`;
  });
  return `${label}. ${parts.join('. ')}`;
}
