// The drawing half of LineChart: makes a uPlot on an element, keeps its size and its theme's
// colours, redraws on demand.

import type uPlot from 'uplot';
import type { AlignedData, Options } from 'uplot';

export interface ChartData {
  times: readonly number[];
  series: readonly { values: readonly (number | null)[] }[];
  windowMs: number;
}

export interface ChartHandle {
  update: () => void;
  destroy: () => void;
}

interface DrawOptions {
  element: HTMLElement;
  names: readonly string[];
  height: number;
  format: (value: number) => string;
  data: () => ChartData;
}

export function drawChart(options: DrawOptions): ChartHandle {
  const { element } = options;
  let chart: uPlot | null = null;
  let gone = false;
  const make = async () => {
    const { default: Plot } = await import('uplot');
    if (gone) return;
    chart?.destroy();
    chart = new Plot(chartOptions(options), alignedData(options.data()), element);
  };
  void make();
  const size = new ResizeObserver(() => {
    chart?.setSize({ width: element.clientWidth, height: options.height });
  });
  size.observe(element);
  const theme = new MutationObserver(() => void make());
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  const scheme = window.matchMedia('(prefers-color-scheme: dark)');
  const repaint = () => void make();
  scheme.addEventListener('change', repaint);
  return {
    update: () => chart?.setData(alignedData(options.data())),
    destroy: () => {
      gone = true;
      size.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', repaint);
      chart?.destroy();
    },
  };
}

/** Seconds between two marks of the clock. */
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 86_400];
/** Bytes between two marks, so that they are round in KiB and MiB. */
const BYTE_STEPS = Array.from({ length: 51 }, (_, power) => 2 ** power);

function isOfBytes(format: (value: number) => string): boolean {
  return format(1024).includes('KiB');
}

function alignedData({ times, series }: ChartData): AlignedData {
  return [times.map((ms) => ms / 1000), ...series.map(({ values }) => [...values])];
}

function chartOptions({ element, names, height, format, data }: DrawOptions): Options {
  const muted = tokenColour(element, '--muted');
  const line = tokenColour(element, '--line');
  const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    padding: [8, 26, 0, 0],
    scales: {
      x: { range: (_plot, _min, max) => [max - data().windowMs / 1000, max] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [
      {
        ...{ ...axis, font, size: 26, space: 72, incrs: CLOCK_STEPS },
        values: (_plot, splits) => splits.map(clockTime),
      },
      {
        ...{ ...axis, font, size: 74, space: 32 },
        ...(isOfBytes(format) ? { incrs: BYTE_STEPS } : {}),
        values: (_plot, splits) => splits.map(format),
      },
    ],
    series: [
      {},
      ...names.map((label, index) => ({
        label,
        stroke: tokenColour(element, `--chart-${(index % 6) + 1}`),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}

function clockTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}

/**
 * A token's value as a canvas takes it: light-dark() is resolved by the browser on a throw-away
 * element.
 */
function tokenColour(element: HTMLElement, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
