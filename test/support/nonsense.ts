import fc from 'fast-check';
import { createHeader, encodeDict, type Signer } from '../../src/jupyter/index.js';

/** What a fuzzed message is sent to, by the name of its port in the connection file. */
export const SOCKETS = ['shell', 'control', 'stdin', 'iopub', 'hb'] as const;
export type SocketName = (typeof SOCKETS)[number];

/** Bytes for one socket; the frames that ZeroMQ puts before them are ZeroMQ's. */
export interface Nonsense {
  readonly socket: SocketName;
  readonly frames: readonly Uint8Array[];
}

const DELIMITER = Buffer.from('<IDS|MSG>');

/** Types that do something: wrong content must not. None ends the kernel or starts a long cell. */
const TYPES = [
  ...['execute_request', 'complete_request', 'inspect_request', 'history_request'],
  ...['is_complete_request', 'comm_info_request', 'comm_open', 'comm_msg', 'comm_close'],
  ...['kernel_info_request', 'connect_request', 'usage_request'],
  ...['delete_subshell_request', 'list_subshell_request'],
  ...[
    'debug_request',
    'input_reply',
    'slipway_request',
    'unheard_of_request',
    '',
    'status',
    'constructor',
    '__proto__',
  ],
];

const anyBytes = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
const anyFrames = fc.array(fc.oneof(anyBytes, fc.constant(DELIMITER)), {
  minLength: 1,
  maxLength: 12,
});

const loneSurrogate = fc.constantFrom('\ud800', 'a\udfff', '\udc00\ud800');
const hugeNumber = fc.constantFrom(1e308, -1e308, Number.MAX_SAFE_INTEGER, 5e-324, 2 ** 63);
const anyValue = fc.oneof(
  { weight: 20, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 4, arbitrary: loneSurrogate },
  { weight: 3, arbitrary: hugeNumber },
  { weight: 1, arbitrary: fc.nat(300).map(nested) },
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Fields that requests have, with whatever in them; code that runs is short. */
const content = fc.record(
  {
    code: fc.oneof(fc.constantFrom('1', 'x =', '%', '%nothing', '%session nonsense'), anyValue),
    cursor_pos: anyValue,
    silent: anyValue,
    store_history: anyValue,
    user_expressions: anyValue,
    allow_stdin: fc.constantFrom(false, undefined),
    stop_on_error: anyValue,
    detail_level: anyValue,
    hist_access_type: fc.oneof(fc.constantFrom('tail', 'range', 'search'), anyValue),
    n: anyValue,
    session: anyValue,
    comm_id: anyValue,
    target_name: anyValue,
    subshell_id: anyValue,
    data: anyValue,
    command: anyValue,
    arguments: anyValue,
    op: anyValue,
    value: anyValue,
  },
  { requiredKeys: [] },
);

/** A header whose fields may be missing or of any type. */
const headerFields = fc.record(
  {
    msg_id: fc.oneof(fc.uuid(), anyValue),
    msg_type: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...TYPES) },
      { arbitrary: anyValue, weight: 1 },
    ),
    session: fc.oneof(fc.uuid(), anyValue),
    username: anyValue,
    date: anyValue,
    version: anyValue,
    subshell_id: fc.oneof(fc.constantFrom(null, undefined, 'none'), anyValue),
  },
  { requiredKeys: [] },
);

const encode = (value: object) => encodeDict(value);
const empty: fc.Arbitrary<Uint8Array> = fc.constant(Buffer.from('{}'));
const goodHeader = fc.constantFrom(...TYPES).map((type) => createHeader(type, 'fuzz', 'fuzz'));
const dict = fc.oneof(
  { weight: 4, arbitrary: fc.object({ maxDepth: 2 }).map(encode) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '{', '[]', 'null', '7', '"', '{"a":NaN}').map(toBytes),
  },
  { weight: 1, arbitrary: anyBytes },
  { weight: 1, arbitrary: fc.constant(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(2000, 20_000).map((n) => toBytes(`{"n":${'9'.repeat(n)}}`)),
  },
);

function toBytes(text: string): Buffer {
  return Buffer.from(text);
}

/** Messages with a genuine signature: all right but for odd content, or with one part that is wrong. */
function signed(signer: Signer): fc.Arbitrary<Uint8Array[]> {
  const good = [goodHeader.map(encode), empty, empty, content.map(encode)] as const;
  const faults = [
    { at: 0, weight: 2, part: headerFields.map(encode) },
    { at: 0, weight: 1, part: dict },
    { at: 1, weight: 1, part: dict },
    { at: 2, weight: 1, part: dict },
    { at: 3, weight: 2, part: dict },
  ];
  const faulty = faults.map(({ at, weight, part }) => ({
    weight,
    arbitrary: fc.tuple(...good.map((usual, index) => (index === at ? part : usual))),
  }));
  const dicts = fc.oneof({ weight: 6, arbitrary: fc.tuple(...good) }, ...faulty);
  const buffers = fc.array(anyBytes, { maxLength: 2 });
  return fc
    .tuple(dicts, buffers)
    .map(([parts, rest]) => [DELIMITER, signer.sign(parts), ...parts, ...rest]);
}

/** Frames that look like a message and are signed with nothing, or cut off. */
function unsigned(signer: Signer): fc.Arbitrary<Uint8Array[]> {
  return fc
    .tuple(signed(signer), fc.constantFrom('flip', 'cut', 'empty', 'long'), fc.nat(7))
    .map(([frames, how, at]) => {
      const signature = Buffer.from(frames[1] as Uint8Array);
      if (how === 'cut') return frames.slice(0, 1 + (at % 5));
      if (how === 'flip') signature[at % signature.length] = 0x7a;
      const wrong = { flip: signature, empty: Buffer.alloc(0), long: Buffer.alloc(4096, 'a') }[how];
      return [frames[0] as Uint8Array, wrong, ...frames.slice(2)];
    });
}

/** What may arrive at a kernel's sockets and is no message that it should obey. */
export function nonsense(signer: Signer): fc.Arbitrary<Nonsense> {
  const message = fc.oneof(anyFrames, unsigned(signer), signed(signer));
  // Subscriptions begin with 1, their ends with 0.
  const subscription = fc
    .tuple(fc.constantFrom(0, 1, 2, 255), anyBytes)
    .map(([kind, topic]) => [Buffer.concat([Buffer.from([kind]), topic])]);
  const chosen = (socket: SocketName, frames: fc.Arbitrary<Uint8Array[]>, weight: number) => ({
    weight,
    arbitrary: frames.map((bytes): Nonsense => ({ socket, frames: bytes })),
  });
  return fc.oneof(
    chosen('shell', message, 4),
    chosen('control', message, 3),
    chosen('stdin', message, 2),
    chosen('iopub', fc.oneof(subscription, anyFrames), 1),
    chosen('hb', anyFrames, 1),
  );
}
