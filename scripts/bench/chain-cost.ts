// What filters that pass everything cost in processor time, apart from all noise of sockets and
// files: the chain alone, over a disk that does nothing.
import { Chain } from '#host/chain/chain.ts';
import { ChainIo, EMPTY_BUFFER, READ } from '#host/chain/chain-io.ts';
import { IoTracer } from '#host/chain/io-tracer.ts';
import type { OpenFilter } from '#host/chain/open-filter.ts';
import { OwnWork } from '#host/chain/own-work.ts';
import { systemClock } from '#lib/base/system-clock.ts';

const WARM_UP = 300_000;
const IOS = 2_000_000;

class NullIo extends ChainIo {
  finished(): void {
    // Nothing is deferred here.
  }
}

/** Nanoseconds of processor time for each I/O through so many passing filters, way in and out. */
export function chainNanoseconds(filterCount: number): number {
  const chain = new Chain({
    filters: Array.from({ length: filterCount }, (_, index) => passingFilter(`pass-${index}`)),
    disk: { submit: () => 0 },
    tracer: new IoTracer(systemClock),
    onFault: () => undefined,
  });
  const io = new NullIo();
  io.code = READ;
  io.length = 4096;
  io.buffer = EMPTY_BUFFER;
  for (let count = 0; count < WARM_UP; count++) chain.submit(io);
  const before = process.cpuUsage();
  for (let count = 0; count < IOS; count++) chain.submit(io);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / IOS;
}

function passingFilter(name: string): OpenFilter {
  let seen = 0;
  const see = (): void => {
    seen += 1;
  };
  const definition = {
    kind: 'total' as const,
    name,
    class: 'inspection' as const,
    apiVersion: 1 as const,
    summary: '',
    properties: [],
    statistics: [],
    open: () => hooks,
  };
  const hooks = {
    ...{ read: see, write: see, flush: see, trim: see },
    ...{ writeZeroes: see, prefetch: see, completed: see },
    statistics: () => ({ seen }),
  };
  const own = OwnWork.none();
  return {
    name,
    class: 'inspection',
    definition,
    codeId: name,
    properties: {},
    hooks,
    own,
    line: null,
  };
}
