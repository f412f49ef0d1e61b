// Marker before a deflated grain of a streamOptimized sparse extent, little endian: u64 first
// sector of the grain on the disk, u32 length of the deflated data, which follow at once.

const MARKER_BYTES = 12;

export interface GrainMarker {
  /** First sector of the grain on the disk. */
  diskSector: number;
  /** Length of what follows the marker, in bytes. */
  packedBytes: number;
  /** Length of the marker itself. */
  headBytes: number;
}

/** Reads the marker at the start of the bytes, of which there are at least 12. */
export function parseGrainMarker(bytes: Uint8Array): GrainMarker {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    diskSector: Number(view.getBigUint64(0, true)),
    packedBytes: view.getUint32(8, true),
    headBytes: MARKER_BYTES,
  };
}

/** Deflate makes incompressible data longer only by little; a length of 0 marks something else. */
export function isCompleteMarker({ packedBytes }: GrainMarker, grainBytes: number): boolean {
  return packedBytes > 0 && packedBytes <= 2 * grainBytes + 1024;
}
