// How to reach a disk with real NBD clients: its addresses, and a command for each tool ready to
// copy.
// Props: `disk`.
import type { DiskView } from '#lib/wire/api/inventory.ts';
import { Badge } from '../ui/badge.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { listClientCommands } from './client-commands.ts';

export interface ClientCommandListProps {
  disk: DiskView;
}

export function ClientCommandList({ disk }: ClientCommandListProps) {
  const commands = listClientCommands(disk);
  if (commands.length === 0) {
    return (
      <p className="text-muted">
        The disk has no address while the virtual machine is powered off. Power it on to connect.
      </p>
    );
  }
  return (
    <ul className="space-y-3">
      {commands.map(({ tool, purpose, command, writes }) => (
        <li key={command}>
          <p className="mb-1 flex flex-wrap items-center gap-2">
            <span className="font-semibold">{tool}</span>
            <span className="text-muted">{purpose}</span>
            {writes && <Badge tone="warn">Writes to the disk</Badge>}
          </p>
          <CopyText block text={command} label={`the ${tool} command`} />
        </li>
      ))}
    </ul>
  );
}
