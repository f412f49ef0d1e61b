// The properties as the filter works with them.
import type { PropertyValues } from '#lib/filter-sdk/filter.ts';
import type { BusyHours, ChannelSettings } from './messages.ts';

const KIB = 1024;

export interface Settings extends ChannelSettings {
  isSynchronous: boolean;
  /** 0 for none. */
  rpoMs: number;
  waitsForTarget: boolean;
  degradeAfterMs: number;
  target: { address: string; port: number };
  pairing: string;
  key: { provider: string; keyId: string };
  /** The name of the copy at the target. */
  replicaId: string;
  /** Which of those that were primary it is; a failover and its undoing begin a new one. */
  era: number;
  /** The virtual machine, as the target knows it. */
  vm: string;
}

/** Throws with what is missing when the controller has not said where the disk is to go. */
export function settingsOf(properties: PropertyValues): Settings {
  const managed = (name: string): string => {
    const value = properties[name];
    if (typeof value === 'string' && value !== '') return value;
    throw new Error(
      `no replication target is set for the disk (${name}); ` +
        'protect its virtual machine with a replication target first',
    );
  };
  const number = (name: string): number => Number(properties[name] ?? 0);
  return {
    isSynchronous: properties.mode === 'synchronous',
    rpoMs: number('rpoSeconds') * 1000,
    waitsForTarget: properties.onTargetLost === 'wait',
    degradeAfterMs: number('degradeAfterSeconds') * 1000,
    journal: { hours: number('journalHours'), mib: number('journalMib') },
    bandwidth: number('bandwidthKibPerSecond') * KIB,
    busy: busyOf(properties),
    compress: properties.compression === 'zstd',
    target: placeOf(managed('target')),
    pairing: managed('pairing'),
    key: { provider: managed('keyProvider'), keyId: managed('keyId') },
    replicaId: `${managed('vm')}/${managed('disk')}`,
    era: Math.max(1, number('era')),
    vm: managed('vm'),
  };
}

/** What is told to the daemon. */
export function channelSettingsOf(settings: Settings): ChannelSettings {
  const { bandwidth, busy, compress, journal } = settings;
  return { bandwidth, busy, compress, journal };
}

/** Null when no hours are set: from an hour until the same. */
function busyOf(properties: PropertyValues): BusyHours | null {
  const number = (name: string): number => Number(properties[name] ?? 0);
  const [from, until] = [number('busyFromHour'), number('busyUntilHour')];
  if (from === until) return null;
  const onWeekends = properties.busyDays !== 'workingDays';
  return { from, until, onWeekends, bandwidth: number('busyKibPerSecond') * KIB };
}

/** `host:port`, with brackets around an IPv6 address. */
function placeOf(text: string): { address: string; port: number } {
  const colon = text.lastIndexOf(':');
  const address = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(colon + 1));
  if (address !== '' && Number.isInteger(port) && port > 0 && port < 65_536) {
    return { address, port };
  }
  throw new Error(`"${text}" is no address and port of a replication target`);
}
