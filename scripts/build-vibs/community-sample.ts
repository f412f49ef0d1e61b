// A VIB as a community author would make it: unsigned, with one file. The lab keeps it in the depot
// to show that a host at PartnerSupported refuses it.
import { writeVib } from '#lib/formats/vib/write-vib.ts';
import type { BuiltVib } from './filter-vib.ts';

const SCRIPT = `#!/bin/sh
# Prints the datastores of the host with what is free on them.
df -h | grep -E '^(Filesystem|VMFS|NFS)'
`;

export async function buildCommunitySample(): Promise<BuiltVib> {
  const descriptor = {
    type: 'bootbank',
    name: 'datastore-report',
    version: '1.2.0',
    vendor: 'community',
    summary: 'Prints the free space of datastores',
    description: 'A small script by a community author, unsigned.',
    releaseDate: '2026-03-01T00:00:00+00:00',
    acceptanceLevel: 'CommunitySupported' as const,
    depends: [],
    conflicts: [],
    replaces: [],
    provides: [],
    softwareTags: [],
    maintenanceModeRequired: false,
    softwarePlatforms: [],
    liveInstallAllowed: true,
    liveRemoveAllowed: true,
  };
  const files = [
    {
      path: 'opt/datastore-report/bin/datastore-report.sh',
      mode: 0o755,
      bytes: new TextEncoder().encode(SCRIPT),
    },
  ];
  const bytes = await writeVib({ descriptor, files, payloadName: 'dsreport', keys: [] });
  return { descriptor, bytes };
}
