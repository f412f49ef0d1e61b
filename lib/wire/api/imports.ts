// Importing virtual machines: uploads are staged and looked at, and a task makes the VM of them.
// The inputs of the calls, the view of what was found, and the routes.
import { z } from 'zod';
import { DISKS_PER_VM_MAX } from '../../model/limits.ts';
import { verdictSchema } from '../../model/task.ts';
import { imageFormatSchema } from '../agent/import-rpc.ts';
import { taskStartedSchema } from './tasks.ts';
import { vmNameSchema } from './vm-operations.ts';

export const foundDiskSchema = z.object({
  label: z.string(),
  /** The file that it is made of; null for a disk that begins empty. */
  fileName: z.string().nullable(),
  format: imageFormatSchema.nullable(),
  capacityBytes: z.number().int(),
  /** What is fetched of the file. */
  sizeBytes: z.number().int(),
});

/** What the files of an import hold, as far as they have come. */
export const importViewSchema = z.object({
  id: z.string(),
  files: z.array(z.object({ name: z.string(), sizeBytes: z.number() })),
  /** As the package calls the VM; its first file where it does not say. */
  name: z.string(),
  /** Empty where the package does not say. */
  guestFullName: z.string(),
  cpuCount: z.number().int(),
  memoryMib: z.number().int(),
  disks: z.array(foundDiskSchema).max(DISKS_PER_VM_MAX),
  /** Names of files that must still be uploaded. */
  missing: z.array(z.string()),
  warnings: z.array(z.string()),
});
export type ImportView = z.infer<typeof importViewSchema>;

/** POST /imports/{id}/vm, and POST /imports/{id}/check for the verdict alone. */
export const importVmSchema = z.object({
  name: vmNameSchema,
  hostId: z.string().min(1),
  datastoreId: z.string().min(1),
  powerOn: z.boolean().default(false),
});

/** GET /imports/server-files: what the server can read by itself. */
const serverFilesSchema = z.object({
  /** The folders that the operator has named, where they are there. */
  folders: z.array(z.string()),
  files: z.array(z.object({ path: z.string(), sizeBytes: z.number() })),
  /** Whether that is all of it. */
  isComplete: z.boolean(),
});
export type ServerFiles = z.infer<typeof serverFilesSchema>;

const serverFile = z.object({ path: z.string().min(1).max(4096) });
const file = z.object({ fileName: z.string().min(1).max(255) });

export const IMPORT_ROUTES = {
  listImports: { method: 'GET', path: '/imports', answer: z.array(importViewSchema) },
  startImport: {
    method: 'POST',
    path: '/imports',
    query: file,
    upload: 'binary',
    answer: importViewSchema,
  },
  addImportFile: {
    method: 'POST',
    path: '/imports/{id}/files',
    query: file,
    upload: 'binary',
    answer: importViewSchema,
  },
  listServerFiles: { method: 'GET', path: '/imports/server-files', answer: serverFilesSchema },
  startServerImport: {
    method: 'POST',
    path: '/imports/from-server',
    body: serverFile,
    answer: importViewSchema,
  },
  addServerFile: {
    method: 'POST',
    path: '/imports/{id}/from-server',
    body: serverFile,
    answer: importViewSchema,
  },
  discardImport: { method: 'DELETE', path: '/imports/{id}', answer: z.object({}) },
  checkImport: {
    method: 'POST',
    path: '/imports/{id}/check',
    body: importVmSchema,
    answer: verdictSchema,
  },
  importVm: {
    method: 'POST',
    path: '/imports/{id}/vm',
    body: importVmSchema,
    answer: taskStartedSchema,
  },
} as const;
