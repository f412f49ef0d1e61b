// Who is signed in on this page.
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import type { SessionView } from '../wire/api/session.ts';
import { call } from './call.ts';
import type { ProblemError } from './problem-error.ts';
import { isSignedOut } from './query-client.ts';
import { queryKey } from './query-keys.ts';
import { useChange } from './use-call.ts';

/** The session, or null when nobody is signed in. */
export function useSession(): UseQueryResult<SessionView | null, ProblemError> {
  return useQuery<SessionView | null, ProblemError>({
    queryKey: queryKey('readSession'),
    queryFn: async ({ signal }) => {
      try {
        return await call('readSession', { signal });
      } catch (error) {
        if (isSignedOut(error)) return null;
        throw error;
      }
    },
  });
}

/** `signIn({ userName, password })`; then useSession has the new session. */
export function useSignIn() {
  const client = useQueryClient();
  const { mutateAsync, isPending, error } = useChange('signIn');
  async function signIn(body: { userName: string; password: string }): Promise<SessionView> {
    const session = await mutateAsync({ body });
    client.clear();
    client.setQueryData(queryKey('readSession'), session);
    return session;
  }
  return { signIn, isPending, error };
}

/** `signOut()` forgets everything that was read in the session. */
export function useSignOut() {
  const client = useQueryClient();
  const { mutateAsync, isPending, error } = useChange('signOut');
  async function signOut(): Promise<void> {
    await mutateAsync({});
    client.clear();
    client.setQueryData(queryKey('readSession'), null);
  }
  return { signOut, isPending, error };
}

export function useChangePassword() {
  return useChange('changePassword');
}
