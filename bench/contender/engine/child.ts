/** The process of one engine in Node.js. Compiled before it is started, so that its start is the library's. */
import { createWriteStream, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Engine, openEngine } from './engine.ts';
import { measureProfile } from './profile.ts';
import type { Slice, Start, Tasks } from './protocol.ts';
import { type Handlers, type Reply, type Request, replyTo } from './requests.ts';

const replies = createWriteStream('', { fd: 3 });
const send = (reply: Reply): unknown => replies.write(`${JSON.stringify(reply)}\n`);

const lists = new Map<string, readonly string[]>();

function textsOf({ texts, from, count }: Slice): string[] {
  const list = lists.get(texts) ?? (JSON.parse(readFileSync(texts, 'utf8')) as string[]);
  lists.set(texts, list);
  return Array.from({ length: count }, (_, i) => list[(from + i) % list.length] as string);
}

function peakRssMB(): number {
  try {
    const kilobytes = /^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return Number(kilobytes) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024; // no /proc; on Linux this one begins with the parent's peak
  }
}

const tasks: Handlers<Engine, Tasks> = {
  async encode(engine, { batch, ...slice }) {
    const texts = textsOf(slice);
    const started = performance.now();
    await engine.encode(texts, batch);
    return { ms: performance.now() - started };
  },
  async single(engine, slice) {
    const latenciesMs: number[] = [];
    for (const text of textsOf(slice)) {
      const started = performance.now();
      await engine.encode([text]);
      latenciesMs.push(performance.now() - started);
    }
    return { latenciesMs };
  },
  async vectors(engine, { batch, out, ...slice }) {
    const rows = await engine.encode(textsOf(slice), batch);
    writeFileSync(out, Buffer.concat(rows.map((row) => new Uint8Array(row.slice().buffer))));
    return { dimension: rows[0]?.length ?? 0 };
  },
  memory: () => ({ peakRssMB: peakRssMB() }),
  profile: (engine, slice) => {
    const texts = textsOf(slice);
    return measureProfile(() => engine.encode(texts));
  },
  versions: () => ({ 'Node.js': process.versions.node }),
};

const started = performance.now();
const engine = await openEngine(JSON.parse(process.argv[2] ?? '') as Start).catch((error) => {
  writeSync(3, `${JSON.stringify({ id: 0, error: String(error) })}\n`);
  process.exit(1);
});
send({ id: 0, result: { loadMs: performance.now() - started } });
const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  send(await replyTo(tasks, engine, JSON.parse(line) as Request<Tasks>));
});
lines.on('close', () => process.exit());
