// The hooks under all others: a cached, live read of a route; and a call that changes something.
import {
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
} from '@tanstack/react-query';
import type { Answer } from '../wire/api/route-types.ts';
import type { RouteName } from '../wire/api/routes.ts';
import { type CallOptions, callRoute } from './call.ts';
import { type ProblemError, toProblemError } from './problem-error.ts';
import { queryKey } from './query-keys.ts';

export interface LiveOptions {
  /** Ask again after so many milliseconds, for numbers that no change announces. */
  refetchMs?: number;
  /** False: do not ask yet. */
  enabled?: boolean;
}

/** The answer of a read, kept up to date by the change stream. */
export function useCall<Name extends RouteName>(
  name: Name,
  options: CallOptions<Name>,
  { refetchMs, enabled }: LiveOptions = {},
): UseQueryResult<Answer<Name>, ProblemError> {
  return useQuery<Answer<Name>, ProblemError>({
    queryKey: queryKey(name, options),
    queryFn: ({ signal }) => callRoute(name, { ...options, signal }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(refetchMs === undefined ? {} : { refetchInterval: refetchMs }),
  });
}

/**
 * A call made on demand: `mutate({ params, body })`. For calls that start a task see useTaskCall.
 */
export function useChange<Name extends RouteName>(
  name: Name,
): UseMutationResult<Answer<Name>, ProblemError, CallOptions<Name>> {
  return useMutation<Answer<Name>, ProblemError, CallOptions<Name>>({
    mutationKey: [name],
    mutationFn: async (options) => {
      try {
        return await callRoute(name, options);
      } catch (error) {
        throw toProblemError(error);
      }
    },
  });
}
