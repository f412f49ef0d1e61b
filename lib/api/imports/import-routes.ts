// Importing virtual machines: the uploads of the caller, what they hold, and the task that makes a
// VM of them.
import { importInput, importVm, submitImport } from '../../controller/imports/import-vm.ts';
import { discardImport, readOwnImports } from '../../controller/imports/own-imports.ts';
import {
  addImportFile,
  mayImport,
  requireImport,
  startImport,
} from '../../controller/imports/receive-import.ts';
import { listServerFiles, openServerFile } from '../../controller/imports/server-files.ts';
import type { IMPORT_ROUTES } from '../../wire/api/imports.ts';
import type { Handlers, Surroundings } from '../handlers.ts';
import { judge } from '../start-task.ts';

export const importRoutes = {
  listImports: ({ context: { depot }, session: { caller } }) => readOwnImports({ depot, caller }),
  startImport: (request) => startImport(uploadOf(request)),
  addImportFile: (request) => addImportFile(uploadOf(request), request.params.id),
  async listServerFiles({ context: { db, importFolders }, session: { caller } }) {
    // Who may not import is told of no file.
    return listServerFiles((await mayImport(db, caller)) ? importFolders : []);
  },
  startServerImport: async (request) => startImport(await serverUploadOf(request)),
  addServerFile: async (request) => addImportFile(await serverUploadOf(request), request.params.id),
  async discardImport({ context: { depot }, session: { caller }, params }) {
    await discardImport({ depot, caller }, params.id);
    return {};
  },
  async checkImport(request) {
    return judge(request, importVm, await inputOf(request));
  },
  async importVm(request) {
    const { context, session } = request;
    const { db, depot } = context;
    const input = await inputOf(request);
    return { taskId: await submitImport({ db, depot, caller: session.caller }, input) };
  },
} satisfies Handlers<keyof typeof IMPORT_ROUTES>;

interface UploadRequest extends Pick<Surroundings, 'context' | 'session'> {
  query: { fileName: string };
  upload: AsyncIterable<Uint8Array>;
}

function uploadOf({ context: { db, depot, random }, session, query, upload }: UploadRequest) {
  return { db, depot, random, caller: session.caller, fileName: query.fileName, bytes: upload };
}

interface ServerRequest extends Pick<Surroundings, 'context' | 'session'> {
  body: { path: string };
}

/** The same, of a file that the server reads by itself. */
async function serverUploadOf({ context, session: { caller }, body }: ServerRequest) {
  const { db, depot, random, importFolders } = context;
  // Who may not import learns nothing about the server's files.
  await requireImport(db, caller);
  return { db, depot, random, caller, ...(await openServerFile(importFolders, body.path)) };
}

interface ImportRequest extends Pick<Surroundings, 'context' | 'session'> {
  params: { id: string };
  body: Parameters<typeof importInput>[2];
}

function inputOf({ context: { depot }, session: { caller }, params, body }: ImportRequest) {
  return importInput({ depot, caller }, params.id, body);
}
