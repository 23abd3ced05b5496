import test from 'ava';
import { choosePrompt } from '../../lib/encode/prompts.ts';

const model = { prompts: { query: 'query: ', blank: '' }, defaultPromptName: null };
const none = { prompt: undefined, promptName: undefined };

test('without options and without a default prompt nothing is put before the text', (t) => {
  t.is(choosePrompt(model, none), '');
});

test("the model's default prompt is used when the call names none", (t) => {
  t.is(choosePrompt({ ...model, defaultPromptName: 'query' }, none), 'query: ');
});

test('promptName wins over the default prompt', (t) => {
  t.is(
    choosePrompt({ ...model, defaultPromptName: 'query' }, { ...none, promptName: 'blank' }),
    '',
  );
});

test('prompt is used as it stands, the empty one too', (t) => {
  t.is(choosePrompt({ ...model, defaultPromptName: 'query' }, { ...none, prompt: '' }), '');
});

test.serial('prompt wins over promptName, with a warning as in Python', async (t) => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  t.is(choosePrompt(model, { prompt: 'mine: ', promptName: 'query' }), 'mine: ');
  t.is((await warned).message, 'encode() was given prompt and promptName; prompt is used.');
});

for (const promptName of ['nope', 'constructor', '__proto__', '']) {
  test(`the unknown prompt name "${promptName}" is refused with the names that exist`, (t) => {
    t.throws(() => choosePrompt(model, { ...none, promptName }), {
      code: 'ST_UNKNOWN_PROMPT',
      message: `The model has no prompt called "${promptName}". It has: "query", "blank".`,
    });
  });
}
