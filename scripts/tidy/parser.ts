// The parser behind the rules: oxc, as rolldown brings it. TypeScript 7 has no interface for
// programs.
import { parseSync, Visitor } from 'rolldown/utils';

export type Program = ReturnType<typeof parseSync>['program'];
export { parseSync, Visitor };
