/** Much output: lines that a cell prints, one large display, and as many messages as can be. */
import type { KernelUnderTest } from '../kernel-client.js';
import { compared, type Figure } from '../report.js';
import { alternate, median, timed } from '../statistics.js';
import { type Subjects, withBoth, withOurs } from './subjects.js';

const LINES = 200_000;
const LINE_ROUNDS = 5;
const DISPLAY_BYTES = 10 * 1000 * 1000;
const DISPLAY_ROUNDS = 21;
/** A kernel's start is followed by that of the next session in reserve, which takes a core for a second. */
const DISPLAY_WARM_UP = 8;
const MESSAGES = 50_000;
const MESSAGE_ROUNDS = 5;

export function lineFigures(subjects: Subjects): Promise<Figure[]> {
  return withBoth(subjects, async (ours, peer) => {
    const code = `for i in range(${LINES}): print("line", i)`;
    const print = async (kernel: KernelUnderTest) => {
      let lines = 0;
      kernel.onStream = (content) => {
        lines += textOf(content).split('\n').length - 1;
      };
      const time = await timed(() => kernel.execute(code));
      if (lines !== LINES) throw new Error(`${LINES} lines were printed and ${lines} came.`);
      return time;
    };
    const pairs = await alternate(
      LINE_ROUNDS,
      () => print(ours),
      () => print(peer),
    );
    const name = `${LINES.toLocaleString('en')} printed lines, p50`;
    return [compared(name, pairs, 'ms', { ratioAtMost: 1.1 })];
  });
}

export function displayFigures(subjects: Subjects): Promise<Figure[]> {
  return withBoth(subjects, async (ours, peer) => {
    const prepare = `
from IPython.display import display
data = {"image/png": "x" * ${DISPLAY_BYTES}, "text/plain": "<image>"}`;
    for (const kernel of [ours, peer]) await kernel.execute(prepare);
    const show = (kernel: KernelUnderTest) =>
      timed(() => kernel.execute('display(data, raw=True)'));
    await alternate(
      DISPLAY_WARM_UP,
      () => show(ours),
      () => show(peer),
    );
    const pairs = await alternate(
      DISPLAY_ROUNDS,
      () => show(ours),
      () => show(peer),
    );
    return [compared('10 MB of display data, p50', pairs, 'ms', { ratioAtMost: 1.2 })];
  });
}

/**
 * Messages that stand ready in the session and are sent as quickly as its publisher takes them, so
 * that what is measured is how they are passed on. Each carries its number. There is no peer:
 * ipykernel drops what goes beyond ZeroMQ's default mark of 1000 waiting messages.
 */
export function streamFigures(subjects: Subjects): Promise<Figure[]> {
  return withOurs(subjects, async (kernel) => {
    await kernel.execute(PREPARE_MESSAGES);
    const rates: number[] = [];
    for (let round = 0; round < MESSAGE_ROUNDS; round++) {
      let received = 0;
      kernel.onStream = (content) => {
        const number = Number(textOf(content));
        if (number !== received)
          throw new Error(`Message ${received} is missing before ${number}.`);
        received += 1;
      };
      const time = await timed(() => kernel.execute(SEND_MESSAGES));
      if (received !== MESSAGES) throw new Error(`Of ${MESSAGES} messages ${received} came.`);
      rates.push((MESSAGES * 1000) / time);
    }
    return [
      {
        name: `stream messages relayed, all of ${MESSAGES.toLocaleString('en')} received`,
        ours: median(rates),
        unit: '/s',
        target: { atLeast: 20_000 },
      },
    ];
  });
}

const SEND_MESSAGES = 'for frames in prepared: publisher.send_multipart(frames)';
const PREPARE_MESSAGES = `
kernel = get_ipython().kernel
publisher, parent = kernel.iopub_socket, kernel.get_parent()
def prepare(number):
    content = {"name": "stdout", "text": str(number)}
    message = kernel.session.msg("stream", content, parent=parent)
    return kernel.session.serialize(message, ident=b"stream.stdout")
prepared = [prepare(number) for number in range(${MESSAGES})]`;

function textOf(content: Uint8Array): string {
  return String(JSON.parse(Buffer.from(content).toString()).text);
}
