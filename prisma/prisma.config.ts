// Settings of the prisma command line, which is used for `prisma generate` alone. It insists on
// downloading its schema engine before it does anything; any existing file satisfies it. Migrations
// run through the engine's WebAssembly build instead: lib/controller/database/migrate.ts.
import { defineConfig } from 'prisma/config';

process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;
process.env.CHECKPOINT_DISABLE ??= '1';
process.env.PRISMA_HIDE_UPDATE_MESSAGE ??= '1';

export default defineConfig({ schema: 'schema.prisma', migrations: { path: 'migrations' } });
