'use client';
// Content that may be wider or higher than its place, and scrolls there by itself. While it does,
// it takes the keyboard's focus, so that the arrow keys scroll it too.
// Props: `label` (what is in it, for readers), `className`.
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { classNames } from './class-names.ts';

export interface ScrollAreaProps {
  label: string;
  className?: string;
  children: ReactNode;
}

export function ScrollArea({ label, className, children }: ScrollAreaProps) {
  const area = useRef<HTMLElement>(null);
  const scrolls = useOverflow(area);
  return (
    <section
      ref={area}
      aria-label={label}
      tabIndex={scrolls ? 0 : undefined}
      className={classNames('overflow-auto -outline-offset-2', className)}
    >
      {children}
    </section>
  );
}

/** Whether the content is larger than the element now; followed as either changes its size. */
function useOverflow(area: RefObject<HTMLElement | null>): boolean {
  const [overflows, setOverflows] = useState(false);
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    const measure = () =>
      setOverflows(
        element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight,
      );
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  }, [area]);
  return overflows;
}
