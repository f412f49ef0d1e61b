// What the seed of the lab is told, and what it answers: JSON between the supervisor and the
// process that prepares the database.
import { z } from 'zod';
import { labKnobsSchema } from './vcsim/knobs.ts';

export const seedOptionsSchema = z.object({
  databaseUrl: z.string(),
  dataFolder: z.string(),
  /** Where `npm run build:vibs` put the VIBs. */
  vibFolder: z.string(),
  /** Whom to trust for VIBs. */
  rootsFile: z.string(),
  /** The host agents, as the supervisor starts them. */
  hosts: z.array(z.object({ name: z.string(), url: z.string(), token: z.string() })),
  /** The storage provider of the vVol datastore, as the supervisor starts it. */
  provider: z.object({ url: z.string(), token: z.string() }),
  /** The replication target of the second site, as the supervisor starts it. */
  target: z.object({ port: z.number(), rpcPort: z.number(), token: z.string() }),
  /** The installation's secret, under which the database keeps the provider's token. */
  secretFile: z.string(),
  adminPassword: z.string(),
  /** Of a generated lab; null for the standard one. */
  knobs: labKnobsSchema.nullable(),
});
export type SeedOptions = z.infer<typeof seedOptionsSchema>;
export type LabAgent = SeedOptions['hosts'][number];

export const seedResultSchema = z.object({
  /** True when this start made the lab. */
  seeded: z.boolean(),
  /** True when the first password has been used, so that nobody needs to see it again. */
  adminSignedIn: z.boolean(),
});
export type SeedResult = z.infer<typeof seedResultSchema>;
