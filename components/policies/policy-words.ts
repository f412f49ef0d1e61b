// A policy's rules in words.
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { PolicyRule } from '#lib/wire/api/policies.ts';

/** “cache (Caching), qos (Storage I/O control)”. */
export function rulesText(rules: readonly PolicyRule[]): string {
  return rules
    .map(({ provider, filterClass }) => `${provider} (${FILTER_CLASSES[filterClass].label})`)
    .join(', ');
}
