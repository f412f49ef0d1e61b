'use client';
// Configure › DRS of a cluster: how it is set, and the way to change it. Props: `cluster`.
import { openDialog } from '#components/shell/dialog-url.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import { BEHAVIORS, thresholdLabel } from '../drs/drs-words.ts';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { PropertyList } from '../ui/property-list.tsx';

export function ClusterDrsSettings({ cluster }: { cluster: ClusterView }) {
  const { enabled, behavior, threshold } = cluster.drs;
  return (
    <Section
      title="DRS"
      className="max-w-3xl"
      actions={
        <Button
          disabledReason={reasonOf(cluster.actions.editDrs)}
          onClick={() => openDialog('editDrs', { cluster: cluster.id })}
        >
          Edit…
        </Button>
      }
    >
      <PropertyList
        items={[
          { label: 'DRS', value: enabled ? 'On' : 'Off' },
          {
            label: 'Automation level',
            value: BEHAVIORS[behavior].label,
            help: BEHAVIORS[behavior].help,
          },
          {
            label: 'Migration threshold',
            value: `${threshold} of 5`,
            help: thresholdLabel(threshold),
          },
        ]}
      />
    </Section>
  );
}
