// Storage policies, the filters that can be put into them, what fits them, and the depot where
// filters come from.
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { CompatibilityView, PolicyRule } from '../wire/api/policies.ts';
import type { Answer } from '../wire/api/route-types.ts';
import { type CallOptions, call } from './call.ts';
import type { ProblemError } from './problem-error.ts';
import { queryKey } from './query-keys.ts';
import { type LiveOptions, useCall, useChange } from './use-call.ts';

export function usePolicies() {
  return useCall('listPolicies', {});
}

export function usePolicy(id: string, options?: LiveOptions) {
  return useCall('readPolicy', { params: { id } }, options);
}

/** The filters that the depot and the clusters know, with their properties. */
export function useFilters() {
  return useCall('listFilters', {});
}

/** Hosts and datastores that could take a disk with these rules, and why the others could not. */
export function useCompatibility(
  rules: PolicyRule[],
  { enabled = true }: LiveOptions = {},
): UseQueryResult<CompatibilityView, ProblemError> {
  return useQuery<CompatibilityView, ProblemError>({
    queryKey: queryKey('checkCompatibility', { query: { rules: JSON.stringify(rules) } }),
    queryFn: ({ signal }) => call('checkCompatibility', { body: { rules }, signal }),
    enabled,
  });
}

type Assignments = CallOptions<'checkPolicies'>['body']['assignments'];

/** Whether these policies may be put on the VM's disks now, with all reasons. */
export function usePolicyCheck(
  vmId: string,
  assignments: Assignments,
): UseQueryResult<Answer<'checkPolicies'>, ProblemError> {
  const params = { id: vmId };
  return useQuery<Answer<'checkPolicies'>, ProblemError>({
    queryKey: queryKey('checkPolicies', {
      params,
      query: { assignments: JSON.stringify(assignments) },
    }),
    queryFn: ({ signal }) => call('checkPolicies', { params, body: { assignments }, signal }),
    enabled: assignments.length > 0,
  });
}

export function useCreatePolicy() {
  return useChange('createPolicy');
}

export function useUpdatePolicy() {
  return useChange('updatePolicy');
}

export function useDeletePolicy() {
  return useChange('deletePolicy');
}

export function useDepotVibs() {
  return useCall('listDepotVibs', {});
}

/**
 * `mutate({ query: { fileName }, file })`: a .vib, or an offline bundle .zip whose VIBs are added
 * one by one.
 */
export function useUploadVib() {
  return useChange('uploadVib');
}

export function useDeleteVib() {
  return useChange('deleteVib');
}

/** URLs from which VIBs come into the depot. */
export function useOnlineDepots() {
  return useCall('listOnlineDepots', {});
}

export function useTraceFiles() {
  return useCall('listTraceFiles', {});
}

/** `mutate({ query: { fileName }, file })`: a vSCSI trace, version 1 or 2. */
export function useUploadTraceFile() {
  return useChange('uploadTraceFile');
}

export function useDeleteTraceFile() {
  return useChange('deleteTraceFile');
}
