'use client';
// Create or edit a VM storage policy: name, host-based services, storage compatibility, review.
// URL: `policy` (to edit; absent to create).
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import {
  useCompatibility,
  useCreatePolicy,
  useFilters,
  usePolicies,
  useUpdatePolicy,
} from '#lib/client/use-policies.ts';
import type { FilterCatalogueEntry, PolicyInput, PolicyView } from '#lib/wire/api/policies.ts';
import { formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { type DisabledReason, reasonOf } from '../ui/disabled-reason.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { Wizard } from '../ui/overlays/wizard.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { Compatibility } from './compatibility.tsx';
import {
  chosenServices,
  draftOf,
  EMPTY_DRAFT,
  nameProblem,
  type PolicyDraft,
  rulesOf,
  serviceProblems,
} from './policy-draft.ts';
import { PolicyServices } from './policy-services.tsx';
import { rulesText } from './policy-words.ts';

export function PolicyDialog({ param, close }: UrlDialogProps) {
  const id = param('policy');
  const policies = usePolicies();
  const filters = useFilters();
  const policy = policies.data?.find((one) => one.id === id) ?? null;
  if (policies.data && filters.data && (policy || id === null)) {
    return (
      <Steps policy={policy} policies={policies.data} catalogue={filters.data} onClose={close} />
    );
  }
  return (
    <Dialog open onClose={close} title="VM storage policy">
      <QueryState query={policies}>{() => <p>The policy does not exist any more.</p>}</QueryState>
      {policies.data && <QueryState query={filters}>{() => null}</QueryState>}
    </Dialog>
  );
}

interface StepsProps {
  policy: PolicyView | null;
  policies: readonly PolicyView[];
  catalogue: readonly FilterCatalogueEntry[];
  onClose: () => void;
}

function Steps({ policy, policies, catalogue, onClose }: StepsProps) {
  const router = useRouter();
  const [draft, setDraft] = useState(() => (policy ? draftOf(policy, catalogue) : EMPTY_DRAFT));
  const create = useCreatePolicy();
  const update = useUpdatePolicy();
  const taken = policies.filter(({ id }) => id !== policy?.id).map(({ name }) => name);
  const wrongName = nameProblem(draft.name, taken);
  const problems = serviceProblems(draft, catalogue);
  const body: PolicyInput = {
    name: draft.name.trim(),
    description: draft.description,
    rules: rulesOf(draft, catalogue),
  };
  const save = async () => {
    const saved = policy
      ? await update.mutateAsync({ params: { id: policy.id }, body })
      : await create.mutateAsync({ body });
    showToast('ok', policy ? 'Policy changed' : 'Policy created', saved.name);
    if (policy) return;
    // Closing writes the URL at once: it comes first, or it would undo the way to the new page.
    onClose();
    router.push(`/policies/${saved.id}`);
  };
  return (
    <Wizard
      open
      onClose={onClose}
      title={policy ? `Edit ${policy.name}` : 'Create a VM storage policy'}
      steps={[
        {
          id: 'name',
          title: 'Name and description',
          blocked: wrongName,
          content: <NameStep draft={draft} onChange={setDraft} problem={wrongName} />,
        },
        {
          id: 'services',
          title: 'Host-based services',
          blocked: servicesBlocked(draft, problems),
          content: (
            <PolicyServices
              draft={draft}
              onChange={setDraft}
              catalogue={catalogue}
              problems={problems}
            />
          ),
        },
        {
          id: 'compatibility',
          title: 'Storage compatibility',
          content: <CompatibilityStep rules={body.rules} />,
        },
      ]}
      review={{
        sentences: sentencesOf(policy, body),
        call: policy
          ? apiCall('updatePolicy', { id: policy.id }, { ...body })
          : apiCall('createPolicy', {}, { ...body }),
      }}
      finish={{
        label: policy ? 'Save' : 'Create',
        blocked: policy ? reasonOf(policy.actions.edit) : null,
        run: save,
      }}
    />
  );
}

interface NameStepProps {
  draft: PolicyDraft;
  onChange: (draft: PolicyDraft) => void;
  problem: string | null;
}

function NameStep({ draft, onChange, problem }: NameStepProps) {
  const [touched, setTouched] = useState(draft.name !== '');
  return (
    <div className="max-w-lg space-y-4">
      <TextField
        label="Name"
        required
        autoFocus
        value={draft.name}
        error={touched ? (problem ?? undefined) : undefined}
        onChange={(name) => {
          setTouched(true);
          onChange({ ...draft, name });
        }}
      />
      <TextField
        label="Description"
        lines={3}
        value={draft.description}
        onChange={(description) => onChange({ ...draft, description })}
      />
    </div>
  );
}

function servicesBlocked(
  draft: PolicyDraft,
  problems: Readonly<Record<string, string>>,
): DisabledReason {
  if (chosenServices(draft).length === 0) return 'Choose at least one service.';
  const count = Object.keys(problems).length;
  return count === 0 ? null : `${formatNoun(count, 'field')} above must be mended first.`;
}

function CompatibilityStep({ rules }: { rules: PolicyInput['rules'] }) {
  const compatibility = useCompatibility(rules, { enabled: rules.length > 0 });
  return (
    <QueryState query={compatibility}>
      {(known) => <Compatibility compatibility={known} />}
    </QueryState>
  );
}

function sentencesOf(policy: PolicyView | null, { name, rules }: PolicyInput): string[] {
  const services = rulesText(rules);
  if (!policy) {
    return [
      `The VM storage policy “${name}” is created with the host-based services ${services}.`,
      'Nothing runs with it until it is assigned to a disk.',
    ];
  }
  const disks = policy.assignments.length;
  return [
    `The VM storage policy “${policy.name}” is changed to “${name}” with ${services}.`,
    disks === 0
      ? 'No disk has it.'
      : `${formatNoun(disks, 'disk')} with it become out of date until it is applied again.`,
  ];
}
