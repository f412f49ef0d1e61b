// Every limit of the product, by name. The relations between them are asserted when the module
// loads.
import { assert } from '../base/assert.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** Smallest unit of a virtual disk, in bytes. */
export const SECTOR_BYTES = 512;

/** Largest payload of one NBD request, in bytes; what nbdcopy and nbdfuse send at most. */
export const NBD_REQUEST_BYTES_MAX = 64 * MIB;
/** Connections to one VM at a time. */
export const NBD_CONNECTIONS_MAX = 64;

/** A VMDK descriptor, in bytes: what qemu reads at most. */
export const VMDK_DESCRIPTOR_BYTES_MAX = 20 * KIB;
/** Largest virtual disk, in bytes: 62 TiB as in vSphere. */
export const DISK_BYTES_MAX = 62 * 1024 * GIB;

/** Largest virtual flash resource of a host, in bytes. */
export const FLASH_BYTES_MAX = 64 * 1024 * GIB;

/** A VIB file, in bytes. */
export const VIB_BYTES_MAX = 512 * MIB;
/** descriptor.xml, in bytes. */
export const VIB_DESCRIPTOR_BYTES_MAX = 4 * MIB;
/** Members of a VIB archive. */
export const VIB_MEMBERS_MAX = 256;
/** All payloads of a VIB, uncompressed, in bytes. */
export const VIB_UNPACKED_BYTES_MAX = 1 * GIB;
/** Uncompressed to compressed, above the first MiB. */
export const VIB_COMPRESSION_RATIO_MAX = 200;
/** Files in one payload. */
export const VIB_FILES_MAX = 10_000;

/** Online depots that are synchronised. */
export const ONLINE_DEPOTS_MAX = 32;
/** An index of an online depot, and its metadata, packed, in bytes. */
export const ONLINE_DEPOT_INDEX_BYTES_MAX = 4 * MIB;
export const ONLINE_DEPOT_METADATA_BYTES_MAX = 64 * MIB;
/** Files that one index names. */
export const ONLINE_DEPOT_INDEXES_MAX = 64;
/** VIBs that one online depot offers, and what one synchronisation downloads, in bytes. */
export const ONLINE_DEPOT_VIBS_MAX = 1_000;
export const ONLINE_DEPOT_BYTES_MAX = 8 * GIB;
export const ONLINE_DEPOT_REDIRECTS_MAX = 5;
/** A server that sends nothing for so long is given up, in milliseconds. */
export const ONLINE_DEPOT_SILENCE_MS = 30_000;
/** The longest synchronisation, in milliseconds. */
export const ONLINE_DEPOT_SYNC_MS = 2 * 60 * 60_000;

/** One uploaded file of an import, in bytes. */
export const IMPORT_BYTES_MAX = 2 * 1024 * GIB;
/** Files that are uploaded for one import. */
export const IMPORT_FILES_MAX = 128;
/** Imports whose files wait in the depot. */
export const IMPORTS_STAGED_MAX = 32;
/** Files of the server that are listed for import. */
export const SERVER_FILES_MAX = 1_000;

/** The file name limit of an archive member, in bytes. */
export const ARCHIVE_NAME_BYTES_MAX = 255;

/** A JSON request body, in bytes. */
export const JSON_BODY_BYTES_MAX = 1 * MIB;

/** Filters on one disk: one of each class. */
export const FILTERS_PER_DISK_MAX = 7;
export const DISKS_PER_VM_MAX = 64;
/** Snapshots of one VM, over the whole tree. */
export const SNAPSHOTS_PER_VM_MAX = 128;
/** Redo logs on top of each other: 32 as in vSphere, the base not counted. */
export const SNAPSHOT_DEPTH_MAX = 32;
/** What a filter keeps in the sidecar of one disk, in bytes. */
export const SIDECAR_BYTES_MAX = 16 * MIB;

/** A message of a key server, in bytes; how deep its items nest, and how many there are. */
export const KMIP_MESSAGE_BYTES_MAX = 256 * KIB;
export const KMIP_DEPTH_MAX = 16;
export const KMIP_ITEMS_MAX = 2_048;

/** A disk lock is renewed this often, in milliseconds. */
export const LOCK_RENEW_MS = 1_000;
/** A holder that could not renew for so long stops its I/O, in milliseconds. */
export const LOCK_LEASE_MS = 10_000;
/** A lock unchanged for so long may be broken by another host, in milliseconds. */
export const LOCK_BREAK_MS = 15_000;

/** The process of a VM that computes and answers nobody for so long is ended, in milliseconds. */
export const WATCHDOG_MS = 10_000;
/** What the process of a VM may take, beside what its filters' properties allow, in MiB. */
export const WORLD_MEMORY_MAX_MIB = 1024;
/** A VM whose process ended so often within the window is not started again by itself. */
export const CRASHES_MAX = 5;
export const CRASH_WINDOW_MS = 10 * 60_000;

/** Names: storage policies and components (PbmCapabilityProfileCreateSpec). */
export const POLICY_NAME_LENGTH_MAX = 80;

/** Name of an inventory object, a tag, a category, a custom attribute. */
export const INVENTORY_NAME_LENGTH_MAX = 80;
/** Folders within each other, below one datacenter. */
export const FOLDER_DEPTH_MAX = 16;
/** Objects that one call moves into a folder. */
export const MOVED_OBJECTS_MAX = 500;
/** Resource pools within each other. */
export const RESOURCE_POOL_DEPTH_MAX = 8;
/** Description of a tag or a category. */
export const TAG_DESCRIPTION_LENGTH_MAX = 1_000;
/** Tags of one call on one object. */
export const TAGS_PER_CALL_MAX = 200;
/** Value of a custom attribute on one object. */
export const CUSTOM_VALUE_LENGTH_MAX = 1_000;

assert(LOCK_RENEW_MS * 3 < LOCK_LEASE_MS, 'a holder gets several tries to renew within its lease');
assert(
  LOCK_LEASE_MS + 2 * LOCK_RENEW_MS < LOCK_BREAK_MS,
  'a holder stops before another may break',
);
assert(NBD_REQUEST_BYTES_MAX % SECTOR_BYTES === 0, 'the largest request is whole sectors');
