'use client';
// The depot: VIBs of I/O filters to install, the online depots that they come from, and recorded
// traces to play.
import { Globe, Package, Upload } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { PageHeader } from '#components/shell/object-page.tsx';
import { useDepotVibs, useOnlineDepots, useTraceFiles } from '#lib/client/use-policies.ts';
import { Button } from '../ui/button.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { OnlineDepotTable } from './online-depot-table.tsx';
import { TraceFileTable } from './trace-table.tsx';
import { VibTable } from './vib-table.tsx';

export function DepotPage() {
  const vibs = useDepotVibs();
  const depots = useOnlineDepots();
  const traces = useTraceFiles();
  const uploadVib = <UploadButton label="Upload a VIB…" dialog="uploadVib" />;
  const uploadTrace = <UploadButton label="Upload a trace…" dialog="uploadTrace" />;
  const addDepot = (
    <Button icon={<Globe size={13} />} onClick={() => openDialog('addOnlineDepot', {})}>
      Add an online depot…
    </Button>
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <title>Depot – Sluice</title>
      <PageHeader
        title="Depot"
        icon={<Package aria-hidden size={20} strokeWidth={1.75} />}
        actions={
          <>
            {uploadVib}
            {addDepot}
            {uploadTrace}
          </>
        }
      />
      <Tabs
        label="Depot"
        tabs={[
          {
            id: 'vibs',
            label: 'VIBs',
            count: vibs.data?.length,
            content: (
              <QueryState query={vibs}>
                {(rows) => <VibTable rows={rows} upload={uploadVib} />}
              </QueryState>
            ),
          },
          {
            id: 'online',
            label: 'Online depots',
            count: depots.data?.length,
            content: (
              <QueryState query={depots}>
                {(rows) => <OnlineDepotTable rows={rows} add={addDepot} />}
              </QueryState>
            ),
          },
          {
            id: 'traces',
            label: 'Traces',
            count: traces.data?.length,
            content: (
              <QueryState query={traces}>
                {(rows) => <TraceFileTable rows={rows} upload={uploadTrace} />}
              </QueryState>
            ),
          },
        ]}
      />
    </div>
  );
}

function UploadButton({ label, dialog }: { label: string; dialog: 'uploadVib' | 'uploadTrace' }) {
  return (
    <Button icon={<Upload size={13} />} onClick={() => openDialog(dialog, {})}>
      {label}
    </Button>
  );
}
