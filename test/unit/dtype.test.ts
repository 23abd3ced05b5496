import test from 'ava';
import { chooseDtype, dtypeOf } from '../../lib/native/dtype.ts';

const stored = 'float32';
const withBfloat16 = { device: 'cpu', bfloat16: true, stored } as const;
const without = { device: 'cpu', bfloat16: false, stored } as const;
const gpu = { device: 'cuda:0', bfloat16: true, stored } as const;

test('a model is float32 unless asked otherwise', (t) => {
  t.is(chooseDtype({}, withBfloat16), 'float32');
});

test('auto is bfloat16 where the CPU has it in hardware, else float32', (t) => {
  t.is(chooseDtype({ dtype: 'auto' }, withBfloat16), 'bfloat16');
  t.is(chooseDtype({ dtype: 'auto' }, without), 'float32');
});

test('auto is float32 on CUDA, and where the optimiser may not convert', (t) => {
  t.is(chooseDtype({ dtype: 'auto' }, gpu), 'float32');
  t.is(chooseDtype({ dtype: 'auto', optimize: false }, withBfloat16), 'float32');
  t.is(chooseDtype({ dtype: 'auto', optimize: { disable: ['linear'] } }, withBfloat16), 'float32');
  t.is(chooseDtype({ dtype: 'auto', optimize: { disable: ['pool'] } }, withBfloat16), 'bfloat16');
});

for (const dtype of ['bfloat16', 'int8'] as const) {
  test(`${dtype} is given on any CPU that is asked for it`, (t) => {
    t.is(chooseDtype({ dtype }, without), dtype);
  });

  test(`${dtype} is refused on CUDA`, (t) => {
    t.throws(() => chooseDtype({ dtype }, gpu), {
      code: 'ST_INVALID_OPTION',
      message: new RegExp(`^dtype is '${dtype}', but on cuda:0 there is only 'float32' yet`),
    });
  });

  test(`${dtype} is refused without the optimiser, which converts`, (t) => {
    t.throws(() => chooseDtype({ dtype, optimize: false }, withBfloat16), {
      code: 'ST_INVALID_OPTION',
      message: /it is the optimiser that converts/,
    });
  });

  test(`a folder of ${dtype} weights is computed in ${dtype} on any CPU, asked for or not`, (t) => {
    for (const hardware of [withBfloat16, without]) {
      const narrow = { ...hardware, stored: dtype };
      t.is(chooseDtype({}, narrow), dtype);
      t.is(chooseDtype({ dtype: 'auto' }, narrow), dtype);
      t.is(chooseDtype({ dtype }, narrow), dtype);
    }
  });

  test(`a folder of ${dtype} weights is computed in float32 on CUDA, and without the optimiser`, (t) => {
    t.is(chooseDtype({}, { ...gpu, stored: dtype }), 'float32');
    t.is(chooseDtype({ optimize: false }, { ...withBfloat16, stored: dtype }), 'float32');
    const plainLayers = { optimize: { disable: ['linear'] } };
    t.is(chooseDtype(plainLayers, { ...withBfloat16, stored: dtype }), 'float32');
  });

  test(`a folder of ${dtype} weights refuses every other dtype, and says what to load`, (t) => {
    for (const other of (['float32', 'bfloat16', 'int8'] as const).filter(
      (name) => name !== dtype,
    )) {
      t.throws(() => chooseDtype({ dtype: other }, { ...withBfloat16, stored: dtype }), {
        code: 'ST_INVALID_OPTION',
        message: new RegExp(
          `holds ${dtype} weights\\. Leave dtype out, or load the float32 folder`,
        ),
      });
    }
  });
}

test('a model in which no layer was converted is float32 with auto, and refused otherwise', (t) => {
  const converted = { layers: 24, leftOut: [{ name: 'pool', reason: 'a bug' }] };
  const none = { layers: 0, leftOut: [] };
  t.is(dtypeOf('bfloat16', converted, { dtype: 'auto' }), 'bfloat16');
  t.is(dtypeOf('bfloat16', none, { dtype: 'auto' }), 'float32');
  t.is(dtypeOf('float32', none, {}), 'float32');
  for (const options of [{}, { dtype: 'int8' }] as const) {
    t.throws(() => dtypeOf('int8', none, options), {
      code: 'ST_INVALID_OPTION',
      message: /^dtype is 'int8', but the optimiser finds no linear layer/,
    });
  }
});

test('a dtype that gave way is float32', (t) => {
  const leftOut = [{ name: 'bfloat16', reason: 'the cosine to float32 is 0.948' }];
  t.is(dtypeOf('bfloat16', { layers: 24, leftOut }, { dtype: 'auto' }), 'float32');
});
