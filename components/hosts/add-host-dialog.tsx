'use client';
// Add a host: its name, where its agent listens, the token of the agent, and where it stands in the
// inventory. URL: `cluster` (chosen beforehand).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { datacenterOf } from '#components/shell/tree/tree-model.ts';
import { useChange } from '#lib/client/use-call.ts';
import { useInventory } from '#lib/client/use-inventory.ts';
import type { InventoryNode } from '#lib/wire/api/inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function AddHostDialog({ param, close }: UrlDialogProps) {
  const inventory = useInventory();
  if (inventory.data) {
    return <Form nodes={inventory.data.nodes} first={param('cluster')} onClose={close} />;
  }
  return (
    <Dialog open onClose={close} title="Add a host">
      <QueryState query={inventory}>{() => null}</QueryState>
    </Dialog>
  );
}

const JOINING =
  'It gets the I/O filters of the cluster. Until it has them, no virtual machine that needs one ' +
  'goes there.';
const ALONE = 'It has no I/O filters: those are installed on clusters.';

interface FormProps {
  nodes: readonly InventoryNode[];
  first: string | null;
  onClose: () => void;
}

function Form({ nodes, first, onClose }: FormProps) {
  const { mutateAsync } = useChange('addHost');
  const places = nodes.filter(({ kind }) => kind === 'cluster' || kind === 'datacenter');
  const [place, setPlace] = useState(first ?? places.find(isCluster)?.id ?? places[0]?.id ?? '');
  const [name, setName] = useState('');
  const [agentUrl, setAgentUrl] = useState('');
  const [agentToken, setAgentToken] = useState('');
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const chosen = places.find(({ id }) => id === place);
  const isInCluster = chosen !== undefined && isCluster(chosen);
  const body = {
    ...{ name: name.trim(), agentUrl: agentUrl.trim(), agentToken },
    datacenterId: (chosen && datacenterOf(chosen, byId)) ?? '',
    clusterId: isInCluster ? chosen.id : null,
  };
  const blocked = problemOf(body);
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      size="medium"
      title="Add a host"
      verb="Add"
      disabledReason={blocked}
      onConfirm={() => mutateAsync({ body })}
      call={blocked ? undefined : apiCall('addHost', {}, { ...body, agentToken: '<token>' })}
    >
      <TextField label="Name" required placeholder="esx05" value={name} onChange={setName} />
      <TextField
        label="Address of its agent"
        required
        placeholder="http://10.0.0.7:7001"
        value={agentUrl}
        onChange={setAgentUrl}
      />
      <TextField
        label="Token"
        required
        type="password"
        autoComplete="off"
        help="What the agent was started with, as SLUICE_AGENT_TOKEN."
        value={agentToken}
        onChange={setAgentToken}
      />
      <Select
        label="Place"
        help={isInCluster ? JOINING : ALONE}
        value={place}
        onChange={setPlace}
        options={places.map((node) => ({
          value: node.id,
          label: node.name,
          help: isCluster(node) ? 'Cluster' : 'Datacenter: a standalone host',
        }))}
      />
    </ConfirmDialog>
  );
}

const isCluster = ({ kind }: InventoryNode): boolean => kind === 'cluster';

function problemOf(body: { name: string; agentUrl: string; agentToken: string }): string | null {
  if (body.name === '') return 'Give the host a name.';
  if (!/^https?:\/\/\S+$/.test(body.agentUrl)) {
    return 'The address of the agent begins with http:// or https://.';
  }
  return body.agentToken === '' ? 'Enter the token of the agent.' : null;
}
