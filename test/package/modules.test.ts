import test from 'ava';
import { fixture } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';

test('require() and import give the same module, and so the same state', async (t) => {
  const script = `
    const required = require('sentence-torch');
    import('sentence-torch').then(async (imported) => {
      console.log(required.SentenceTransformer === imported.SentenceTransformer);
      const model = await required.SentenceTransformer.load(${JSON.stringify(fixture('golden/mean'))});
      console.log(model instanceof imported.SentenceTransformer, (await model.encode('a')).length);
    });
  `;
  const { stdout, stderr, code } = await runNode(['--input-type=commonjs', '--eval', script]);
  t.is(stdout, 'true\ntrue 16\n', stderr);
  t.is(code, 0);
});

test('nothing but the documented names is exported', async (t) => {
  const script = "import('sentence-torch').then((all) => console.log(Object.keys(all).join(' ')));";
  const { stdout } = await runNode(['--eval', script]);
  t.is(
    stdout.trim(),
    'DownloadError ExecutionError InputError ModelError RuntimeError SentenceTorchError SentenceTransformer ' +
      'cosSim optimizeModel semanticSearch similarity',
  );
});

test('importing the package loads neither libtorch nor the addon', async (t) => {
  const script = `
    import('sentence-torch').then(() => {
      console.log(process.report.getReport().sharedObjects.filter((file) => /torch/.test(file)).length);
    });
  `;
  const { stdout, stderr } = await runNode(['--eval', script]);
  t.is(stdout.trim(), '0', stderr);
});
