import { homedir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { root } from '../../scripts/python.ts';

/** Folders of the machine that made the report. */
export interface Places {
  readonly root: string;
  readonly home: string;
}

const longest = 200;

const withoutEnd = (folder: string): string => folder.replace(/[\\/]+$/, '');

/** `text` with `folder`, as a path or as a URL, replaced where it stands before something else. */
function replaced(text: string, folder: string, by: string): string {
  const name = withoutEnd(folder);
  if (name === '') return text; // the root of the file system is nobody's secret
  return [pathToFileURL(name).href, name].reduce(
    (words, form) => words.replaceAll(`${form}/`, by).replaceAll(`${form}\\`, by),
    text,
  );
}

/**
 * Why a contender is not there, in one line that is fit for a report: what the error says, without its stack, without who
 * imported what, and without the folders of the machine.
 */
export function shortReason(
  message: string,
  { root: checkout, home }: Places = { root, home: homedir() },
): string {
  const [line = ''] = message.trim().split('\n', 1);
  const said = line
    .replace(/^(?:Error(?: \[\w+\])?: )+/, '')
    .replace(/ imported from .*$/, '')
    .trim();
  const words = replaced(replaced(said, checkout, ''), home, '~/');
  return words.length > longest ? `${words.slice(0, longest)}…` : words;
}
