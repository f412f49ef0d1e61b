'use client';
// The sign-in page: two fields, and an error that says what to do.
import { useRouter, useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { TextField } from '#components/ui/forms/text-field.tsx';
import { Banner } from '#components/ui/states/banner.tsx';
import { useSession, useSignIn } from '#lib/client/use-session.ts';
import { Logo } from './logo.tsx';
import { nextPath } from './next-path.ts';

export function SignIn() {
  const router = useRouter();
  const target = nextPath(useSearchParams().get('next'));
  const { data: session } = useSession();
  const { signIn, isPending, error } = useSignIn();
  const [userName, setUserName] = useState('');
  const [password, setPassword] = useState('');
  useEffect(() => {
    if (session) router.replace(target);
  }, [session, router, target]);
  const blocked = userName === '' || password === '' ? 'Enter user name and password.' : null;
  const submit = async () => {
    try {
      await signIn({ userName, password });
    } catch {
      // The hook keeps the refusal; it is shown below.
      setPassword('');
    }
  };
  return (
    <main className="flex min-h-full items-center justify-center bg-sunken p-4">
      <title>Sign in – Sluice</title>
      <div className="w-full max-w-sm">
        <div className="mb-5 flex items-center gap-3 text-ink">
          <Logo size={32} />
          <div>
            <h1 className="text-2xl font-semibold">Sluice</h1>
            <p className="text-muted">I/O filters on virtual disks</p>
          </div>
        </div>
        <form
          className="space-y-4 rounded-lg border border-line bg-surface p-6"
          onSubmit={(event) => {
            event.preventDefault();
            if (!blocked) void submit();
          }}
        >
          <TextField
            label="User name"
            autoComplete="username"
            autoFocus
            value={userName}
            onChange={setUserName}
          />
          <TextField
            label="Password"
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={setPassword}
          />
          {error && (
            <Banner tone="bad" title={TITLES[error.fault] ?? 'Signing in did not work'}>
              <p>{ADVICE[error.fault] ?? error.message}</p>
            </Banner>
          )}
          <Button
            type="submit"
            variant="primary"
            className="w-full"
            busy={isPending}
            disabledReason={blocked}
          >
            Sign in
          </Button>
        </form>
        <p className="mt-4 text-sm text-muted">
          On a fresh installation the user is <code>admin</code>; the terminal that started the
          product shows the first password.
        </p>
      </div>
    </main>
  );
}

const TITLES: Partial<Record<string, string>> = {
  InvalidLogin: 'User name and password do not match',
  TooManyRequests: 'Too many attempts',
};

const ADVICE: Partial<Record<string, string>> = {
  InvalidLogin: 'Check both, and whether Caps Lock is on.',
};
