// The objects that a request for part of a long list names.

/** Null when the whole list is asked for. */
export function idsOf({ ids }: { ids?: string | undefined }): string[] | null {
  return ids === undefined ? null : ids.split(',');
}
