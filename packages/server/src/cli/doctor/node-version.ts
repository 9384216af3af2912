import { type Finding, note, ok } from './finding.ts';

/** The Node major that is pinned in package.json and that the measurements were made with. */
const pinnedMajor = 24;

/** Which Node runs. The command itself goes over to the pinned one when this one is too old. */
export function checkNode(): readonly Finding[] {
  const major = Number(process.versions.node.split('.')[0]);
  const found = `version ${process.versions.node}`;
  if (major >= pinnedMajor) return [ok('Node', found)];
  return [
    note(
      'Node',
      found,
      `npm and npx use Node ${pinnedMajor} from node_modules; start the server with npm start`,
    ),
  ];
}
