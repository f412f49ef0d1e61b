// OVF descriptor (DSP0243, versions 1 and 2): an XML envelope with the files of the package, the
// disks in them, and one virtual system with its hardware. Prefixes of names are not looked at. At
// most 4 MiB; a document type, and so any entity, is refused.
import { Fault } from '../../model/fault.ts';
import { FormatError } from '../format-error.ts';
import { parseXml, type XmlElement } from '../vib/xml.ts';

export const OVF_BYTES_MAX = 4 * 1024 * 1024;
/** Resource types of CIM_ResourceAllocationSettingData. */
const CPU = '3';
const MEMORY = '4';
const DISK = '17';
const MIB = 1024 ** 2;

export interface OvfSystem {
  name: string;
  guestFullName: string;
  cpuCount: number | null;
  memoryMib: number | null;
  disks: OvfDisk[];
}

export interface OvfDisk {
  /** Of the hardware item: `Hard disk 1`. */
  label: string;
  /** The file that holds it; null for a disk that begins empty. */
  fileName: string | null;
  capacityBytes: number | null;
}

/** Throws a FormatError on anything that is no envelope with one virtual system. */
export function parseOvf(bytes: Uint8Array): OvfSystem {
  if (bytes.length > OVF_BYTES_MAX) throw new FormatError('The OVF descriptor is too large.');
  const envelope = readXml(bytes);
  if (localName(envelope.name) !== 'Envelope') {
    throw new FormatError('The OVF descriptor is no envelope.');
  }
  const system = onlySystem(envelope);
  const hardware = child(system, 'VirtualHardwareSection');
  const items = hardware ? children(hardware, ['Item', 'StorageItem']) : [];
  const quantity = (type: string) => {
    const item = items.find((one) => text(one, 'ResourceType') === type);
    return item ? { item, value: wholeNumber(text(item, 'VirtualQuantity')) } : null;
  };
  const memory = quantity(MEMORY);
  const description = child(system, 'OperatingSystemSection');
  return {
    name: text(system, 'Name') || attribute(system, 'id'),
    guestFullName: description ? text(description, 'Description').slice(0, 120) : '',
    cpuCount: quantity(CPU)?.value ?? null,
    memoryMib: memory?.value ? toMib(memory.value, text(memory.item, 'AllocationUnits')) : null,
    disks: items
      .filter((item) => text(item, 'ResourceType') === DISK)
      .map((item, index) => diskOf(envelope, item, index)),
  };
}

function readXml(bytes: Uint8Array): XmlElement {
  try {
    return parseXml(bytes, 'The OVF descriptor');
  } catch (error) {
    if (error instanceof Fault) throw new FormatError(error.message);
    throw error;
  }
}

function onlySystem(envelope: XmlElement): XmlElement {
  if (child(envelope, 'VirtualSystemCollection')) {
    throw new FormatError('The package holds several virtual machines; import them one by one.');
  }
  const systems = children(envelope, ['VirtualSystem']);
  const [system] = systems;
  if (!system || systems.length > 1) {
    throw new FormatError('The OVF descriptor must describe one virtual machine.');
  }
  return system;
}

function diskOf(envelope: XmlElement, item: XmlElement, index: number): OvfDisk {
  const label = text(item, 'ElementName') || `Hard disk ${index + 1}`;
  const resource = text(item, 'HostResource');
  const [, kind = '', id = ''] = /^(?:ovf:)?\/(disk|file)\/(.{1,255})$/.exec(resource) ?? [];
  if (kind === 'file') return { label, fileName: fileOf(envelope, id, label), capacityBytes: null };
  const section = child(envelope, 'DiskSection');
  const disk =
    section && children(section, ['Disk']).find((one) => attribute(one, 'diskId') === id);
  if (!disk) throw new FormatError(`${label} refers to no disk of the package (“${resource}”).`);
  if (attribute(disk, 'parentRef') !== '') {
    throw new FormatError(`${label} is the difference to another disk.`);
  }
  const reference = attribute(disk, 'fileRef');
  const capacity = wholeNumber(attribute(disk, 'capacity'));
  const unit = attribute(disk, 'capacityAllocationUnits');
  return {
    label,
    fileName: reference === '' ? null : fileOf(envelope, reference, label),
    capacityBytes: capacity === null ? null : capacity * unitBytes(unit, 1),
  };
}

function fileOf(envelope: XmlElement, id: string, label: string): string {
  const section = child(envelope, 'References');
  const file = section && children(section, ['File']).find((one) => attribute(one, 'id') === id);
  if (!file) throw new FormatError(`${label} refers to no file of the package (“${id}”).`);
  const compression = attribute(file, 'compression');
  if (compression !== '' && compression !== 'identity') {
    throw new FormatError(`The file of ${label} is compressed (${compression}); unpack it first.`);
  }
  if (attribute(file, 'chunkSize') !== '') {
    throw new FormatError(`The file of ${label} comes in chunks; join them first.`);
  }
  return attribute(file, 'href');
}

/** `byte * 2^20`, or MegaBytes as in OVF 0.9. */
function unitBytes(unit: string, otherwise: number): number {
  const power = /^byte ?\* ?2\^(\d{1,2})$/.exec(unit.trim())?.[1];
  if (power !== undefined) return 2 ** Number(power);
  if (/^mega ?bytes$/i.test(unit)) return MIB;
  if (/^giga ?bytes$/i.test(unit)) return 1024 * MIB;
  if (unit === '' || unit === 'byte') return otherwise;
  throw new FormatError(`The unit “${unit}” is not known.`);
}

function toMib(value: number, unit: string): number {
  return Math.max(1, Math.round((value * unitBytes(unit, MIB)) / MIB));
}

function wholeNumber(digits: string): number | null {
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function children(element: XmlElement, names: readonly string[]): XmlElement[] {
  return element.children.filter(({ name }) => names.includes(localName(name)));
}

function child(element: XmlElement, name: string): XmlElement | null {
  return children(element, [name])[0] ?? null;
}

function text(element: XmlElement, name: string): string {
  return child(element, name)?.text.trim() ?? '';
}

function attribute(element: XmlElement, wanted: string): string {
  for (const [name, value] of element.attributes) if (localName(name) === wanted) return value;
  return '';
}
