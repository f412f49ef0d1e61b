// The part of the table of routes that is about key providers and re-encryption.
import { z } from 'zod';
import { verdictSchema } from '../../model/task.ts';
import {
  backupPasswordSchema,
  createKeyProviderSchema,
  keyBackupSchema,
  keyProviderViewSchema,
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
