'use client';
// The depot: VIBs of I/O filters to install, and recorded traces to play.
import { Package, Upload } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { PageHeader } from '#components/shell/object-page.tsx';
import { useDepotVibs, useTraceFiles } from '#lib/client/use-policies.ts';
import { Button } from '../ui/button.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { TraceFileTable } from './trace-table.tsx';
import { VibTable } from './vib-table.tsx';

export function DepotPage() {
  const vibs = useDepotVibs();
  const traces = useTraceFiles();
  const uploadVib = <UploadButton label="Upload a VIB…" dialog="uploadVib" />;
  const uploadTrace = <UploadButton label="Upload a trace…" dialog="uploadTrace" />;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <title>Depot – Sluice</title>
      <PageHeader
        title="Depot"
        icon={<Package aria-hidden size={20} strokeWidth={1.75} />}
        actions={
          <>
            {uploadVib}
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
