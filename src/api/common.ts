import Type, { type Static, type TSchema } from 'typebox';

/** Any value that JSON can carry. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | { [key: string]: JsonValue };

/** A field that clients may leave out or send as null, which means the same. */
export const Nullable = <T extends TSchema>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

/** Where Python code of a session or service runs. Realtime services have no code. */
export const RuntimeType = Type.Union([Type.Literal('R'), Type.Literal('Python')], {
  // AutoRest makes a type of this name, which programs for R Server use: RuntimeType.Python.
  'x-ms-enum': { name: 'RuntimeType', modelAsString: false },
});
export type RuntimeType = Static<typeof RuntimeType>;

/** A named value that goes into or comes out of a session. */
export const WorkspaceObject = Type.Object(
  {
    name: Type.String({ description: 'Name of the object in the workspace.' }),
    value: Type.Unknown({ description: 'Value of the object as JSON.' }),
  },
  { $id: 'WorkspaceObject' },
);
export type WorkspaceObject = Static<typeof WorkspaceObject>;

/** Body of every answer that reports a failure. */
export const ErrorResponse = Type.Object(
  {
    message: Type.String({ description: 'What happened, to what, and what to do.' }),
    link: Type.String({ description: 'Where to read more; may be empty.' }),
    exceptionType: Type.String({ description: 'Stable code of the failure.' }),
  },
  { $id: 'Error' },
);
export type ErrorResponse = Static<typeof ErrorResponse>;

/** The wire names of parameter types; services in any language declare them. */
export const PARAMETER_TYPES = [
  'logical',
  'numeric',
  'integer',
  'character',
  'vector',
  'matrix',
  'data.frame',
] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

const PARAMETER_TYPE_ALIASES: ReadonlyMap<string, ParameterType> = new Map([
  ['string', 'character'],
  ['dataframe', 'data.frame'],
]);

/** The parameter type that a declared type stands for, or undefined for an unknown one. */
export function resolveParameterType(declared: string): ParameterType | undefined {
  const known = PARAMETER_TYPES.find((type) => type === declared);
  return known ?? PARAMETER_TYPE_ALIASES.get(declared);
}

/** Name and type of one input or output of a service. The type keeps the publisher's spelling. */
export const ParameterDefinition = Type.Object(
  {
    name: Type.String({ description: 'Name of the parameter.' }),
    type: Type.String({
      description: `One of ${PARAMETER_TYPES.join(', ')}; string and dataframe are accepted too.`,
    }),
  },
  { $id: 'ParameterDefinition' },
);
export type ParameterDefinition = Static<typeof ParameterDefinition>;
