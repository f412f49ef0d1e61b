// What an operation on disks measured, out of the result of its task: bytes copied and merged, and
// how long I/O stood still.
import type { TaskView } from '#lib/wire/api/tasks.ts';
import { formatBytes, formatCount } from '../format/quantities.ts';

/**
 * "Copied 3 GiB, paused for 12 ms"; empty for a task that measured nothing or has not ended well.
 */
export function taskResultText({ state, result }: Pick<TaskView, 'state' | 'result'>): string {
  if (state !== 'success' || result === null) return '';
  if (typeof result !== 'object' || Array.isArray(result)) return '';
  const { copiedBytes, mergedBytes, pauseMs } = result;
  const parts: string[] = [];
  if (typeof copiedBytes === 'number' && copiedBytes > 0) {
    parts.push(`copied ${formatBytes(copiedBytes)}`);
  }
  if (typeof mergedBytes === 'number') parts.push(`merged ${formatBytes(mergedBytes)}`);
  if (typeof pauseMs === 'number' && pauseMs > 0) {
    parts.push(`paused for ${formatCount(pauseMs)} ms`);
  }
  const text = parts.join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
