// What a rule finds: where, which rule, and what is wrong.
import type { SourceFile } from './source-file.ts';

export interface Violation {
  file: string;
  line: number;
  rule: string;
  message: string;
}

export interface Tree {
  /** Every source file, parsed. */
  sources: readonly SourceFile[];
  /** Every file of the project, sources or not, from its root. */
  files: readonly string[];
}

/** A rule judges the whole tree at once. */
export type Rule = (tree: Tree) => Violation[];

/** A rule that looks at one file after the other. */
export function eachSource(judge: (source: SourceFile) => Violation[]): Rule {
  return ({ sources }) => sources.flatMap(judge);
}
