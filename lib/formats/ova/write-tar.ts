// Writes a tar archive of plain files, for tests of what reads OVAs.
import { TAR_BLOCK_BYTES } from './tar-header.ts';

export interface TarEntry {
  name: string;
  bytes: Uint8Array;
  /** `0`: a plain file. */
  type?: string;
  /** What the header says; left out: how many they are. */
  sizeBytes?: number;
}

/** In their order, with the two blocks that end an archive. */
export function writeTar(entries: readonly TarEntry[]): Uint8Array {
  const blocks = entries.flatMap((entry) => {
    const padding = (TAR_BLOCK_BYTES - (entry.bytes.length % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
    return [headerOf(entry), entry.bytes, Buffer.alloc(padding)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * TAR_BLOCK_BYTES)]);
}

function headerOf({ name, bytes, type = '0', sizeBytes = bytes.length }: TarEntry): Buffer {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
