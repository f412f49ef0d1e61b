// Prisma's own schema engine as WebAssembly: it plans and applies migrations through a driver
// adapter, so that no native program has to be downloaded.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import { assert } from '../../base/assert.ts';

const GLUE_MODULE = '@prisma/schema-engine-wasm/schema_engine_bg';
let loading: Promise<void> | null = null;

export interface EngineSession {
  /** Runs calls of the engine; an error of the driver comes out as the driver threw it. */
  call<T>(work: (engine: glue.SchemaEngine) => Promise<T>): Promise<T>;
}

/** Opens the engine over a database, for one Prisma schema given as text. */
export async function openSchemaEngine(
  schema: { path: string; content: string },
  factory: SqlMigrationAwareDriverAdapterFactory,
): Promise<EngineSession> {
  loading ??= loadEngine();
  await loading;
  const bound = bindMigrationAwareSqlAdapterFactory(factory);
  const datamodels: [string, string][] = [[schema.path, schema.content]];
  const engine = await glue.SchemaEngine.new({ datamodels }, () => undefined, bound);
  return {
    async call(work) {
      try {
        return await work(engine);
      } catch (error) {
        const id = /External error id#(\d+)/.exec(String(error))?.[1];
        const recorded = id ? bound.errorRegistry.consumeError(Number(id)) : undefined;
        throw recorded ? recorded.error : error;
      }
    },
  };
}

async function loadEngine(): Promise<void> {
  const folder = path.dirname(createRequire(import.meta.url).resolve(GLUE_MODULE));
  const code = await readFile(path.join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(code, {
    './schema_engine_bg.js': { ...glue },
  });
  glue.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  assert(typeof start === 'function', 'the schema engine has a start function');
  start();
}
