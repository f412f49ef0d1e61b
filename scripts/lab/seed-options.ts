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
  hosts: readonly LabAgent[];
  adminPassword: string;
}
