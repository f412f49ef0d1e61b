// The classes of I/O filters, in the three spellings that the field uses for the same thing
// (IoFilterType of vim25, the class in a capability id, LineOfService of SPBM).

interface FilterClassRow {
  label: string;
  /** As in a capability id, `<filter>@<CLASS>`. */
  capability: string;
  /** PbmLineOfServiceInfo. */
  lineOfService: string;
  /**
   * Classes that only the platform vendor may ship (vSphere Storage, "Filtering Virtual Machine
   * I/O").
   */
  vendorOnly: boolean;
}

export const FILTER_CLASSES = {
  inspection: {
    label: 'Inspection',
    capability: 'INSPECTION',
    lineOfService: 'INSPECTION',
    vendorOnly: false,
  },
  compression: {
    label: 'Compression',
    capability: 'COMPRESSION',
    lineOfService: 'COMPRESSION',
    vendorOnly: false,
  },
  replication: {
    label: 'Replication',
    capability: 'REPLICATION',
    lineOfService: 'REPLICATION',
    vendorOnly: false,
  },
  cache: { label: 'Caching', capability: 'CACHE', lineOfService: 'CACHING', vendorOnly: false },
  encryption: {
    label: 'Encryption',
    capability: 'ENCRYPTION',
    lineOfService: 'ENCRYPTION',
    vendorOnly: true,
  },
  dataProvider: {
    label: 'Data provider',
    capability: 'DATAPROVIDER',
    lineOfService: 'DATA_PROVIDER',
    vendorOnly: false,
  },
  datastoreIoControl: {
    label: 'Storage I/O control',
    capability: 'DATASTOREIOCONTROL',
    lineOfService: 'DATASTORE_IO_CONTROL',
    vendorOnly: true,
  },
} as const satisfies Record<string, FilterClassRow>;

export type FilterClass = keyof typeof FILTER_CLASSES;

/** In the order of the table. */
export const FILTER_CLASS_NAMES = Object.keys(FILTER_CLASSES) as [FilterClass, ...FilterClass[]];
