// Key providers, their backups, and the re-encryption of virtual machines.
import {
  backUpKeyProvider,
  changeKeyServer,
  checkKeyProvider,
  createKeyProvider,
  deleteKeyProvider,
  type KeyAdministration,
  restoreKeyProvider,
  setDefaultKeyProvider,
} from '../../controller/keys/change-key-providers.ts';
import { readKeyProviders } from '../../controller/keys/read-key-providers.ts';
import { recryptVm } from '../../controller/keys/recrypt-vm.ts';
import { createSealer } from '../../controller/secrets/sealer.ts';
import type { KEY_ROUTES } from '../../wire/api/key-routes.ts';
import type { Handlers, Surroundings } from '../handlers.ts';
import { judge, startTask } from '../start-task.ts';

export const keyRoutes = {
  listKeyProviders: ({ context: { db }, session: { caller } }) => readKeyProviders({ db, caller }),
  async createKeyProvider(request) {
    return { id: await createKeyProvider(administration(request), request.body) };
  },
  async restoreKeyProvider(request) {
    return { id: await restoreKeyProvider(administration(request), request.body) };
  },
  async setDefaultKeyProvider(request) {
    await setDefaultKeyProvider(administration(request), request.params.id);
    return {};
  },
  backUpKeyProvider: (request) =>
    backUpKeyProvider(administration(request), request.params.id, request.body),
  checkKeyProvider: (request) => checkKeyProvider(administration(request), request.params.id),
  changeKeyServer: (request) =>
    changeKeyServer(administration(request), request.params.id, request.body),
  async deleteKeyProvider(request) {
    await deleteKeyProvider(administration(request), request.params.id);
    return {};
  },
  recryptVm: (request) =>
    startTask(request, recryptVm, { vmId: request.params.id, ...request.body }),
  checkRecrypt: (request) =>
    judge(request, recryptVm, { vmId: request.params.id, ...request.body }),
} satisfies Handlers<keyof typeof KEY_ROUTES>;

function administration({ context, session }: Surroundings): KeyAdministration {
  const { db, random, clock, depotSecret } = context;
  return { db, random, clock, caller: session.caller, sealer: createSealer(depotSecret, random) };
}
