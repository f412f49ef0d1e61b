// From a signer's certificate up to a root that is trusted for VIBs (RFC 5280, section 6, the part
// of it that code signing needs): signatures, validity, basic constraints, key usage, path length.
import type { X509Certificate } from 'node:crypto';
import { BasicConstraints, Certificate } from 'pkijs';
import type { TrustedRoot } from './trusted-roots.ts';

const CHAIN_LENGTH_MAX = 6;
const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const UNDERSTOOD = new Set([KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE]);
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const ANY_USAGE = '2.5.29.37.0';
/** Bits of KeyUsage in its first byte. */
const DIGITAL_SIGNATURE = 0x80;
const CERTIFICATE_SIGN = 0x04;

export interface ChainFinding {
  /** The trusted root at the end of the chain, or null with the reason why there is none. */
  root: TrustedRoot | null;
  problem: string;
}

export interface TrustAnchor {
  root: TrustedRoot;
  certificate: X509Certificate;
}

interface ChainInput {
  signer: X509Certificate;
  /** Certificates that came along with the signature. */
  others: readonly X509Certificate[];
  roots: readonly TrustAnchor[];
  /** The time at which all certificates must be valid, milliseconds since the epoch. */
  nowMs: number;
}

/** Never throws for what a certificate says; the finding names what is wrong. */
export function findTrustedRoot({ signer, others, roots, nowMs }: ChainInput): ChainFinding {
  const wrong = problemOfSigner(signer, nowMs);
  if (wrong !== null) return { root: null, problem: wrong };
  let current = signer;
  for (let length = 1; length < CHAIN_LENGTH_MAX; length++) {
    const anchor = roots.find(({ certificate }) => isIssuedBy(current, certificate));
    const issuer = anchor?.certificate ?? others.find((other) => isIssuedBy(current, other));
    if (!issuer) break;
    const problem = problemOfIssuer(issuer, length - 1, nowMs);
    if (problem !== null) return { root: null, problem };
    if (anchor) return { root: anchor.root, problem: '' };
    current = issuer;
  }
  return {
    root: null,
    problem: `no trusted root certificate stands behind ${nameOf(signer.subject)}`,
  };
}

/** The common name of a distinguished name as Node prints it, or else all of it on one line. */
export function nameOf(distinguishedName: string): string {
  const match = /(?:^|\n|\+ )CN=([^\n]*)/.exec(distinguishedName);
  return match?.[1] ?? distinguishedName.replaceAll('\n', ', ');
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return (
    certificate.fingerprint256 !== issuer.fingerprint256 &&
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey)
  );
}

function problemOfSigner(signer: X509Certificate, nowMs: number): string | null {
  const usages = signer.keyUsage ?? [];
  const mayName =
    usages.length === 0 || usages.includes(CODE_SIGNING) || usages.includes(ANY_USAGE);
  if (!mayName || !allowsKeyUse(signer, DIGITAL_SIGNATURE)) {
    return `the certificate of ${nameOf(signer.subject)} is not for signing code`;
  }
  return problemOfAny(signer, nowMs);
}

function problemOfIssuer(
  issuer: X509Certificate,
  intermediates: number,
  nowMs: number,
): string | null {
  const pathLength = pathLengthOf(issuer);
  const isAuthority = issuer.ca && allowsKeyUse(issuer, CERTIFICATE_SIGN);
  if (!isAuthority || (pathLength !== null && intermediates > pathLength)) {
    return `${nameOf(issuer.subject)} may not issue the certificate below it`;
  }
  return problemOfAny(issuer, nowMs);
}

function problemOfAny(certificate: X509Certificate, nowMs: number): string | null {
  const name = nameOf(certificate.subject);
  if (nowMs < Date.parse(certificate.validFrom)) {
    return `the certificate of ${name} is not valid before ${certificate.validFrom}`;
  }
  if (nowMs > Date.parse(certificate.validTo)) {
    return `the certificate of ${name} expired on ${certificate.validTo}`;
  }
  const unknown = extensionsOf(certificate).some(
    ({ critical, extnID }) => critical && !UNDERSTOOD.has(extnID),
  );
  return unknown ? `the certificate of ${name} has a critical extension that is not known` : null;
}

/** A certificate without the extension may be used for anything. */
function allowsKeyUse(certificate: X509Certificate, bit: number): boolean {
  const extension = extensionsOf(certificate).find(({ extnID }) => extnID === KEY_USAGE);
  if (!extension) return true;
  // BIT STRING: tag, length, unused bits, then the first byte of flags.
  const flags = extension.extnValue.valueBlock.valueHexView[3] ?? 0;
  return (flags & bit) !== 0;
}

function pathLengthOf(certificate: X509Certificate): number | null {
  const constraints = extensionsOf(certificate).find(
    ({ extnID }) => extnID === BASIC_CONSTRAINTS,
  )?.parsedValue;
  if (!(constraints instanceof BasicConstraints)) return null;
  const length = constraints.pathLenConstraint;
  return typeof length === 'number' ? length : null;
}

function extensionsOf(certificate: X509Certificate): NonNullable<Certificate['extensions']> {
  return Certificate.fromBER(new Uint8Array(certificate.raw)).extensions ?? [];
}
