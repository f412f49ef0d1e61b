'use client';
// Creates a datastore: type, name, place, and the hosts that mount it. URL: `host` (chosen
// beforehand).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { datacenterOf } from '#components/shell/tree/tree-model.ts';
import type { Json } from '#lib/base/json.ts';
import { useChange } from '#lib/client/use-call.ts';
import { useDatastores, useHosts, useInventory } from '#lib/client/use-inventory.ts';
import type { DatastoreType } from '#lib/model/inventory.ts';
import type { HostSummary, InventoryNode } from '#lib/wire/api/inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { DATASTORE_TYPES } from './datastore-words.ts';
import {
  hostsProblem,
  nameProblem,
  optionsOf,
  optionsProblem,
  pathProblem,
  type TypeOptions,
} from './new-datastore.ts';

const TYPES = (['VMFS', 'NFS', 'vsan', 'VVOL'] as const).map((value) => ({
  ...{ value, label: DATASTORE_TYPES[value].label, help: DATASTORE_TYPES[value].help },
}));

export function CreateDatastoreDialog({ param, close }: UrlDialogProps) {
  const inventory = useInventory();
  const hosts = useHosts();
  if (inventory.data && hosts.data) {
    return (
      <Form nodes={inventory.data.nodes} hosts={hosts.data} first={param('host')} onClose={close} />
    );
  }
  return (
    <Dialog open onClose={close} title="Create datastore">
      <QueryState query={inventory}>{() => null}</QueryState>
      {inventory.data && <QueryState query={hosts}>{() => null}</QueryState>}
    </Dialog>
  );
}

interface FormProps {
  nodes: readonly InventoryNode[];
  hosts: readonly HostSummary[];
  first: string | null;
  onClose: () => void;
}

function Form({ nodes, hosts, first, onClose }: FormProps) {
  const { mutateAsync } = useChange('createDatastore');
  const known = useDatastores();
  const datacenters = nodes.filter(({ kind }) => kind === 'datacenter');
  const [type, setType] = useState<DatastoreType>('VMFS');
  const [name, setName] = useState('');
  const [path, setPath] = useState('');
  const [typed, setTyped] = useState<TypeOptions>({ provider: '', token: '' });
  const [datacenterId, setDatacenterId] = useState(datacenters[0]?.id ?? '');
  const [chosen, setChosen] = useState<readonly string[]>(first ? [first] : []);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const offered = hosts.filter(({ id }) => {
    const node = byId.get(id);
    return node !== undefined && datacenterOf(node, byId) === datacenterId;
  });
  const hostIds = offered.map(({ id }) => id).filter((id) => chosen.includes(id));
  const wrongName = nameProblem(name, known.data ?? []);
  const wrongPath = pathProblem(path);
  const options = optionsOf(type, typed);
  const body = { name: name.trim(), datacenterId, type, path: path.trim(), options, hostIds };
  const blocked =
    wrongName ?? wrongPath ?? optionsProblem(type, typed) ?? hostsProblem(type, hostIds.length);
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      size="medium"
      title="Create a datastore"
      verb="Create"
      disabledReason={blocked}
      call={blocked === null ? callOf(body) : undefined}
      onConfirm={() => mutateAsync({ body })}
    >
      <RadioGroup label="Type" value={type} options={TYPES} onChange={setType} />
      <TextField
        label="Name"
        required
        value={name}
        error={name === '' ? undefined : (wrongName ?? undefined)}
        onChange={setName}
      />
      <TextField
        label="Directory"
        required
        placeholder="/vmfs/volumes/ds02"
        help={DATASTORE_TYPES[type].place}
        value={path}
        error={path === '' ? undefined : (wrongPath ?? undefined)}
        onChange={setPath}
      />
      {type === 'VVOL' && <ProviderFields typed={typed} onChange={setTyped} />}
      {datacenters.length > 1 && (
        <Select
          label="Datacenter"
          value={datacenterId}
          options={datacenters.map((node) => ({ value: node.id, label: node.name }))}
          onChange={setDatacenterId}
        />
      )}
      <HostChoice hosts={offered} chosen={hostIds} onChange={setChosen} />
    </ConfirmDialog>
  );
}

/** Without the token: what is shown is copied, and kept. */
function callOf({ options, ...body }: { options: Record<string, string>; [key: string]: Json }) {
  const shown = options.token ? { ...options, token: '<token>' } : options;
  return apiCall('createDatastore', {}, { ...body, options: shown });
}

interface ProviderFieldsProps {
  typed: TypeOptions;
  onChange: (typed: TypeOptions) => void;
}

function ProviderFields({ typed, onChange }: ProviderFieldsProps) {
  return (
    <>
      <TextField
        label="Storage provider"
        required
        placeholder="http://127.0.0.1:8093"
        help="Its address, as the hosts reach it."
        value={typed.provider}
        onChange={(provider) => onChange({ ...typed, provider })}
      />
      <TextField
        label="Token"
        type="password"
        required
        help="With which the hosts sign in at the provider. It is kept sealed."
        value={typed.token}
        onChange={(token) => onChange({ ...typed, token })}
      />
    </>
  );
}

interface HostChoiceProps {
  hosts: readonly HostSummary[];
  chosen: readonly string[];
  onChange: (hostIds: readonly string[]) => void;
}

function HostChoice({ hosts, chosen, onChange }: HostChoiceProps) {
  return (
    <fieldset className="space-y-1">
      <legend className="font-medium">Hosts that mount it</legend>
      {hosts.length > 1 && (
        <Checkbox
          checked={chosen.length === hosts.length ? true : chosen.length > 0 ? 'mixed' : false}
          label="All"
          onChange={(all) => onChange(all ? hosts.map(({ id }) => id) : [])}
        />
      )}
      {hosts.map(({ id, name, cluster, connectionState }) => (
        <Checkbox
          key={id}
          checked={chosen.includes(id)}
          label={name}
          help={connectionState === 'connected' ? (cluster?.name ?? 'Standalone') : 'Not connected'}
          onChange={(on) => onChange(on ? [...chosen, id] : chosen.filter((one) => one !== id))}
        />
      ))}
    </fieldset>
  );
}
