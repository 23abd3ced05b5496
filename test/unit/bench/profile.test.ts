import test from 'ava';
import type { ThreadTimes } from '../../../bench/contender/engine/protocol.ts';
import { bulkProfile, profileTable } from '../../../bench/report/profile-line.ts';

type Origin = ThreadTimes['origin'];
const thread = (name: string, origin: Origin, cpuMs: number, waitMs = 0): ThreadTimes => ({
  name,
  origin,
  cpuMs,
  waitMs,
});

/** One second of two streams: 1,000 ms of CPU time in all. */
const profile = {
  wallMs: 1000,
  threads: [
    thread('node', 'main', 30, 5),
    thread('node', 'runtime', 6),
    thread('node', 'runtime', 4),
    thread('node', 'library', 20),
    thread('st-stream', 'library', 500, 100),
    thread('st-stream', 'library', 440, 200),
  ],
  samples: {
    'file:///app/dist/scheduler/lane.js': 6,
    'file:///app/dist/tokenizer/hugging-face.js': 2,
    'file:///app/node_modules/tokenizers/index.js': 1,
    '(program)': 1,
  },
};
const of = { model: 'minilm', contender: 'sentence-torch float32', texts: 500 } as const;
const { line, mainThread } = bulkProfile(profile, of);

test('shares of CPU time go by thread and add up', (t) => {
  const { modelShare, mainThreadShare, tokenizerShare, otherShare } = line;
  t.deepEqual([modelShare, mainThreadShare, tokenizerShare, otherShare], [0.94, 0.03, 0.02, 0.01]);
});

test('streams are idle when they neither run nor wait for a core', (t) => {
  t.deepEqual([line.streamIdleShare, line.streamWaitShare], [0.38, 0.15]);
});

test('samples split the share of the JavaScript thread, and nothing else', (t) => {
  const rounded = Object.entries(mainThread).map(([room, share]) => [room, share.toFixed(4)]);
  t.deepEqual(rounded, [
    ['scheduling', '0.0180'],
    ['tokenizing', '0.0090'],
    ['the rest', '0.0030'],
  ]);
});

test('a profile is a line of its own kind, and a table', (t) => {
  t.like(line, { bench: 'profile', workload: 'mixed', ...of });
  t.true(profileTable({ line, mainThread }).includes('| the model: streams | 94.00% |'));
});

test('a profile without threads of the model is refused', (t) => {
  const threads = profile.threads.filter(({ name }) => name !== 'st-stream');
  t.throws(() => bulkProfile({ ...profile, threads }, of), { message: /st-stream/ });
});
