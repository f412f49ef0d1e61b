// What an agent is started with: arguments, with the token from the environment as the better
// choice. A process that carries many hosts finds what is each one's own in a file.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { hostVersionSchema } from '#lib/model/inventory.ts';
import { WORLD_MEMORY_MAX_MIB } from '#lib/model/limits.ts';

const agentOptionsSchema = z.object({
  name: z.string().min(1).max(80),
  /** State of the host: image, VMs, events. */
  directory: z.string().min(1),
  /** 0 lets the system choose. */
  port: z.coerce.number().int().min(0).max(65535),
  token: z.string().min(16, 'a token has at least 16 characters'),
  /** File with the trusted roots for VIBs. */
  roots: z.string().min(1),
  version: hostVersionSchema,
  cpu: z.coerce.number().int().min(1).max(4096),
  memory: z.coerce.number().int().min(1),
  /** What the process of one VM may take, in MiB, beside what its filters' properties allow. */
  worldMemory: z.coerce.number().int().min(128),
  /** The address at which the filters' daemons wait for those of other hosts. */
  daemonAddress: z.union([z.ipv4(), z.ipv6()]),
  /**
   * Of the virtual flash resource, a folder of the agent's directory, in MiB, at its first start;
   * 0 for none. From then on it is what an administrator makes it.
   */
  flash: z.coerce.number().int().min(0),
  /** Where raw device mappings may lead, beside local NBD servers (docs/formats/rdm.md). */
  rawDevices: z.array(z.string().min(1).max(4096)).max(64),
});
export type AgentOptions = z.infer<typeof agentOptionsSchema>;

/** What each of many hosts has of its own; of the rest each has what the arguments say. */
const hostsFileSchema = z
  .array(
    agentOptionsSchema.pick({ name: true, directory: true, token: true }).extend({
      ...agentOptionsSchema.pick({ version: true, cpu: true, memory: true, flash: true }).partial()
        .shape,
    }),
  )
  .min(1)
  .refine((hosts) => new Set(hosts.map(({ token }) => token)).size === hosts.length, {
    message: 'each host has a token of its own',
  });

/** The hosts of a process, at one port; throws `InvalidArgument` that names what is wrong. */
export function parseAgentOptions(
  args: string[],
  environment: Record<string, string | undefined>,
): AgentOptions[] {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      name: string,
      directory: string,
      port: { ...string, default: '0' },
      token: string,
      roots: string,
      version: { ...string, default: '6.0.2' },
      cpu: { ...string, default: '4' },
      memory: { ...string, default: '16384' },
      'world-memory': { ...string, default: String(WORLD_MEMORY_MAX_MIB) },
      flash: { ...string, default: '1024' },
      'daemon-address': { ...string, default: '127.0.0.1' },
      'raw-device': { ...string, multiple: true, default: [] },
      // A file with the hosts of this process: name, directory, token, and what else differs.
      hosts: string,
    },
  });
  const token = environment.SLUICE_AGENT_TOKEN ?? values.token;
  const shared = {
    ...values,
    daemonAddress: values['daemon-address'],
    worldMemory: values['world-memory'],
    rawDevices: values['raw-device'],
  };
  if (values.hosts === undefined) return [parsed(agentOptionsSchema, { ...shared, token })];
  const hosts = parsed(hostsFileSchema, JSON.parse(readFileSync(values.hosts, 'utf8')));
  return hosts.map((host) => parsed(agentOptionsSchema, { ...shared, ...host }));
}

function parsed<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Fault('InvalidArgument', `The host agent: ${z.prettifyError(result.error)}`);
}
