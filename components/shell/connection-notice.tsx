'use client';
// Says that the page is no longer live: what is shown may be old, and the browser is trying to get
// back.
import { WifiOff } from 'lucide-react';
import { useStreamState } from '#lib/client/use-change-stream.ts';

export function ConnectionNotice() {
  const state = useStreamState();
  if (state !== 'stale') return null;
  return (
    <div
      role="status"
      className="flex min-h-8 shrink-0 items-center gap-2 border-b border-warn/40 bg-warn-soft
        px-4 py-1"
    >
      <WifiOff aria-hidden size={15} className="text-warn" />
      <span className="font-semibold">Connection lost.</span>
      <span>What you see may be out of date. Reconnecting…</span>
    </div>
  );
}
