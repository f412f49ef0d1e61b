'use client';
// Steps in a dialog. What was typed is kept by the caller, so going back and forth loses nothing;
// the last page says in words what will happen, and the same as a call.
// Props: `steps` [{id, title, content, blocked (why Next is disabled), onNext (false stays)}],
// `review` {sentences, call, content}, `finish` {label, run (its failure is shown), blocked},
// `title`, `open`, `onClose`.
import { Check } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Button } from '../button.tsx';
import { classNames } from '../class-names.ts';
import { type DisabledReason, isDisabled } from '../disabled-reason.tsx';
import { type ApiCall, SameAsCall } from '../same-as-call.tsx';
import { ErrorState } from '../states/error-state.tsx';
import { Dialog } from './dialog.tsx';
import { useSubmit } from './use-submit.ts';

export interface WizardStep {
  id: string;
  title: string;
  content: ReactNode;
  blocked?: DisabledReason;
  /** Runs before the next step is shown; false stays (a form's own validation, say). */
  onNext?: () => Promise<boolean> | boolean;
}

export interface WizardProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  steps: readonly WizardStep[];
  review: { sentences: readonly string[]; call?: ApiCall; content?: ReactNode };
  finish: { label: string; run: () => Promise<unknown>; blocked?: DisabledReason };
  size?: 'medium' | 'large' | 'full';
}

export function Wizard(props: WizardProps) {
  const { open, onClose, title, description, review, finish, size = 'large' } = props;
  const [index, setIndex] = useState(0);
  const { busy, error, submit, clear } = useSubmit();
  const last: WizardStep = {
    id: 'review',
    title: 'Ready to complete',
    content: <Review {...review} />,
  };
  const steps: WizardStep[] = [...props.steps, last];
  const step = steps[index] ?? last;
  const isLast = index === steps.length - 1;
  const blocked = isLast ? blockedBy(props) : step.blocked;

  const go = (next: number) => {
    clear();
    setIndex(next);
  };
  const forward = () =>
    submit(async () => {
      if (isLast) {
        await finish.run();
        onClose();
      } else if ((await step.onNext?.()) !== false) setIndex(index + 1);
    });
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      description={description}
      size={size}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            disabledReason={index === 0 ? 'This is the first step.' : null}
            onClick={() => go(index - 1)}
          >
            Back
          </Button>
          <Button
            variant="primary"
            busy={busy}
            disabledReason={blocked}
            onClick={() => void forward()}
          >
            {isLast ? finish.label : 'Next'}
          </Button>
        </>
      }
    >
      <div className="grid min-h-72 gap-6 md:grid-cols-[11rem_1fr]">
        <StepList steps={steps} index={index} onGo={go} />
        <div className="min-w-0 space-y-4">
          <h3 className="text-lg font-semibold">{step.title}</h3>
          {step.content}
          {error !== null && <ErrorState error={error} compact />}
        </div>
      </div>
    </Dialog>
  );
}

/** The last page is blocked by its own reason, or by what a step before it has come to lack. */
function blockedBy({ steps, finish }: WizardProps): DisabledReason {
  if (isDisabled(finish.blocked)) return finish.blocked;
  return steps.find((step) => isDisabled(step.blocked))?.blocked;
}

interface StepListProps {
  steps: readonly WizardStep[];
  index: number;
  onGo: (index: number) => void;
}

function StepList({ steps, index, onGo }: StepListProps) {
  return (
    <ol className="flex gap-1 border-line max-md:flex-wrap md:flex-col md:border-r md:pr-4">
      {steps.map((step, at) => (
        <li key={step.id} aria-current={at === index ? 'step' : undefined}>
          <button
            type="button"
            disabled={at >= index}
            onClick={() => onGo(at)}
            className={classNames(
              'flex min-h-row w-full items-center gap-2 rounded-md px-2 py-1 text-left',
              at === index && 'bg-selected font-semibold text-ink',
              at < index && 'text-ink hover:bg-hover',
              at > index && 'text-muted',
            )}
          >
            <span
              aria-hidden
              className={classNames(
                'flex size-5 shrink-0 items-center justify-center rounded-full border text-xs',
                at < index ? 'border-ok text-ok' : 'border-line-strong',
              )}
            >
              {at < index ? <Check size={12} /> : at + 1}
            </span>
            {step.title}
          </button>
        </li>
      ))}
    </ol>
  );
}

function Review({ sentences, call, content }: WizardProps['review']) {
  return (
    <div className="space-y-4">
      <ul className="list-disc space-y-1 pl-5">
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {content}
      {call && <SameAsCall call={call} />}
    </div>
  );
}
