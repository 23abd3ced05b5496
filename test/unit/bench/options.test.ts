import test from 'ava';
import { readEncodePlan, readPartPlan } from '../../../bench/encode-options.ts';
import { readLoadPlan } from '../../../bench/load-options.ts';
import { readPassesPlan } from '../../../bench/passes-options.ts';

test('a plan takes lists of workloads, models and beginnings of contenders', (t) => {
  const plan = readEncodePlan([
    ...['--workload', 'single, cold', '--model', 'founding', '--rounds', '9'],
    ...['--contender', 'sentence-torch,onnxruntime-node, tuned q8'],
  ]);
  t.deepEqual([plan.workloads, plan.models, plan.rounds], [['single', 'cold'], ['founding'], 9]);
  t.deepEqual(plan.contenders.slice(2), ['sentence-torch int8', 'onnxruntime-node, tuned q8']);
});

test('without options a plan is the whole', (t) => {
  const plan = readEncodePlan([]);
  t.deepEqual(plan.models, ['minilm', 'founding']);
  t.deepEqual([plan.workloads.length, plan.contenders.length, plan.rounds], [5, 11, 7]);
  t.deepEqual([plan.accuracyTexts, plan.profileTexts], [5000, 5000]);
});

test('a quick plan is for one model, unless one is asked for', (t) => {
  t.deepEqual(readEncodePlan(['--quick']).models, ['minilm']);
  t.deepEqual(readEncodePlan(['--quick', '--model', 'founding']).models, ['founding']);
});

test('accuracy belongs to a run of all, the profile to one of ours on mixed texts', (t) => {
  const parts = (...args: string[]) => {
    const { accuracyTexts, profileTexts } = readEncodePlan(args);
    return [accuracyTexts > 0, profileTexts > 0];
  };
  t.deepEqual(parts('--model', 'minilm'), [true, true]);
  t.deepEqual(parts('--workload', 'short,mixed'), [false, true]);
  t.deepEqual(parts('--workload', 'short'), [false, false]);
  t.deepEqual(parts('--contender', 'fastembed'), [false, false]);
});

test('what there is not is refused, with what there is', (t) => {
  const refused = (option: string, value: string, message: RegExp) =>
    t.throws(() => readEncodePlan([`--${option}`, value]), { message });
  refused('workload', 'shorter', /--workload: there is no "shorter", but "short", "mixed"/);
  refused('workload', 'single,', /there is no ""/);
  refused('workload', 's', /there is no "s"/);
  refused('model', 'mini', /--model: there is no "mini", but "minilm", "founding"/);
  refused('contender', 'torch', /--contender: there is no "torch", but "sentence-torch float32"/);
  refused('contender', '', /there is no ""/);
  refused('rounds', '0', /--rounds is "0"/);
  refused('rounds', 'two', /--rounds is "two"/);
  t.throws(() => readEncodePlan(['--round', '3']), { message: /--round/ });
});

test('a command that does one part takes no choice of workloads', (t) => {
  t.is(readPartPlan([]).accuracyTexts, 5000);
  t.is(readPartPlan(['--quick']).profileTexts, 500);
  t.throws(() => readPartPlan(['--model', 'founding']), { message: /--model/ });
});

test('passes are measured on bulk workloads only', (t) => {
  const plan = readPassesPlan(['--workload', 'mixed', '--model', 'founding', '--rounds', '3']);
  t.deepEqual([plan.workloads, plan.models, plan.rounds], [['mixed'], ['founding'], 3]);
  t.throws(() => readPassesPlan(['--workload', 'cold']), { message: /there is no "cold"/ });
});

test('single sizes of a load can be changed', (t) => {
  const plan = readLoadPlan(['--rounds', '2', '--seconds', '5', '--bulk-texts', '1000']);
  t.deepEqual([plan.rounds, plan.seconds, plan.bulkTexts], [2, 5, 1000]);
  t.throws(() => readLoadPlan(['--seconds', '0']), { message: /--seconds/ });
});
