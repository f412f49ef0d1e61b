'use client';
// Whether what somebody describes is possible, with every reason, as soon as the server has said
// so. Props: `verdict` (undefined while it is asked for), `error` of asking, `ok` (the words for
// yes).
import type { Verdict } from '#lib/model/verdict.ts';
import { Banner } from './banner.tsx';
import { ErrorState } from './error-state.tsx';

export interface VerdictBannerProps {
  verdict: Verdict | undefined;
  error?: unknown;
  ok: string;
}

export function VerdictBanner({ verdict, error, ok }: VerdictBannerProps) {
  if (error) return <ErrorState error={error} compact />;
  if (!verdict) return <p className="text-muted">Checking whether this is possible…</p>;
  if (!verdict.allowed) {
    return <Banner tone="bad" title="This is not possible" reasons={verdict.reasons} />;
  }
  if (verdict.warnings.length === 0) return <Banner tone="ok" title={ok} />;
  return <Banner tone="warn" title={`${ok}, but mind:`} reasons={verdict.warnings} />;
}
