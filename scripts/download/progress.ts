import cliProgress from 'cli-progress';

/** Shows how far a transfer is. */
export interface Progress {
  /** `total` is undefined when the server does not say. */
  start(label: string, total: number | undefined, done: number): void;
  update(done: number): void;
  stop(): void;
}

const MB = 1_000_000;
const LINE_EVERY_MS = 10_000;

function megabytes(bytes: number): string {
  return (bytes / MB).toFixed(bytes < 10 * MB ? 1 : 0);
}

/** A bar that redraws itself, for terminals. */
function barProgress(stream: NodeJS.WriteStream): Progress {
  const bar = new cliProgress.SingleBar({
    format: '  {label} [{bar}] {percentage}%  {done}/{size} MB  {eta_formatted} left',
    stream,
    hideCursor: true,
    clearOnComplete: false,
  });
  let last = 0;
  const render = (done: number, total: number): object => ({
    done: megabytes(done),
    size: total > 0 ? megabytes(total) : '?',
  });
  return {
    start(label, total, done) {
      last = total ?? 0;
      bar.start(last, done, { label, ...render(done, last) });
    },
    update(done) {
      bar.update(done, render(done, last));
    },
    stop() {
      bar.stop();
    },
  };
}

/** A line now and then, for logs. */
function lineProgress(stream: NodeJS.WritableStream): Progress {
  let label = '';
  let size = '?';
  let lastTime = 0;
  return {
    start(name, total, done) {
      label = name;
      size = total === undefined ? '?' : megabytes(total);
      lastTime = Date.now();
      const resumed = done > 0 ? `, ${megabytes(done)} MB are there already` : '';
      stream.write(`  downloading ${label} (${size} MB${resumed})\n`);
    },
    update(done) {
      if (Date.now() - lastTime < LINE_EVERY_MS) return;
      lastTime = Date.now();
      stream.write(`  ${label}: ${megabytes(done)} of ${size} MB\n`);
    },
    stop() {},
  };
}

/** Progress on standard error: a bar on a terminal, plain lines otherwise. */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? barProgress(stream) : lineProgress(stream);
}

/** Shows nothing. */
export const silentProgress: Progress = { start() {}, update() {}, stop() {} };
