// Storage policies, the catalogue of filters, and the depot.
import { deleteTrace } from '../controller/depot/delete-trace.ts';
import { deleteVib } from '../controller/depot/delete-vib.ts';
import { readTraceFiles } from '../controller/depot/read-trace-files.ts';
import { readDepotVibs } from '../controller/depot/read-vibs.ts';
import { uploadTrace } from '../controller/depot/upload-trace.ts';
import { uploadVib } from '../controller/depot/upload-vib.ts';
import { createPolicy } from '../controller/policies/create-policy.ts';
import { deletePolicy } from '../controller/policies/delete-policy.ts';
import { readCompatibility } from '../controller/policies/read-compatibility.ts';
import { readFilters } from '../controller/policies/read-filters.ts';
import { readPolicies, readPolicy } from '../controller/policies/read-policies.ts';
import { updatePolicy } from '../controller/policies/update-policy.ts';
import type { Handlers } from './handlers.ts';

export const policyRoutes = {
  listFilters: ({ context }) => readFilters(context.db),
  listPolicies: ({ context: { db }, session: { caller } }) => readPolicies({ db, caller }),
  readPolicy: ({ context: { db }, session: { caller }, params }) =>
    readPolicy({ db, caller }, params.id),
  async createPolicy({ context: { db }, session: { caller }, body }) {
    return readPolicy({ db, caller }, await createPolicy(db, caller, body));
  },
  async updatePolicy({ context: { db }, session: { caller }, params, body }) {
    await updatePolicy(db, caller, { policyId: params.id, input: body });
    return readPolicy({ db, caller }, params.id);
  },
  async deletePolicy({ context: { db }, session: { caller }, params }) {
    await deletePolicy(db, caller, params.id);
    return {};
  },
  checkCompatibility: ({ context, body }) => readCompatibility(context.db, body.rules),

  listDepotVibs: ({ context: { db }, session: { caller } }) => readDepotVibs({ db, caller }),
  uploadVib: ({ context: { db, depot, random }, session: { caller }, upload }) =>
    uploadVib({ db, depot, random, caller }, upload),
  async deleteVib({ context: { db, depot }, session: { caller }, params }) {
    await deleteVib({ db, depot, caller }, params.id);
    return {};
  },
  listTraceFiles: ({ context }) => readTraceFiles(context.db),
  uploadTraceFile: ({ context: { db, depot, random }, session: { caller }, query, upload }) =>
    uploadTrace({ db, depot, random, caller, name: query.fileName }, upload),
  async deleteTraceFile({ context: { db, depot }, session: { caller }, params }) {
    await deleteTrace({ db, depot, caller }, params.id);
    return {};
  },
} satisfies Partial<Handlers<PolicyRouteName>>;

type PolicyRouteName =
  | 'listFilters'
  | 'listPolicies'
  | 'readPolicy'
  | 'createPolicy'
  | 'updatePolicy'
  | 'deletePolicy'
  | 'checkCompatibility'
  | 'listDepotVibs'
  | 'uploadVib'
  | 'deleteVib'
  | 'listTraceFiles'
  | 'uploadTraceFile'
  | 'deleteTraceFile';
