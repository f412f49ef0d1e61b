// What tags and their categories allow: which objects, how many of a category on one object, and
// how a category may still be changed once its tags are in use.
import type { Reason } from '../../model/fault.ts';
import { type InventoryType, KIND_WORDS } from '../../model/object-kind.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { NamedObject } from './naming.ts';

export interface CategoryFacts {
  id: string;
  name: string;
  multiple: boolean;
  /** Empty: all. */
  associableTypes: readonly InventoryType[];
}

export interface TagFacts {
  id: string;
  name: string;
  category: CategoryFacts;
}

/** The tags that the object would have, each of which is new or was there. */
export function judgeTags(object: NamedObject, tags: readonly (TagFacts & { isNew: boolean })[]) {
  const fresh = tags.filter(({ isNew }) => isNew);
  const reasons = fresh.flatMap(({ name, category }) => typeReasons(object, name, category));
  const single = new Map<string, string[]>();
  for (const { name, category } of tags) {
    if (!category.multiple) single.set(category.name, [...(single.get(category.name) ?? []), name]);
  }
  for (const [category, names] of single) {
    if (names.length > 1) reasons.push(tooMany(object, category, names));
  }
  return verdictOf(reasons);
}

function typeReasons(object: NamedObject, tag: string, category: CategoryFacts): Reason[] {
  const { associableTypes } = category;
  if (associableTypes.length === 0 || associableTypes.includes(object.type)) return [];
  const types = associableTypes.map((type) => KIND_WORDS[type].plural).join(', ');
  return [
    {
      fault: 'InvalidArgument',
      message: `${tag} is of the category ${category.name}, whose tags are for ${types} alone.`,
      objects: [object.id],
    },
  ];
}

function tooMany({ id, name }: NamedObject, category: string, tags: readonly string[]): Reason {
  return {
    fault: 'InvalidArgument',
    message:
      `Of the category ${category} an object has one tag at most; ` +
      `${name} would have ${tags.join(' and ')}.`,
    remedy: `Unassign the other tag, or let ${category} give several tags to an object.`,
    objects: [id],
  };
}

/** As in the field: a category is widened, and not narrowed, for its tags may be in use. */
export function judgeCategoryChange(
  before: CategoryFacts,
  after: Pick<CategoryFacts, 'multiple' | 'associableTypes'>,
): Verdict {
  const reasons: Reason[] = [];
  if (before.multiple && !after.multiple) {
    reasons.push({
      fault: 'InvalidArgument',
      message: `${before.name} gives several tags to an object, and cannot be limited to one.`,
      objects: [before.id],
    });
  }
  const narrowed =
    after.associableTypes.length > 0 &&
    (before.associableTypes.length === 0 ||
      before.associableTypes.some((type) => !after.associableTypes.includes(type)));
  if (narrowed) {
    reasons.push({
      fault: 'InvalidArgument',
      message: `Types of objects can be added to ${before.name}, and not taken away.`,
      objects: [before.id],
    });
  }
  return verdictOf(reasons);
}
