// Who asks for something: a user with a session, or the product itself.

export interface Caller {
  /** Null for the product itself (DRS, the reconciler), which needs no privilege. */
  userId: string | null;
  /** Stands as initiator in tasks and events. */
  name: string;
}

/** The product acting by itself; `part` says which of its parts, `DRS` for example. */
export function systemCaller(part: string): Caller {
  return { userId: null, name: part };
}
