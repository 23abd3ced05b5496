import test from 'ava';
import { chooseDtype } from '../../lib/native/dtype.ts';

const withBfloat16 = { device: 'cpu', bfloat16: true };
const without = { device: 'cpu', bfloat16: false };
const gpu = { device: 'cuda:0', bfloat16: true };

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
}
