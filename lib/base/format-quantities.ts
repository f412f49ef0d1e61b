// Sizes and shares with their unit, as the console writes them and the server searches them. Pure;
// `locale` is that of the user or the server unless a test says otherwise.

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

const formats = new Map<string, Intl.NumberFormat>();

/**
 * Making a format costs a hundred times as much as using it, and tables format by the ten thousand.
 */
export function formatDigits(value: number, digits: number, locale = ''): string {
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
export function shortNumber(value: number, locale?: string): string {
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

/** 0.153 → "15.3 %"; whole percents from 100 on. */
export function formatShare(share: number, locale?: string): string {
  const digits = Math.abs(share) >= 1 ? 0 : 1;
  return `${formatDigits(share * 100, digits, locale)} %`;
}
