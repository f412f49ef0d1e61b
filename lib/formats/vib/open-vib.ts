// Reads a VIB (ar: descriptor.xml, sig.pkcs7, payloads) and checks all that can be checked without
// a host: the container, the descriptor, who signed it, every checksum, and the filter that it
// brings.
import { createHash } from 'node:crypto';
import { Fault } from '../../model/fault.ts';
import { type VibDescriptor, type VibInspection, vibId } from '../../model/vib.ts';
import { type ArMember, readAr } from './archive/ar.ts';
import type { ArchiveFile } from './archive/tar.ts';
import { readDescriptor } from './descriptor-reader.ts';
import { findFilterManifest } from './filter-payload.ts';
import { openPayload } from './payload.ts';
import { type VerifiedSigner, verifySignatures } from './signature.ts';
import type { TrustedRoot } from './trusted-roots.ts';

export interface VibInput {
  bytes: Uint8Array;
  roots: readonly TrustedRoot[];
  /** The time at which certificates must be valid, milliseconds since the epoch. */
  nowMs: number;
}

export interface OpenVib {
  inspection: VibInspection;
  /** The files of all payloads that can be unpacked, as views of memory. */
  files: ArchiveFile[];
  /** Payloads of types that are not unpacked. */
  opaquePayloads: string[];
}

/**
 * What a VIB is, without its files. Throws VibFormatError, VibSignatureError or VibChecksumError.
 */
export async function inspectVib(input: VibInput): Promise<VibInspection> {
  return (await openVib(input)).inspection;
}

/** The same, with the files to install. */
export async function openVib({ bytes, roots, nowMs }: VibInput): Promise<OpenVib> {
  const [descriptorMember, signatureMember, ...payloads] = readAr(bytes);
  if (descriptorMember?.name !== 'descriptor.xml' || signatureMember?.name !== 'sig.pkcs7') {
    throw malformed('a VIB begins with descriptor.xml and sig.pkcs7');
  }
  const descriptor = readDescriptor(descriptorMember.bytes);
  const signers = verifySignatures({
    descriptor: descriptorMember.bytes,
    signature: signatureMember.bytes,
    roots,
    nowMs,
  });
  requireTrust(descriptor, signers);
  const { files, opaquePayloads } = await openPayloads(descriptor, payloads);
  return {
    inspection: {
      id: vibId(descriptor),
      descriptor,
      signers: signers.map(({ signer }) => signer),
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      filter: findFilterManifest(files),
    },
    files,
    opaquePayloads,
  };
}

/**
 * A community VIB needs no signature; every other level needs a trusted signer who may vouch for
 * it.
 */
function requireTrust(descriptor: VibDescriptor, signers: readonly VerifiedSigner[]): void {
  const level = descriptor.acceptanceLevel;
  if (level === 'CommunitySupported') return;
  if (signers.some(({ levels }) => levels.includes(level))) return;
  const id = vibId(descriptor);
  if (signers.length === 0) {
    throw new Fault('VibSignatureError', `VIB ${id} claims the level ${level} but is not signed.`);
  }
  const problems = signers.map(({ signer, problem }) =>
    problem === '' ? `${signer.subject} may not vouch for the level ${level}` : problem,
  );
  throw new Fault(
    'VibSignatureError',
    `Could not find a trusted signer of VIB ${id}: ${problems.join('; ')}.`,
  );
}

async function openPayloads(
  descriptor: VibDescriptor,
  members: readonly ArMember[],
): Promise<{ files: ArchiveFile[]; opaquePayloads: string[] }> {
  const names = descriptor.payloads.map(({ name }) => name);
  const same = names.length === members.length && new Set(names).size === names.length;
  if (!same || !members.every(({ name }) => names.includes(name))) {
    throw malformed('its members are not the payloads that descriptor.xml names');
  }
  const files: ArchiveFile[] = [];
  const opaquePayloads: string[] = [];
  for (const payload of descriptor.payloads) {
    const member = members.find(({ name }) => name === payload.name);
    const unpacked = await openPayload(payload, member?.bytes ?? new Uint8Array());
    if (unpacked) files.push(...unpacked);
    else opaquePayloads.push(payload.name);
  }
  const paths = new Set(files.map(({ path }) => path));
  if (paths.size !== files.length) throw malformed('two payloads bring the same file');
  return { files, opaquePayloads };
}

function malformed(reason: string): Fault {
  return new Fault('VibFormatError', `The file is not a valid VIB: ${reason}.`);
}
