import type { Exchange, ReadMessage } from './kernel.js';

/** The types of what was published, without busy and idle; what one stream said at once counts once. */
export function typesOf({ published }: Exchange): string[] {
  const shown = published.filter(({ type }) => type !== 'status');
  return shown
    .filter((message, index) => !continuesStream(message, shown[index - 1]))
    .map(({ type }) => type);
}

/** ipykernel flushes a stream when it likes, also in the middle of a line. */
function continuesStream(message: ReadMessage, before: ReadMessage | undefined): boolean {
  const isStream = message.type === 'stream' && before?.type === 'stream';
  return isStream && message.content.name === before.content.name;
}

/** The states that were published: `busy` and `idle`, if all is well. */
export function statesOf({ published }: Pick<Exchange, 'published'>): string[] {
  return published
    .filter(({ type }) => type === 'status')
    .map(({ content }) => content.execution_state);
}

/** All that was printed on a stream. */
export function textOf({ published }: Pick<Exchange, 'published'>, name = 'stdout'): string {
  return published
    .filter(({ type, content }) => type === 'stream' && content.name === name)
    .map(({ content }) => content.text)
    .join('');
}

/** The content of the result, if the cell has one. */
export function resultOf({ published }: Pick<Exchange, 'published'>) {
  return published.find(({ type }) => type === 'execute_result')?.content;
}

/** The errors that were published; one when the cell failed. */
export function errorsOf({ published }: Pick<Exchange, 'published'>): readonly ReadMessage[] {
  return published.filter(({ type }) => type === 'error');
}
