// What a source is told that sends to a copy under an era that is over: another virtual machine
// stands in for its own.
import { Fault } from '#lib/model/fault.ts';

export class ReplacedFault extends Fault {
  constructor(era: number, current: number) {
    const message =
      `Another virtual machine stands in for this one since a failover: it sends in era ${era}, ` +
      `and the copy is in era ${current}.`;
    super('InvalidState', message);
  }
}
