// VIBs (vSphere installation bundles) as the inventory knows them. The bytes are read by
// lib/formats/vib.
import { z } from 'zod';
import { filterManifestSchema } from './filter.ts';

/** Highest trust first. A VIB installs only where its level is equal to or above the host's. */
export const ACCEPTANCE_LEVELS = [
  'VMwareCertified',
  'VMwareAccepted',
  'PartnerSupported',
  'CommunitySupported',
] as const;
export const acceptanceLevelSchema = z.enum(ACCEPTANCE_LEVELS);
export type AcceptanceLevel = z.infer<typeof acceptanceLevelSchema>;

/** Negative when `a` is trusted less than `b`, 0 when equal. */
export function compareAcceptance(a: AcceptanceLevel, b: AcceptanceLevel): number {
  return ACCEPTANCE_LEVELS.indexOf(b) - ACCEPTANCE_LEVELS.indexOf(a);
}

const vibRelationSchema = z.object({
  name: z.string(),
  relation: z.enum(['<', '<=', '=', '>=', '>', '']).default(''),
  version: z.string().default(''),
});

const vibPayloadSchema = z.object({
  name: z.string(),
  type: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  checksums: z.array(z.object({ type: z.string(), verifyProcess: z.string(), value: z.string() })),
});

/** descriptor.xml, parsed. */
const vibDescriptorSchema = z.object({
  type: z.string(),
  name: z.string(),
  version: z.string(),
  vendor: z.string(),
  summary: z.string(),
  description: z.string(),
  releaseDate: z.string(),
  acceptanceLevel: acceptanceLevelSchema,
  depends: z.array(vibRelationSchema),
  conflicts: z.array(vibRelationSchema),
  replaces: z.array(vibRelationSchema),
  provides: z.array(vibRelationSchema),
  softwareTags: z.array(z.string()),
  maintenanceModeRequired: z.boolean(),
  softwarePlatforms: z.array(z.object({ productLineId: z.string(), version: z.string() })),
  files: z.array(z.string()),
  liveInstallAllowed: z.boolean(),
  liveRemoveAllowed: z.boolean(),
  payloads: z.array(vibPayloadSchema),
});
export type VibDescriptor = z.infer<typeof vibDescriptorSchema>;

const vibSignerSchema = z.object({
  /** Subject common name of the certificate that signed. */
  subject: z.string(),
  issuer: z.string(),
  /** SHA-256 of the signer's certificate, hex. */
  fingerprint: z.string(),
  /** The acceptance levels that the trusted root vouches for. */
  trusted: z.boolean(),
  platformVendor: z.boolean(),
  notAfter: z.string(),
});
export type VibSigner = z.infer<typeof vibSignerSchema>;

/** What an inspection of a VIB finds, before anything is installed. */
export const vibInspectionSchema = z.object({
  /** `<vendor>_<type>_<name>_<version>`. */
  id: z.string(),
  descriptor: vibDescriptorSchema,
  signers: z.array(vibSignerSchema),
  sizeBytes: z.number().int(),
  /** SHA-256 of the whole file, hex. */
  sha256: z.string(),
  /** Set when the VIB brings an I/O filter. */
  filter: filterManifestSchema.nullable(),
});
export type VibInspection = z.infer<typeof vibInspectionSchema>;

export function vibId({
  vendor,
  type,
  name,
  version,
}: Pick<VibDescriptor, 'vendor' | 'type' | 'name' | 'version'>): string {
  return `${vendor}_${type}_${name}_${version}`;
}
