// What a disk that is opened knows of its copy: from the sidecar, and from the world that it comes
// from.
import type { FilterContext } from '#lib/filter-sdk/filter.ts';
import { RegionMap } from './region-map.ts';
import type { Settings } from './settings.ts';
import { StateStore } from './state-store.ts';
import { decodeState, type StoredState } from './stored-state.ts';

export interface OpenedState {
  store: StateStore;
  /** What the copy may not have. */
  toSend: RegionMap;
}

/** Throws an Error when the sidecar cannot be read. */
export function openState(
  { disk, sidecar, state: moved }: FilterContext,
  settings: Settings,
): OpenedState {
  const { sizeBytes } = disk;
  const replica = `${settings.pairing}/${settings.replicaId}`;
  const found = sidecar.contents === null ? null : decodeState(sidecar.contents);
  if (found === null || found.state.replica !== replica) {
    // Nothing is known, so everything differs. It is kept as marked when the copy is first opened.
    const numbers = { session: 1, reserved: 0, confirmed: 0 };
    const state = { replica, ...numbers, resyncing: false, sizeBytes, replacedIn: 0 };
    const toSend = new RegionMap(sizeBytes);
    toSend.add(0, sizeBytes);
    return { store: new StateStore(sidecar, state, new RegionMap(sizeBytes)), toSend };
  }
  const marks = found.map.resized(sizeBytes);
  const toSend = missingIn(moved, found.state)?.resized(sizeBytes) ?? marks.copy();
  const state = { ...found.state, session: found.state.session + 1, sizeBytes };
  return { store: new StateStore(sidecar, state, marks), toSend };
}

/** What the world before knew to be missing; null when it says nothing of this sidecar. */
function missingIn(moved: Uint8Array | null, { replica, session }: StoredState): RegionMap | null {
  if (moved === null) return null;
  try {
    const { state, map } = decodeState(moved);
    return state.replica === replica && state.session === session ? map : null;
  } catch {
    // Of another version: then all that is marked counts as missing.
    return null;
  }
}
