// What the seed of the lab is told by the supervisor.

/** A running host agent, as the supervisor started it. */
export interface LabAgent {
  name: string;
  url: string;
  token: string;
}

export interface SeedOptions {
  databaseUrl: string;
  dataFolder: string;
  /** Where `npm run build:vibs` put the VIBs. */
  vibFolder: string;
  /** Whom to trust for VIBs. */
  rootsFile: string;
  hosts: readonly LabAgent[];
  adminPassword: string;
}
