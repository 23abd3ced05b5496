import test from 'ava';
import { shortReason } from '../../../bench/report/reason.ts';

const places = { root: '/home/ann/st/', home: '/home/ann' };
const short = (message: string): string => shortReason(message, places);

test('a reason loses its stack, its kind of error and who imported what', (t) => {
  const stack = [
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'fastembed' imported from /home/ann/st/bench/.build/engine/fastembed.js",
    '    at packageResolve (node:internal/modules/esm/resolve:873:9)',
  ].join('\n');
  t.is(short(stack), "Cannot find package 'fastembed'");
  t.is(short('Error: Error: twice told'), 'twice told');
});

test('a reason keeps what kind of error it is where that says something', (t) => {
  t.is(short('TypeError: run is not a function'), 'TypeError: run is not a function');
});

test('folders of the machine do not get into a report', (t) => {
  t.is(short('cannot read /home/ann/st/bench/a.onnx'), 'cannot read bench/a.onnx');
  t.is(short('cannot read file:///home/ann/st/bench/a.onnx'), 'cannot read bench/a.onnx');
  t.is(short('no such file: /home/ann/.cache/model'), 'no such file: ~/.cache/model');
  t.is(shortReason('in /a/b', { root: '/st', home: '/' }), 'in /a/b');
});

test('a reason is one line of bearable length', (t) => {
  t.is(short('\nfirst\nsecond'), 'first');
  t.is(short('x'.repeat(5000)).length, 201);
});
