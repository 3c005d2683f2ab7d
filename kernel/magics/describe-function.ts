import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import type { JsonValue } from '../../src/api/index.js';
import { SessionHelperError } from '../../src/session/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';

/** What the type of an input or output was taken from. */
const TypeOrigin = Type.Union([
  Type.Literal('hint'),
  Type.Literal('default'),
  Type.Literal('body'),
  Type.Literal('nothing'),
]);

/** What the session tells about a Python function. */
const FunctionDescription = Type.Object({
  name: Type.String(),
  source: Type.String(),
  doc: Type.Union([Type.String(), Type.Null()]),
  parameters: Type.Array(
    Type.Object({
      name: Type.String(),
      type: Type.String(),
      annotation: Type.Union([Type.String(), Type.Null()]),
      optional: Type.Boolean(),
      default: Type.Optional(Type.Unknown()),
      /** Whether the type is a guess, or one of several that the hint allows. */
      inferred: Type.Boolean(),
      origin: TypeOrigin,
    }),
  ),
  output: Type.Object({ name: Type.String(), type: Type.String(), origin: TypeOrigin }),
  /** Parameters that are no inputs and keep their defaults, such as a model. */
  kept: Type.Array(Type.String()),
});
export type FunctionDescription = Static<typeof FunctionDescription>;

const validator = Compile(FunctionDescription);

/**
 * Reads the source and the type hints of a function in the session.
 * @throws {SessionHelperError} `NotPublishableError` for what is no plain Python function.
 * @throws {MagicError} when a parameter hides the function in the published code.
 */
export async function describeFunction(
  context: MagicContext,
  expression: string,
): Promise<FunctionDescription> {
  const link = await context.link();
  const { result } = await link.ask('describe_function', { name: expression }).catch((error) => {
    throw missingFunction(error, expression);
  });
  if (!validator.Check(result)) {
    throw new MagicError('KernelError', `The session described ${expression} in an unknown way.`);
  }
  const { name, parameters, output } = result;
  if (parameters.some((parameter) => parameter.name === name) || output.name === name) {
    throw new MagicError(
      'NotPublishableError',
      `The function ${name} has an input or output of its own name, and a service has one name for one thing. Rename one of them.`,
    );
  }
  return result;
}

/** What to do about a name that the session does not know; other failures stay as they are. */
function missingFunction(error: unknown, expression: string): unknown {
  const isMissing = error instanceof SessionHelperError && error.ename === 'NameError';
  if (!isMissing || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(expression)) return error;
  return new MagicError(
    'NameError',
    `The session has no function "${expression}". Run the cell that defines it first, or look at %workspace for how it is called.`,
  );
}

/** The code of the service: the function and one call of it, inputs being globals. */
export function functionCode({ name, source, parameters, output }: FunctionDescription): string {
  const inputs = parameters.map((parameter) => parameter.name).join(', ');
  return `${source.trimEnd()}\n\n${output.name} = ${name}(${inputs})`;
}

/** Values to call with: the defaults that JSON can carry. */
export function defaultValues(description: FunctionDescription): Record<string, JsonValue> {
  const entries = description.parameters
    .filter((parameter) => parameter.optional && parameter.default !== undefined)
    .map((parameter) => [parameter.name, parameter.default as JsonValue] as const)
    .filter(([, value]) => value !== null);
  return Object.fromEntries(entries);
}
