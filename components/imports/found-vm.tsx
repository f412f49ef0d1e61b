'use client';
// What the uploaded files hold: hardware, disks, and what is still missing. Props: `found`.
import type { ImportView } from '#lib/wire/api/imports.ts';
import { formatBytes, formatMebibytes, formatNoun } from '../format/quantities.ts';
import { PropertyList } from '../ui/property-list.tsx';
import { Banner } from '../ui/states/banner.tsx';

export function FoundVm({ found }: { found: ImportView }) {
  const { disks, missing, warnings, guestFullName, cpuCount, memoryMib } = found;
  const message = (text: string) => ({ fault: 'InvalidDiskFormat' as const, message: text });
  return (
    <>
      <PropertyList
        items={[
          { label: 'Guest operating system', value: guestFullName || 'Not said' },
          {
            label: 'Hardware',
            value: `${formatNoun(cpuCount, 'CPU')}, ${formatMebibytes(memoryMib)} of memory`,
          },
          ...disks.map(({ label, fileName, format, capacityBytes }, index) => ({
            label: disks.length > 1 ? `${label} (${index + 1})` : label,
            value: formatBytes(capacityBytes),
            help: fileName === null ? 'Begins empty' : `${fileName}, ${format}`,
          })),
        ]}
      />
      {missing.length > 0 && (
        <Banner
          tone="warn"
          title="Files are missing"
          reasons={missing.map((name) => message(`${name} has not been uploaded.`))}
        />
      )}
      {warnings.length > 0 && (
        <Banner tone="info" title="Mind" reasons={warnings.map((text) => message(text))} />
      )}
    </>
  );
}
