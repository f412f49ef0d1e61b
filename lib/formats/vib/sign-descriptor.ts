// Makes the contents of sig.pkcs7: a detached CMS SignedData over the exact bytes of
// descriptor.xml. No signing time goes in, so that an RSA key gives the same bytes for the same
// descriptor.
import { createHash, createPrivateKey } from 'node:crypto';
import { ObjectIdentifier, OctetString } from 'asn1js';
import {
  Attribute,
  Certificate,
  ContentInfo,
  EncapsulatedContentInfo,
  IssuerAndSerialNumber,
  SignedAndUnsignedAttributes,
  SignedData,
  SignerInfo,
} from 'pkijs';

const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';

export interface SigningKey {
  /** PEM, PKCS#8, RSA. */
  privateKeyPem: string;
  /** PEM of the signer's certificate, then of its issuers below the root. */
  certificatePems: readonly [string, ...string[]];
}

/** One PEM block. Several signatures of a VIB stand one after the other. */
export async function signDescriptor(
  descriptor: Uint8Array,
  { privateKeyPem, certificatePems }: SigningKey,
): Promise<string> {
  const certificates = certificatePems.map((pem) => Certificate.fromBER(derOf(pem)));
  const [signer] = certificates;
  if (!signer) throw new TypeError('a signature needs the certificate of its signer');
  const signed = new SignedData({
    version: 1,
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: ContentInfo.DATA }),
    signerInfos: [
      new SignerInfo({
        version: 1,
        sid: new IssuerAndSerialNumber({
          issuer: signer.issuer,
          serialNumber: signer.serialNumber,
        }),
        signedAttrs: new SignedAndUnsignedAttributes({
          type: 0,
          attributes: signedAttributes(descriptor),
        }),
      }),
    ],
    certificates,
  });
  await signed.sign(await importKey(privateKeyPem), 0, 'SHA-256', Uint8Array.from(descriptor));
  const content = new ContentInfo({
    contentType: ContentInfo.SIGNED_DATA,
    content: signed.toSchema(true),
  });
  return pemOf(new Uint8Array(content.toSchema().toBER(false)), 'PKCS7');
}

/** RFC 7468: base64 in lines of 64. */
export function pemOf(der: Uint8Array, label: string): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${lines?.join('\n') ?? ''}\n-----END ${label}-----\n`;
}

function derOf(pem: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64'));
}

function signedAttributes(descriptor: Uint8Array): Attribute[] {
  const digest = Uint8Array.from(createHash('sha256').update(descriptor).digest());
  return [
    new Attribute({
      type: CONTENT_TYPE,
      values: [new ObjectIdentifier({ value: ContentInfo.DATA })],
    }),
    new Attribute({ type: MESSAGE_DIGEST, values: [new OctetString({ valueHex: digest })] }),
  ];
}

function importKey(privateKeyPem: string): Promise<CryptoKey> {
  const der = createPrivateKey(privateKeyPem).export({ format: 'der', type: 'pkcs8' });
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return crypto.subtle.importKey('pkcs8', Uint8Array.from(der), algorithm, false, ['sign']);
}
