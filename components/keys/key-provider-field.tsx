'use client';
// Chooses a key provider by its name, or the default one; a name that no provider has any more
// stays to be seen. Who may not see the providers types the name.
// Props: `label`, `help`, `problem`, `value` (empty for the default one), `onChange`.
import { useCall } from '#lib/client/use-call.ts';
import type { KeyProviderView } from '#lib/wire/api/keys.ts';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';

export interface KeyProviderFieldProps {
  label: string;
  help: string;
  problem: string | undefined;
  value: string;
  onChange: (value: string) => void;
}

export function KeyProviderField({ problem, ...field }: KeyProviderFieldProps) {
  const providers = useCall('listKeyProviders', {});
  if (providers.isError) return <TextField {...field} error={problem} />;
  const options = optionsOf(providers.data ?? [], field.value);
  // The empty text counts as nothing chosen.
  return <Select {...field} error={problem} options={options} placeholder={DEFAULT} />;
}

const DEFAULT = 'The default one';

function optionsOf(providers: readonly KeyProviderView[], chosen: string) {
  const first = providers.find(({ isDefault }) => isDefault);
  const found = providers.map(({ name, type, server, trouble }) => ({
    value: name,
    label: name,
    help: [kindText({ type, server }), trouble].filter(Boolean).join(' · '),
  }));
  const isGone = chosen !== '' && !providers.some(({ name }) => name === chosen);
  return [
    {
      value: '',
      label: DEFAULT,
      help: first ? `${first.name} at present` : 'There is no key provider yet',
    },
    ...found,
    ...(isGone ? [{ value: chosen, label: chosen, help: 'There is no such key provider' }] : []),
  ];
}

function kindText({ type, server }: Pick<KeyProviderView, 'type' | 'server'>): string {
  return type === 'kmip' && server ? `KMIP server ${server.address}` : 'Native';
}
