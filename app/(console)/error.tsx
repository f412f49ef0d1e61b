'use client';
// A page that broke: the frame stays, the page can be tried again.
import { ErrorState } from '#components/ui/states/error-state.tsx';

interface ErrorPageProps {
  error: Error & { digest?: string };
  reset: () => void;
}

export default function ErrorPage({ error, reset }: ErrorPageProps) {
  return <ErrorState error={error} title="This page could not be shown" onRetry={reset} />;
}
