// The calls of a vSAN node, the process that serves the components on one host's local disk. The
// data go over NBD; an owner's term stands in the name of the export.
import { z } from 'zod';
import { defineRpc } from '#lib/wire/agent/rpc.ts';
import { objectConfigSchema, objectUuidSchema } from './object-config.ts';

const CALL_MS = 5_000;
/** Of a call that may take the space of a thick disk. */
const SPACE_MS = 120_000;
const done = z.object({});

/** Who may write: the owner with the highest term that a component has promised itself to. */
export const promiseSchema = z.object({
  term: z.number().int().min(0),
  ownerId: z.string().max(64),
});
export type Promised = z.infer<typeof promiseSchema>;

const asOwner = promiseSchema.extend({ objectUuid: objectUuidSchema });

const componentReportSchema = z.object({
  objectUuid: objectUuidSchema,
  componentId: z.string(),
  role: z.enum(['data', 'witness']),
  promised: promiseSchema,
  config: objectConfigSchema,
  /** It was made empty to replace another, and has never been whole. */
  fresh: z.boolean(),
  /** Regions that may differ from the other copies. */
  dirtyRegions: z.number().int(),
  allocatedBytes: z.number(),
  /** Left to copy onto it, as its owner said last; null when nothing is copied. */
  resyncBytesLeft: z.number().nullable(),
});
export type ComponentReport = z.infer<typeof componentReportSchema>;

export const nodeInfo = defineRpc({
  name: 'nodeInfo',
  input: done,
  output: z.object({
    nodeId: z.string(),
    hostName: z.string(),
    pid: z.number().int(),
    /** Says which disks are one and the same, so that their space counts once. */
    deviceId: z.string(),
    capacityBytes: z.number(),
    freeBytes: z.number(),
  }),
  timeoutMs: CALL_MS,
});

/** The components on the node, or those of one object. */
export const describe = defineRpc({
  name: 'describe',
  input: z.object({ objectUuid: objectUuidSchema.nullable() }),
  output: z.object({ components: z.array(componentReportSchema) }),
  timeoutMs: CALL_MS,
});

export const createComponent = defineRpc({
  name: 'createComponent',
  input: z.object({
    objectUuid: objectUuidSchema,
    componentId: z.string(),
    config: objectConfigSchema,
    promised: promiseSchema,
    fresh: z.boolean(),
  }),
  output: done,
  timeoutMs: SPACE_MS,
});

/**
 * Promises the component to an owner, unless it is promised to a later one. Exports of earlier
 * owners have ended when it answers. Repeatable by the same owner.
 */
export const claim = defineRpc({
  name: 'claim',
  input: asOwner,
  output: z.object({
    granted: z.boolean(),
    component: componentReportSchema,
    /** Null for a witness. */
    exportName: z.string().nullable(),
  }),
  // It waits for what earlier owners have under way.
  timeoutMs: 10_000,
});

/** Writes a configuration down, durably, unless another owner came since. */
export const propose = defineRpc({
  name: 'propose',
  input: asOwner.extend({ config: objectConfigSchema }),
  output: z.object({ accepted: z.boolean() }),
  timeoutMs: CALL_MS,
});

/** The regions that may differ, one bit each, in base64. */
export const dirtyRegions = defineRpc({
  name: 'dirtyRegions',
  input: asOwner,
  output: z.object({ bits: z.string(), fresh: z.boolean() }),
  timeoutMs: CALL_MS,
});

/** These regions are alike on all copies; null for all. */
export const cleanRegions = defineRpc({
  name: 'cleanRegions',
  input: asOwner.extend({ regions: z.array(z.number().int().min(0)).max(10_000).nullable() }),
  output: done,
  timeoutMs: CALL_MS,
});

/** How far its owner has brought it up to date, for people. */
export const noteResync = defineRpc({
  name: 'noteResync',
  input: asOwner.extend({ bytesLeft: z.number().min(0) }),
  output: done,
  timeoutMs: CALL_MS,
});

/** Makes room for a larger object; its owner's configuration says so afterwards. */
export const growComponent = defineRpc({
  name: 'growComponent',
  input: asOwner.extend({ sizeBytes: z.number().int().positive() }),
  output: done,
  timeoutMs: SPACE_MS,
});

/** Removes the object's component with its data. Nothing to do when there is none. */
export const removeComponent = defineRpc({
  name: 'removeComponent',
  input: z.object({ objectUuid: objectUuidSchema }),
  output: done,
  timeoutMs: CALL_MS,
});
