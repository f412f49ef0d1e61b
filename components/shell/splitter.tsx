'use client';
// The edge between two panes: dragged, or moved with the arrow keys; a double click restores the
// first size.
// Props: `label`, `value` in pixels, `onChange`, `min`, `max`, `initial`, `edge` (which side of
// its pane it stands on).
import type { KeyboardEvent, PointerEvent } from 'react';
import { classNames } from '#components/ui/class-names.ts';

export interface SplitterProps {
  label: string;
  value: number;
  onChange: (pixels: number) => void;
  min: number;
  max: number;
  initial: number;
  edge: 'right' | 'left' | 'top';
}

const STEP_PIXELS = 16;

export function Splitter(props: SplitterProps) {
  const { label, value, onChange, min, max, initial, edge } = props;
  const vertical = edge !== 'top';
  const set = (pixels: number) => onChange(Math.min(max, Math.max(min, pixels)));
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    event.preventDefault();
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const start = vertical ? event.clientX : event.clientY;
    const sign = edge === 'right' ? 1 : -1;
    handle.onpointermove = (move) =>
      set(value + sign * ((vertical ? move.clientX : move.clientY) - start));
    handle.onpointerup = () => {
      handle.onpointermove = null;
    };
  };
  const press = (event: KeyboardEvent) => {
    const grow = edge === 'right' ? 'ArrowRight' : edge === 'left' ? 'ArrowLeft' : 'ArrowUp';
    const shrink = edge === 'right' ? 'ArrowLeft' : edge === 'left' ? 'ArrowRight' : 'ArrowDown';
    if (event.key === grow) set(value + STEP_PIXELS);
    else if (event.key === shrink) set(value - STEP_PIXELS);
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be dragged nor hold a value
    <div
      role="separator"
      aria-label={label}
      aria-orientation={vertical ? 'vertical' : 'horizontal'}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onPointerDown={drag}
      onKeyDown={press}
      onDoubleClick={() => onChange(initial)}
      className={classNames(
        'absolute z-20 touch-none hover:bg-accent/40 focus-visible:bg-accent/60',
        vertical ? 'top-0 h-full w-1.5 cursor-col-resize' : 'left-0 h-1.5 w-full cursor-row-resize',
        edge === 'right' && '-right-[3px]',
        edge === 'left' && '-left-[3px]',
        edge === 'top' && '-top-[3px]',
      )}
    />
  );
}
