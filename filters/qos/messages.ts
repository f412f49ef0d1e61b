// What a disk's filter and its host's daemon tell each other, and the daemons of different hosts:
// JSON in UTF-8, one object a message, told apart by `kind`. What does not fit is no message.
import type { QosSettings } from './settings.ts';

/** From a disk, when it opens its line and whenever this changes. */
export interface DiskMessage {
  kind: 'disk';
  storageId: string;
  settings: QosSettings;
}

/** From a disk that works, some times a second; the last one says that it works no more. */
export interface ReportMessage {
  kind: 'report';
  /** Units that it has sent to its storage since it was opened. */
  units: number;
  /** Bytes since then. */
  bytes: number;
  /** Reads and writes since then. */
  ios: number;
  /** Mean time that its storage took, in milliseconds; 0 when that is not known. */
  latencyMs: number;
  /** I/Os that wait because of a grant, and because of a limit. */
  held: number;
  limited: number;
  /** False when nothing has come since the last report, and nothing is under way. */
  active: boolean;
}

/** To a disk: how far it may go. */
export interface GrantMessage {
  kind: 'grant';
  /** It may send I/O while it has sent fewer units; null for as many as it wants. */
  untilUnits: number | null;
  /** Units in a second that are its due at present; null while the storage is not congested. */
  entitled: number | null;
  /** Mean of all disks of the storage, in milliseconds. */
  latencyMs: number;
}

/** To a disk whose limit is shared with others: its part. */
export interface PartMessage {
  kind: 'part';
  iops: number;
  bytes: number;
  /** For when the daemon has not been heard for long. */
  aloneIops: number;
  aloneBytes: number;
}

/** What the disks of one policy on one host want of their limit. */
export interface Demand {
  group: string;
  /** Shares of the disks that the limit holds back: they take all that they can get. */
  hungry: number;
  /** Shares of the other disks, and what those send in a second. */
  calm: number;
  calmUnits: number;
  calmBytes: number;
  disks: number;
}

/** From one host's daemon to another's. */
export interface DemandMessage {
  kind: 'demand';
  groups: Demand[];
}

export type FromDisk = DiskMessage | ReportMessage;
export type ToDisk = GrantMessage | PartMessage;

/** Groups in one message between daemons; more are not read. */
const GROUPS_MAX = 4096;

export function encode(message: FromDisk | ToDisk | DemandMessage): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

/** Null for what is none. */
export function decodeFromDisk(bytes: Uint8Array): FromDisk | null {
  const found = fieldsOf(bytes);
  if (found?.kind === 'disk') {
    const settings = settingsIn(found.settings);
    if (settings === null || typeof found.storageId !== 'string') return null;
    return { kind: 'disk', storageId: found.storageId, settings };
  }
  if (found?.kind !== 'report') return null;
  const { units, bytes: sent, ios, latencyMs, held, limited, active } = found;
  if (!isAmount(units) || !isAmount(sent) || !isAmount(ios) || !isAmount(latencyMs)) return null;
  if (!isAmount(held) || !isAmount(limited) || typeof active !== 'boolean') return null;
  return { kind: 'report', units, bytes: sent, ios, latencyMs, held, limited, active };
}

/** Null for what is none. */
export function decodeToDisk(bytes: Uint8Array): ToDisk | null {
  const found = fieldsOf(bytes);
  if (found?.kind === 'grant') {
    const { untilUnits, entitled, latencyMs } = found;
    if (!isAmountOrNull(untilUnits) || !isAmountOrNull(entitled) || !isAmount(latencyMs)) {
      return null;
    }
    return { kind: 'grant', untilUnits, entitled, latencyMs };
  }
  if (found?.kind !== 'part') return null;
  const { iops, bytes: perSecond, aloneIops, aloneBytes } = found;
  if (!isAmount(iops) || !isAmount(perSecond)) return null;
  if (!isAmount(aloneIops) || !isAmount(aloneBytes)) return null;
  return { kind: 'part', iops, bytes: perSecond, aloneIops, aloneBytes };
}

/** Null for what is none. */
export function decodeDemand(bytes: Uint8Array): DemandMessage | null {
  const found = fieldsOf(bytes);
  if (found?.kind !== 'demand') return null;
  const { groups } = found;
  if (!Array.isArray(groups) || groups.length > GROUPS_MAX) {
    return null;
  }
  const demands = groups.map(demandIn);
  if (!demands.every((demand) => demand !== null)) return null;
  return { kind: 'demand', groups: demands };
}

function demandIn(value: unknown): Demand | null {
  const { group, hungry, calm, calmUnits, calmBytes, disks } = recordOf(value) ?? {};
  if (typeof group !== 'string' || !isAmount(disks) || !isAmount(hungry)) return null;
  if (!isAmount(calm) || !isAmount(calmUnits) || !isAmount(calmBytes)) return null;
  return { group, hungry, calm, calmUnits, calmBytes, disks };
}

function settingsIn(value: unknown): QosSettings | null {
  const found = recordOf(value) ?? {};
  const { iopsLimit, bytesLimit, burstSeconds, reservation, shares, group } = found;
  const { latencyThresholdMs } = found;
  if (!isAmount(iopsLimit) || !isAmount(bytesLimit) || !isAmount(burstSeconds)) return null;
  if (!isAmount(reservation) || !isAmount(shares) || shares === 0) return null;
  if (!isAmount(latencyThresholdMs)) return null;
  if (group !== null && typeof group !== 'string') return null;
  const limits = { iopsLimit, bytesLimit, burstSeconds };
  return { ...limits, reservation, shares, latencyThresholdMs, group };
}

function fieldsOf(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    return recordOf(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // A stranger may send anything.
    return null;
  }
}

function recordOf(value: unknown): Record<string, unknown> | null {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? Object.fromEntries(Object.entries(value)) : null;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isAmountOrNull(value: unknown): value is number | null {
  return value === null || isAmount(value);
}
