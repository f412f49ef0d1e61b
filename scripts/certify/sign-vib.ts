// The same VIB at another acceptance level, signed by whom the lab's authority has for it.
import type { OpenVib } from '#lib/formats/vib/open-vib.ts';
import { writeVib } from '#lib/formats/vib/write-vib.ts';
import { Fault } from '#lib/model/fault.ts';
import { requireAllowed } from '#lib/model/verdict.ts';
import { type AcceptanceLevel, vibId } from '#lib/model/vib.ts';
import { judgeSigning } from '#lib/rules/filter-install.ts';
import { type Authority, keysFor, PLATFORM_VENDOR } from '#scripts/build-vibs/authority.ts';

/** Throws ExtensibilityError when nobody may sign it so. */
export function requireSignable({ inspection }: OpenVib, level: AcceptanceLevel): void {
  const { descriptor, filter, id } = inspection;
  if (!filter) throw new Fault('InvalidArgument', `VIB ${id} brings no I/O filter.`);
  requireAllowed(
    judgeSigning({
      vibId: id,
      vendor: descriptor.vendor,
      platformVendor: PLATFORM_VENDOR,
      filterClass: filter.class,
      level,
    }),
  );
}

/** A new file: same contents, the level in its descriptor, and the signature over that. */
export async function signVib(
  vib: OpenVib,
  level: AcceptanceLevel,
  authority: Authority,
): Promise<Uint8Array> {
  requireSignable(vib, level);
  const { files: _files, payloads, ...descriptor } = vib.inspection.descriptor;
  const [payload, ...others] = payloads;
  if (!payload || others.length > 0) {
    const id = vibId(descriptor);
    throw new Fault('VibFormatError', `VIB ${id} has ${payloads.length} payloads, not one.`);
  }
  return writeVib({
    descriptor: { ...descriptor, acceptanceLevel: level },
    files: vib.files,
    payloadName: payload.name,
    keys: keysFor(authority, level),
  });
}
