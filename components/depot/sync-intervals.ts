// How often an online depot is synchronised, in words.
export const INTERVALS = [
  { minutes: 0, label: 'On demand only' },
  { minutes: 60, label: 'Every hour' },
  { minutes: 24 * 60, label: 'Every day' },
  { minutes: 7 * 24 * 60, label: 'Every week' },
];

export function intervalWords(minutes: number): string {
  const known = INTERVALS.find((interval) => interval.minutes === minutes);
  return known?.label ?? `Every ${minutes} minutes`;
}
