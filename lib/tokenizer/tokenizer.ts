/** Turns texts into token ids. Adapters stand beside this file. */
export interface Tokenizer {
  /** The token ids of each text, special tokens included, cut at the model's limit. Runs off the main thread. */
  encodeBatch(texts: readonly string[]): Promise<readonly (readonly number[])[]>;
}
