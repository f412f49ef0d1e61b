// Runs every rule over the project's sources.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { exportWhatIsUsed } from './export-rules.ts';
import { avoidCycles, keepLayers, writePathsOneWay } from './layer-rules.ts';
import { isSource, keepFoldersSmall, keepTopLevel, nameWell } from './name-rules.ts';
import { keepFilesShort, keepFlat, keepFunctionsSmall, keepLinesShort } from './size-rules.ts';
import { readSourceFile, type SourceFile } from './source-file.ts';
import type { Rule, Tree, Violation } from './violation.ts';
import {
  exportByName,
  failAloud,
  keepSeams,
  keepTypesHonest,
  leaveNothingUnfinished,
  openWithProse,
  runEveryTest,
} from './word-rules.ts';

const RULES: readonly Rule[] = [
  ...[keepLayers, writePathsOneWay, avoidCycles],
  ...[nameWell, keepFoldersSmall, keepTopLevel],
  ...[keepFilesShort, keepLinesShort, keepFunctionsSmall, keepFlat],
  ...[openWithProse, leaveNothingUnfinished, keepTypesHonest, keepSeams, failAloud],
  ...[runEveryTest, exportByName, exportWhatIsUsed],
];
/** What is made or kept, not written. */
const NOT_OURS = /^(node_modules|generated|coverage|\.git|\.next|\.data|\.build|\.test-results)$/;

/** Everything that is wrong in the tree, ordered by file and line. */
export function checkTree(root: string): Violation[] {
  const files = listFiles(root, '');
  const sources: SourceFile[] = [];
  const broken: Violation[] = [];
  for (const file of files.filter(isSource)) {
    try {
      sources.push(readSourceFile(root, file));
    } catch (error) {
      broken.push({ file, line: 1, rule: 'syntax', message: String(error) });
    }
  }
  return [...broken, ...checkSources({ files, sources })];
}

export function checkSources(tree: Tree): Violation[] {
  const found = RULES.flatMap((rule) => rule(tree));
  return found.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

function listFiles(root: string, folder: string): string[] {
  const entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    if (NOT_OURS.test(entry.name)) return [];
    const name = path.posix.join(folder, entry.name);
    return entry.isDirectory() ? listFiles(root, name) : [name];
  });
}
