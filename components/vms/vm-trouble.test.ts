// Which filter and operation a host's message blames, and when a VM counts as out of space.
import { describe, expect, it } from 'vitest';
import { filterBlame, isOutOfSpace } from './vm-trouble.ts';

describe('filterBlame', () => {
  it('names the filter and the operation that the host names', () => {
    const looped =
      'The process of the virtual machine web01 was ended: the I/O filter cache looped in write ' +
      'on disk scsi0:0.';
    expect(filterBlame(looped)).toEqual({ filter: 'cache', operation: 'write' });
    const threw = 'The I/O filter error-lab threw in a callback: boom';
    expect(filterBlame(threw)).toEqual({ filter: 'error-lab', operation: 'callback' });
    const opened = 'The filter encrypt cannot open the virtual disk 2000: no key';
    expect(filterBlame(opened)).toEqual({ filter: 'encrypt', operation: 'open' });
  });

  it('blames nobody when the message does not', () => {
    expect(filterBlame('The process of the virtual machine web01 ended unexpectedly.')).toBeNull();
  });
});

describe('isOutOfSpace', () => {
  const world = { worldState: 'running', powerState: 'poweredOn' } as const;

  it('is told from the message of a world that runs', () => {
    expect(isOutOfSpace({ ...world, worldMessage: 'No space on ds01: 3 writes wait.' })).toBe(true);
    expect(isOutOfSpace({ ...world, worldMessage: '' })).toBe(false);
  });

  it('is not said of a world that has failed, or is off', () => {
    const worldMessage = 'No space on ds01.';
    expect(isOutOfSpace({ ...world, worldMessage, worldState: 'faulted' })).toBe(false);
    expect(isOutOfSpace({ ...world, worldMessage, powerState: 'poweredOff' })).toBe(false);
  });
});
