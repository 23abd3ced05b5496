/**
 * Texts that tokenizers and models are known to trip over, and many ordinary ones: the same list on every run.
 */

const words =
  'how what is the best way to learn a new language in three months without money or time does anyone know why my phone computer dog house keeps turning off after update can you explain quantum physics like I am five years old should invest stock market India United States difference between love and like'.split(
    ' ',
  );

const scripts = [
  'Привет, как дела сегодня утром',
  '今日はとても良い天気ですね',
  '我想学习人工智能和机器学习',
  '안녕하세요 오늘 날씨가 좋네요',
  'مرحبا كيف حالك اليوم يا صديقي',
  'שלום מה שלומך היום חבר שלי',
  'नमस्ते आप कैसे हैं मेरे दोस्त',
  'สวัสดีครับวันนี้อากาศดีมาก',
  'Γειά σου, τι κάνεις σήμερα το πρωί',
  'Ünïcödé wïth äccénts évèrywhère, naïve café',
  '𝕸𝖆𝖙𝖍 𝒇𝒐𝒏𝒕𝒔 𝟙𝟚𝟛 and ｆｕｌｌｗｉｄｔｈ',
];

const awkward = [
  '',
  ' ',
  '\t\n\r ',
  '   leading and trailing   ',
  '\u00a0non-breaking\u00a0\u2003em space\u3000',
  '\ufeffbyte order mark',
  'NUL \0 inside',
  '\0',
  'control \x01\x02\x03\x1b[31m characters \x7f \x85',
  'separators \x1c\x1d\x1e\x1f between',
  'soft\u00adhyphen, zero\u200bwidth, joiner\u200d, direction \u202eoverride\u202c',
  'combining e\u0301 a\u0308 n\u0303 o\u0302\u0323 z\u0335\u0336\u0337',
  `zalgo ${'o\u0300\u0301\u0302\u0303\u0304\u0305\u0306'.repeat(40)}`,
  'emoji 😀😃😄 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇯🇵 👍🏽 1️⃣',
  '😀'.repeat(300),
  'private use \ue000\uf8ff and non-characters \ufffe\uffff',
  'highest \u{10ffff} \u{1fffe} tag \u{e0041}',
  'replacement \ufffd',
  '[CLS] special [SEP] tokens [MASK] [PAD] [UNK] in the text',
  '<s> other </s> special <mask> <pad> <unk>',
  '[CLS]',
  '##ing ##s ##ed',
  'İstanbul ISTANBUL ıstanbul ß ẞ ﬁ ŉ Σίσυφος ΣΊΣΥΦΟΣ',
  'a',
  '.',
  '!!!???...,,,;;;:::',
  '1234567890 3.14159 1e-10 0x1F 1,000,000',
  'https://example.com/a/b?c=d&e=f#g user@example.com C:\\path\\file.txt',
  '<html><body onload="x()">&amp;&lt;</body></html>',
  '{"json": [1, 2, {"nested": null}]}',
  'averyveryverylongwordwithoutanyspaces'.repeat(20),
  'x'.repeat(5000),
  '\n'.repeat(500),
  'ab '.repeat(4000),
  '漢'.repeat(2000),
];

/** Numbers from 0 to 1 that are the same on every run (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** At least `count` texts: every awkward one, mixed scripts, and questions of log-normal length. */
export function parityTexts(count: number): string[] {
  const random = seededRandom(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const texts = [...awkward, ...scripts];
  while (texts.length < count) {
    const gauss = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const length = Math.min(400, Math.max(1, Math.round(Math.exp(2.7 + 0.8 * gauss))));
    const text = Array.from({ length }, () => pick(words)).join(' ');
    const kind = random();
    if (kind < 0.8) texts.push(`${text}?`);
    else if (kind < 0.95) texts.push(`${text} ${pick(scripts)}`);
    else texts.push(`${pick(awkward).slice(0, 50)} ${text}`);
  }
  return texts.map((text) => text.toWellFormed());
}
