// May a VIB be signed for an acceptance level? Filters of some classes come from the vendor of the
// platform alone, whatever they pass.
import type { Reason } from '../model/fault.ts';
import { FILTER_CLASSES, type FilterClass } from '../model/filter-class.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import type { AcceptanceLevel } from '../model/vib.ts';

export interface SigningFacts {
  vibId: string;
  /** Of the VIB: the code of its vendor. */
  vendor: string;
  /** The code of the platform's vendor. */
  platformVendor: string;
  filterClass: FilterClass;
  level: AcceptanceLevel;
}

export function judgeSigning(facts: SigningFacts): Verdict {
  const { vibId, vendor, platformVendor, filterClass, level } = facts;
  const { vendorOnly, label } = FILTER_CLASSES[filterClass];
  const reasons: Reason[] = [];
  if (vendorOnly && vendor !== platformVendor) {
    reasons.push({
      fault: 'ExtensibilityError',
      message:
        `Filters of the class ${label} come from the vendor of the platform alone; ` +
        `VIB ${vibId} is of the vendor ${vendor}.`,
      remedy: 'Choose a class that is open to partners.',
    });
  } else if (vendorOnly && level !== 'VMwareCertified' && level !== 'VMwareAccepted') {
    reasons.push({
      fault: 'ExtensibilityError',
      message:
        `Filters of the class ${label} come from the vendor of the platform alone; ` +
        `${level} is not signed by it.`,
      remedy: 'Ask for VMwareAccepted or VMwareCertified.',
    });
  }
  return verdictOf(reasons);
}
