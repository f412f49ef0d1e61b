// Within a transaction there is one connection, and node-postgres wants to be asked one thing at a
// time there. Prisma asks for the relations of an `include` all at once; here they take turns.
import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  Transaction,
} from '@prisma/driver-adapter-utils';
import { Mutex } from '../../base/mutex.ts';

/** The same factory, whose transactions ask the database one thing after the other. */
export function oneQueryAtATime(factory: SqlDriverAdapterFactory): SqlDriverAdapterFactory {
  const { provider, adapterName } = factory;
  return { provider, adapterName, connect: async () => wrapAdapter(await factory.connect()) };
}

function wrapAdapter(adapter: SqlDriverAdapter): SqlDriverAdapter {
  const start = adapter.startTransaction.bind(adapter);
  adapter.startTransaction = async (level) => wrapTransaction(await start(level));
  return adapter;
}

function wrapTransaction(transaction: Transaction): Transaction {
  const turns = new Mutex();
  const queryRaw = transaction.queryRaw.bind(transaction);
  const executeRaw = transaction.executeRaw.bind(transaction);
  transaction.queryRaw = (query) => turns.run(() => queryRaw(query));
  transaction.executeRaw = (query) => turns.run(() => executeRaw(query));
  return transaction;
}
