// What a folder takes: virtual machines stand in folders for virtual machines, clusters and
// standalone hosts in folders for hosts, each below its own datacenter.
import type { Reason } from '../../model/fault.ts';
import { FOLDER_DEPTH_MAX } from '../../model/limits.ts';
import { KIND_WORDS, kindOf } from '../../model/object-kind.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import { type NamedObject, namesakeReasons } from './naming.ts';

export interface PlacedObject extends NamedObject {
  datacenterId: string;
  /** Null for what stands directly below its datacenter, or in a cluster. */
  folderId: string | null;
  /** Of a host; null for a standalone one, and for all else. */
  clusterId: string | null;
}

export interface Destination extends NamedObject {
  datacenterId: string;
  /** Its own id and those of the folders above it. */
  folderPath: readonly string[];
}

export interface MovedObject {
  object: PlacedObject;
  /** What has its name at the destination already. */
  namesake: NamedObject | null;
  /** Levels of folders that it brings: 0 for what is no folder. */
  levels: number;
}

/** Folder.moveInto, for all objects at once: every reason of every object. */
export function judgeMoveInto(destination: Destination, moved: readonly MovedObject[]): Verdict {
  const seen = new Map<string, string>();
  const reasons = moved.flatMap(({ object, namesake, levels }) => {
    const twin = seen.get(object.name);
    seen.set(object.name, object.id);
    const other = namesake?.id === object.id ? null : namesake;
    return [
      ...fitReasons(destination, object),
      ...depthReasons(destination, object, levels),
      ...namesakeReasons(object.name, other),
      ...(twin === undefined ? [] : [twinReason(object, twin)]),
    ];
  });
  return verdictOf(reasons);
}

/** Levels of folders that may still be made below one. */
export function createFolderReasons(parent: Destination): Reason[] {
  if (parent.folderPath.length < FOLDER_DEPTH_MAX) return [];
  return [tooDeep(parent)];
}

function fitReasons(destination: Destination, object: PlacedObject): Reason[] {
  if (object.type === 'datacenter' || object.type === 'datastore') {
    return [
      refusal('NotSupported', object, `${KIND_WORDS[object.type].many} do not stand in folders.`),
    ];
  }
  if (object.clusterId !== null) {
    return [
      {
        ...refusal('NotSupported', object, `${object.name} stands in its cluster.`),
        remedy: `Move ${object.name} out of its cluster first.`,
      },
    ];
  }
  if (destination.datacenterId !== object.datacenterId) {
    return [
      refusal(
        'InvalidFolder',
        object,
        `${object.name} is in another datacenter than ${destination.name}.`,
      ),
    ];
  }
  return destination.type === 'folder' ? folderReasons(destination, object) : [];
}

function folderReasons(destination: Destination, object: PlacedObject): Reason[] {
  if (destination.folderPath.includes(object.id)) {
    const message = `${object.name} cannot be moved into itself or a folder below it.`;
    return [refusal('InvalidFolder', object, message)];
  }
  const wanted = object.type === 'vm' || kindOf(object.id) === 'vmFolder';
  if (wanted === (kindOf(destination.id) === 'vmFolder')) return [];
  const takes = wanted ? 'hosts and clusters' : 'virtual machines';
  return [refusal('NotSupported', object, `${destination.name} is a folder for ${takes} alone.`)];
}

function depthReasons(destination: Destination, object: PlacedObject, levels: number): Reason[] {
  if (levels === 0 || destination.folderPath.length + levels <= FOLDER_DEPTH_MAX) return [];
  return [tooDeep(object)];
}

function tooDeep({ id }: { id: string }): Reason {
  const message = `Folders stand at most ${FOLDER_DEPTH_MAX} deep in each other.`;
  return { fault: 'InvalidFolder', message, objects: [id] };
}

function twinReason(object: PlacedObject, twin: string): Reason {
  const message = `Two objects called ${object.name} cannot stand in one folder.`;
  return { fault: 'DuplicateName', message, objects: [twin, object.id] };
}

function refusal(fault: Reason['fault'], { id }: { id: string }, message: string): Reason {
  return { fault, message, objects: [id] };
}
