// Which operation is done where.
import { unreachable } from '#lib/base/assert.ts';
import { attach, detach } from './attach.ts';
import type { ChangeParts } from './change-parts.ts';
import { cloneDisks } from './clone.ts';
import { grow } from './grow.ts';
import { merge } from './merge.ts';
import type { Operation, OperationResult } from './operation.ts';
import { relocate } from './relocate.ts';
import { reset } from './reset.ts';
import { revert } from './revert.ts';
import { forgetSnapshots, snapshot } from './snapshot.ts';
import { CommittedError } from './standstill.ts';
import { suspend } from './suspend.ts';

export { CommittedError };

/** Throws a fault, and then everything is as it was; or `CommittedError`. */
export async function perform(parts: ChangeParts, operation: Operation): Promise<OperationResult> {
  switch (operation.kind) {
    case 'snapshot':
      return snapshot(parts, operation);
    case 'forgetSnapshots':
      return forgetSnapshots(parts);
    case 'merge':
      return merge(parts, operation);
    case 'revert':
      return revert(parts, operation);
    case 'grow':
      return grow(parts, operation);
    case 'clone':
      return cloneDisks(parts, operation);
    case 'relocate':
      return relocate(parts, operation);
    case 'attach':
      return attach(parts, operation);
    case 'detach':
      return detach(parts, operation);
    case 'suspend':
      return suspend(parts, operation);
    case 'reset':
      return reset(parts);
    default:
      return unreachable(operation);
  }
}
