import type { JsonValue, ParameterDefinition } from '../../src/api/index.js';
import type { MagicContext } from '../magic-context.js';

/** Types by name, as the session's helper takes them; what has none is taken as it comes. */
export function typesByName(definitions: readonly ParameterDefinition[]): Record<string, string> {
  const typed = definitions.filter(({ type }) => type !== '');
  return Object.fromEntries(typed.map(({ name, type }) => [name, type]));
}

/**
 * Evaluates Python expressions in the session; their values come as JSON of the types named.
 * @throws {SessionHelperError} with the exception of Python.
 */
export async function evaluate(
  context: MagicContext,
  expressions: Readonly<Record<string, string>>,
  types: Readonly<Record<string, string>> = {},
): Promise<Record<string, JsonValue>> {
  const link = await context.link();
  const { result } = await link.ask('evaluate', { expressions, types });
  return Object(result.values) as Record<string, JsonValue>;
}

/**
 * Evaluates Python expressions like {evaluate}, to JSON texts that JavaScript has not touched: a
 * parsed 9.0 would be sent on as the integer 9, and an integer beyond 2^53 as another one.
 * @throws {SessionHelperError}
 */
export async function evaluateToTexts(
  context: MagicContext,
  expressions: Readonly<Record<string, string>>,
  types: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const link = await context.link();
  const { result } = await link.ask('evaluate', { expressions, types, asText: true });
  return Object(result.values) as Record<string, string>;
}

/** An output of a service: its value as the JSON text that the service wrote. */
export interface OutputText {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/**
 * Sets a name in the session to the outputs of a service: to the value itself when there is one,
 * to a dict of them otherwise. Values arrive as their types say: a data.frame as a DataFrame.
 * @throws {SessionHelperError}
 */
export async function assignOutputs(
  context: MagicContext,
  name: string,
  outputs: readonly OutputText[],
): Promise<void> {
  const link = await context.link();
  const [only] = outputs;
  if (only !== undefined && outputs.length === 1) {
    const types = typesByName([{ name, type: only.type }]);
    await link.ask('assign', { values: { [name]: only.text }, types, asText: true });
    return;
  }
  // Types apply to whole names, so each output gets one of its own before they become a dict.
  const parts = outputs.map((output, index) => ({ ...output, part: `_slipway_output_${index}` }));
  await link.ask('assign', {
    asText: true,
    values: Object.fromEntries(parts.map(({ part, text }) => [part, text])),
    types: typesByName(parts.map(({ part, type }) => ({ name: part, type }))),
  });
  const items = parts.map(
    (output) => `${JSON.stringify(output.name)}: globals().pop(${JSON.stringify(output.part)})`,
  );
  const dict = `{${items.join(', ')}}`;
  await link.ask('evaluate', {
    expressions: { assigned: `globals().__setitem__(${JSON.stringify(name)}, ${dict})` },
  });
}
