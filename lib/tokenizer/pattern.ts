/**
 * Whether a regular expression of a tokenizer is safe to run. The tokenizer's engine ends the process when one match takes
 * more than ten million retries, so `(a+)+b` on a hostile text is the end of a server. Taken are those whose retries grow
 * with the text's length and no faster; every pattern of a published tokenizer is one.
 */
export function isSafePattern(pattern: string): boolean {
  try {
    const reader = new PatternReader(pattern);
    return reader.alternatives().retried <= 1 && reader.isAtEnd;
  } catch (error) {
    if (error instanceof Unreadable) return false;
    throw error;
  }
}

/** What a part of a pattern can do to the time of a match. */
interface Cost {
  /** Repetitions without a limit that something behind them can send back, one within the other's reach. */
  readonly retried: number;
  /** Whether it holds a repetition without a limit. */
  readonly repeats: boolean;
  /** Whether it may not match: what never fails sends nothing back. */
  readonly canFail: boolean;
}

/** Something of which the cost is not known: back references, conditions, recursion. */
class Unreadable extends Error {}

/** Repetitions of more are as good as without a limit. */
const mostRepetitions = 16;

class PatternReader {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#pattern.length;
  }

  /** `a|b|c`, to the end of the pattern or of the group. */
  alternatives(): Cost {
    let { retried, repeats, canFail } = this.#sequence();
    while (this.#take('|')) {
      const next = this.#sequence();
      retried = Math.max(retried, next.retried);
      repeats ||= next.repeats;
      canFail &&= next.canFail;
    }
    return { retried, repeats, canFail };
  }

  #sequence(): Cost {
    const items: Cost[] = [];
    while (!this.isAtEnd && !this.#sees('|') && !this.#sees(')')) items.push(this.#item());
    const lastThatFails = items.findLastIndex(({ canFail }) => canFail);
    const retried = items
      .map((item, index) => item.retried + (item.repeats && index < lastThatFails ? 1 : 0))
      .reduce((sum, each) => sum + each, 0);
    return { retried, repeats: items.some(({ repeats }) => repeats), canFail: lastThatFails >= 0 };
  }

  #item(): Cost {
    const atom = this.#atom();
    const { least, most } = this.#quantifier();
    const isLong = most > mostRepetitions;
    if (most > 1 && atom.repeats) throw new Unreadable(); // a repetition within a repetition
    return {
      retried: atom.retried,
      repeats: atom.repeats || isLong,
      canFail: least > 0 && atom.canFail,
    };
  }

  /** One character, class or group. */
  #atom(): Cost {
    const plain: Cost = { retried: 0, repeats: false, canFail: true };
    if (this.#take('[')) {
      this.#class();
      return plain;
    }
    if (this.#take('(')) return this.#group();
    const escaped = this.#match(/\\([\s\S])/y);
    if (escaped === undefined) this.#at++;
    else if (/[1-9kg]/.test(escaped[1] as string)) throw new Unreadable();
    if (escaped && /[pPxuo]/.test(escaped[1] as string)) this.#match(/\{[^}]*\}/y);
    return plain;
  }

  /** From behind `(`. */
  #group(): Cost {
    if (this.#take('?')) {
      const head = this.#match(/#[^)]*|[imsx-]*:|[imsx-]+(?=\))|[=!>]|<[=!]|<\w+>|P<\w+>/y);
      if (head === undefined) throw new Unreadable();
    }
    const inner = this.alternatives();
    if (!this.#take(')')) throw new Unreadable();
    return inner;
  }

  /** From behind `[`: classes may hold classes, and `]` as their first character. */
  #class(): void {
    this.#match(/\^?\]?/y);
    while (!this.#take(']')) {
      if (this.isAtEnd) throw new Unreadable();
      if (this.#match(/\[:\^?\w+:\]/y)) continue;
      if (this.#take('[')) this.#class();
      else if (!this.#match(/\\[\s\S]/y)) this.#at++;
    }
  }

  #quantifier(): { least: number; most: number } {
    let [least, most] = [1, 1];
    for (;;) {
      const found = this.#match(/([*+?])|\{(\d*)(,?)(\d*)\}/y);
      if (found === undefined) return { least, most };
      const [, sign, from, comma, to] = found;
      if (sign === undefined) {
        least *= Number(from);
        most *= comma ? Number(to || Number.POSITIVE_INFINITY) : Number(from);
      } else if (sign === '?') {
        least = 0; // or it makes the one before lazy, or possessive with `+`: not slower than greedy
      } else {
        least *= sign === '+' ? 1 : 0;
        most = Number.POSITIVE_INFINITY;
      }
    }
  }

  #sees(character: string): boolean {
    return this.#pattern[this.#at] === character;
  }

  #take(character: string): boolean {
    const isThere = this.#sees(character);
    if (isThere) this.#at++;
    return isThere;
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#pattern);
    if (found === null) return undefined;
    this.#at = expression.lastIndex;
    return found;
  }
}
