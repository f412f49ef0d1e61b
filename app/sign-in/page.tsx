// Signing in; leads back to the page that was asked for (`?next=`).
import { Suspense } from 'react';
import { SignIn } from '#components/shell/sign-in.tsx';
import { ClientProvider } from '#lib/client/client-provider.tsx';
import { routeTable } from '#lib/wire/api/route-table.ts';

export default function SignInPage() {
  return (
    <ClientProvider routes={routeTable()}>
      <Suspense>
        <SignIn />
      </Suspense>
    </ClientProvider>
  );
}
