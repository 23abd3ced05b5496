import { createError } from '../errors.ts';
import { show } from '../util/check.ts';

/** The prompts of a model, as its manifest holds them. */
export interface Prompts {
  readonly prompts: Readonly<Record<string, string>>;
  readonly defaultPromptName: string | null;
}

/**
 * The text to put before every text of a call: `prompt`, else the prompt called `promptName`, else the default prompt.
 * As in Python's `encode(prompt=..., prompt_name=...)`, it is put there as it stands, with no space in between.
 */
export function choosePrompt(
  model: Prompts,
  options: { readonly prompt: string | undefined; readonly promptName: string | undefined },
): string {
  if (options.prompt !== undefined) {
    if (options.promptName !== undefined) {
      process.emitWarning('encode() was given prompt and promptName; prompt is used.', {
        code: 'ST_PROMPT_AND_NAME',
      });
    }
    return options.prompt;
  }
  const name = options.promptName ?? model.defaultPromptName;
  if (name === null) return '';
  if (!Object.hasOwn(model.prompts, name)) {
    const names = Object.keys(model.prompts).map(show).join(', ') || 'none';
    throw createError(
      'ST_UNKNOWN_PROMPT',
      `The model has no prompt called ${show(name)}. It has: ${names}.`,
    );
  }
  return model.prompts[name] ?? '';
}
