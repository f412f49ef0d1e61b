// Makes @prisma/adapter-pg 7.10 fit for the schema engine. What it lacks, and what is done about it
// here: the catalogue type "char" (OID 18) has no mapping; scripts are cut at every semicolon, also
// inside functions; the shadow database is the real one when the address is a connection string,
// and is dropped while still open.
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { type Random, randomHex } from '../../base/random.ts';

const OID_CHAR = 18;
const OID_TEXT = 25;

export interface MigrationAdapterFactory extends SqlMigrationAwareDriverAdapterFactory {
  /** Closes every connection that the engine opened. */
  close(): Promise<void>;
}

/** A factory for the schema engine over the database at this address. */
export function migrationAdapterFactory(url: string, random: Random): MigrationAdapterFactory {
  const adapters: SqlDriverAdapter[] = [];
  const keep = (adapter: SqlDriverAdapter) => {
    adapters.push(adapter);
    return adapter;
  };
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: async () => keep(await connect(url)),
    connectToShadowDb: async () => keep(await connectToShadow(url, random)),
    async close() {
      for (const adapter of adapters.splice(0)) await adapter.dispose();
    },
  };
}

async function connectToShadow(url: string, random: Random): Promise<SqlDriverAdapter> {
  const name = `shadow_${randomHex(random, 8)}`;
  await execute(url, `CREATE DATABASE "${name}"`);
  const shadowUrl = new URL(url);
  shadowUrl.pathname = `/${name}`;
  const adapter = await connect(shadowUrl.toString());
  const dispose = once(async () => {
    await adapter.dispose();
    await execute(url, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  });
  return { ...adapter, dispose };
}

async function connect(connectionString: string): Promise<SqlDriverAdapter> {
  const pool = new pg.Pool({ connectionString, max: 1 });
  const charColumns = rememberCharColumns(pool);
  const inner = await new PrismaPg(pool, { disposeExternalPool: true }).connect();
  return {
    provider: inner.provider,
    adapterName: inner.adapterName,
    executeRaw: (query) => inner.executeRaw(query),
    startTransaction: (isolationLevel) => inner.startTransaction(isolationLevel),
    getConnectionInfo: () => inner.getConnectionInfo(),
    dispose: once(() => inner.dispose()),
    async executeScript(script) {
      await pool.query(script);
    },
    async queryRaw(query) {
      const result = await inner.queryRaw(query);
      for (const column of charColumns.get(result.rows) ?? []) {
        result.columnTypes[column] = ColumnTypeEnum.Character;
      }
      return result;
    },
  };
}

/**
 * Shows the adapter "char" columns as text, and remembers by the result's rows which columns they
 * were.
 */
function rememberCharColumns(pool: pg.Pool): WeakMap<object, number[]> {
  const remembered = new WeakMap<object, number[]>();
  const original = pool.query;
  const query = async (...args: unknown[]): Promise<pg.QueryArrayResult> => {
    const result: pg.QueryArrayResult = await Reflect.apply(original, pool, args);
    const columns: number[] = [];
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID !== OID_CHAR) continue;
      field.dataTypeID = OID_TEXT;
      columns.push(index);
    }
    if (columns.length > 0) remembered.set(result.rows, columns);
    return result;
  };
  Object.defineProperty(pool, 'query', { value: query });
  return remembered;
}

async function execute(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= work();
    return running;
  };
}
