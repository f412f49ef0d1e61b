// Faults: every refusal and every expected failure of the product, by the name that the vSphere API
// gives it. docs/faults.md lists all of them and no other; a test holds the two together.
import type { Json } from '../base/json.ts';

interface FaultRow {
  /** HTTP status of the REST face. */
  http: number;
  /** When it is raised, in one sentence, for docs/faults.md and the OpenAPI document. */
  when: string;
}

/** The catalogue. Names marked `own` in docs/faults.md have no counterpart in vim25. */
export const FAULTS = {
  InvalidArgument: { http: 400, when: 'A parameter has a value that the operation cannot take.' },
  NotAuthenticated: { http: 401, when: 'The request carries no valid session.' },
  InvalidLogin: { http: 401, when: 'User name and password do not match.' },
  NoPermission: { http: 403, when: 'The caller lacks a privilege on one of the objects.' },
  NotFound: { http: 404, when: 'The object named does not exist.' },
  AlreadyExists: { http: 409, when: 'An object of that name exists.' },
  DuplicateName: { http: 409, when: 'The name is taken within the folder or kind.' },
  FilterInUse: { http: 409, when: 'Virtual disks still use the I/O filter.' },
  ResourceInUse: { http: 409, when: 'Something else still needs the object.' },
  InvalidState: { http: 409, when: 'The object is in a state that does not allow the operation.' },
  InvalidPowerState: { http: 409, when: 'The virtual machine is in the wrong power state.' },
  TaskInProgress: { http: 409, when: 'Another task holds the object.' },
  RequestCanceled: { http: 409, when: 'A user cancelled the task.' },
  Timedout: { http: 504, when: 'The operation did not end within its time.' },
  InvalidFolder: { http: 409, when: 'The folder cannot take the object.' },
  NotSupported: { http: 409, when: 'The object does not know the operation.' },
  TooManySnapshotLevels: {
    http: 409,
    when: 'A disk may not have more redo logs on top of each other.',
  },
  RDMNotSupported: {
    http: 409,
    when: 'A raw device mapping in physical mode goes past the I/O filters.',
  },
  HostNotConnected: { http: 409, when: 'The host is not connected.' },
  HostNotReachable: { http: 502, when: 'The host agent does not answer.' },
  HostInMaintenanceMode: { http: 409, when: 'The host is in, or entering, maintenance mode.' },
  NoCompatibleHost: { http: 409, when: 'No host can take the virtual machine.' },
  InsufficientFailoverResourcesFault: {
    http: 409,
    when: 'Too little would be left for the host failures that vSphere HA shall tolerate.',
  },
  InsufficientMemoryResourceFault: {
    http: 409,
    when: 'A resource pool is limited to less memory, or others have reserved it.',
  },
  GenericVmConfigFault: {
    http: 409,
    when: 'The virtual machine cannot run there; the reasons say why.',
  },
  MigrationFault: {
    http: 500,
    when: 'The migration failed; the virtual machine runs on where it was.',
  },
  FileNotFound: { http: 404, when: 'A file of a virtual machine or a depot is missing.' },
  FileLocked: { http: 423, when: 'Another host has the virtual disk open.' },
  FileFault: { http: 500, when: 'A file could not be read or written.' },
  InvalidDatastore: { http: 409, when: 'The datastore is not accessible from the host.' },
  NoDiskSpace: { http: 507, when: 'The datastore is full.' },
  InvalidDiskFormat: {
    http: 422,
    when: 'A virtual disk, a disk image or a package of them is malformed, or is refused.',
  },
  CannotOpenDisk: { http: 409, when: 'The virtual disk, or a filter it names, cannot be opened.' },
  KeyNotAvailable: {
    http: 409,
    when: 'A key that a virtual disk is encrypted with cannot be had (own).',
  },
  FilterFault: { http: 500, when: 'An I/O filter threw, or broke its contract (own).' },
  ProfileStorageFault: {
    http: 409,
    when: 'A storage policy cannot be applied; the reasons say why.',
  },
  VibFormatError: { http: 422, when: 'The file is not a valid VIB or offline bundle.' },
  VibSignatureError: {
    http: 422,
    when: 'The signature is missing, wrong, or by an untrusted signer.',
  },
  VibChecksumError: { http: 422, when: 'A payload does not match its checksum.' },
  AcceptanceConfigError: { http: 409, when: 'The acceptance level is below that of the host.' },
  ExtensibilityError: {
    http: 422,
    when: 'The VIB holds files that its level or class may not bring.',
  },
  VibDownloadError: {
    http: 502,
    when: 'A VIB, or a file of an online depot, could not be downloaded.',
  },
  PlatformConfigFault: { http: 409, when: 'The host version does not support the operation.' },
  RequestTooLarge: { http: 413, when: 'The request body is larger than the limit.' },
  TooManyRequests: { http: 429, when: 'Too many attempts; wait and try again.' },
  SystemError: { http: 500, when: 'The product failed in a way it did not expect.' },
} as const satisfies Record<string, FaultRow>;

export type FaultName = keyof typeof FAULTS;

/** One reason of a refusal: which fault, in words an admin can act on, and what would mend it. */
export interface Reason {
  fault: FaultName;
  /** A whole sentence that names the objects involved. */
  message: string;
  /** What the admin can do about it, in the imperative. */
  remedy?: string;
  /** Ids of the objects that are in the way. */
  objects?: string[];
}

/** A fault on its way to the caller. `reasons` is never empty; the first one is the headline. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly fault: FaultName;
  readonly reasons: Reason[];
  readonly data: Record<string, Json>;

  constructor(
    fault: FaultName,
    message: string,
    more: { reasons?: Reason[]; data?: Record<string, Json>; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.fault = fault;
    this.reasons = more.reasons ?? [{ fault, message }];
    this.data = more.data ?? {};
  }
}

/** What a task row, an event and a problem document keep of a fault. */
export interface FaultRecord {
  fault: FaultName;
  message: string;
  reasons: Reason[];
  data?: Record<string, Json>;
}

/**
 * Turns whatever was thrown into a record; what is not a Fault becomes a SystemError with its
 * message.
 */
export function toFaultRecord(thrown: unknown): FaultRecord {
  if (thrown instanceof Fault) {
    const { fault, message, reasons, data } = thrown;
    return { fault, message, reasons, data };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { fault: 'SystemError', message, reasons: [{ fault: 'SystemError', message }] };
}

/** The way back: a fault that came over the wire. */
export function fromFaultRecord({ fault, message, reasons, data }: FaultRecord): Fault {
  return new Fault(fault, message, { reasons, data });
}
