// A call from one simulated process to another, either of which may end or stand still meanwhile.
import { Fault } from '#lib/model/fault.ts';
import type { SimProcess } from './machine.ts';

/** How long a call is under way in each direction, in milliseconds. */
const WAY_MS = 0.1;

export interface ProcessCall {
  from: SimProcess;
  to: SimProcess;
  limitMs: number;
}

/**
 * Rejects with what the work rejects with, or with `HostNotReachable` when the other process ends
 * or does not answer in time. Never settles when the caller's own process ends.
 */
export function callProcess<T>(
  { from, to, limitMs }: ProcessCall,
  work: () => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const back = (answer: () => void): void => {
      limit.cancel();
      from.run(from.localNow + WAY_MS, answer);
    };
    const fail = (message: string): void => {
      back(() => reject(new Fault('HostNotReachable', message)));
    };
    const limit = from.clock.after(limitMs, () => fail('The process does not answer.'));
    to.onEnd(() => fail('The process has ended.'));
    to.run(to.localNow + WAY_MS, () => {
      work().then(
        (value) => back(() => resolve(value)),
        (thrown: unknown) => back(() => reject(thrown)),
      );
    });
  });
}
