'use client';
// A dialog's call while it runs and when it was refused: `busy`, `error`, and `submit` with what to
// do. It never rejects; what is thrown stands in `error` until the next try or `clear`.
import { useState } from 'react';

export interface Submit {
  busy: boolean;
  error: unknown;
  submit: (action: () => Promise<void>) => Promise<void>;
  clear: () => void;
}

export function useSubmit(): Submit {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (action: () => Promise<void>) => {
    setError(null);
    setBusy(true);
    try {
      await action();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, submit, clear: () => setError(null) };
}
