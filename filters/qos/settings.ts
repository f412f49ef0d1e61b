// What a policy asks of one disk's I/O, out of the values of its properties.
import type { PropertyValues } from '#lib/filter-sdk/filter.ts';

const MIB = 1024 * 1024;
/** I/Os are counted in units of so many bytes, as Storage I/O Control does. */
export const NORMALISED_BYTES = 32 * 1024;

const SHARES: Readonly<Record<string, number>> = { low: 500, normal: 1000, high: 2000 };

export interface QosSettings {
  /** Units in a second; 0 for no limit. */
  iopsLimit: number;
  /** Bytes in a second; 0 for no limit. */
  bytesLimit: number;
  burstSeconds: number;
  /** Units in a second that the disk gets before shares count; 0 for none. */
  reservation: number;
  /** Its weight while the datastore is congested. */
  shares: number;
  /** From this mean latency on the datastore counts as congested, in milliseconds. */
  latencyThresholdMs: number;
  /** The policy whose disks share one limit; null when the limit is the disk's own. */
  group: string | null;
}

export function settingsOf(properties: PropertyValues): QosSettings {
  const { shares, scope, policy } = properties;
  const level = typeof shares === 'string' ? SHARES[shares] : undefined;
  const isShared = scope === 'policy' && typeof policy === 'string' && policy !== '';
  return {
    iopsLimit: numberOf(properties, 'iopsLimit'),
    bytesLimit: numberOf(properties, 'throughputLimit') * MIB,
    burstSeconds: numberOf(properties, 'burstSeconds'),
    reservation: numberOf(properties, 'reservation'),
    shares: level ?? Math.max(1, numberOf(properties, 'customShares')),
    latencyThresholdMs: Math.max(1, numberOf(properties, 'latencyThreshold')),
    group: isShared ? policy : null,
  };
}

function numberOf(properties: PropertyValues, name: string): number {
  const value = properties[name];
  return typeof value === 'number' && value > 0 ? value : 0;
}
