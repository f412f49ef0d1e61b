'use client';
// Why a control is disabled: the one shape that buttons and menu entries take, and its text for
// screen readers.
import type { ReactNode } from 'react';
import type { Reason } from '#lib/model/fault.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import { ReasonList } from './reason-list.tsx';

/** Nothing (null, undefined, '' or []) means enabled. */
export type DisabledReason = readonly Reason[] | string | null | undefined;

export function isDisabled(reason: DisabledReason): boolean {
  return reason !== null && reason !== undefined && reason.length > 0;
}

/** The reasons of a verdict; "Checking…" while it is not known yet. */
export function reasonOf(verdict: Verdict | undefined): DisabledReason {
  if (!verdict) return 'Checking whether this is possible…';
  return verdict.allowed ? null : verdict.reasons;
}

export function reasonText(reason: DisabledReason): string {
  if (!reason) return '';
  if (typeof reason === 'string') return reason;
  return reason.map((one) => [one.message, one.remedy].filter(Boolean).join(' ')).join(' ');
}

export function reasonContent(reason: DisabledReason): ReactNode {
  if (!reason || reason.length === 0) return null;
  return typeof reason === 'string' ? reason : <ReasonList reasons={reason} />;
}
