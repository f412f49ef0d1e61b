// Key providers and what is done with their keys.
import { z } from 'zod';
import { keyProviderNameSchema } from '../../model/key.ts';
import { verdictSchema } from '../../model/task.ts';

const certificateSchema = z
  .string()
  .max(32_768)
  .regex(/-----BEGIN CERTIFICATE-----/, 'a certificate in PEM form');

/** Where a KMIP server is, and how both sides know each other. */
export const kmipServerSchema = z.object({
  address: z
    .string()
    .max(253)
    .regex(/^[A-Za-z0-9][A-Za-z0-9.:-]*$/, 'a host name or an IP address'),
  port: z.number().int().min(1).max(65_535),
  /** PEM: who signed the server's certificate. */
  caCertificate: certificateSchema,
  /** PEM: the certificate that the server knows this installation by. */
  clientCertificate: certificateSchema,
});
export type KmipServerView = z.infer<typeof kmipServerSchema>;

/** The server with the private key of the client certificate, which no answer ever holds. */
export const kmipAccessSchema = kmipServerSchema.extend({
  clientKey: z
    .string()
    .max(32_768)
    .regex(/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key in PEM form, without a password'),
});

/** With `kmip` a provider whose keys stand on that server, else a native one. */
export const createKeyProviderSchema = z.object({
  name: keyProviderNameSchema,
  kmip: kmipAccessSchema.optional(),
});

/** Of `checkKeyProvider`. */
export const keyProviderCheckSchema = z.object({
  ok: z.boolean(),
  /** A sentence. */
  message: z.string(),
});

export const keyProviderViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** native or kmip. */
  type: z.string(),
  /** Null for a native one. */
  server: kmipServerSchema.nullable(),
  /** When the server was last asked; null for a native provider. */
  checkedAt: z.string().nullable(),
  /** What the server failed with then; empty when it answered. */
  trouble: z.string(),
  isDefault: z.boolean(),
  createdAt: z.string(),
  createdBy: z.string(),
  keyCount: z.number().int(),
  /** Keys that no backup holds. */
  notBackedUp: z.number().int(),
  backedUpAt: z.string().nullable(),
  /** Disks that are encrypted with its keys. */
  disks: z.array(
    z.object({
      vmId: z.string(),
      vmName: z.string(),
      diskKey: z.number().int(),
      diskLabel: z.string(),
      keyId: z.string(),
    }),
  ),
  /** setDefault, backUp, check, changeServer, delete. */
  actions: z.record(z.string(), verdictSchema),
});
export type KeyProviderView = z.infer<typeof keyProviderViewSchema>;

/** Of a backup. */
export const backupPasswordSchema = z.object({ password: z.string().min(12).max(256) });

/** The file that a backup is: keys sealed with a password. docs/filters/encryption.md has it. */
export const keyBackupSchema = z.object({
  format: z.literal('sluice-key-backup-1'),
  provider: keyProviderNameSchema,
  createdAt: z.string().max(40),
  keyCount: z.number().int().min(0),
  scrypt: z.object({
    salt: z.base64().max(64),
    /** Powers and factors of RFC 7914; more than this would let a file take all memory. */
    n: z.number().int().min(16_384).max(262_144),
    r: z.number().int().min(1).max(16),
    p: z.number().int().min(1).max(4),
  }),
  nonce: z.base64().max(32),
  sealed: z.base64().max(700_000),
});
export type KeyBackup = z.infer<typeof keyBackupSchema>;

export const restoreKeyProviderSchema = backupPasswordSchema.extend({ backup: keyBackupSchema });

export const recryptVmSchema = z.object({
  /** With new data keys; else the data keys are wrapped anew, which takes a moment. */
  deep: z.boolean(),
});
