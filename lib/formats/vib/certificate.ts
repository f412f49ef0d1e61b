// Makes X.509 certificates (RFC 5280) for signing VIBs: roots of a certificate authority and code
// signers. RSA with SHA-256; the caller brings the keys, the serial number and the times.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import {
  Set as AsnSet,
  BitString,
  Integer,
  ObjectIdentifier,
  PrintableString,
  Sequence,
  Utf8String,
} from 'asn1js';
import {
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  Extension,
  RelativeDistinguishedNames,
} from 'pkijs';
import { pemOf } from './sign-descriptor.ts';

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const COUNTRY = '2.5.4.6';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;

export interface CertificateRequest {
  subject: string;
  organization: string;
  /** Common name of the issuer; the subject's own for a root. */
  issuer: string;
  /** PEM, PKCS#8, RSA: the key that the certificate is for. */
  subjectKeyPem: string;
  /** PEM, PKCS#8, RSA: the key that signs. */
  issuerKeyPem: string;
  /** A root may issue certificates and nothing else; a signer may sign code and nothing else. */
  kind: 'root' | 'signer';
  serialNumber: number;
  notBefore: Date;
  notAfter: Date;
}

/** Returns the certificate as PEM. */
export async function makeCertificate(request: CertificateRequest): Promise<string> {
  const certificate = new Certificate({ version: 2 });
  certificate.serialNumber = new Integer({ value: request.serialNumber });
  certificate.issuer = distinguishedName(request.issuer, request.organization);
  certificate.subject = distinguishedName(request.subject, request.organization);
  certificate.notBefore.value = request.notBefore;
  certificate.notAfter.value = request.notAfter;
  certificate.extensions = extensionsFor(request.kind);
  await certificate.subjectPublicKeyInfo.importKey(await publicKeyOf(request.subjectKeyPem));
  await certificate.sign(await privateKeyOf(request.issuerKeyPem), 'SHA-256');
  return pemOf(new Uint8Array(certificate.toSchema(true).toBER(false)), 'CERTIFICATE');
}

function distinguishedName(commonName: string, organization: string): RelativeDistinguishedNames {
  const parts = [
    new AttributeTypeAndValue({ type: COUNTRY, value: new PrintableString({ value: 'ZZ' }) }),
    new AttributeTypeAndValue({
      type: ORGANIZATION,
      value: new Utf8String({ value: organization }),
    }),
    new AttributeTypeAndValue({ type: COMMON_NAME, value: new Utf8String({ value: commonName }) }),
  ];
  // Built by hand, because the class itself writes all parts into one multi-valued name.
  const sets = parts.map((part) => new AsnSet({ value: [part.toSchema()] }));
  return RelativeDistinguishedNames.fromBER(new Sequence({ value: sets }).toBER(false));
}

function extensionsFor(kind: CertificateRequest['kind']): Extension[] {
  const constraints = new BasicConstraints({ cA: kind === 'root' });
  const extensions = [
    extension('2.5.29.19', true, constraints.toSchema().toBER(false)),
    extension('2.5.29.15', true, keyUsage(kind).toBER(false)),
  ];
  if (kind === 'root') return extensions;
  const usages = new Sequence({ value: [new ObjectIdentifier({ value: CODE_SIGNING })] });
  return [...extensions, extension('2.5.29.37', true, usages.toBER(false))];
}

/** keyCertSign and cRLSign for a root, digitalSignature for a signer. */
function keyUsage(kind: CertificateRequest['kind']): BitString {
  const flags = kind === 'root' ? 0x06 : 0x80;
  return new BitString({
    valueHex: Uint8Array.of(flags).buffer,
    unusedBits: kind === 'root' ? 1 : 7,
  });
}

function extension(extnID: string, critical: boolean, extnValue: ArrayBuffer): Extension {
  return new Extension({ extnID, critical, extnValue });
}

function publicKeyOf(pem: string): Promise<CryptoKey> {
  const der = createPublicKey(pem).export({ format: 'der', type: 'spki' });
  return crypto.subtle.importKey('spki', Uint8Array.from(der), RSA, true, ['verify']);
}

function privateKeyOf(pem: string): Promise<CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return crypto.subtle.importKey('pkcs8', Uint8Array.from(der), RSA, false, ['sign']);
}
