// sig.pkcs7 of a VIB: one or more PEM blocks "BEGIN PKCS7", each a detached CMS SignedData (RFC
// 5652) over the exact bytes of descriptor.xml. An empty file means that nobody signed.
import { createHash, timingSafeEqual, verify, X509Certificate } from 'node:crypto';
import { ObjectIdentifier, OctetString } from 'asn1js';
import {
  Certificate,
  ContentInfo,
  IssuerAndSerialNumber,
  SignedData,
  type SignerInfo,
} from 'pkijs';
import { Fault } from '../../model/fault.ts';
import type { AcceptanceLevel, VibSigner } from '../../model/vib.ts';
import { findTrustedRoot, nameOf, type TrustAnchor } from './certificate-chain.ts';
import type { TrustedRoot } from './trusted-roots.ts';

const SIGNATURE_BYTES_MAX = 256 * 1024;
const BLOCKS_MAX = 8;
const CERTIFICATES_MAX = 32;
const PEM_BLOCK = /-----BEGIN PKCS7-----\s+([A-Za-z0-9+/=\s]+?)-----END PKCS7-----\s*/g;
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const DIGESTS = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
/** rsaEncryption, sha256/384/512WithRSA, ecdsa-with-SHA256/384/512. */
const SIGNATURE_ALGORITHMS = new Set([
  '1.2.840.113549.1.1.1',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
]);

export interface VerifiedSigner {
  signer: VibSigner;
  /** What the root behind the signer vouches for; empty when there is none. */
  levels: readonly AcceptanceLevel[];
  /** Why the signer is not trusted; empty when it is. */
  problem: string;
}

export interface SignatureInput {
  descriptor: Uint8Array;
  signature: Uint8Array;
  roots: readonly TrustedRoot[];
  nowMs: number;
}

/**
 * All who signed the descriptor. A signature that does not fit the bytes is a VibSignatureError;
 * one that fits but is by an untrusted signer is returned with the problem.
 */
export function verifySignatures(input: SignatureInput): VerifiedSigner[] {
  const anchors = input.roots.map((root) => ({ root, certificate: new X509Certificate(root.pem) }));
  return pemBlocks(input.signature).flatMap((der) => {
    try {
      return verifyBlock(der, input, anchors);
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      // OpenSSL reads keys and numbers late, so that damage inside a certificate shows anywhere
      // above.
      throw refused('a certificate in sig.pkcs7 is damaged', cause);
    }
  });
}

function pemBlocks(signature: Uint8Array): Uint8Array[] {
  if (signature.length > SIGNATURE_BYTES_MAX) throw refused('sig.pkcs7 is too large');
  const text = Buffer.from(signature).toString('latin1');
  const blocks = [...text.matchAll(PEM_BLOCK)].map((match) =>
    Uint8Array.from(Buffer.from(match[1] ?? '', 'base64')),
  );
  const rest = text.replace(PEM_BLOCK, '').trim();
  if (rest !== '' || blocks.length > BLOCKS_MAX) {
    throw refused('sig.pkcs7 is not a sequence of PKCS7 blocks');
  }
  return blocks;
}

function verifyBlock(
  der: Uint8Array,
  { descriptor, nowMs }: SignatureInput,
  roots: readonly TrustAnchor[],
): VerifiedSigner[] {
  const { signed, certificates } = parseSignedData(der);
  if (signed.signerInfos.length === 0) throw refused('a block of sig.pkcs7 names no signer');
  return signed.signerInfos.map((info) => {
    const certificate = certificates.find((candidate) => isSigner(candidate, info));
    if (!certificate) throw refused('the certificate of a signer is missing');
    verifySignerInfo({ info, certificate, signed, content: descriptor });
    const others = certificates.filter((other) => other !== certificate);
    const { root, problem } = findTrustedRoot({ signer: certificate, others, roots, nowMs });
    return {
      signer: {
        subject: nameOf(certificate.subject),
        issuer: nameOf(certificate.issuer),
        fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        trusted: root !== null,
        platformVendor: root?.platformVendor ?? false,
        notAfter: new Date(certificate.validTo).toISOString(),
      },
      levels: root?.levels ?? [],
      problem,
    };
  });
}

function parseSignedData(der: Uint8Array): {
  signed: SignedData;
  certificates: X509Certificate[];
} {
  try {
    const content = ContentInfo.fromBER(Uint8Array.from(der));
    if (content.contentType !== ContentInfo.SIGNED_DATA) throw refused('a block is not SignedData');
    const signed = new SignedData({ schema: content.content });
    if (signed.encapContentInfo.eContent) throw refused('a block is not detached');
    const certificates = (signed.certificates ?? []).filter((item) => item instanceof Certificate);
    if (certificates.length > CERTIFICATES_MAX) throw refused('it has too many certificates');
    return {
      signed,
      certificates: certificates.map(
        (item) => new X509Certificate(new Uint8Array(item.toSchema().toBER(false))),
      ),
    };
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw refused('a block of sig.pkcs7 is not a detached CMS signature', cause);
  }
}

function isSigner(certificate: X509Certificate, { sid }: SignerInfo): boolean {
  if (!(sid instanceof IssuerAndSerialNumber)) return false;
  const parsed = Certificate.fromBER(new Uint8Array(certificate.raw));
  return parsed.issuer.isEqual(sid.issuer) && parsed.serialNumber.isEqual(sid.serialNumber);
}

function verifySignerInfo({
  info,
  certificate,
  signed,
  content,
}: {
  info: SignerInfo;
  certificate: X509Certificate;
  signed: SignedData;
  content: Uint8Array;
}): void {
  const hash = DIGESTS.get(info.digestAlgorithm.algorithmId);
  if (!hash || !SIGNATURE_ALGORITHMS.has(info.signatureAlgorithm.algorithmId)) {
    throw refused('a signature uses an algorithm that is not accepted');
  }
  const signedBytes = info.signedAttrs ? attributeBytes(info, signed, { hash, content }) : content;
  const signatureBytes = info.signature.valueBlock.valueHexView;
  if (!isSignatureRight({ hash, signedBytes, certificate, signatureBytes })) {
    throw refused(`the signature of ${nameOf(certificate.subject)} is wrong`);
  }
}

function isSignatureRight({
  hash,
  signedBytes,
  certificate,
  signatureBytes,
}: {
  hash: string;
  signedBytes: Uint8Array;
  certificate: X509Certificate;
  signatureBytes: Uint8Array;
}): boolean {
  const kind = certificate.publicKey.asymmetricKeyType;
  if (kind !== 'rsa' && kind !== 'ec') return false;
  return verify(hash, signedBytes, certificate.publicKey, signatureBytes);
}

/** The DER of the signed attributes, after they were found to speak of this content. */
function attributeBytes(
  { signedAttrs }: SignerInfo,
  signed: SignedData,
  { hash, content }: { hash: string; content: Uint8Array },
): Uint8Array {
  const attributes = signedAttrs?.attributes ?? [];
  const typeValue: unknown = attributes.find(({ type }) => type === CONTENT_TYPE)?.values[0];
  const digests = attributes.filter(({ type }) => type === MESSAGE_DIGEST);
  const digestValue: unknown = digests[0]?.values[0];
  const said = digestValue instanceof OctetString ? digestValue.valueBlock.valueHexView : null;
  const found = createHash(hash).update(content).digest();
  if (digests.length !== 1 || said?.length !== found.length || !timingSafeEqual(said, found)) {
    throw refused('descriptor.xml was changed after it was signed');
  }
  const type = typeValue instanceof ObjectIdentifier ? typeValue.getValue() : '';
  if (type !== signed.encapContentInfo.eContentType) {
    throw refused('the signature is over another kind of content');
  }
  return new Uint8Array(signedAttrs?.encodedValue ?? new ArrayBuffer(0));
}

function refused(reason: string, cause?: unknown): Fault {
  return new Fault('VibSignatureError', `The VIB's signature cannot be accepted: ${reason}.`, {
    cause,
  });
}
