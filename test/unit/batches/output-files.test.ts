import { expect, it } from 'vitest';
import { takeOutputFiles } from '../../../src/server/batches/output-files.js';

it('files are taken out of an answer, and its other bytes stay as they are', () => {
  const answer =
    '{"success":true,"errorMessage":"\\\\","outputParameters":{"outputFiles":{"a":1.0},"b":"\\"outputFiles\\":{"},"outputFiles":{"a b.png":"AAH/","none.txt":null},"consoleOutput":"}","changedFiles":["x"]}';
  const taken = takeOutputFiles(Buffer.from(answer));
  expect(taken.answer.toString()).toBe(
    '{"success":true,"errorMessage":"\\\\","outputParameters":{"outputFiles":{"a":1.0},"b":"\\"outputFiles\\":{"},"outputFiles":{},"consoleOutput":"}","changedFiles":["x"]}',
  );
  expect(taken.files).toEqual([{ name: 'a b.png', content: Buffer.from([0, 1, 255]) }]);
});
