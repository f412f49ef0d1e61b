// The root certificates that hosts and the controller trust for VIBs, and what each may vouch for.
import { z } from 'zod';
import { acceptanceLevelSchema } from '../../model/vib.ts';

const trustedRootSchema = z.object({
  /** Shown to admins: `Sluice Lab Platform Root`. */
  name: z.string().min(1).max(120),
  pem: z.string().max(20_000),
  /** The maker of the platform itself: it alone may ship filters of the vendor-only classes. */
  platformVendor: z.boolean(),
  /** Acceptance levels that a signature under this root stands for. */
  levels: z.array(acceptanceLevelSchema),
});
export type TrustedRoot = z.infer<typeof trustedRootSchema>;

/** The file roots.json, which build-vibs writes and hosts and controller read. */
export const trustedRootsSchema = z.array(trustedRootSchema).max(64);
