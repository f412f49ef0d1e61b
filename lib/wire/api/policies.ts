// VM storage policies with host-based rules, their compatibility, and the filters that can be put
// into them.
import { z } from 'zod';
import {
  filterPropertySchema,
  filterPropertyValuesSchema,
  filterStatisticSchema,
} from '../../model/filter.ts';
import { filterClassSchema } from '../../model/filter-class-schema.ts';
import { POLICY_NAME_LENGTH_MAX } from '../../model/limits.ts';
import { reasonSchema, verdictSchema } from '../../model/task.ts';

/** One host-based service: which filter of which class, with its property values. */
export const policyRuleSchema = z.object({
  filterClass: filterClassSchema,
  /** Provider: the filter's name; the capability is `<name>@<CLASS>`. */
  provider: z.string().min(1).max(64),
  properties: filterPropertyValuesSchema,
});
export type PolicyRule = z.infer<typeof policyRuleSchema>;

export const policyInputSchema = z.object({
  name: z.string().trim().min(1).max(POLICY_NAME_LENGTH_MAX),
  description: z.string().max(1000).default(''),
  rules: z.array(policyRuleSchema).min(1).max(7),
});
export type PolicyInput = z.infer<typeof policyInputSchema>;

export const policyViewSchema = policyInputSchema.extend({
  id: z.string(),
  generation: z.number().int(),
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
  updatedBy: z.string(),
  /** Disks that it is assigned to. */
  assignments: z.array(
    z.object({
      vmId: z.string(),
      vmName: z.string(),
      diskKey: z.number().int(),
      diskLabel: z.string(),
      compliance: z.string(),
    }),
  ),
  /** edit, delete. */
  actions: z.record(z.string(), verdictSchema),
});
export type PolicyView = z.infer<typeof policyViewSchema>;

/**
 * POST /policies/compatibility: what could take a disk with these rules, and why the others could
 * not.
 */
export const compatibilityViewSchema = z.object({
  hosts: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      compatible: z.boolean(),
      reasons: z.array(reasonSchema),
    }),
  ),
  datastores: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      type: z.string(),
      freeBytes: z.number(),
      compatible: z.boolean(),
      reasons: z.array(reasonSchema),
      compatibleHosts: z.array(z.string()),
    }),
  ),
});
export type CompatibilityView = z.infer<typeof compatibilityViewSchema>;

/** GET /filters: what the depot and the clusters know, for the policy wizard. */
export const filterCatalogueEntrySchema = z.object({
  name: z.string(),
  filterClass: filterClassSchema,
  vendor: z.string(),
  versions: z.array(z.string()),
  summary: z.string(),
  properties: z.array(filterPropertySchema),
  /** Names of the properties that the controller sets; no form and no list shows them. */
  managed: z.array(z.string()),
  statistics: z.array(filterStatisticSchema),
  /** Clusters where it is installed. */
  clusters: z.array(z.object({ id: z.string(), name: z.string() })),
});
export type FilterCatalogueEntry = z.infer<typeof filterCatalogueEntrySchema>;

/** PUT /vms/{id}/policies. A null policy detaches (Datastore Default). */
export const assignPoliciesSchema = z.object({
  assignments: z
    .array(z.object({ diskKey: z.number().int(), policyId: z.string().nullable() }))
    .min(1)
    .max(64),
  /** Where replicated disks send to; when it is left out, where they do, or the first target. */
  replicationTargetId: z.string().max(64).optional(),
});
