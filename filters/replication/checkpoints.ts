// Checkpoints: every few seconds the streams of all disks of a VM get a mark of one name. All of
// them are in one process, whose every step is alone, so that the marks cut the streams at one
// moment: what a guest was told on one disk before it wrote on another lies before the mark.
import type { FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';

const INTERVAL_MS = 5_000;
/** Of the names of checkpoints. */
const PREFIX = 'checkpoint-';

interface Member {
  isInSync(): boolean;
  mark(name: string): void;
}

/** By virtual machine, as the target knows it. */
const groups = new Map<string, { members: Set<Member>; timer: FilterTimer | null }>();

/** What a disk has of the checkpoints of its VM. */
export interface Checkpoints {
  /** The disk has changed: a checkpoint is due some seconds from now. */
  changed(): void;
  leave(): void;
}

export function joinCheckpoints(
  vm: string,
  clock: FilterContext['clock'],
  member: Member,
): Checkpoints {
  const group = groups.get(vm) ?? { members: new Set(), timer: null };
  groups.set(vm, group);
  group.members.add(member);
  const stamp = (): void => {
    group.timer = null;
    const members = [...group.members];
    // A moment of some of the disks is none of the VM.
    if (!members.every((each) => each.isInSync())) return;
    const name = `${PREFIX}${clock.now()}`;
    for (const each of members) each.mark(name);
  };
  return {
    changed() {
      group.timer ??= clock.after(INTERVAL_MS, stamp);
    },
    leave() {
      group.members.delete(member);
      // The timer belongs to a disk that may go: the next change sets another.
      group.timer?.cancel();
      group.timer = null;
      if (group.members.size === 0) groups.delete(vm);
    },
  };
}
