'use client';
// A hint on hover and on keyboard focus.
// Props: `content` (nothing is shown when empty), `side`, `delay` in milliseconds; the one child
// is the trigger.
import {
  cloneElement,
  type HTMLAttributes,
  type ReactElement,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from 'react';
import type { Timer } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { onDemand } from './overlays/on-demand.ts';

export interface TooltipProps {
  content: ReactNode;
  side?: 'top' | 'bottom' | 'left' | 'right';
  delay?: number;
  children: ReactElement<HTMLAttributes<HTMLElement>>;
}

/** So long after one hint was shown the next comes without delay, in milliseconds. */
const NEXT_AT_ONCE_MS = 400;
/** The pointer may cross from the trigger to the hint, to read on or to copy. */
const CROSSING_MS = 120;

const tooltipPopup = onDemand(() =>
  import('./tooltip-popup.tsx').then((file) => file.TooltipPopup),
);
let hiddenAt = Number.NEGATIVE_INFINITY;

export function Tooltip({ content, side = 'top', delay = 350, children }: TooltipProps) {
  const { anchor, show, hide, stay } = useShown();
  const isEmpty = content === null || content === undefined || content === '';
  const { props } = children;
  const trigger = cloneElement(children, {
    onPointerEnter: (event) => {
      props.onPointerEnter?.(event);
      if (!isEmpty && event.pointerType !== 'touch') show(event.currentTarget, delay);
    },
    onPointerLeave: (event) => {
      props.onPointerLeave?.(event);
      hide(CROSSING_MS);
    },
    onFocus: (event) => {
      props.onFocus?.(event);
      if (!isEmpty && event.target.matches(':focus-visible')) show(event.currentTarget, 0);
    },
    onBlur: (event) => {
      props.onBlur?.(event);
      hide(0);
    },
  });
  return (
    <>
      {trigger}
      {anchor && !isEmpty && (
        <Hint anchor={anchor} side={side} onStay={stay} onHide={hide}>
          {content}
        </Hint>
      )}
    </>
  );
}

export interface HintProps {
  anchor: Element;
  side: 'top' | 'bottom' | 'left' | 'right';
  /** The pointer is on the hint. */
  onStay: () => void;
  onHide: (afterMs: number) => void;
  children: ReactNode;
}

function Hint({ onHide, ...props }: HintProps) {
  const Popup = tooltipPopup.usePart();
  return Popup && <Popup {...props} onHide={() => onHide(0)} onLeave={() => onHide(CROSSING_MS)} />;
}

/** The element whose hint is shown, and the ways to show and hide it after some milliseconds. */
function useShown() {
  const [anchor, setAnchor] = useState<Element | null>(null);
  const timer = useRef<Timer | null>(null);
  useEffect(() => () => timer.current?.cancel(), []);
  const later = (afterMs: number, work: () => void) => {
    timer.current?.cancel();
    timer.current = systemClock.after(afterMs, work);
  };
  return {
    anchor,
    show: (element: Element, delayMs: number) => {
      tooltipPopup.fetch();
      const isNext = systemClock.monotonic() - hiddenAt < NEXT_AT_ONCE_MS;
      later(isNext ? 0 : delayMs, () => setAnchor(element));
    },
    hide: (afterMs: number) =>
      later(afterMs, () => {
        if (anchor) hiddenAt = systemClock.monotonic();
        setAnchor(null);
      }),
    stay: () => timer.current?.cancel(),
  };
}
