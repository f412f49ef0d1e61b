// What a VIB is, before it is installed: filter, vendor, version, class, acceptance level, who
// signed it, its files.
// Props: `vib` of the depot. `VibFiles` has the files and checksums alone.
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { AcceptanceLevel } from '#lib/model/vib.ts';
import type { DepotVibView } from '#lib/wire/api/operations.ts';
import { formatBytes } from '../format/quantities.ts';
import { formatMoment } from '../format/times.ts';
import { Badge } from '../ui/badge.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { Banner } from '../ui/states/banner.tsx';

const LEVEL_LABELS: Record<AcceptanceLevel, string> = {
  VMwareCertified: 'VMware certified',
  VMwareAccepted: 'VMware accepted',
  PartnerSupported: 'Partner supported',
  CommunitySupported: 'Community supported',
};

export function acceptanceLabel(level: AcceptanceLevel): string {
  return LEVEL_LABELS[level];
}

/** The label of a level as a host names it, which may be one that is not known here. */
export function levelText(level: string | null): string {
  const known = Object.entries(LEVEL_LABELS).find(([name]) => name === level);
  return known?.[1] ?? level ?? 'Unknown';
}

export function VibDetails({ vib }: { vib: DepotVibView }) {
  const { descriptor, filter, sizeBytes, sha256 } = vib.inspection;
  return (
    <PropertyList
      items={[
        { label: 'Name', value: descriptor.name, help: descriptor.summary },
        { label: 'Vendor', value: descriptor.vendor },
        { label: 'Version', value: descriptor.version },
        {
          label: 'I/O filter',
          value: filter ? `${filter.name}, ${FILTER_CLASSES[filter.class].label}` : 'None',
          help: filter?.summary,
        },
        { label: 'Acceptance level', value: acceptanceLabel(descriptor.acceptanceLevel) },
        { label: 'Released', value: formatMoment(descriptor.releaseDate) },
        {
          label: 'Maintenance mode',
          value: descriptor.maintenanceModeRequired ? 'Required' : 'Not required',
        },
        { label: 'Size', value: formatBytes(sizeBytes) },
        { label: 'SHA-256', value: <CopyText text={sha256} label="checksum of the file" /> },
      ]}
    />
  );
}

export function VibSigners({ vib }: { vib: DepotVibView }) {
  const { signers } = vib.inspection;
  if (signers.length === 0) {
    return (
      <Banner tone="warn" title="Nobody signed this VIB">
        It installs only on hosts whose acceptance level is Community supported.
      </Banner>
    );
  }
  return (
    <ul className="space-y-3">
      {signers.map((signer) => (
        <li key={signer.fingerprint} className="rounded-lg border border-line bg-surface px-4 py-2">
          <p className="mb-1 flex flex-wrap items-center gap-2 font-semibold">
            {signer.subject}
            <Badge tone={signer.trusted ? 'ok' : 'bad'}>
              {signer.trusted ? 'Trusted' : 'Not trusted'}
            </Badge>
            {signer.platformVendor && <Badge tone="info">Platform vendor</Badge>}
          </p>
          <PropertyList
            items={[
              { label: 'Issued by', value: signer.issuer },
              { label: 'Valid until', value: formatMoment(signer.notAfter) },
              {
                label: 'Fingerprint',
                value: <CopyText text={signer.fingerprint} label="fingerprint" />,
              },
            ]}
          />
        </li>
      ))}
    </ul>
  );
}

export function VibFiles({ vib }: { vib: DepotVibView }) {
  const { payloads, files } = vib.inspection.descriptor;
  return (
    <div className="space-y-4">
      {payloads.map((payload) => (
        <div key={payload.name}>
          <p className="font-semibold">
            {payload.name}
            <span className="ml-2 font-normal text-muted">
              {`${payload.type}, ${formatBytes(payload.sizeBytes)}`}
            </span>
          </p>
          <PropertyList
            items={payload.checksums.map(({ type, verifyProcess, value }) => ({
              label: verifyProcess ? `${type}, ${verifyProcess}` : type,
              value: <CopyText text={value} label={`${type} checksum`} />,
            }))}
          />
        </div>
      ))}
      <div>
        <p className="font-semibold">Files</p>
        <ul className="font-mono text-sm">
          {files.map((file) => (
            <li key={file} className="break-all">
              {file}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
