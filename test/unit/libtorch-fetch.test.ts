import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { cacheEntry } from '../../lib/native/libtorch.ts';
import type { PipRequest, PipResult } from '../../scripts/download/pip.ts';
import { silentProgress } from '../../scripts/download/progress.ts';
import { type ArchiveTable, findArchive, readArchives } from '../../scripts/libtorch/archives.ts';
import { type FinderOptions, findOrFetchLibtorch } from '../../scripts/libtorch/finder.ts';
import { nvidiaRequirements, placeOfTorch } from '../../scripts/libtorch/wheel.ts';
import { archiveEntries, fakeLibtorch, pinned, wheelEntries } from '../support/fake-libtorch.ts';
import { sendFile, serve } from '../support/server.ts';
import { tempDir } from '../support/temp.ts';
import { writeZip, type ZipEntry, zipBuffer } from '../support/zip.ts';

const torchRequires = [
  'filelock',
  'cuda-toolkit[cublas,cudart]==13.0.3; platform_system == "Linux"',
  'cuda-bindings<14,>=13.0.3; platform_system == "Linux" and python_version < "3.15"',
  'nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"',
  'triton==3.7.1; platform_system == "Linux"',
];

/** pip, with the wheels of a test. A requirement that no wheel is given for is not found. */
class FakePip {
  readonly requests: PipRequest[] = [];
  readonly #wheels: Record<string, ZipEntry[]>;

  constructor(wheels: Record<string, ZipEntry[]>) {
    this.#wheels = wheels;
  }

  readonly download = async (request: PipRequest): Promise<PipResult> => {
    this.requests.push(request);
    mkdirSync(request.target, { recursive: true });
    const wheels: string[] = [];
    for (const [index, requirement] of request.requirements.entries()) {
      const entries =
        this.#wheels[`${requirement}${request.extraIndex ? ' with extra index' : ''}`];
      if (entries === undefined)
        return { problem: `pip: no matching distribution for ${requirement}` };
      wheels.push(writeZip(path.join(request.target, `wheel-${index}.whl`), entries));
    }
    return { wheels };
  };
}

interface Setting {
  options: FinderOptions;
  /** How often the archive was asked for. */
  asked: () => number;
  entry: string;
}

interface World {
  /** The archive on the server, if there is one. */
  archive?: ZipEntry[];
  wheels?: Record<string, ZipEntry[]>;
  variant?: string;
}

function tableFor(archive: ZipEntry[], variant: string): ArchiveTable {
  const bytes = zipBuffer(archive);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const row = { platform: 'linux-x64', variant, path: 'x/libtorch%2Bx.zip', confirmed: 'test' };
  return {
    ...readArchives(),
    archives: [{ ...row, sha256, bytes: bytes.length }],
    nvidia: { source: 'test', linux: ['nvidia-cudnn-cu13==9.20.0.48'] },
  };
}

async function setUp(t: ExecutionContext, world: World): Promise<Setting & { pip: FakePip }> {
  const { archive, variant = 'cpu' } = world;
  const server = await serve((request, response) => {
    if (archive) sendFile(request, response, zipBuffer(archive));
    else response.writeHead(404).end();
  });
  t.teardown(() => server.close());
  const pip = new FakePip(world.wheels ?? {});
  const options: FinderOptions = {
    env: { SENTENCE_TORCH_CACHE: tempDir(t), SENTENCE_TORCH_LIBTORCH_MIRROR: server.url },
    platform: 'linux',
    arch: 'x64',
    musl: false,
    variant,
    table: tableFor(archive ?? archiveEntries(), variant),
    download: {
      progress: silentProgress,
      limits: { attempts: 1, backoffMs: 1 },
      lock: { pollMs: 5 },
    },
    pip: pip.download,
  };
  return { options, pip, asked: () => server.requests.length, entry: cacheEntry(variant, options) };
}

test('the table of archives is for the pinned version, and complete', (t) => {
  const table = readArchives();
  for (const row of table.archives) {
    t.regex(row.sha256, /^[0-9a-f]{64}$/);
    t.true(row.bytes > 1e6);
    t.true(row.confirmed in table.confirmation);
    t.true(row.path.includes(table.version));
  }
  t.truthy(findArchive(table, 'linux-x64', 'cpu'));
  t.is(findArchive(table, 'linux-arm64', 'cpu'), undefined);
  t.throws(() => readArchives(undefined, '9.9.9'), { message: /package\.json pins 9\.9\.9/ });
});

test('the official archive is fetched, unpacked, found again, and its zip is deleted', async (t) => {
  const { options, asked, pip } = await setUp(t, { archive: archiveEntries() });
  const found = await findOrFetchLibtorch(options);
  t.is(found.build, `${pinned}+cpu`);
  t.true(existsSync(path.join(found.directory, 'include/torch/script.h')));
  t.is((await findOrFetchLibtorch(options)).directory, found.directory);
  t.is(asked(), 1);
  t.is(pip.requests.length, 0);
  t.deepEqual(readdirSync(path.join(options.env?.SENTENCE_TORCH_CACHE ?? '', 'downloads')), []);
});

test('two that want libtorch at once make one transfer', async (t) => {
  const { options, asked } = await setUp(t, { archive: archiveEntries() });
  const found = await Promise.all([findOrFetchLibtorch(options), findOrFetchLibtorch(options)]);
  t.is(found[0].directory, found[1].directory);
  t.is(asked(), 1);
});

test('LIBTORCH is taken without asking anyone', async (t) => {
  const { options, asked } = await setUp(t, { archive: archiveEntries() });
  const directory = fakeLibtorch(path.join(tempDir(t), 'mine'));
  const found = await findOrFetchLibtorch({
    ...options,
    env: { ...options.env, LIBTORCH: directory },
  });
  t.is(found.source, 'LIBTORCH');
  t.is(asked(), 0);
});

test('where the archive fails, the wheel is taken: libraries, headers and CMake files of it', async (t) => {
  const { options, entry } = await setUp(t, {
    wheels: { [`torch==${pinned}+cpu`]: wheelEntries(`${pinned}+cpu`) },
  });
  const found = await findOrFetchLibtorch(options);
  t.is(found.build, `${pinned}+cpu`);
  t.deepEqual(readdirSync(entry), ['libtorch']);
  t.deepEqual(readdirSync(found.directory).sort(), ['build-version', 'include', 'lib', 'share']);
  t.deepEqual(readdirSync(path.join(found.directory, 'lib')).sort(), [
    'libc10.so',
    'libgomp.so.1',
    'libtorch.so',
    'libtorch_cpu.so',
  ]);
});

test("PyTorch's own index is asked after the user's", async (t) => {
  const wheels = { [`torch==${pinned}+cpu with extra index`]: wheelEntries(`${pinned}+cpu`) };
  const { options, pip } = await setUp(t, { wheels });
  await findOrFetchLibtorch(options);
  t.deepEqual(
    pip.requests.map((request) => request.extraIndex),
    [undefined, 'https://download.pytorch.org/whl/cpu'],
  );
});

test('a CUDA wheel is refused where the CPU variant is wanted', async (t) => {
  const wheels = { [`torch==${pinned}+cpu`]: wheelEntries(`${pinned}+cu130`, true, torchRequires) };
  const { options, entry } = await setUp(t, { wheels });
  await t.throwsAsync(findOrFetchLibtorch(options), {
    code: 'ST_LIBTORCH_NOT_FOUND',
    message: /is refused: it is the cu130 build \S+\+cu130, but \S+ for cpu is wanted/,
  });
  t.false(existsSync(entry));
});

test('a CPU wheel that carries the CUDA libraries is refused by what is in it', async (t) => {
  const wheels = { [`torch==${pinned}+cpu`]: wheelEntries(pinned, true) };
  const { options } = await setUp(t, { wheels });
  await t.throwsAsync(findOrFetchLibtorch(options), { message: /it is the cuda build \S+/ });
});

test('a wheel of another version is refused', async (t) => {
  const wheels = { [`torch==${pinned}+cpu`]: wheelEntries('2.12.0+cpu') };
  const { options } = await setUp(t, { wheels });
  await t.throwsAsync(findOrFetchLibtorch(options), {
    message: /build 2\.12\.0\+cpu, but \S+/,
  });
});

test('an archive of another variant is refused', async (t) => {
  const { options, entry } = await setUp(t, { archive: archiveEntries(`${pinned}+cu130`, true) });
  await t.throwsAsync(findOrFetchLibtorch(options), {
    message: /archive .* is refused: it is the cu130/,
  });
  t.false(existsSync(entry));
});

const cudnn = [
  { name: 'nvidia/cudnn/lib/libcudnn.so.9', text: 'cudnn' },
  { name: 'nvidia/cudnn/include/cudnn.h', text: 'header' },
];
const toolkit = [{ name: 'nvidia/cu13/lib/libcudart.so.13', text: 'cudart' }];
const nvidiaWheels = {
  'cuda-toolkit[cublas,cudart]==13.0.3': toolkit,
  'nvidia-cudnn-cu13==9.20.0.48': cudnn,
};

test("the CUDA wheel comes with NVIDIA's libraries, where its RPATH looks for them", async (t) => {
  const wheel = wheelEntries(`${pinned}+cu130`, true, torchRequires);
  const wheels = { [`torch===${pinned}`]: wheel, ...nvidiaWheels };
  const { options, entry, pip } = await setUp(t, { variant: 'cu130', wheels });
  const found = await findOrFetchLibtorch(options);
  t.is(found.variant, 'cu130');
  t.deepEqual(readdirSync(entry).sort(), ['libtorch', 'nvidia']);
  const library = path.join(found.directory, 'lib', '../../nvidia/cudnn/lib/libcudnn.so.9');
  t.is(readFileSync(library, 'utf8'), 'cudnn');
  t.false(existsSync(path.join(entry, 'nvidia/cudnn/include')));
  t.true(pip.requests.at(-1)?.dependencies);
});

test("the CUDA archive comes with NVIDIA's libraries too", async (t) => {
  const archive = archiveEntries(`${pinned}+cu130`, true);
  const { options, entry } = await setUp(t, { variant: 'cu130', archive, wheels: nvidiaWheels });
  await findOrFetchLibtorch(options);
  t.true(existsSync(path.join(entry, 'nvidia/cudnn/lib/libcudnn.so.9')));
});

test("NVIDIA's libraries are chosen from a wheel's requirements by their markers", (t) => {
  t.deepEqual(nvidiaRequirements([...torchRequires, 'nvidia-x==1; platform_system == "Windows"']), [
    'cuda-toolkit[cublas,cudart]==13.0.3',
    'nvidia-cudnn-cu13==9.20.0.48',
  ]);
});

test('of a wheel for Windows the import libraries are kept', (t) => {
  t.is(placeOfTorch('torch/lib/c10.lib'), 'libtorch/lib/c10.lib');
  t.is(placeOfTorch('torch/lib/torch_cpu.dll'), 'libtorch/lib/torch_cpu.dll');
  t.is(placeOfTorch('torch/lib/torch_python.dll'), undefined);
});

test('where everything fails, one error lists every place in order, and nothing is left', async (t) => {
  const { options, entry } = await setUp(t, {});
  const lines: string[] = [];
  const report = (line: string): void => void lines.push(line);
  const error = await t.throwsAsync(findOrFetchLibtorch({ ...options, report }), {
    code: 'ST_LIBTORCH_NOT_FOUND',
  });
  const places = [
    'LIBTORCH: not set',
    'the cache',
    'official archive',
    'your own configuration',
    'whl/cpu added',
  ];
  const positions = places.map((place) => error?.message.indexOf(`  - ${place}`) ?? -1);
  positions[3] = error?.message.indexOf('with your own configuration') ?? -1;
  positions[4] = error?.message.indexOf('whl/cpu added') ?? -1;
  t.true(positions.every((position) => position > 0));
  t.deepEqual(
    positions,
    positions.toSorted((a, b) => a - b),
  );
  t.true(lines.some((line) => line.includes('answered 404')));
  t.true(error?.cause instanceof AggregateError);
  t.false(existsSync(entry));
});
