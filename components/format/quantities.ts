// Numbers with their unit, as the console writes them everywhere: bytes, rates, latencies, counts,
// shares. Pure; `locale` is the user's unless a test says otherwise.

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

const formats = new Map<string, Intl.NumberFormat>();

/**
 * Making a format costs a hundred times as much as using it, and tables format by the ten thousand.
 */
function formatDigits(value: number, digits: number, locale = ''): string {
  const key = `${locale} ${digits}`;
  let format = formats.get(key);
  if (!format) {
    const language = locale === '' ? undefined : locale;
    format = new Intl.NumberFormat(language, { maximumFractionDigits: digits });
    formats.set(key, format);
  }
  return format.format(value);
}

/** At most three significant digits: 999, 12.3, 1.23. */
function shortNumber(value: number, locale?: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return formatDigits(value, digits, locale);
}

/** 1536 → "1.5 KiB". Binary units, since disks and memory are counted so. */
export function formatBytes(bytes: number, locale?: string): string {
  const size = Math.abs(bytes);
  const power = size < 1 ? 0 : Math.min(5, Math.floor(Math.log2(size) / 10));
  // 1023.9996 KiB would print as 1,024 KiB: it is 1 MiB.
  const carry = power < 5 && size / 1024 ** power >= 999.5 ? 1 : 0;
  const value = bytes / 1024 ** (power + carry);
  return `${shortNumber(value, locale)} ${BYTE_UNITS[power + carry]}`;
}

export function formatMebibytes(mebibytes: number, locale?: string): string {
  return formatBytes(mebibytes * 1024 * 1024, locale);
}

export function formatByteRate(bytesPerSecond: number, locale?: string): string {
  return `${formatBytes(bytesPerSecond, locale)}/s`;
}

/** 12345 → "12,345"; rates under ten keep a decimal. */
export function formatCount(value: number, locale?: string): string {
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0;
  return formatDigits(value, digits, locale);
}

export function formatIops(iops: number, locale?: string): string {
  return `${formatCount(iops, locale)} IOPS`;
}

/** Microseconds → "87 µs", "1.25 ms", "2.1 s". */
export function formatLatency(microseconds: number, locale?: string): string {
  const size = Math.abs(microseconds);
  if (size < 999.5) return `${shortNumber(microseconds, locale)} µs`;
  if (size < 999_500) return `${shortNumber(microseconds / 1e3, locale)} ms`;
  return `${shortNumber(microseconds / 1e6, locale)} s`;
}

/** 0.153 → "15.3 %"; whole percents from 100 on. */
export function formatShare(share: number, locale?: string): string {
  const digits = Math.abs(share) >= 1 ? 0 : 1;
  return `${formatDigits(share * 100, digits, locale)} %`;
}

/** 1 "disk", 2 "disks": the count and the right form of its noun. */
export function formatNoun(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
