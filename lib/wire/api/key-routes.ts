// The part of the table of routes that is about key providers and re-encryption.
import { z } from 'zod';
import { verdictSchema } from '../../model/task.ts';
import {
  backupPasswordSchema,
  createKeyProviderSchema,
  keyBackupSchema,
  keyProviderCheckSchema,
  keyProviderViewSchema,
  kmipAccessSchema,
  recryptVmSchema,
  restoreKeyProviderSchema,
} from './keys.ts';
import { taskStartedSchema } from './tasks.ts';

const none = z.object({});

export const KEY_ROUTES = {
  listKeyProviders: {
    method: 'GET',
    path: '/key-providers',
    answer: z.array(keyProviderViewSchema),
  },
  createKeyProvider: {
    method: 'POST',
    path: '/key-providers',
    body: createKeyProviderSchema,
    answer: z.object({ id: z.string() }),
  },
  restoreKeyProvider: {
    method: 'POST',
    path: '/key-providers/restore',
    body: restoreKeyProviderSchema,
    answer: z.object({ id: z.string() }),
  },
  setDefaultKeyProvider: {
    method: 'POST',
    path: '/key-providers/{id}/default',
    body: none,
    answer: none,
  },
  backUpKeyProvider: {
    method: 'POST',
    path: '/key-providers/{id}/backup',
    body: backupPasswordSchema,
    answer: keyBackupSchema,
  },
  /** Asks the server now; what it fails with is in the answer, and shown from then on. */
  checkKeyProvider: {
    method: 'POST',
    path: '/key-providers/{id}/check',
    body: none,
    answer: keyProviderCheckSchema,
  },
  /** Where the server of a provider is now, and new certificates. */
  changeKeyServer: {
    method: 'PUT',
    path: '/key-providers/{id}/server',
    body: kmipAccessSchema,
    answer: keyProviderCheckSchema,
  },
  deleteKeyProvider: { method: 'DELETE', path: '/key-providers/{id}', answer: none },
  recryptVm: {
    method: 'POST',
    path: '/vms/{id}/recrypt',
    body: recryptVmSchema,
    answer: taskStartedSchema,
  },
  checkRecrypt: {
    method: 'POST',
    path: '/vms/{id}/recrypt/check',
    body: recryptVmSchema,
    answer: verdictSchema,
  },
} as const;
